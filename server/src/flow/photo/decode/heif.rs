//! The little of ISO base media files (ISO/IEC 14496-12, 23008-12) that is needed to accept or refuse one: brands and
//! declared dimensions. Decoding is libheif's work.

use super::model::{PhotoKind, PhotoRefusal};

/// Brands of a single HEVC-coded picture.
const STILL: [&[u8]; 4] = [b"heic", b"heix", b"heim", b"heis"];
/// Brands of HEVC picture sequences.
const SEQUENCE: [&[u8]; 4] = [b"hevc", b"hevx", b"hevm", b"hevs"];

/// Tells by the brands whether an ISO base media file is a HEIC picture; `None` when it is no such file at all.
/// AVIF, video and other relatives are refused, sequences as animated.
pub fn identify(bytes: &[u8]) -> Option<Result<PhotoKind, PhotoRefusal>> {
    let (name, body) = boxes(bytes).next()?;
    if name != b"ftyp" {
        return None;
    }
    let major = body.get(..4)?;
    let mut compatible = body.get(8..)?.chunks_exact(4);
    Some(match major {
        brand if STILL.contains(&brand) => Ok(PhotoKind::Heic),
        // The generic brand says nothing of the coding; the compatible ones do.
        b"mif1" if compatible.any(|brand| STILL.contains(&brand)) => Ok(PhotoKind::Heic),
        brand if SEQUENCE.contains(&brand) => Err(PhotoRefusal::Animated),
        b"msf1" if compatible.any(|brand| SEQUENCE.contains(&brand)) => Err(PhotoRefusal::Animated),
        _ => Err(PhotoRefusal::UnsupportedType),
    })
}

/// Largest declared dimensions (property `ispe`) in the file. A phone's picture is a grid: its tiles, thumbnail and
/// depth map declare smaller ones, and every one of them is decoded, so the largest is what counts.
pub fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let meta = find(bytes, b"meta")?.get(4..)?;
    let properties = find(find(meta, b"iprp")?, b"ipco")?;
    boxes(properties)
        .filter(|(name, _)| *name == b"ispe")
        .filter_map(|(_, body)| {
            let width = body.get(4..)?.first_chunk::<4>().copied().map(u32::from_be_bytes)?;
            let height = body.get(8..)?.first_chunk::<4>().copied().map(u32::from_be_bytes)?;
            Some((width, height))
        })
        .max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))
}

fn find<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(name, _)| *name == wanted).map(|(_, body)| body)
}

/// The boxes one after the other as (type, body), ending at the first that does not fit.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = rest.first_chunk::<4>().copied().map(u32::from_be_bytes)?;
        let name = rest.get(4..)?.first_chunk::<4>()?;
        let (start, end) = match size {
            0 => (8, rest.len()),
            1 => (
                16,
                usize::try_from(u64::from_be_bytes(*rest.get(8..)?.first_chunk::<8>()?)).ok()?,
            ),
            size => (8, usize::try_from(size).ok()?),
        };
        let body = rest.get(start..end)?;
        rest = rest.get(end..)?;
        Some((name, body))
    })
}
