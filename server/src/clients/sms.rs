//! Text messages.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{SendError, kept};

const TIMEOUT: Duration = Duration::from_secs(10);

/// A text message, ready to go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sms {
    /// Number.
    pub to: String,
    /// The text.
    pub text: String,
    /// Of the notification: a gateway recognises a repetition by it.
    pub id: Uuid,
}

/// Takes text messages.
pub trait SmsGateway: Send + Sync {
    /// Sends one. `Ok` means that the gateway has taken it.
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<(), SendError>>;
}

/// A gateway that takes `POST {"to", "text", "id"}`.
pub struct HttpGateway {
    client: reqwest::Client,
    url: String,
    token: Option<SecretString>,
}

impl HttpGateway {
    /// A gateway at an address. No connection is made yet.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(url: String, token: Option<SecretString>) -> anyhow::Result<Self> {
        // A redirect would take the token and people's numbers to somebody whom nobody configured.
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, url, token })
    }
}

impl SmsGateway for HttpGateway {
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let mut request = self.client.post(&self.url).json(sms);
            if let Some(token) = &self.token {
                request = request.bearer_auth(token.expose_secret());
            }
            match request.send().await {
                Ok(response) => verdict(response.status()),
                Err(error) if error.is_timeout() => {
                    Err(SendError::Later("the gateway did not answer in time".to_owned()))
                }
                Err(_) => Err(SendError::Later("no conversation with the gateway".to_owned())),
            }
        })
    }
}

/// 400, 404, 410 and 422 are about the number; everything else that is no success can be repaired or passes.
fn verdict(status: StatusCode) -> Result<(), SendError> {
    let words = format!("the gateway said {}", status.as_u16());
    match status.as_u16() {
        200..=299 => Ok(()),
        400 | 404 | 410 | 422 => Err(SendError::Refused(words)),
        _ => Err(SendError::Later(words)),
    }
}

/// Keeps text messages in a folder, numbers in clear: for trying Vigie out, where no number is anybody's.
pub struct Kept(pub PathBuf);

impl SmsGateway for Kept {
    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let document = serde_json::to_vec(sms).map_err(|error| SendError::Refused(error.to_string()))?;
            kept::write(&self.0, &format!("{}.json", sms.id), &document)
                .await
                .map_err(|error| SendError::Later(error.kind().to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A gateway that answers one request with a status, and what it was asked.
    async fn answer(status: u16) -> (Result<(), SendError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/sms", listener.local_addr().expect("an address"));
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut asked = Vec::new();
            let mut part = [0; 4096];
            while !asked.ends_with(b"}") {
                let read = stream.read(&mut part).await.expect("bytes");
                asked.extend_from_slice(&part[..read]);
            }
            let reply = format!("HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(reply.as_bytes()).await.expect("sent");
            String::from_utf8(asked).expect("text")
        });
        let gateway = HttpGateway::new(url, Some("secret".into())).expect("a gateway");
        let sms = Sms {
            to: "+33600000000".into(),
            text: "Bonjour".into(),
            id: Uuid::from_u128(7),
        };
        let sent = gateway.send(&sms).await;
        (sent, served.await.expect("served"))
    }

    #[tokio::test]
    async fn the_gateway_gets_number_text_and_id_under_the_token() {
        let (sent, asked) = answer(202).await;
        assert_eq!(sent, Ok(()));
        assert!(asked.contains("authorization: Bearer secret"), "{asked}");
        assert!(
            asked.contains(r#""to":"+33600000000","text":"Bonjour","id":"00000000-"#),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_wrong_number_is_refused_and_all_else_is_tried_again() {
        assert!(matches!(answer(422).await.0, Err(SendError::Refused(_))));
        for status in [302, 401, 429, 500] {
            assert!(matches!(answer(status).await.0, Err(SendError::Later(_))), "{status}");
        }
    }
}
