//! What the product does, in this order.
//!
//! 1. [`report`]: a person says "here, this".
//! 2. [`photo`]: the evidence.
//! 3. [`alert`]: one alert for one problem.
//! 4. [`dispatch`]: who goes.
//! 5. [`status`]: what happened.
//! 6. [`notification`]: everyone who cares hears, once.

pub mod alert;
pub mod command;
pub mod dispatch;
pub mod notification;
pub mod photo;
pub mod report;
pub mod request;
pub mod status;
