//! Handlers of the status stage.

pub mod assign;
pub mod qualify;
pub mod steps;
pub mod still_there;
mod wire;

pub use wire::{AlertAnswer, answer};
