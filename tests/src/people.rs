//! Clients as people. Whatever the server answers them is held against the API's description.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use crate::contract::contract;

/// Somebody who uses the API.
#[derive(Clone)]
pub struct Person {
    name: String,
    http: Client,
    base: String,
    token: Option<String>,
}

impl Person {
    /// Somebody who talks to the server at `base`, with an access token if they are signed in.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    #[must_use]
    pub fn new(name: &str, base: &str, token: Option<String>) -> Self {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Shorter than the server's five seconds: nothing is sent on a line that is just being closed.
            .pool_idle_timeout(std::time::Duration::from_secs(2))
            .build()
            .expect("a client");
        Self {
            name: name.to_owned(),
            http,
            base: base.to_owned(),
            token,
        }
    }

    /// The same person at another server.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// The same person with another access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// Who it is, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The access token; empty for anybody.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// Begins a request; `path` may have a query.
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        let mut builder = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            builder = builder.bearer_auth(token);
        }
        Request {
            who: self.name.clone(),
            method,
            path: path.to_owned(),
            builder,
        }
    }

    /// Begins a GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// Begins a POST.
    #[must_use]
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// Begins a GET whose answer is read while it comes; nobody holds it against the description.
    pub fn stream(&self, path: &str) -> RequestBuilder {
        let builder = self.http.get(format!("{}{path}", self.base));
        match &self.token {
            Some(token) => builder.bearer_auth(token),
            None => builder,
        }
    }

    /// A POST of JSON, answered.
    pub async fn send(&self, path: &str, body: Value) -> Answer {
        self.post(path).json(&body).send().await
    }

    /// Adds a photo to a report, as the author, who was `told` of it.
    ///
    /// # Panics
    /// When the author was told no secret.
    pub async fn adds_photo(&self, told: &Value, jpeg: Vec<u8>) -> Answer {
        let path = format!("/v1/reports/{}/photos", told["id"].as_str().expect("an id"));
        let secret = told["follow"]["secret"].as_str().expect("a secret");
        let request = self.post(&path).header("X-Follow-Secret", secret);
        request.body("image/jpeg", jpeg).send().await
    }
}

/// A request that is not sent yet.
pub struct Request {
    who: String,
    method: Method,
    path: String,
    builder: RequestBuilder,
}

impl Request {
    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// With any body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.header("content-type", content_type).body(body);
        self
    }

    /// With a multipart form.
    #[must_use]
    pub fn multipart(mut self, form: reqwest::multipart::Form) -> Self {
        self.builder = self.builder.multipart(form);
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Sends it to a server that may die meanwhile, or over a line that may be cut. An answer is held against the API's
    /// description.
    ///
    /// # Errors
    /// When nobody answers.
    ///
    /// # Panics
    /// On an answer that the description does not know.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let response = self.builder.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let endless = headers
            .get("content-type")
            .is_some_and(|media| media == "text/event-stream");
        let body = if endless {
            Vec::new()
        } else {
            response.bytes().await?.to_vec()
        };
        let answer = Answer {
            what: format!("{} {} {}", self.who, self.method, self.path),
            status,
            headers,
            body,
        };
        let path = self.path.split('?').next().unwrap_or_default();
        if let Err(fault) = contract().check(&self.method, path, &answer) {
            panic!("{}: {fault}\n{answer}", answer.what);
        }
        Ok(answer)
    }

    /// Sends it and holds the answer against the API's description.
    ///
    /// # Panics
    /// When there is no answer, or one that the description does not know.
    pub async fn send(self) -> Answer {
        let what = format!("{} {} {}", self.who, self.method, self.path);
        let answer = self.try_send().await;
        answer.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    what: String,
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type without its parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.header("content-type")?.split(';').next().map(str::trim)
    }

    /// The body as JSON; null when there is none.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: no JSON: {error}"))
    }

    /// The body, if the status is this one.
    ///
    /// # Panics
    /// On any other status, showing the whole answer.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()
    }

    /// The problem, if it is this one.
    ///
    /// # Panics
    /// When the answer is anything else.
    pub fn problem(&self, slug: &str) -> Value {
        assert_eq!(self.media_type(), Some("application/problem+json"), "{self}");
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{self}");
        assert_eq!(problem["status"], self.status, "{self}");
        problem
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} -> {} {}",
            self.what,
            self.status,
            String::from_utf8_lossy(&self.body)
        )
    }
}
