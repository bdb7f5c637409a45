//! The command `vigie`: what an operator types.

pub mod migrate;
pub mod openapi;
pub mod serve;

use clap::{Parser, Subcommand};

/// Street reports: one photo, one place, one alert, everyone hears.
#[derive(Debug, Parser)]
#[command(name = "vigie", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `vigie` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API.
    Serve,
    /// Bring the database to this program's schema.
    Migrate,
    /// Print the API's description.
    Openapi(openapi::Args),
}

/// Runs a command.
///
/// # Errors
/// What stopped it, in words for the operator.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve => serve::run().await,
        Command::Migrate => migrate::run().await,
        Command::Openapi(args) => openapi::run(&args),
    }
}
