//! Talking to one provider: bounded in time and size, no redirects followed, JSON or a clear error.
//!
//! The system's proxy is used, but never on the way to this computer.

mod certificate;
mod trust;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Method, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::{Clock, Timestamp, address::is_loopback};
pub(crate) use trust::Untrusted;

/// The longest that one exchange may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(15);

/// The largest answer that is read, in bytes. Real ones have some 4,000.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Room for an answer with three tokens: a buffer that grows leaves copies behind that nobody wipes.
const USUAL_ANSWER: usize = 32 * 1024;

/// Room for a form with a refresh token in it.
const USUAL_FORM: usize = 8 * 1024;

/// An HTTP client for one provider. Every answer's `Date` teaches the clock.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    /// Made when it is first needed: a start that asks nobody does not read this computer's certificates.
    client: Arc<OnceLock<reqwest::Client>>,
    is_local: bool,
    /// Trusted besides the system's certificates.
    ca_file: Option<PathBuf>,
    clock: Clock,
}

/// What a form says ([RFC 6749 appendix B]); wiped when dropped, because a code or a token may be in it.
///
/// [RFC 6749 appendix B]: https://www.rfc-editor.org/rfc/rfc6749#appendix-B
pub(crate) struct Form(Zeroizing<String>);

/// An answer, whole and of a size that can be held.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// How long the provider asks to wait, if it does.
    pub(crate) retry_after: Option<Duration>,
    /// Where it sends us instead. Nothing goes there by itself.
    pub(crate) location: Option<String>,
    body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// Nobody answered, or not to the end.
    #[error("the provider cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Somebody answered whose certificate is not to be trusted.
    #[error("the connection is not trusted: {0}")]
    Untrusted(Untrusted),
    /// The profile's own certificates cannot be used.
    #[error("ca_file cannot be used: {0}")]
    CaFile(String),
    /// What came is not an answer.
    #[error("{what} (HTTP {status})")]
    Broken { what: &'static str, status: u16 },
}

impl Http {
    /// A client for the provider at `base`. A provider on this computer is never asked through a proxy.
    pub(crate) fn new(clock: Clock, base: &Url) -> Self {
        Self {
            client: Arc::default(),
            is_local: is_loopback(base),
            ca_file: None,
            clock,
        }
    }

    /// The same client, which also trusts the certificates of a file.
    pub(crate) fn trusting(self, ca_file: Option<PathBuf>) -> Self {
        Self {
            client: Arc::default(),
            ca_file,
            ..self
        }
    }

    /// # Errors
    ///
    /// When this computer has no certificates to check a provider's with, or the profile's own cannot be read.
    fn client(&self) -> Result<&reqwest::Client, HttpError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // The process's choice, made once. A program that has chosen another cryptography for TLS keeps it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("Keyfob/", env!("CARGO_PKG_VERSION")))
            .timeout(EXCHANGE_TIMEOUT)
            // A token endpoint that redirects could carry a code to another host.
            .redirect(reqwest::redirect::Policy::none());
        if self.is_local {
            builder = builder.no_proxy();
        }
        // Without it the client says itself what is missing.
        match trust::configuration(self.ca_file.as_deref()) {
            Ok(configuration) => builder = builder.tls_backend_preconfigured(configuration),
            Err(error) if self.ca_file.is_some() => {
                return Err(HttpError::CaFile(error.to_string()));
            }
            Err(_) => {}
        }
        let client = builder.build().map_err(unreachable)?;
        Ok(self.client.get_or_init(|| client))
    }

    pub(crate) async fn get(&self, url: Url) -> Result<Reply, HttpError> {
        let request = self.client()?.request(Method::GET, url);
        self.send(request).await
    }

    /// With a token, in the header and nowhere else: an address ends up in logs (RFC 6750 §2.3).
    pub(crate) async fn get_with(&self, url: Url, bearer: &str) -> Result<Reply, HttpError> {
        let request = self.client()?.request(Method::GET, url);
        let request = request
            .header(header::ACCEPT, "application/json")
            .bearer_auth(bearer);
        self.send(request).await
    }

    /// Something that is no JSON and may be larger, up to `largest` bytes.
    pub(crate) async fn fetch(&self, url: Url, largest: usize) -> Result<Reply, HttpError> {
        let request = self.client()?.request(Method::GET, url);
        // Whoever serves it is not the provider, and does not say what time it is.
        receive(request, largest).await.map(|(reply, _)| reply)
    }

    pub(crate) async fn post_form(&self, url: Url, form: Form) -> Result<Reply, HttpError> {
        let request = self
            .client()?
            .request(Method::POST, url)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.0.as_str().to_owned());
        self.send(request).await
    }

    pub(crate) async fn post(
        &self,
        url: Url,
        api_key: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Reply, HttpError> {
        let request = self
            .client()?
            .request(Method::POST, url)
            .header("API_KEY_ID", api_key)
            .json(body);
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, HttpError> {
        let (reply, date) = receive(request, LARGEST_ANSWER).await?;
        if let Some(date) = date {
            self.clock.learn(date);
        }
        Ok(reply)
    }
}

/// A whole answer of at most `largest` bytes, and when it was given.
async fn receive(
    request: reqwest::RequestBuilder,
    largest: usize,
) -> Result<(Reply, Option<Timestamp>), HttpError> {
    let mut response = request.send().await.map_err(unreachable)?;
    let date = date(&response);
    let status = response.status();
    let retry_after = retry_after(&response);
    let location = location(&response);
    let mut body = Zeroizing::new(Vec::with_capacity(USUAL_ANSWER));
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > largest {
            return Err(HttpError::Broken {
                what: "the answer is too large",
                status: status.as_u16(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    let reply = Reply {
        status,
        retry_after,
        location,
        body,
    };
    Ok((reply, date))
}

impl Form {
    /// A form that says nothing yet.
    pub(crate) fn new() -> Self {
        // Room for all of it: a text that grows leaves copies behind that nobody wipes.
        Self(Zeroizing::new(String::with_capacity(USUAL_FORM)))
    }

    /// And `name` is `value`.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let text = std::mem::take(&mut *self.0);
        let mut form = form_urlencoded::Serializer::new(text);
        form.append_pair(name, value);
        *self.0 = form.finish();
        self
    }

    /// And `name` is each of `values`.
    pub(crate) fn with_each<'a>(
        self,
        name: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let all = values.into_iter();
        all.fold(self, |form, value| form.with(name, value))
    }
}

impl Reply {
    /// The body as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON of the expected shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|_| HttpError::Broken {
            what: "the answer is not what was expected",
            status: self.status.as_u16(),
        })
    }
}

/// When the provider answered, unless the answer comes out of a cache on the way (RFC 9111 §5.1).
fn date(response: &reqwest::Response) -> Option<Timestamp> {
    if response.headers().contains_key(header::AGE) {
        return None;
    }
    let text = response.headers().get(header::DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok().map(Timestamp::from)
}

fn location(response: &reqwest::Response) -> Option<String> {
    let text = response.headers().get(header::LOCATION)?.to_str().ok()?;
    Some(text.to_owned())
}

/// `Retry-After` in seconds; its other form, a date, says nothing that the bare refusal does not.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds: u32 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

fn unreachable(error: reqwest::Error) -> HttpError {
    if let Some(untrusted) = trust::untrusted(&error) {
        return HttpError::Untrusted(untrusted);
    }
    // The address may name a key or a query that does not belong in a message.
    HttpError::Unreachable(error.without_url())
}

#[cfg(test)]
mod tests;
