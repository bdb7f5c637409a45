//! HEIC by libheif's command, which reads and writes files.
//!
//! The server makes a private folder, writes the photo into it and starts `vigie decode-photo convert` there: that
//! process limits itself and *becomes* the converter, so the limits hold for it and killing it needs one signal. The
//! JPEG it leaves is read back as bytes of unknown intent and decoded like any other photo.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use bytes::Bytes;
use nix::fcntl::OFlag;

use super::model::MAX_BYTES;

/// The name of libheif's command from 1.19 on, and the one before.
const COMMANDS: [&str; 2] = ["heif-dec", "heif-convert"];
/// Where the photo is put, in the private folder.
pub const INPUT: &str = "in.heic";
const OUTPUT: &str = "out.jpg";
/// The first picture when the file has several of equal rank (a burst): each is written with a number.
const FIRST_OUTPUT: &str = "out-1.jpg";
/// The picture is reduced afterwards, which hides what is lost here, and 50 megapixels stay below the size limit.
const QUALITY: &str = "85";
/// Exit code when no converter is installed; the shell's "command not found".
pub const MISSING: u8 = 127;
/// A tiny HEIC picture (64 x 48 px, a colour gradient). Converting it is the only honest test that HEIC works: the
/// command may be installed without its HEVC plug-in.
pub const PROBE: &[u8] = include_bytes!("probe.heic");

/// Replaces the calling process by the converter, from [`INPUT`] in the current folder; returns only on failure.
pub fn become_converter() -> ExitCode {
    for command in COMMANDS {
        let error = Command::new(command)
            .args(["-q", QUALITY, INPUT, OUTPUT])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // Each of libheif's threads would otherwise reserve an allocator arena of 64 MiB of address space.
            .env("MALLOC_ARENA_MAX", "1")
            .exec();
        if error.kind() != io::ErrorKind::NotFound {
            eprintln!("decode-photo: {command}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::from(MISSING)
}

/// Reads what the converter left in its folder; `None` when that is no acceptable picture.
///
/// # Errors
/// The file system fails.
pub fn collect(folder: &Path) -> io::Result<Option<Bytes>> {
    for name in [OUTPUT, FIRST_OUTPUT] {
        // A converter that was taken over could leave a link to a file of the server's.
        let opened = File::options()
            .read(true)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(folder.join(name));
        match opened {
            Ok(file) if file.metadata()?.is_file() => {
                let mut jpeg = Vec::new();
                file.take(MAX_BYTES as u64 + 1).read_to_end(&mut jpeg)?;
                return Ok((jpeg.len() <= MAX_BYTES).then(|| Bytes::from(jpeg)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) | Err(_) => return Ok(None),
        }
    }
    Ok(None)
}
