//! Photos that arrive in pieces, by tus 1.0 (<https://tus.io/protocols/resumable-upload>): creation, termination,
//! expiration, checksum.
//!
//! The pieces are rows of the database, written with the offset in one transaction each: any server goes on with an upload,
//! an offset never lies, and whoever is killed loses the piece in hand and no more. The last piece leaves a job, so that a
//! photo that is whole becomes one whatever happens to the request. An upload's address opens nothing by itself: every
//! verb is authorised like the photo. Tables: `upload`, `upload_piece`.

pub mod headers;
pub mod http;
pub mod queries;
pub mod receive;

use chrono::TimeDelta;

/// Most bytes of a photo.
pub const MAX_SIZE: i32 = 15 * 1024 * 1024;
/// Bytes written at once: what is lost at most when the server dies.
pub const PIECE: usize = 256 * 1024;
/// What is here of a photo is kept for so long after the last piece.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
/// Makes a photo of an upload that is whole: payload `{"upload_id"}`.
pub const FINISH_UPLOAD: &str = "finish_upload";
/// Removes what was begun and never ended; comes back by itself.
pub const EXPIRE_UPLOADS: &str = "expire_uploads";
/// Tells a person that promised photos will not come: payload `{"field_action_ids"}`.
pub const PHOTOS_MISSED: &str = "photos_missed";
