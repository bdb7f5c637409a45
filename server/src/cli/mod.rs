//! The command `vigie`: what an operator types.

pub mod admin;
pub mod database;
pub mod dedup;
pub mod import;
pub mod jobs;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod password;
pub mod progress;
pub mod run;
pub mod serve;
pub mod stop;
mod tablet;
mod welcome;
pub mod work;

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
    /// Everything in one process, with a database of its own and a demo town: to try it.
    Run,
    /// Serve the API.
    Serve,
    /// Do the work that may take a while: photos, messages.
    Work,
    /// Bring the database to this program's schema.
    Migrate,
    /// Set up towns, people and keys.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Take in the history of another system.
    #[command(subcommand)]
    Import(import::Import),
    /// What people's corrections of alerts can teach.
    #[command(subcommand)]
    Dedup(dedup::Dedup),
    /// Print the API's description.
    Openapi(openapi::Args),
}

/// Runs a command.
///
/// # Errors
/// What stopped it, in words for the operator.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Run => run::run().await,
        Command::Serve => serve::run().await,
        Command::Work => work::run().await,
        Command::Migrate => migrate::run().await,
        Command::Admin(command) => admin::run(command).await,
        Command::Import(what) => import::run(what).await,
        Command::Dedup(what) => dedup::run(what).await,
        Command::Openapi(args) => openapi::run(&args),
    }
}
