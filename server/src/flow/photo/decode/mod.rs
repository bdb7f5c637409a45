//! Photo decoding, kept away from the server.
//!
//! A photo is a file written by a stranger and read by C and Rust decoders with a long history of surprises. So no byte
//! of it is decoded where tokens, keys and database connections live: the server starts `vigie decode-photo <mode>`, a
//! process that limits itself before it reads anything (`sandbox`), takes the bytes on stdin and answers with one
//! frame on stdout (`wire`). It opens no file and no connection; whatever happens to it, the worst outcome is one
//! refused photo.
//!
//! Two questions are asked. *Sniff* (in the request, before the report is acknowledged): which type, how many pixels,
//! does the camera suggest a place? Headers only (`header`, `metadata`). *Derive* (in the worker): decode all of it
//! (`raster`), turn it upright, and make the only pictures Vigie keeps (`derivatives`). Those are written from
//! pixels alone, so neither metadata nor anything hidden beside the picture can survive.
//!
//! HEIC goes through libheif's command, which needs files: `converter` runs it in a private folder under limits of
//! its own, and its JPEG then takes the ordinary path. Without the command, HEIC is refused and the catalogue says so.
//!
//! Invariants: a picture that cannot be decoded completely and without a warning is refused; a refusal is one of the
//! closed list [`PhotoRefusal`]; a failure of the machine (process not started, killed from outside) is never taken for
//! a refusal, so that it can be tried again.

mod child;
mod converter;
mod derivatives;
mod header;
mod heif;
mod metadata;
mod model;
mod parent;
mod raster;
mod sandbox;
mod wire;

#[cfg(test)]
mod tests;

pub use child::run as run_child;
pub use model::{
    CaptureTime, Derivative, Derived, LARGE_SIDE, MAX_BYTES, MAX_PIXELS, MAX_SIDE, PhotoKind, PhotoPosition,
    PhotoRefusal, SMALL_SIDE, Sniffed,
};
pub use parent::{DecodeError, Decoder, DecoderSettings};
