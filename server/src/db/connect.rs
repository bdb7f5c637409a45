//! Connections to PostgreSQL, with TLS where the URL asks for it.
//!
//! The URL is libpq's: `sslmode` is `disable`, `prefer` (what counts without one: TLS where the server has it, and no
//! certificate is looked at), `require` (TLS or nothing, no certificate is looked at) or `verify-full` (the certificate must
//! be of that host and signed by one of `sslrootcert`, a PEM file, or without it by an authority that browsers know). libpq's
//! `verify-ca` and `allow` are refused: they hold neither of what their users hope for.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use percent_encoding::percent_decode_str;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;

/// How long a server across a network may leave bytes without a sign of life before its connection counts as lost: a machine
/// that lost its current, or a cable, says no word. (A server that is there and slow is bounded by its `statement_timeout`.) A URL that
/// names such settings keeps its own.
const GONE: Duration = Duration::from_secs(10);

/// Connects.
///
/// # Errors
/// When the URL cannot be read, its certificates neither, or the server is away or not the one that was meant. No error
/// shows the URL, which may hold a password.
pub async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    Ok(open(&target_of(url)?).await?)
}

/// How long a server that is not there yet is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From one try to the next.
    pub every: Duration,
    /// No try after that.
    pub longest: Duration,
}

/// Waits until a server answers: one that is just starting, or a machine that comes up later than this one. Who answers and
/// refuses, because of the password or the database's name, is not asked again. `still_away` hears why, and since when it waits.
///
/// # Errors
/// As [`connect`], after the last try.
pub async fn await_server(url: &str, patience: Patience, still_away: impl Fn(&str, Duration)) -> ConnectionResult<()> {
    let target = target_of(url)?;
    let began = Instant::now();
    loop {
        let refused = match open(&target).await {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        let waited = began.elapsed();
        let (passes, error) = (refused.may_pass(), ConnectionError::from(refused));
        if !passes || waited >= patience.longest {
            return Err(error);
        }
        still_away(&error.to_string(), waited);
        tokio::time::sleep(patience.every).await;
    }
}

fn target_of(url: &str) -> ConnectionResult<Target> {
    Target::parse(url).map_err(|fault| ConnectionError::InvalidConnectionUrl(fault.to_string()))
}

async fn open(target: &Target) -> Result<AsyncPgConnection, Refused> {
    if !target.trust.needs_tls(&target.config) {
        let connected = target.config.connect(tokio_postgres::NoTls).await;
        let (client, connection) = connected.map_err(Refused::Server)?;
        let made = AsyncPgConnection::try_from_client_and_connection(client, connection).await;
        return made.map_err(Refused::Session);
    }
    let tls = target.trust.tls().map_err(Refused::Settings)?;
    let connected = target.config.connect(MakeRustlsConnect::new(tls)).await;
    let (client, connection) = connected.map_err(Refused::Server)?;
    let made = AsyncPgConnection::try_from_client_and_connection(client, connection).await;
    made.map_err(Refused::Session)
}

/// Why there is no connection.
enum Refused {
    /// What the URL asks for cannot be had here.
    Settings(Fault),
    /// The server is away, or refused.
    Server(tokio_postgres::Error),
    /// It answered and could not be worked with.
    Session(ConnectionError),
}

impl Refused {
    /// Whether it may be otherwise in a moment: nobody answered, or somebody who is still starting.
    fn may_pass(&self) -> bool {
        let Self::Server(error) = self else { return false };
        match error.code() {
            Some(code) => *code == SqlState::CANNOT_CONNECT_NOW || *code == SqlState::TOO_MANY_CONNECTIONS,
            None => {
                error.is_closed() || std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
            }
        }
    }
}

impl From<Refused> for ConnectionError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Settings(fault) => Self::BadConnection(fault.to_string()),
            Refused::Server(error) => Self::BadConnection(said(&error)),
            Refused::Session(error) => error,
        }
    }
}

/// Whether a URL can be read, for the settings.
///
/// # Errors
/// What is wrong with it, without showing it.
pub fn check(url: &str) -> Result<(), String> {
    Target::parse(url).map(|_| ()).map_err(|fault| fault.to_string())
}

/// An error with its causes: the outermost says no more than "error connecting to server".
fn said(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}

/// Why a URL cannot be used.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Mode(String),
    RootWithoutVerification,
    Root(PathBuf, String),
    Url(String),
    Tls(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode(mode) => write!(
                f,
                "sslmode is {mode:?}; expected disable, prefer, require or verify-full"
            ),
            Self::RootWithoutVerification => write!(f, "sslrootcert is looked at with sslmode=verify-full only"),
            Self::Root(path, why) => write!(f, "the certificates of {} cannot be read: {why}", path.display()),
            Self::Url(why) => write!(f, "not a database URL (postgres://user:password@host:5432/name): {why}"),
            Self::Tls(why) => write!(f, "TLS: {why}"),
        }
    }
}

/// What a URL says.
struct Target {
    config: tokio_postgres::Config,
    trust: Trust,
}

/// Whom the connection trusts.
#[derive(Debug, PartialEq, Eq)]
enum Trust {
    /// No TLS.
    Plain,
    /// Whoever answers.
    Anybody,
    /// Who shows a certificate of that host, signed by one of the file's authorities, else by a public one.
    Verified(Option<PathBuf>),
}

impl Target {
    /// Takes out what the driver does not know and reads the rest with it.
    fn parse(url: &str) -> Result<Self, Fault> {
        let (front, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut root, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let value = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            match pair.split_once('=') {
                Some(("sslmode", text)) => mode = Some(value(text)),
                Some(("sslrootcert", text)) => root = Some(PathBuf::from(value(text))),
                _ => rest.push(pair),
            }
        }
        let url = if rest.is_empty() {
            front.to_owned()
        } else {
            format!("{front}?{}", rest.join("&"))
        };
        let mut config: tokio_postgres::Config = url
            .parse()
            .map_err(|error: tokio_postgres::Error| Fault::Url(said(&error)))?;
        let (ssl_mode, trust) = match mode.as_deref() {
            Some("disable") => (SslMode::Disable, Trust::Plain),
            None | Some("prefer") => (SslMode::Prefer, Trust::Anybody),
            Some("require") => (SslMode::Require, Trust::Anybody),
            Some("verify-full") => (SslMode::Require, Trust::Verified(root.take())),
            Some(other) => return Err(Fault::Mode(other.to_owned())),
        };
        if root.is_some() {
            return Err(Fault::RootWithoutVerification);
        }
        config.ssl_mode(ssl_mode);
        let says = |setting: &str| rest.iter().any(|pair| pair.starts_with(setting));
        if !says("keepalives") && !says("tcp_user_timeout") {
            config
                .tcp_user_timeout(GONE)
                .keepalives_idle(GONE)
                .keepalives_interval(GONE / 2)
                .keepalives_retries(2);
        }
        Ok(Self { config, trust })
    }
}

impl Trust {
    /// On a unix socket there is nobody in between, and the server speaks no TLS there.
    fn needs_tls(&self, config: &tokio_postgres::Config) -> bool {
        let local = config.get_ssl_mode() == SslMode::Prefer
            && config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        *self != Self::Plain && !local
    }

    fn tls(&self) -> Result<ClientConfig, Fault> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Fault::Tls(error.to_string()))?;
        Ok(match self {
            Self::Verified(root) => builder
                .with_root_certificates(roots(root.as_ref())?)
                .with_no_client_auth(),
            Self::Anybody | Self::Plain => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
                .with_no_client_auth(),
        })
    }
}

fn roots(file: Option<&PathBuf>) -> Result<RootCertStore, Fault> {
    let Some(path) = file else {
        return Ok(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        });
    };
    let fault = |why: String| Fault::Root(path.clone(), why);
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))? {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        store.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(fault("there is none in it".to_owned()));
    }
    Ok(store)
}

/// Looks at no certificate, as libpq's `require`: keeps out who listens, not who stands in between. The handshake's
/// signatures are still held against the certificate that was shown.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
