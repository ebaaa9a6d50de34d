//! The wire of a sign-in by a typed code ([RFC 8628]): one request for the code, then one for each question.
//!
//! [RFC 8628]: https://www.rfc-editor.org/rfc/rfc8628

use std::time::Duration;

use url::Url;

use super::{
    Oidc,
    answer::{Refusal, Tokens, seconds, success, text},
};
use crate::{
    address::is_secure,
    authorization::printable,
    http::Form,
    provider::{ProviderError, Redeemed},
    secret::Secret,
};

/// §3.2: how long to wait between two questions when the provider does not say.
const USUAL_INTERVAL: Duration = Duration::from_secs(5);

/// How long a code is taken to live whose provider does not say, although it must (§3.2).
const USUAL_LIFETIME: Duration = Duration::from_mins(10);

/// The longest code that is shown, in characters.
const LONGEST_CODE: usize = 40;

/// What the provider hands out for the person and for us (§3.2).
#[derive(Debug)]
pub(crate) struct DeviceCode {
    code: Secret,
    pub(crate) user_code: String,
    pub(crate) page: Url,
    pub(crate) page_with_code: Option<Url>,
    pub(crate) interval: Duration,
    pub(crate) lifetime: Duration,
}

/// Why there are no tokens yet, or never will be (§3.5).
#[derive(Debug)]
pub(crate) enum Pending {
    NotYet,
    SlowDown,
    Expired,
    Denied,
    Refused(ProviderError),
}

impl<E: Into<ProviderError>> From<E> for Pending {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl Oidc {
    /// A new code; none when the provider has no such way in.
    pub(crate) async fn device_code(&self) -> Result<Option<DeviceCode>, ProviderError> {
        let known = self.discovery.known().await?;
        let Some(endpoint) = known.metadata.device_authorization_endpoint.clone() else {
            return Ok(None);
        };
        let form = Form::new()
            .with("client_id", &self.config.client_id)
            .with("scope", &self.scope(&known))
            .with_each("resource", self.config.resource.iter().map(Url::as_str))
            .with_each("audience", self.config.audience.as_deref());
        let reply = self.http.post_form(endpoint, form).await?;
        let answer = success(&reply, Refusal::of_anything)?;
        let address = |name: &str| {
            let address = text(&answer, name).and_then(|text| Url::parse(text).ok());
            address.filter(is_secure)
        };
        // Google's name for it is older than the specification.
        let page = address("verification_uri").or_else(|| address("verification_url"));
        let (Some(code), Some(user_code), Some(page)) = (
            text(&answer, "device_code"),
            text(&answer, "user_code"),
            page,
        ) else {
            return Err(ProviderError::Broken {
                what: "the answer has no code to type, or no page to type it into",
                status: reply.status.as_u16(),
            });
        };
        let duration = |name: &str, usual| answer.get(name).and_then(seconds).unwrap_or(usual);
        Ok(Some(DeviceCode {
            code: Secret::new(code),
            user_code: printable(user_code, LONGEST_CODE),
            page,
            page_with_code: address("verification_uri_complete"),
            interval: duration("interval", USUAL_INTERVAL),
            lifetime: duration("expires_in", USUAL_LIFETIME),
        }))
    }

    /// Asks whether the person is done, and for the tokens if so (§3.4).
    pub(crate) async fn redeem_device_code(&self, code: &DeviceCode) -> Result<Redeemed, Pending> {
        let known = self.ready().await?;
        let form = self
            .form("urn:ietf:params:oauth:grant-type:device_code")
            .with("device_code", code.code.expose());
        let endpoint = known.metadata.token_endpoint.clone();
        let reply = self.http.post_form(endpoint, form).await?;
        let mut pending = None;
        let tokens = Tokens::read(&reply, |refusal| {
            pending = match refusal.code.as_str() {
                "authorization_pending" => Some(Pending::NotYet),
                "slow_down" => Some(Pending::SlowDown),
                "expired_token" => Some(Pending::Expired),
                "access_denied" => Some(Pending::Denied),
                _ => None,
            };
            refusal.without(&[code.code.expose()]).of_a_code()
        });
        match (tokens, pending) {
            (_, Some(pending)) => Err(pending),
            (Err(error), None) => Err(error.into()),
            (Ok(tokens), None) => Ok(self.signed_in(&known, tokens, None).await?),
        }
    }
}
