//! Stage 5. What happened: one pure table of statuses and steps ([`machine`], [`table`]), an append-only history, due dates.
//!
//! [`advance`] is the only way an alert changes its status: it takes the step by the table, then writes the history, the
//! row, the phase, what the treatment really took, the change log and the audit trail, and tells everyone, all in the
//! caller's transaction. Tables: `status_event`, `measured_delay`, `alert_phase`, and the status columns of `alert`.

pub mod advance;
pub mod effects;
pub mod event;
pub mod http;
pub mod jobs;
pub mod machine;
mod outlook;
pub mod queries;
#[cfg(test)]
pub mod samples;
pub mod table;
mod tell;
pub mod triage;
pub mod vocabulary;
