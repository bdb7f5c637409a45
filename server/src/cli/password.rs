//! `vigie admin reset-password`: for whom no admin of a town may do it.

use anyhow::bail;
use chrono::Utc;

use super::admin::{faults, read_line};
use crate::app::App;
use crate::auth::secret::random_token;
use crate::people::reset::by_operator;

/// A password to be set.
#[derive(Debug, clap::Args)]
pub struct NewPassword {
    /// Work address of the person.
    #[arg(long)]
    email: String,
    /// Read the password from standard input, one line; otherwise one is made and shown once.
    #[arg(long)]
    password_stdin: bool,
}

/// Sets it and ends all sessions of the person.
///
/// # Errors
/// What stopped it, in words for the operator.
#[expect(clippy::print_stdout, reason = "a made password is shown once")]
pub async fn reset(app: &App, asked: NewPassword) -> anyhow::Result<()> {
    let (password, made) = if asked.password_stdin {
        (read_line("password")?, false)
    } else {
        (random_token()?, true)
    };
    let done = by_operator(app, &asked.email, password.clone(), Utc::now()).await;
    let towns = done.map_err(|problem| faults(&problem))?;
    if towns.is_empty() {
        bail!(
            "nobody with the address {} works for a town; `vigie admin create-user` gives a role",
            asked.email
        );
    }
    println!("{} has a new password, and every session is over", asked.email);
    if made {
        println!("password, shown only now: {password}");
    }
    Ok(())
}
