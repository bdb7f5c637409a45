//! The server's side: starts decoding processes, feeds them, and believes nothing they say.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::{OnceCell, Semaphore};

use super::child::Mode;
use super::converter;
use super::header;
use super::model::{Derived, MAX_BYTES, PhotoKind, PhotoRefusal, Sniffed};
use super::wire::{self, Answer};

/// Most bytes of a process's complaints that are kept.
const MAX_COMPLAINT: u64 = 2048;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The photo's fault; trying again gives the same.
    #[error(transparent)]
    Refused(#[from] PhotoRefusal),
    /// The machine's fault: the process could not be started, or was ended from outside. Worth another try.
    #[error("the photo decoder failed: {0}")]
    Failed(#[from] io::Error),
}

/// Begins the name of a conversion's private folder.
const FOLDER: &str = "vigie-photo-";

/// How much decoding may go on.
#[derive(Debug, Clone)]
pub struct DecoderSettings {
    /// Most processes reading headers at once. Separate from `derivers`, so that requests never wait for the worker.
    pub sniffers: usize,
    /// Most processes decoding at once; each may take 768 MiB and a core.
    pub derivers: usize,
    /// Wall-clock time after which a sniff is given up.
    pub sniff_timeout: Duration,
    /// Wall-clock time after which a full decode, or a HEIC conversion, is given up.
    pub derive_timeout: Duration,
    /// Where the private folders of HEIC conversions are made.
    pub scratch: PathBuf,
}

impl Default for DecoderSettings {
    fn default() -> Self {
        Self {
            sniffers: 8,
            derivers: 2,
            sniff_timeout: Duration::from_secs(5),
            derive_timeout: Duration::from_secs(20),
            scratch: std::env::temp_dir(),
        }
    }
}

/// Decodes photos in separate, limited processes. One per server, shared.
#[derive(Debug)]
pub struct Decoder {
    exe: PathBuf,
    settings: DecoderSettings,
    sniffers: Semaphore,
    derivers: Semaphore,
    heic: OnceCell<bool>,
}

impl Decoder {
    /// A decoder that runs `exe decode-photo <mode>`; `exe` is the absolute path of the `vigie` program itself.
    pub fn new(exe: PathBuf, settings: DecoderSettings) -> Self {
        Self {
            exe,
            sniffers: Semaphore::new(settings.sniffers.max(1)),
            derivers: Semaphore::new(settings.derivers.max(1)),
            settings,
            heic: OnceCell::new(),
        }
    }

    /// Whether HEIC photos can be converted here. Tried once, on a tiny picture, at the first call.
    pub async fn heic_available(&self) -> bool {
        *self
            .heic
            .get_or_init(|| async { self.convert(&Bytes::from_static(converter::PROBE)).await.is_ok() })
            .await
    }

    /// Reads type, dimensions, orientation, and the camera's word on place and time, from the headers alone.
    ///
    /// # Errors
    /// [`DecodeError`]; of the refusals, all but [`PhotoRefusal::TookTooLong`] are common.
    pub async fn sniff(&self, photo: Bytes) -> Result<Sniffed, DecodeError> {
        let kind = accept(&photo)?;
        let _permit = self.sniffers.acquire().await.map_err(io::Error::other)?;
        if kind == PhotoKind::Heic && !self.heic_available().await {
            return Err(PhotoRefusal::ConverterMissing.into());
        }
        match self.ask(Mode::Sniff, &photo, self.settings.sniff_timeout).await? {
            Answer::Sniffed(sniffed) => Ok(sniffed),
            Answer::Refused(reason) => Err(reason.into()),
            Answer::Derived(_) => Err(PhotoRefusal::Unreadable.into()),
        }
    }

    /// Decodes all of a photo and makes what is kept of it.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub async fn derive(&self, photo: Bytes) -> Result<Derived, DecodeError> {
        let kind = accept(&photo)?;
        let _permit = self.derivers.acquire().await.map_err(io::Error::other)?;
        let (mode, photo) = if kind == PhotoKind::Heic {
            // The converter knows none of our limits: the declared dimensions are held against them first.
            self.sniff(photo.clone()).await?;
            (Mode::DeriveConverted, self.convert(&photo).await?)
        } else {
            (Mode::Derive, photo)
        };
        match self.ask(mode, &photo, self.settings.derive_timeout).await? {
            Answer::Derived(derived) => Ok(derived),
            Answer::Refused(reason) => Err(reason.into()),
            Answer::Sniffed(_) => Err(PhotoRefusal::Unreadable.into()),
        }
    }

    /// Turns HEIC into JPEG. The private folder goes with the answer, or with the request that gave up waiting.
    async fn convert(&self, heic: &Bytes) -> Result<Bytes, DecodeError> {
        let folder = tempfile::Builder::new()
            .prefix(FOLDER)
            .tempdir_in(&self.settings.scratch)?;
        tokio::fs::write(folder.path().join(converter::INPUT), heic).await?;
        let mut command = self.command(Mode::Convert);
        command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let finished = run(command, &Bytes::new(), self.settings.derive_timeout).await?;
        if finished.status.success() {
            let jpeg = converter::collect(folder.path())?;
            return jpeg.ok_or(DecodeError::Refused(PhotoRefusal::Unreadable));
        }
        if finished.status.code() == Some(converter::MISSING.into()) {
            return Err(PhotoRefusal::ConverterMissing.into());
        }
        // libheif's command has one exit code for everything, so any of its own is about the picture.
        Err(finished
            .status
            .code()
            .map_or_else(|| blame(&finished), |_| PhotoRefusal::Unreadable.into()))
    }

    /// Removes the folders of conversions whose server was killed before they ended: a photo as it came from the phone, with
    /// place and time, lies in each. Returns how many. Another user's are left to that user.
    ///
    /// # Errors
    /// When the scratch folder cannot be read.
    pub fn clear_scratch(&self, before: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.settings.scratch)? {
            let entry = entry?;
            let left = entry.file_name().to_string_lossy().starts_with(FOLDER)
                && entry
                    .metadata()
                    .and_then(|about| about.modified())
                    .is_ok_and(|at| at < before);
            removed += usize::from(left && std::fs::remove_dir_all(entry.path()).is_ok());
        }
        Ok(removed)
    }

    async fn ask(&self, mode: Mode, photo: &Bytes, patience: Duration) -> Result<Answer, DecodeError> {
        let finished = run(self.command(mode), photo, patience).await?;
        if !finished.status.success() {
            return Err(blame(&finished));
        }
        wire::read(&finished.output).ok_or(DecodeError::Refused(PhotoRefusal::Unreadable))
    }

    /// The process inherits nothing of the server's but where programs and libraries are: no configuration, no secret.
    /// Dropping it (an answer given up) kills it.
    fn command(&self, mode: Mode) -> Command {
        let mut command = Command::new(&self.exe);
        command.args(["decode-photo", mode.name()]).current_dir("/").env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// What can be refused by length and first bytes, without starting a process.
fn accept(photo: &Bytes) -> Result<PhotoKind, PhotoRefusal> {
    if photo.len() > MAX_BYTES {
        return Err(PhotoRefusal::TooLarge);
    }
    header::identify(photo)
}

/// A process that ended, and what it said.
struct Finished {
    status: ExitStatus,
    output: Bytes,
    complaint: Vec<u8>,
}

/// Runs a process to its end, or until patience runs out: then it is killed, as whenever the caller goes away.
async fn run(mut command: Command, photo: &Bytes, patience: Duration) -> Result<Finished, DecodeError> {
    let mut process = command.spawn()?;
    let finished = tokio::time::timeout(patience, exchange(&mut process, photo)).await;
    Ok(finished.map_err(|_| PhotoRefusal::TookTooLong)??)
}

/// Feeds the process and reads it at the same time, so that neither side waits for ever on a full pipe.
async fn exchange(process: &mut Child, photo: &Bytes) -> io::Result<Finished> {
    let (stdin, stdout, stderr) = (process.stdin.take(), process.stdout.take(), process.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A process that has seen enough closes its end: its answer counts, not the broken pipe.
            drop(stdin.write_all(photo).await);
        }
    };
    let listen = read_at_most(stdout, wire::MAX_FRAME as u64);
    let overhear = read_at_most(stderr, MAX_COMPLAINT);
    let ((), output, complaint) = tokio::join!(feed, listen, overhear);
    let status = process.wait().await?;
    Ok(Finished {
        status,
        output: Bytes::from(output?),
        complaint: complaint?,
    })
}

/// Reads to the end or the limit; dropping the pipe then makes further writing fail on the other side.
async fn read_at_most(pipe: Option<impl AsyncReadExt + Unpin>, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(limit).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Whose fault is it that a process ended without an answer?
fn blame(finished: &Finished) -> DecodeError {
    /// A Rust panic: a decoder met something its author did not expect.
    const PANICKED: i32 = 101;
    let signal = finished
        .status
        .signal()
        .and_then(|number| Signal::try_from(number).ok());
    match (signal, finished.status.code()) {
        (Some(Signal::SIGXCPU), _) => PhotoRefusal::TookTooLong.into(),
        // Sent by an operator, a shutdown or the kernel short of memory: nothing is known about the photo.
        (Some(Signal::SIGKILL | Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP), _) => outside(finished),
        // Out of its memory (abort), or a fault in a decoder.
        (Some(_), _) | (None, Some(PANICKED)) => PhotoRefusal::Unreadable.into(),
        (None, _) => outside(finished),
    }
}

fn outside(finished: &Finished) -> DecodeError {
    let complaint = String::from_utf8_lossy(&finished.complaint);
    io::Error::other(format!("{}: {}", finished.status, complaint.trim())).into()
}
