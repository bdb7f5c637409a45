//! What crews do without network: actions that a tablet froze when they were made, taken in whenever it finds the server.
//!
//! Each action is one transaction with one receipt, under the tablet's own id: sent again, it is answered alike for ever.
//! What the world did meanwhile is settled by [`rules`], one pure table; nothing that a crew did is dropped. What cannot
//! take effect is kept on the alert as a further field report, or waits for a person of the service. Table:
//! `field_action`.

pub mod apply;
pub mod decide;
pub mod http;
pub mod job;
pub mod model;
pub mod queries;
pub mod rules;
mod take;
