//! A line to PostgreSQL that a test can cut and stall, as a broken switch or a dead machine would.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// What the line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Carries everything.
    Up,
    /// Every connection is closed at once, new ones too: the server is down.
    Cut,
    /// Connections stay and nothing goes through: the machine hangs.
    Stalled,
}

/// Listens on a port of 127.0.0.1 and carries to PostgreSQL's unix socket.
pub struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A test drops it inside its own runtime, where waiting for another one is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Proxy {
    /// A line to the server of this URL; runs on threads of its own.
    ///
    /// # Panics
    /// When the URL has no unix socket or no port is free.
    #[must_use]
    pub fn to(url: &str) -> Self {
        let socket = Arc::new(socket_of(url));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("non-blocking");
        let address = listener.local_addr().expect("an address");
        let (line, state) = watch::channel(Line::Up);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, socket.clone(), state.clone()));
            }
        });
        Self {
            address,
            line,
            runtime: Some(runtime),
        }
    }

    /// The URL by which the same login and database are reached through this line.
    ///
    /// # Panics
    /// When it is no PostgreSQL URL.
    #[must_use]
    pub fn url(&self, of: &str) -> String {
        let (login, rest) = of.split_once('@').expect("postgres://user@host/database");
        let (_, database) = rest.rsplit_once('/').expect("a database");
        format!("{login}@{}/{database}", self.address)
    }

    /// Sets what the line does from now on.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn carry(mut client: TcpStream, socket: Arc<PathBuf>, mut line: watch::Receiver<Line>) {
    if *line.borrow() == Line::Stalled && line.wait_for(|line| *line != Line::Stalled).await.is_err() {
        return;
    }
    if *line.borrow() == Line::Cut {
        return;
    }
    let Ok(mut server) = UnixStream::connect(socket.as_ref()).await else {
        return;
    };
    let (mut from_client, mut from_server) = ([0; 8192], [0; 8192]);
    loop {
        let state = *line.borrow_and_update();
        if state == Line::Cut {
            return;
        }
        let carried = tokio::select! {
            changed = line.changed() => if changed.is_ok() { continue } else { return },
            read = client.read(&mut from_client), if state == Line::Up => {
                pass(read, &from_client, &mut server).await
            }
            read = server.read(&mut from_server), if state == Line::Up => {
                pass(read, &from_server, &mut client).await
            }
        };
        if !carried {
            return;
        }
    }
}

/// Whether there was something, and it went through.
async fn pass(read: std::io::Result<usize>, bytes: &[u8], to: &mut (impl AsyncWriteExt + Unpin)) -> bool {
    match read {
        Ok(0) | Err(_) => false,
        Ok(count) => to.write_all(&bytes[..count]).await.is_ok(),
    }
}

/// `postgres://user@%2Frun%2Fx:5432/db` lies at `/run/x/.s.PGSQL.5432`.
fn socket_of(url: &str) -> PathBuf {
    let (_, rest) = url.split_once('@').expect("postgres://user@host/database");
    let (host, _) = rest.rsplit_once('/').expect("a database");
    let (folder, port) = host.split_once(':').unwrap_or((host, "5432"));
    let folder = folder
        .replace("%2F", "/")
        .replace("%2f", "/")
        .replace("%2D", "-")
        .replace("%2E", ".");
    assert!(folder.starts_with('/'), "{url} does not name a unix socket");
    PathBuf::from(folder).join(format!(".s.PGSQL.{port}"))
}
