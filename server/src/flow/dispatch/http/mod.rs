//! Handlers of the dispatch stage.

pub mod actions;
pub mod dispatch;
pub mod hand_over;
mod wire;

pub use wire::TaskBody;
