//! Stage 5. What happened: one pure table of statuses and steps ([`machine`], [`table`]), an append-only history, due dates.
//!
//! Tables: `status_event`, `measured_delay`, and the status columns of `alert`.

pub mod machine;
pub mod table;
pub mod vocabulary;
