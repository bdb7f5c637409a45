//! Stage 1. A person says "here, this": from any channel, with or without an account, with or without a photo.
//!
//! [`submit`] is the product's heart: in one transaction it recognises a retry, finds the town, decides with geo-dedup
//! whether the report joins an alert or opens one, writes everything that follows from it, and answers with the legal
//! acknowledgement. Table: `report`, with `public_id` and `idempotency`.

pub mod acknowledge;
pub mod buckets;
mod decide;
pub mod expected;
pub mod find_town;
pub mod forget;
pub mod http;
pub mod later;
pub mod model;
pub mod parse;
pub mod queries;
pub mod reference;
mod replay;
mod spared;
pub mod submit;
pub mod tell;
mod write;
