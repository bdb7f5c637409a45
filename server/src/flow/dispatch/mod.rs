//! Stage 4. Who goes: routing to a body, a service and a crew; tasks; hand-over to outside bodies.
//!
//! Every open alert has an owner: [`routing`] ends at the town's default service. Tables: `task`, `hand_over`.

pub mod routing;
