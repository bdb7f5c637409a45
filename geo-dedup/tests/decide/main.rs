//! The decision: its rules, its features, and what holds whatever happens.

#![expect(
    clippy::unwrap_used,
    reason = "the builders of a test may panic like the test itself"
)]

mod features;
mod properties;
mod rules;
mod street;
mod values;
