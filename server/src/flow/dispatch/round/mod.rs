//! A crew's round: its open tasks of a day in an order that a person may rely on.
//!
//! Of a day are the tasks planned for it; what is left over from before or has no day belongs to the first day from today on
//! that is in order. [`order`] decides, a pure function; [`plan`] writes the result into `task.rank`. Once a person had a day
//! put in order it stays so: a task that comes later goes to its end, and something urgent has the rest of the day planned
//! anew ([`job`]), with locked stops and begun work where they are. When the day is over, what is left of it is planned into
//! the next one in order; without one its places mean nothing and go. Table: `round`.
//!
//! Who puts a crew's day in order holds the crew's days alone ([`queries::hold_days_alone`]); who gives it a task, moves one
//! to another day or finds it urgent shares them ([`queries::hold_days`]). So nothing comes unseen into a day that is being
//! put in order.

pub mod http;
pub mod job;
pub mod order;
pub mod plan;
pub mod queries;
