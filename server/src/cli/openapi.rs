//! `vigie openapi`: prints the API's description, or holds the committed one against it.

use std::path::PathBuf;

use anyhow::{Context, bail};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Fail if this file is not the description.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// When the file differs.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub fn run(args: &Args) -> anyhow::Result<()> {
    let yaml = crate::routes::openapi().to_yaml().context("writing the description")?;
    match &args.check {
        None => print!("{yaml}"),
        Some(path) => {
            let committed = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            if committed != yaml {
                bail!(
                    "{} is not what the code serves: `make bless` writes it again",
                    path.display()
                );
            }
        }
    }
    Ok(())
}
