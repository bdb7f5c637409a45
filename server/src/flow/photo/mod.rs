//! Stage 2. Evidence: upload, sniff, decode in a limited process, derive, sign links, release.
//!
//! A photo comes with a report ([`receive`], called by the submit) or by itself ([`upload`]). Its headers are read in the
//! request, its bytes go into the [`store`] under their own hash, and only then a row is written. The worker decodes it
//! ([`jobs`]) into the pictures that people see; a failure marks it refused and tells who sent it.
//!
//! Invariants: a row always has its bytes; the original is shown to nobody and goes after some days; what can be seen is
//! made of pixels alone and reached by [`links`] of five minutes; nothing is public before a person released it
//! ([`release`]). Table: `photo`.

pub mod decode;
pub mod formats;
pub mod http;
pub mod jobs;
pub mod links;
pub mod model;
pub mod multipart;
pub mod queries;
pub mod receive;
pub mod release;
pub mod store;
pub mod tus;
pub mod upload;

#[cfg(test)]
#[path = "photo_tests.rs"]
mod tests;
