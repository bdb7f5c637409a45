//! A private PostgreSQL for `vigie run` and the tests: no account, port or service to set up.
//!
//! Who uses it: `vigie run` when no `DATABASE_URL` is given (durable, in `var/`), and the test harness (throw-away).
//!
//! Invariants:
//! * one cluster per `var/` and one Vigie on it: `var/postgres.lock` is held as long as the handle lives;
//! * never two postmasters on one data folder: what a killed Vigie left behind is stopped before a new start;
//! * reached only through a unix socket in a folder of mode 0700, hence "trust" as the authentication method;
//! * never runs as root; dies with the process that started it, even when that one is killed with SIGKILL;
//! * an unfinished `initdb` is never taken for a cluster: it is made aside and renamed when complete.
//!
//! What lies where:
//! ```text
//! var/postgres.lock        held while Vigie runs; contains its process id
//! var/postgres/            mode 0700; a symbolic link to /var/lib/vigie/... where the account cannot reach var/
//!     data/                the cluster, PGDATA
//!     socket/              the unix socket (elsewhere when the path would be too long for one)
//!     postgres.log         what PostgreSQL says
//! ```
//!
//! The calls block (process start, crash recovery): from async code use `tokio::task::spawn_blocking`.

mod account;
mod binaries;
mod cluster;
mod error;
mod layout;
mod leftover;
mod log;
mod postmaster;
mod settings;
mod socket;
#[cfg(test)]
mod tests;

pub use cluster::EmbeddedPostgres;
pub use error::EmbeddedError;
pub use settings::Settings;
