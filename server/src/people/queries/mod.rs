//! SQL of the people stage.

mod authorise;
pub mod device;
pub mod offer;
pub mod pin;
pub mod session;
pub mod staff;

pub use authorise::{authorise, authorise_at};
