//! Limits a decoding process puts on itself before it reads the first byte. They hold for whatever it executes, too.

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};

const MIB: u64 = 1024 * 1024;

/// What a process may use. The kernel enforces it; none of it can be raised again by an unprivileged process.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space in bytes, the program's own code and libraries included.
    memory: u64,
    /// Processor time in seconds. Past it the process gets SIGXCPU.
    cpu_seconds: u64,
    /// Largest file it may write, in bytes. Pipes are not files.
    file_size: u64,
    open_files: u64,
    /// Whether it may start threads.
    threads: bool,
}

impl Limits {
    /// Reading headers: the file (15 MiB, twice while its buffer grows) and little else.
    pub const SNIFF: Self = Self {
        memory: 256 * MIB,
        cpu_seconds: 2,
        file_size: 0,
        open_files: 8,
        threads: false,
    };

    /// Full decode. The need of the largest photo accepted (50 megapixels), measured: 505 MiB for a WebP with
    /// transparency, 337 MiB for a PNG with transparency, 306 MiB for a progressive 4:4:4 JPEG; a phone's 12 megapixel
    /// JPEG takes 30. The rest is the program itself and room for the allocator.
    pub const DERIVE: Self = Self {
        memory: 768 * MIB,
        cpu_seconds: 10,
        file_size: 0,
        open_files: 8,
        threads: false,
    };

    /// libheif's command decodes tiles on several threads, each with a stack and working planes of its own.
    pub const CONVERT: Self = Self {
        memory: 1536 * MIB,
        cpu_seconds: 20,
        file_size: 64 * MIB,
        open_files: 32,
        threads: true,
    };

    /// Applies the limits to the calling process, for good.
    ///
    /// # Errors
    /// The kernel refuses, for instance because the process was started under lower hard limits.
    pub fn apply(&self) -> Result<(), Errno> {
        prctl::set_no_new_privs()?;
        prctl::set_dumpable(false)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        setrlimit(Resource::RLIMIT_AS, self.memory, self.memory)?;
        // One second between the limits, so that the process dies of SIGXCPU, which tells the parent why: at the hard
        // limit it would be SIGKILL, which anybody may have sent.
        setrlimit(Resource::RLIMIT_CPU, self.cpu_seconds, self.cpu_seconds + 1)?;
        setrlimit(Resource::RLIMIT_FSIZE, self.file_size, self.file_size)?;
        setrlimit(Resource::RLIMIT_NOFILE, self.open_files, self.open_files)?;
        if !self.threads {
            setrlimit(Resource::RLIMIT_NPROC, 0, 0)?;
        }
        Ok(())
    }
}
