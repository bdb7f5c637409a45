//! Handlers of photos, and how a photo in a body is described.

pub mod look;
pub mod send;

/// A photo's bytes.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PhotoBytes(#[expect(dead_code, reason = "only describes the body")] Vec<u8>);

/// A photo in a form.
#[derive(utoipa::ToSchema)]
pub struct PhotoForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    #[expect(dead_code, reason = "only describes the body")]
    photo: Vec<u8>,
}
