//! The process that decodes: limits first, then one photo in, one frame out.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::str::FromStr;

use super::model::{Derived, LARGE_SIDE, MAX_BYTES, PhotoKind, PhotoRefusal, Sniffed};
use super::sandbox::Limits;
use super::wire::{self, Answer};
use super::{converter, derivatives, header, metadata, raster};

/// What a decoding process is asked to do; the argument of `vigie decode-photo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Read the headers.
    Sniff,
    /// Decode and make the derivatives.
    Derive,
    /// The same for a JPEG that the HEIC converter wrote: its pixels are upright already, whatever its EXIF says.
    DeriveConverted,
    /// Become the HEIC converter, in the current folder.
    Convert,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sniff => "sniff",
            Self::Derive => "derive",
            Self::DeriveConverted => "derive-converted",
            Self::Convert => "convert",
        }
    }

    fn limits(self) -> Limits {
        match self {
            Self::Sniff => Limits::SNIFF,
            Self::Derive | Self::DeriveConverted => Limits::DERIVE,
            Self::Convert => Limits::CONVERT,
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Sniff, Self::Derive, Self::DeriveConverted, Self::Convert]
            .into_iter()
            .find(|mode| mode.name() == name)
            .ok_or_else(|| format!("unknown mode `{name}`"))
    }
}

/// Runs one mode of `vigie decode-photo` and returns its exit code: 0 with a frame on stdout, be it a refusal;
/// something else when the machine is at fault. To be called before the program starts any thread or runtime: the
/// limits are those of the whole process, and starting is most of what a sniff costs.
pub fn run(mode: &str) -> ExitCode {
    let outcome = mode.parse::<Mode>().map_err(io::Error::other).and_then(obey);
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("decode-photo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn obey(mode: Mode) -> io::Result<ExitCode> {
    mode.limits().apply()?;
    if mode == Mode::Convert {
        return Ok(converter::become_converter());
    }
    let photo = receive()?;
    let answer = match mode {
        Mode::Derive => derive(&photo, metadata::read(&photo).orientation).map(Answer::Derived),
        Mode::DeriveConverted => derive(&photo, 1).map(Answer::Derived),
        Mode::Sniff | Mode::Convert => sniff(&photo).map(Answer::Sniffed),
    };
    // A file of its own rather than `Stdout`, which would look for line ends in every picture.
    let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    wire::write(out, &answer.unwrap_or_else(Answer::Refused))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads stdin, at most one byte more than is accepted.
fn receive() -> io::Result<Vec<u8>> {
    let mut photo = Vec::new();
    io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut photo)?;
    Ok(photo)
}

/// Reads the headers of a photo.
///
/// # Errors
/// Why it is refused.
pub fn sniff(photo: &[u8]) -> Result<Sniffed, PhotoRefusal> {
    let header = header::read(photo)?;
    let metadata = metadata::read(photo);
    // libheif turns the pixels by the container's own rotation; EXIF repeats it and does not count (ISO 23008-12).
    let orientation = if header.kind == PhotoKind::Heic {
        1
    } else {
        metadata.orientation
    };
    Ok(Sniffed {
        kind: header.kind,
        width: header.width,
        height: header.height,
        orientation,
        position: metadata.position,
        taken_at: metadata.taken_at,
    })
}

/// Decodes a photo and makes the derivatives, turned by an EXIF orientation (1 to 8).
///
/// # Errors
/// Why it is refused.
pub fn derive(photo: &[u8], orientation: u8) -> Result<Derived, PhotoRefusal> {
    let header = header::read(photo)?;
    derivatives::make(&raster::decode(photo, &header, LARGE_SIDE)?, orientation)
}
