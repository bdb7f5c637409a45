//! A real mail relay that keeps what it gets.

use std::process::Command;
use std::time::Duration;

use mailparse::MailHeaderMap;
use serde_json::Value;

use crate::process::{Process, Talks};
use crate::repository;

/// What the relay does with the next messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes them.
    Accept,
    /// Answers 450 to each: try later.
    Refuse,
    /// Takes them, and never answers.
    Hang,
    /// Takes them, and the line breaks before it says so.
    Drop,
}

/// A mail as the relay got it.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Envelope's recipient.
    pub to: String,
    /// Subject, decoded.
    pub subject: String,
    /// Message-ID, with its brackets.
    pub message_id: String,
    /// Its plain text, decoded.
    pub text: String,
    /// Its HTML, decoded; empty when it has none.
    pub html: String,
    /// All headers, decoded.
    pub headers: Vec<(String, String)>,
}

impl Mail {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A relay of its own for a test: it starts in a fraction of a second.
pub struct Relay {
    process: Process,
    port: u16,
}

impl Relay {
    /// Starts one.
    ///
    /// # Panics
    /// When node or the tools are missing: `scripts/setup.sh test` installs them.
    #[must_use]
    pub fn start() -> Self {
        let mut command = Command::new("node");
        command
            .arg(repository().join("tests/tools/smtp-sink.mjs"))
            .arg(repository().join("target/tools/node"));
        let process = Process::start("smtp-sink.mjs", &command, Talks::Stdout);
        let port = process.await_line(|line| json(line)["listening"].as_u64());
        Self {
            process,
            port: u16::try_from(port).expect("a port"),
        }
    }

    /// For `VIGIE_SMTP_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Sets what it does from now on.
    pub fn set(&mut self, mood: Mood) {
        let word = match mood {
            Mood::Accept => "accept",
            Mood::Refuse => "refuse",
            Mood::Hang => "hang",
            Mood::Drop => "drop",
        };
        self.process.say(word);
        self.process
            .await_line(|line| (json(line)["mode"] == word).then_some(()));
    }

    /// Waits for the next mail, from a worker that runs by itself.
    ///
    /// # Panics
    /// When none comes for a minute, or it cannot be read.
    #[must_use]
    pub fn next_mail(&self) -> Mail {
        self.process
            .await_line(|line| json(line).get("raw").is_some().then(|| read(&json(line))))
    }

    /// Mails that came since the last look. A relay says 250 after it has told us, so whatever was sent is here.
    ///
    /// # Panics
    /// When a mail cannot be read.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        // The line travels through a pipe and a thread of ours: a moment, not a measure of anything.
        std::thread::sleep(Duration::from_millis(50));
        self.process.new_lines().iter().map(|line| read(&json(line))).collect()
    }
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_default()
}

fn read(told: &Value) -> Mail {
    let raw = data_encoding::BASE64
        .decode(told["raw"].as_str().expect("a message").as_bytes())
        .expect("base64");
    let mail = mailparse::parse_mail(&raw).expect("a mail");
    let part = |media: &str| {
        mail.parts()
            .find(|part| part.ctype.mimetype == media)
            .map(|part| part.get_body().expect("a body").replace("\r\n", "\n"))
            .unwrap_or_default()
    };
    Mail {
        to: told["to"][0].as_str().expect("a recipient").to_owned(),
        subject: mail.headers.get_first_value("Subject").unwrap_or_default(),
        message_id: mail.headers.get_first_value("Message-ID").unwrap_or_default(),
        text: part("text/plain"),
        html: part("text/html"),
        headers: mail
            .headers
            .iter()
            .map(|header| (header.get_key(), header.get_value()))
            .collect(),
    }
}
