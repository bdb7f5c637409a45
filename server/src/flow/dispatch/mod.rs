//! Stage 4. Who goes: routing to a body, a service and a crew; tasks; hand-over to outside bodies.
//!
//! Every open alert has an owner: [`routing`] ends at the town's default service. An alert has at most one task that is
//! not ended; a crew's actions on it ([`act`]) are steps of the alert, each with the client's own id, so that a tablet may
//! send its queue again. Tables: `task`, `hand_over`.

pub mod act;
pub mod field;
pub mod give;
pub mod hand_over;
pub mod http;
pub mod model;
pub mod queries;
pub mod routing;

pub use hand_over::apply_route;
