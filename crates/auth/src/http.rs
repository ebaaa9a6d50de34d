//! Talking to one provider: bounded in time and size, no redirects followed, JSON or a clear error.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Method, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;
use zeroize::Zeroizing;

use crate::{Clock, Timestamp, address::is_loopback};

/// The longest that one exchange may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(15);

/// The largest answer that is read, in bytes. Real ones have some 4,000.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Room for an answer with three tokens: a buffer that grows leaves copies behind that nobody wipes.
const USUAL_ANSWER: usize = 32 * 1024;

/// An HTTP client for one provider. Every answer's `Date` teaches the clock.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    /// Made when it is first needed: a start that asks nobody does not read this computer's certificates.
    client: Arc<OnceLock<reqwest::Client>>,
    is_local: bool,
    clock: Clock,
}

/// An answer, whole and of a size that can be held.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// How long the provider asks to wait, if it does.
    pub(crate) retry_after: Option<Duration>,
    body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// Nobody answered, or not to the end.
    #[error("the provider cannot be reached")]
    Unreachable(#[source] reqwest::Error),
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
            clock,
        }
    }

    /// # Errors
    ///
    /// When this computer has no certificates to check a provider's with.
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
        let client = builder.build().map_err(unreachable)?;
        Ok(self.client.get_or_init(|| client))
    }

    pub(crate) async fn get(&self, url: Url) -> Result<Reply, HttpError> {
        self.send(self.client()?.request(Method::GET, url)).await
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
        let mut response = request.send().await.map_err(unreachable)?;
        if let Some(date) = date(&response) {
            self.clock.learn(date);
        }
        let status = response.status();
        let retry_after = retry_after(&response);
        let mut body = Zeroizing::new(Vec::with_capacity(USUAL_ANSWER));
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(HttpError::Broken {
                    what: "the answer is too large",
                    status: status.as_u16(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status,
            retry_after,
            body,
        })
    }
}

impl Reply {
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

/// `Retry-After` in seconds; its other form, a date, says nothing that the bare refusal does not.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds: u32 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

fn unreachable(error: reqwest::Error) -> HttpError {
    // The address may name a key or a query that does not belong in a message.
    HttpError::Unreachable(error.without_url())
}
