//! Work for later: a command writes a row in its own transaction, a worker does it.
//!
//! * Work inside the database runs in the claiming transaction.
//! * Work on the network or on files takes a lease, works outside any transaction, and records afterwards: at least
//!   once, each with an id that lets the other side recognise a repetition.
//! * Whoever held a lease records only while it is still theirs: a worker that was away for too long changes nothing of
//!   what another has taken over.
//!
//! A failure never deletes a job. After the last try it stays, dead, where the desk and the metrics show it.
//! What each kind of job does is not known here: [`crate::app::App`] hands a [`Handlers`] table to the worker.

pub mod clock;
pub mod queue;
pub mod worker;

pub use clock::Clock;
pub use queue::{Job, enqueue};
pub use worker::{Handler, Handlers, Worker};
