//! Child processes that never outlive the test run, however it ends.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// How long a child may take to say that it is ready. A machine that builds at the same time is slow.
const READY: Duration = Duration::from_secs(60);

/// A child that talks in lines.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Mutex<Receiver<String>>,
}

/// Which of its two outputs a child talks on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talks {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Process {
    /// Starts a command.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, command: &Command, talks: Talks) -> Self {
        let mut guarded = dying_with_us(command);
        guarded.stdin(Stdio::piped());
        match talks {
            Talks::Stdout => guarded.stdout(Stdio::piped()).stderr(Stdio::inherit()),
            Talks::Stderr => guarded.stdout(Stdio::null()).stderr(Stdio::piped()),
        };
        let mut child = spawn_from_keeper(guarded).unwrap_or_else(|error| panic!("starting {name}: {error}"));
        let lines = match talks {
            Talks::Stdout => read_lines(child.stdout.take().expect("piped")),
            Talks::Stderr => read_lines(child.stderr.take().expect("piped")),
        };
        let stdin = child.stdin.take();
        Self {
            name: name.to_owned(),
            child,
            stdin,
            lines: Mutex::new(lines),
        }
    }

    /// The first line from now on in which `find` finds something.
    ///
    /// # Panics
    /// When the child ends or says nothing like it for a minute.
    pub fn await_line<T>(&self, find: impl Fn(&str) -> Option<T>) -> T {
        let lines = self.lines.lock().expect("one reader");
        let mut heard = Vec::new();
        loop {
            match lines.recv_timeout(READY) {
                Ok(line) => match find(&line) {
                    Some(found) => return found,
                    None => heard.push(line),
                },
                Err(RecvTimeoutError::Timeout) => panic!("{} says nothing more after: {heard:#?}", self.name),
                Err(RecvTimeoutError::Disconnected) => panic!("{} ended after: {heard:#?}", self.name),
            }
        }
    }

    /// Lines that came since the last look.
    #[must_use]
    pub fn new_lines(&self) -> Vec<String> {
        self.lines.lock().expect("one reader").try_iter().collect()
    }

    /// Says a line to the child.
    ///
    /// # Panics
    /// When it does not listen any more.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its standard input");
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, as when the machine goes down.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The same command, killed by the kernel when the thread that started it ends.
fn dying_with_us(command: &Command) -> Command {
    let mut guarded = Command::new("setpriv");
    guarded
        .args(["--pdeathsig", "KILL", "--"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => guarded.env(name, value),
            None => guarded.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        guarded.current_dir(folder);
    }
    guarded
}

type Order = (Command, Sender<std::io::Result<Child>>);

/// Spawns on a thread that lives as long as the process: the parent-death signal follows the thread, and a test's own
/// thread ends before a child that several tests share.
fn spawn_from_keeper(command: Command) -> std::io::Result<Child> {
    static KEEPER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in inbox {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (answer, spawned) = channel();
    keeper
        .lock()
        .expect("the keeper")
        .send((command, answer))
        .map_err(std::io::Error::other)?;
    spawned.recv().map_err(std::io::Error::other)?
}

fn read_lines(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
