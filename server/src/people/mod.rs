//! Who may do what: staff, their roles and scopes, sign-in, the tablets that crews share.
//!
//! A handler's argument authenticates ([`crate::auth::extract`]); a command's first statement is [`queries::authorise`],
//! in its own transaction, then it asks [`policy::permit`], one pure function over the committed table. Tables:
//! `staff_user`, `role_grant`, `session`, `device`.

pub mod credentials;
pub mod policy;
pub mod queries;
pub mod staff;
