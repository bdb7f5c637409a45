//! The server's log file: kept small, and quoted when a start fails.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::EmbeddedError;

/// Above this the log starts anew at the next start.
const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// How much of the log an error quotes.
const TAIL_LINES: usize = 15;
const TAIL_BYTES: u64 = 64 * 1024;

/// The log, and where the present start begins in it.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) path: PathBuf,
    begin: u64,
}

impl Log {
    /// Opens the log for appending; the file is for the server's standard output and error.
    pub(super) fn open(path: &Path) -> Result<(Self, File), EmbeddedError> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(EmbeddedError::io("open", path))?;
        let mut begin = file.metadata().map_err(EmbeddedError::io("read", path))?.len();
        if begin > MAX_BYTES {
            file.set_len(0).map_err(EmbeddedError::io("shorten", path))?;
            begin = 0;
        }
        Ok((
            Self {
                path: path.to_owned(),
                begin,
            },
            file,
        ))
    }

    /// The last lines written since [`Self::open`]; what cannot be read is left out, this only explains another error.
    pub(super) fn tail(&self) -> String {
        let mut text = Vec::new();
        if let Ok(mut file) = File::open(&self.path) {
            let length = file.metadata().map_or(0, |m| m.len());
            let from = self.begin.max(length.saturating_sub(TAIL_BYTES));
            if file.seek(SeekFrom::Start(from)).is_ok() {
                // A partial read is still worth quoting.
                let _ = file.read_to_end(&mut text);
            }
        }
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_tail_holds_the_last_lines_of_this_start_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postgres.log");
        std::fs::write(&path, "an earlier run\n").unwrap();
        let (log, mut file) = Log::open(&path).unwrap();
        assert_eq!(log.tail(), "");
        for line in 1..=20 {
            writeln!(file, "line {line}").unwrap();
        }
        let tail = log.tail();
        assert!(tail.starts_with("line 6\n") && tail.ends_with("line 20"), "{tail}");
    }

    #[test]
    fn a_large_log_starts_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postgres.log");
        File::create(&path).unwrap().set_len(MAX_BYTES).unwrap();
        Log::open(&path).unwrap();
        assert_eq!(path.metadata().unwrap().len(), MAX_BYTES, "at the limit it is kept");
        File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let (log, mut file) = Log::open(&path).unwrap();
        writeln!(file, "new").unwrap();
        assert_eq!((log.tail().as_str(), path.metadata().unwrap().len()), ("new", 4));
    }
}
