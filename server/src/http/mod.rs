//! What every endpoint shares: problems, bodies, pages, ETags, limits, and the middleware around them.
//!
//! Knows nothing of reports or alerts.

pub mod bodies;
pub mod client;
pub mod etag;
pub mod fields;
pub mod guesses;
pub mod json;
pub mod limits;
pub mod middleware;
pub mod page;
pub mod point;
pub mod problem;
pub mod responses;
pub mod when;
