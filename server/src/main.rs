//! The command `vigie`.

use std::process::ExitCode;

use clap::Parser;
use vigie::cli::{Cli, run};
use vigie::flow::photo::decode::run_child;

/// Not asynchronous: the process that decodes a photo must limit itself before it starts any thread, and starting is most
/// of what it costs.
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("decode-photo") {
        return run_child(&arguments.next().unwrap_or_default());
    }
    match start(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vigie: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(cli))
}
