//! Stage 4. Who goes: routing to a body, a service and a crew; tasks; hand-over to outside bodies.
//!
//! Every open alert has an owner: [`routing`] ends at the town's default service. An alert has at most one task that is
//! not ended; a crew's actions on it ([`act`]) are steps of the alert, each with the client's own id, so that a tablet may
//! send its queue again. Its day has an order ([`round`]); a company without an account acts by a link ([`contractor`]).
//! Tables: `task`, `hand_over`, `round`, `contractor_link`.

pub mod act;
pub mod contractor;
pub mod field;
pub mod give;
pub mod hand_over;
pub mod http;
pub mod model;
pub mod queries;
pub mod round;
pub mod routing;

pub use hand_over::apply_route;
