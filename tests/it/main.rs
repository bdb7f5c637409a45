//! The one integration binary: linking it is most of what building costs, so there is one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "whatever fails here is a failed test, and says where"
)]

mod harness;
