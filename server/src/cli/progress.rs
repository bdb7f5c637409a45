//! Says that something takes a while: a bar or spinner on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(2);

/// One thing that is under way. Written to standard error, so that results can be piped.
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    what: String,
    spoken: Mutex<Instant>,
}

impl Progress {
    /// Something whose end is not known.
    #[must_use]
    pub fn spinner(what: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        let progress = Self::over(bar, what);
        // Plain lines tell of it even where no step follows.
        progress.say(what);
        progress
    }

    /// Something of so many steps.
    #[must_use]
    pub fn steps(what: &str, total: u64) -> Self {
        let bar = ProgressBar::new(total);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        Self::over(bar, what)
    }

    fn over(bar: ProgressBar, what: &str) -> Self {
        Self {
            bar,
            plain: !std::io::stderr().is_terminal(),
            what: what.to_owned(),
            spoken: Mutex::new(Instant::now()),
        }
    }

    /// A sentence about what happens just now.
    pub fn say(&self, sentence: &str) {
        if self.plain {
            eprintln!("{sentence}");
        } else {
            self.bar.set_message(sentence.to_owned());
        }
    }

    /// One step more is done.
    pub fn step(&self) {
        self.bar.inc(1);
        let (done, of) = (self.bar.position(), self.bar.length().unwrap_or_default());
        self.speak(|| format!("{}: {done} of {of}", self.what));
    }

    /// So many steps of something are done, of so many.
    pub fn count(&self, what: &str, done: usize, of: usize) {
        self.bar.set_message(format!("{what}: {done} of {of}"));
        self.speak(|| format!("{what}: {done} of {of}"));
    }

    /// A plain line now and then, where there is no terminal.
    fn speak(&self, line: impl FnOnce() -> String) {
        if !self.plain {
            return;
        }
        let mut spoken = self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        if spoken.elapsed() >= EVERY {
            *spoken = Instant::now();
            eprintln!("{}", line());
        }
    }

    /// It is over.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
