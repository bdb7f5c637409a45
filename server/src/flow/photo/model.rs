//! The photo's row, why a photo is refused, and what an answer says of one. Types and rules only.

use chrono::{DateTime, FixedOffset, TimeZone, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decode::{CaptureTime, PhotoPosition, PhotoRefusal, Sniffed};
use crate::db::TownId;
use crate::db::schema::photo;
use crate::http::problem::{Kind, Problem};
use crate::text::{Locale, Texts};
use crate::vocabulary::vocabulary;

/// Most photos of one report.
pub const MAX_PER_REPORT: usize = 5;
/// Most proofs of one alert, over all the visits that it took.
pub const MAX_PER_ALERT: usize = 20;

vocabulary! {
    /// Where a photo stands.
    PhotoState {
        /// Its bytes are kept; the worker has yet to decode them.
        Received = "received",
        /// It can be looked at.
        Ready = "ready",
        /// It cannot be used; `reason` says why.
        Refused = "refused",
    }
}

vocabulary! {
    /// Why a photo is refused; its words are the text `photo-refusal-<code>`.
    Refusal {
        /// More than 15 MB.
        TooLarge = "photo_too_large",
        /// Not a JPEG, PNG, WebP or HEIC picture.
        UnsupportedType = "photo_unsupported_type",
        /// More than 50 megapixels, or a side longer than 16,384 pixels.
        TooManyPixels = "photo_too_many_pixels",
        /// Damaged or incomplete.
        Unreadable = "photo_unreadable",
        /// An animation.
        Animated = "photo_animated",
        /// HEIC, on a server without the converter.
        ConverterMissing = "photo_converter_missing",
        /// Decoding it took too long.
        TookTooLong = "photo_took_too_long",
        /// The report has as many photos as it may have.
        TooMany = "photo_too_many",
        /// A fault of ours: the same photo may be sent again.
        Failed = "photo_failed",
    }
}

impl From<PhotoRefusal> for Refusal {
    fn from(refusal: PhotoRefusal) -> Self {
        match refusal {
            PhotoRefusal::TooLarge => Self::TooLarge,
            PhotoRefusal::UnsupportedType => Self::UnsupportedType,
            PhotoRefusal::TooManyPixels => Self::TooManyPixels,
            PhotoRefusal::Unreadable => Self::Unreadable,
            PhotoRefusal::Animated => Self::Animated,
            PhotoRefusal::ConverterMissing => Self::ConverterMissing,
            PhotoRefusal::TookTooLong => Self::TookTooLong,
        }
    }
}

impl Refusal {
    /// In words for the person who sent the photo.
    #[must_use]
    pub fn text(self, texts: &Texts, locale: Locale) -> String {
        texts.say(locale, &format!("photo-refusal-{self}"), &[])
    }

    /// As an answer of the photo's own endpoint: the only place where a bad photo is an error.
    #[must_use]
    pub fn problem(self, texts: &Texts, locale: Locale) -> Problem {
        let kind = if self == Self::TooLarge {
            Kind::BodyTooLarge
        } else {
            Kind::PhotoRefused
        };
        Problem::new(kind)
            .with("reason", self.as_str())
            .with("reason_text", self.text(texts, locale))
    }
}

/// What a photo is evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A report: the photo shows the problem.
    Report(Uuid),
    /// An alert: the photo proves the repair.
    Alert(Uuid),
}

impl Subject {
    /// Code of the column `kind`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Alert(_) => "proof",
        }
    }

    /// The report, if it is one.
    #[must_use]
    pub const fn report_id(self) -> Option<Uuid> {
        match self {
            Self::Report(id) => Some(id),
            Self::Alert(_) => None,
        }
    }

    /// The alert, if it is one.
    #[must_use]
    pub const fn alert_id(self) -> Option<Uuid> {
        match self {
            Self::Alert(id) => Some(id),
            Self::Report(_) => None,
        }
    }

    /// Most photos of it.
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::Report(_) => MAX_PER_REPORT,
            Self::Alert(_) => MAX_PER_ALERT,
        }
    }
}

/// A photo as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = photo)]
pub struct Photo {
    /// Town.
    pub jurisdiction_id: i32,
    /// Identity.
    pub id: Uuid,
    /// Report it came with.
    pub report_id: Option<Uuid>,
    /// Alert that it proves done.
    pub alert_id: Option<Uuid>,
    /// `report` or `proof`.
    pub kind: String,
    /// Code of its [`PhotoState`].
    pub state: String,
    /// Code of its [`Refusal`].
    pub refusal: Option<String>,
    /// Of the original bytes.
    pub sha256: Vec<u8>,
    /// Upright, pixels.
    pub width: i32,
    /// Upright, pixels.
    pub height: i32,
    /// The original is gone since then.
    pub original_removed_at: Option<DateTime<Utc>>,
    /// Of the 1600 px JPEG.
    pub derived_sha256: Option<Vec<u8>>,
    /// ThumbHash.
    pub placeholder: Option<Vec<u8>>,
    /// When it was received.
    pub uploaded_at: DateTime<Utc>,
    /// Since when it is public.
    pub released_at: Option<DateTime<Utc>>,
}

impl Photo {
    /// Its town.
    #[must_use]
    pub const fn town(&self) -> TownId {
        TownId(self.jurisdiction_id)
    }

    /// Where it stands.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn state(&self) -> Result<PhotoState, Problem> {
        self.state.parse().map_err(Problem::internal)
    }

    /// Why it was refused.
    ///
    /// # Errors
    /// Never with a row that the worker wrote.
    pub fn refusal(&self) -> Result<Option<Refusal>, Problem> {
        let refusal = self.refusal.as_deref().map(str::parse).transpose();
        refusal.map_err(Problem::internal)
    }

    /// What it is evidence of.
    ///
    /// # Errors
    /// Never with a row that the schema let in.
    pub fn subject(&self) -> Result<Subject, Problem> {
        let report = self.report_id.map(Subject::Report);
        report
            .or(self.alert_id.map(Subject::Alert))
            .ok_or_else(|| Problem::internal("a photo of nothing"))
    }
}

/// A photo whose headers are fine and whose bytes are in the store. Its row is yet to be written.
#[derive(Clone, Debug)]
pub struct Received {
    /// Of the bytes; names them in the store.
    pub sha256: Vec<u8>,
    /// How many bytes.
    pub size: i32,
    /// What the headers say.
    pub sniffed: Sniffed,
}

impl Received {
    /// Width and height once upright, pixels. EXIF orientations 5 to 8 lay the picture on its side.
    #[must_use]
    pub fn upright(&self) -> (i32, i32) {
        let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
        let (width, height) = (side(self.sniffed.width), side(self.sniffed.height));
        if self.sniffed.orientation >= 5 {
            (height, width)
        } else {
            (width, height)
        }
    }
}

/// Where the camera says it was: offered to the person, never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SuggestedPosition {
    /// Always `Point`.
    #[serde(rename = "type")]
    #[schema(example = "Point")]
    pub kind: String,
    /// Longitude, latitude; degrees, 6 decimals.
    pub coordinates: [f64; 2],
}

impl From<PhotoPosition> for SuggestedPosition {
    fn from(position: PhotoPosition) -> Self {
        let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
        Self {
            kind: "Point".to_owned(),
            coordinates: [round(position.lon), round(position.lat)],
        }
    }
}

/// What an answer says of a photo that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PhotoLine {
    /// Identity; none when refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Where it stands.
    pub state: PhotoState,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Refusal>,
    /// The same in words, in the language of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<String>,
    /// Where the camera says it was: ask the person, Vigie forgets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested_position: Option<SuggestedPosition>,
    /// Error that the camera states of it, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested_accuracy_m: Option<f64>,
    /// When the camera says it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<DateTime<FixedOffset>>,
}

impl PhotoLine {
    /// Of a photo that was taken in. A camera that states no offset is taken to show the town's own time.
    #[must_use]
    pub fn received(id: Uuid, received: &Received, time_zone: Tz) -> Self {
        let position = received.sniffed.position;
        Self {
            id: Some(id),
            state: PhotoState::Received,
            reason: None,
            reason_text: None,
            suggested_position: position.map(Into::into),
            suggested_accuracy_m: position.and_then(|position| position.accuracy_m),
            taken_at: received.sniffed.taken_at.and_then(|time| instant(time, time_zone)),
        }
    }

    /// Of a photo that was not.
    #[must_use]
    pub fn refused(refusal: Refusal, texts: &Texts, locale: Locale) -> Self {
        Self {
            id: None,
            state: PhotoState::Refused,
            reason: Some(refusal),
            reason_text: Some(refusal.text(texts, locale)),
            suggested_position: None,
            suggested_accuracy_m: None,
            taken_at: None,
        }
    }
}

fn instant(time: CaptureTime, time_zone: Tz) -> Option<DateTime<FixedOffset>> {
    match time.utc_offset_minutes {
        Some(minutes) => FixedOffset::east_opt(i32::from(minutes) * 60)?
            .from_local_datetime(&time.local)
            .single(),
        None => time_zone
            .from_local_datetime(&time.local)
            .earliest()
            .map(|instant| instant.fixed_offset()),
    }
}
