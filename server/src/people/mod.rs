//! Who may do what: staff, their roles and scopes, sign-in, the tablets that crews share.
//!
//! A handler's argument authenticates ([`crate::auth::extract`]); a command's first statement is [`queries::authorise`],
//! in its own transaction, then it asks [`policy::permit`], one pure function over the committed table (`rights.md`).
//!
//! People sign in with a password ([`sign_in`]) or, on a crew's enrolled tablet ([`device`]), with a personal PIN
//! ([`pin`]). Either opens a [`session`]: access tokens of 15 minutes, kept up by refresh tokens that rotate
//! ([`refresh`]). Sign-out, a revoked tablet, a changed password or fewer rights count at the next request. Hashes are
//! worked out between transactions, never inside one, and what was checked is read again before anything is written.
//!
//! Several towns share a person's account, and none of them decides about the others: a role for somebody of another town
//! is an offer until the person accepts it ([`offers`]), what a town takes away ends sessions in that town, and wrong PINs
//! count where they were typed.
//!
//! Tables: `staff_user`, `role_grant`, `grant_offer`, `session`, `device`, `pin_wait`.

pub mod credentials;
pub mod device;
pub mod grants;
pub mod http;
pub mod offers;
pub mod own;
pub mod pin;
pub mod policy;
pub mod queries;
pub mod refresh;
pub mod reset;
pub mod rights;
pub mod session;
pub mod sign_in;
pub mod staff;
