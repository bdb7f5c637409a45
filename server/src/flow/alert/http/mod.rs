//! Corrections of the grouping over HTTP.
//!
//! Every command takes `?preview=true`: it is then carried out in full and taken back before its transaction ends, so that a
//! preview says exactly what the command would answer, or refuse.

pub mod commands;
pub mod own_word;
mod wire;

pub use commands::{keep_alerts_apart, merge_alert, move_report, split_alert, undo_operation};
