//! A gateway for text messages that takes everything and keeps it.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};

use serde_json::Value;

/// A gateway of its own for a test. Its thread waits for callers until the run ends.
pub struct Gateway {
    port: u16,
    taken: Receiver<Value>,
}

impl Gateway {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (keep, taken) = mpsc::channel();
        std::thread::spawn(move || {
            for caller in listener.incoming() {
                take(caller.expect("a caller"), &keep).expect("a text message");
            }
        });
        Self { port, taken }
    }

    /// For `VIGIE_SMS_GATEWAY_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/sms", self.port)
    }

    /// Text messages that came since the last look: `to`, `text` and `id` of each. They are kept before the gateway
    /// answers, so whatever was sent is here.
    #[must_use]
    pub fn taken(&self) -> Vec<Value> {
        self.taken.try_iter().collect()
    }
}

/// One request: the body is as long as its header says.
fn take(mut caller: TcpStream, keep: &Sender<Value>) -> Result<()> {
    let mut reader = BufReader::new(caller.try_clone()?);
    let (mut line, mut length) = (String::new(), 0_usize);
    while reader.read_line(&mut line)? > "\r\n".len() {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a length");
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    // A test that is over looks no more.
    let _ = keep.send(serde_json::from_slice(&body)?);
    caller.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}
