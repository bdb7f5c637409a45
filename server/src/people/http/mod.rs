//! Endpoints of the people stage.

pub mod auth;
pub mod devices;
pub mod me;
pub mod offers;
pub mod staff;
