//! Stage 6. Everyone who cares hears, once.
//!
//! A command writes one row for each recipient in its own transaction ([`fan_out`]); the worker sends. Tables:
//! `notification`, `notification_attempt`, `follower`.

pub mod fan_out;
pub mod template;
