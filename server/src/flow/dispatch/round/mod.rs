//! A crew's round: its open tasks of a day in an order that a person may rely on.
//!
//! Of a day are the tasks planned for it; what is left over from before or has no day belongs to today. [`order`] decides, a
//! pure function; [`plan`] writes the result into `task.rank`. Once a person had a day put in order it stays so: a task that
//! comes later goes to its end, and something urgent has the rest of the day planned anew ([`job`]), with locked stops and
//! begun work where they are. Table: `round`.

pub mod http;
pub mod job;
pub mod order;
pub mod plan;
pub mod queries;
