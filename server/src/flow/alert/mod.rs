//! Stage 3. One alert for one problem: join or open, recurrence, late evidence, and people's corrections of it.
//!
//! Invariant: an open alert has one place; whoever changes that place, the category or the openness of an alert takes the
//! advisory lock of its anchor's cell ([`queries::lock_cells`]) before it reads the row, then the row. Who changes two takes
//! the cells of both, and those to which an anchor may go, in one sorted taking ([`queries::lock_together`]). Tables:
//! `alert`, `alert_phase`, `alert_word`, `membership`, `alert_link`, `alert_operation`, `verdict`.
//!
//! A person corrects the machine by an [`operation`]: [`merge`], [`split`], [`move_report`], [`not_same`], and [`undo`] of
//! each. Every operation is kept with what it takes to undo it, adds to the membership log (with [`why`]) and never
//! changes it, and tells the followers of the reports that went. What the author of a report answers to "is it this one?" is
//! kept by [`own_word`]. Facts that come late are looked at by [`reexamine`]; what people said can be taken out as training
//! data by [`verdicts`]. Every report is in exactly one alert at any time; an open alert has at least one.

pub mod http;
pub mod merge;
pub mod model;
pub mod move_report;
pub mod not_same;
pub mod opening;
pub mod operation;
pub mod own_word;
pub mod policy;
pub mod queries;
pub mod reexamine;
mod shift;
pub mod split;
pub mod undo;
pub mod verdicts;
pub mod why;
pub mod words;
