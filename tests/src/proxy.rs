//! A line to PostgreSQL or to a server of ours that a test can cut, stall and starve, as a broken switch, a dead machine or a
//! telephone in a cellar would.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
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
    /// Carries slowly, and each connection so much and no more: then it breaks, and the next begins.
    Weak {
        /// Bytes a second, both ways together.
        per_second: u32,
        /// Bytes after which a connection breaks, both ways together.
        breaks_after: usize,
    },
}

/// Where a line leads.
enum End {
    /// PostgreSQL's unix socket.
    Socket(PathBuf),
    /// A server's port.
    Port(SocketAddr),
}

/// Listens on a port of 127.0.0.1 and carries to the other end.
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
        Self::leading(End::Socket(socket_of(url)))
    }

    /// A line to the web server at this URL.
    ///
    /// # Panics
    /// When the URL is not `http://` and an address with its port, or no port is free.
    #[must_use]
    pub fn before(url: &str) -> Self {
        let address = url.strip_prefix("http://").and_then(|address| address.parse().ok());
        Self::leading(End::Port(address.expect("http://address:port")))
    }

    fn leading(end: End) -> Self {
        let end = Arc::new(end);
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
                tokio::spawn(carry(client, end.clone(), state.clone()));
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

    /// The web server's URL through this line.
    #[must_use]
    pub fn web(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets what the line does from now on.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn carry(client: TcpStream, end: Arc<End>, mut line: watch::Receiver<Line>) {
    if *line.borrow() == Line::Stalled && line.wait_for(|line| *line != Line::Stalled).await.is_err() {
        return;
    }
    if *line.borrow() == Line::Cut {
        return;
    }
    match &*end {
        End::Socket(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                between(client, server, line).await;
            }
        }
        End::Port(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                between(client, server, line).await;
            }
        }
    }
}

async fn between(
    mut client: TcpStream,
    mut server: impl AsyncRead + AsyncWrite + Unpin,
    mut line: watch::Receiver<Line>,
) {
    let (mut from_client, mut from_server) = ([0; 8192], [0; 8192]);
    let mut carried = 0;
    loop {
        let state = *line.borrow_and_update();
        if state == Line::Cut {
            return;
        }
        let carries = state != Line::Stalled;
        let passed = tokio::select! {
            changed = line.changed() => if changed.is_ok() { continue } else { return },
            read = client.read(&mut from_client), if carries => pass(read, &from_client, &mut server).await,
            read = server.read(&mut from_server), if carries => pass(read, &from_server, &mut client).await,
        };
        let Some(count) = passed else { return };
        carried += count;
        if let Line::Weak {
            per_second,
            breaks_after,
        } = state
        {
            if carried >= breaks_after {
                return;
            }
            tokio::time::sleep(Duration::from_secs_f64(count as f64 / f64::from(per_second))).await;
        }
    }
}

/// How much went through; none: nothing more will.
async fn pass(read: std::io::Result<usize>, bytes: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> Option<usize> {
    let count = read.ok().filter(|count| *count > 0)?;
    to.write_all(&bytes[..count]).await.ok()?;
    Some(count)
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
