//! Handlers of the status stage.

pub mod assign;
pub mod qualify;
pub mod steps;
mod wire;

pub use wire::{AlertAnswer, answer};
