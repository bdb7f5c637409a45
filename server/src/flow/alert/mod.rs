//! Stage 3. One alert for one problem: join or open, recurrence, late evidence.
//!
//! Invariant: an open alert has one place; whoever changes that place, the category or the openness of an alert takes the
//! advisory lock of its anchor's cell ([`queries::lock_cells`]) before it reads the row, then the row. Tables: `alert`,
//! `alert_phase`, `alert_word`, `membership`, `alert_link`, `alert_operation`, `verdict`.

pub mod model;
pub mod policy;
pub mod queries;
pub mod words;
