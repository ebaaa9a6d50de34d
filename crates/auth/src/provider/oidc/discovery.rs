//! What a provider says about itself ([OpenID Connect Discovery §4], [RFC 8414]).
//!
//! It is asked once, at the address that the profile's issuer gives; nothing that comes back may send us elsewhere but
//! by its endpoints, and those are https (or this computer's, for an issuer on this computer). What is known stays in
//! use while the provider cannot be asked again.
//!
//! [OpenID Connect Discovery §4]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
//! [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::super::ProviderError;
use crate::{
    Clock, Timestamp,
    address::{is_loopback, is_secure},
    authorization::printable,
    http::Http,
    jwks::{Jwks, Remembered},
    profile::{OidcConfig, Setting},
};

/// For how long a provider is taken at its word.
const LIFETIME: Duration = Duration::from_hours(24);

/// What is known of a provider, and its keys.
#[derive(Debug)]
pub(crate) struct Known {
    pub(super) metadata: Metadata,
    pub(super) jwks: Arc<Jwks>,
}

/// What this crate uses of the metadata, judged.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    pub(super) revocation_endpoint: Option<Url>,
    pub(super) end_session_endpoint: Option<Url>,
    pub(super) device_authorization_endpoint: Option<Url>,
    pub(super) pushed_authorization_request_endpoint: Option<Url>,
    /// RFC 9126 §5.
    pub(super) requires_pushed_requests: bool,
    /// RFC 9207 §3: each answer names the issuer, and one that does not is another's.
    pub(super) names_itself_in_answers: bool,
    /// Empty when it does not say.
    pub(super) scopes: Vec<String>,
}

/// The metadata as it comes. What a server has no use for it leaves out, or writes as null or nothing.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Raw {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: Option<String>,
    userinfo_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    require_pushed_authorization_requests: Option<bool>,
    authorization_response_iss_parameter_supported: Option<bool>,
    scopes_supported: Option<Vec<String>>,
    response_types_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

/// Asks, and remembers.
#[derive(Debug)]
pub(super) struct Discovery {
    http: Http,
    /// Where the metadata may be, the likelier address first.
    addresses: [Url; 2],
    issuer: String,
    is_local: bool,
    clock: Clock,
    cached: Mutex<Option<Cached>>,
    /// What was last told, perhaps to an earlier process; judged again before it is used.
    told: std::sync::Mutex<Option<Told>>,
    remembered: Remembered,
}

#[derive(Debug)]
struct Cached {
    known: Arc<Known>,
    told_at: Timestamp,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Told {
    /// On this computer's own clock.
    at: Timestamp,
    metadata: Raw,
}

/// What the next process is told, so that it need not ask. All of it is public.
#[derive(Deserialize, Serialize)]
struct Memory {
    #[serde(flatten)]
    told: Told,
    key: Option<Jwk>,
}

impl Discovery {
    pub(super) fn new(config: &OidcConfig, issuer: &Url, http: Http, clock: Clock) -> Self {
        Self {
            http,
            addresses: addresses(issuer),
            issuer: config.expected_issuer().to_owned(),
            is_local: is_loopback(issuer),
            clock,
            cached: Mutex::default(),
            told: std::sync::Mutex::default(),
            remembered: Remembered::default(),
        }
    }

    /// What an earlier process is to have told the next one.
    pub(super) fn memory(&self) -> Option<Value> {
        let told = self.told().clone()?;
        let key = self.remembered.get();
        serde_json::to_value(Memory { told, key }).ok()
    }

    /// Goes by what an earlier process was told.
    pub(super) fn recall(&self, memory: &Value) {
        if let Ok(Memory { told, key }) = Memory::deserialize(memory) {
            *self.told() = Some(told);
            self.remembered.set(key);
        }
    }

    fn told(&self) -> MutexGuard<'_, Option<Told>> {
        // Replaced whole; a panic cannot leave half of it.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the provider, asked for when it is not or no longer.
    pub(super) async fn known(&self) -> Result<Arc<Known>, ProviderError> {
        let mut cached = self.cached.lock().await;
        if cached.is_none() {
            *cached = self.recalled();
        }
        let now = self.clock.wall();
        let before = match &*cached {
            Some(cached) if now.since(cached.told_at) < LIFETIME => {
                return Ok(Arc::clone(&cached.known));
            }
            stale => stale.as_ref().map(|stale| Arc::clone(&stale.known)),
        };
        let asked = self.ask().await;
        match (asked, before) {
            (Ok((raw, metadata)), before) => {
                let same_keys = |before: &Arc<Known>| before.metadata.jwks_uri == metadata.jwks_uri;
                let jwks = match before.filter(same_keys) {
                    Some(before) => Arc::clone(&before.jwks),
                    None => self.keys_of(&metadata),
                };
                let known = Arc::new(Known { metadata, jwks });
                *self.told() = Some(Told {
                    at: now,
                    metadata: raw,
                });
                *cached = Some(Cached {
                    known: Arc::clone(&known),
                    told_at: now,
                });
                Ok(known)
            }
            (Err(error), Some(before)) if error.is_transient() => {
                tracing::info!(reason = ?error.reason(), "going by what the provider said before");
                Ok(before)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// What an earlier process was told, as far as it still holds good for this profile.
    fn recalled(&self) -> Option<Cached> {
        let told = self.told().clone()?;
        let metadata = self.judged(told.metadata).ok()?;
        let jwks = self.keys_of(&metadata);
        Some(Cached {
            known: Arc::new(Known { metadata, jwks }),
            told_at: told.at,
        })
    }

    fn keys_of(&self, metadata: &Metadata) -> Arc<Jwks> {
        Arc::new(Jwks::new(
            self.http.clone(),
            metadata.jwks_uri.clone(),
            self.clock.clone(),
            self.remembered.clone(),
        ))
    }

    async fn ask(&self) -> Result<(Raw, Metadata), ProviderError> {
        let [usual, other] = &self.addresses;
        let mut reply = self.http.get(usual.clone()).await?;
        // RFC 8414 puts it in front of the path, and has another name for it.
        if reply.status == 404 {
            reply = self.http.get(other.clone()).await?;
        }
        let status = reply.status.as_u16();
        match status {
            200 => {}
            404 => {
                let what = format!(
                    "{} has no OpenID Connect metadata",
                    printable(&self.issuer, 120)
                );
                return Err(Setting::Issuer.misfit(what).into());
            }
            300..=399 => {
                return Err(ProviderError::Broken {
                    what: "it redirects, which its metadata may not: write the issuer as the provider does",
                    status,
                });
            }
            408 | 425 | 429 => {
                return Err(ProviderError::Busy {
                    wait: reply.retry_after,
                });
            }
            _ => {
                return Err(ProviderError::Broken {
                    what: "it did not hand out its metadata",
                    status,
                });
            }
        }
        let raw = reply.json::<Raw>()?;
        let metadata = self.judged(raw.clone())?;
        Ok((raw, metadata))
    }

    fn judged(&self, raw: Raw) -> Result<Metadata, ProviderError> {
        // Discovery §4.3, byte for byte: another slash is another issuer.
        if raw.issuer != self.issuer {
            let what = format!(
                "it calls itself \"{}\", not \"{}\": write the issuer as the provider does",
                printable(&raw.issuer, 120),
                printable(&self.issuer, 120),
            );
            return Err(Setting::Issuer.misfit(what).into());
        }
        let says = |list: &Option<Vec<String>>, word: &str| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|said| said == word))
        };
        if !says(&raw.response_types_supported, "code") {
            return Err(misconfigured(
                "it offers no authorization code flow".to_owned(),
            ));
        }
        if !says(&raw.code_challenge_methods_supported, "S256") {
            return Err(misconfigured("it offers no PKCE with S256".to_owned()));
        }
        let only_hmac = |algorithms: &Vec<String>| {
            !algorithms.is_empty() && algorithms.iter().all(|name| name.starts_with("HS"))
        };
        if raw
            .id_token_signing_alg_values_supported
            .as_ref()
            .is_some_and(only_hmac)
        {
            return Err(misconfigured(
                "it signs ID tokens with a secret only: set the ID token's signing algorithm to RS256".to_owned(),
            ));
        }
        let required = |name: &'static str, text: Option<String>| {
            self.endpoint(name, text)?
                .ok_or_else(|| misconfigured(format!("its metadata has no {name}")))
        };
        let pushed = self.endpoint(
            "pushed_authorization_request_endpoint",
            raw.pushed_authorization_request_endpoint,
        )?;
        Ok(Metadata {
            authorization_endpoint: required("authorization_endpoint", raw.authorization_endpoint)?,
            token_endpoint: required("token_endpoint", raw.token_endpoint)?,
            jwks_uri: required("jwks_uri", raw.jwks_uri)?,
            userinfo_endpoint: self.endpoint("userinfo_endpoint", raw.userinfo_endpoint)?,
            revocation_endpoint: self.endpoint("revocation_endpoint", raw.revocation_endpoint)?,
            end_session_endpoint: self
                .endpoint("end_session_endpoint", raw.end_session_endpoint)?,
            device_authorization_endpoint: self.endpoint(
                "device_authorization_endpoint",
                raw.device_authorization_endpoint,
            )?,
            requires_pushed_requests: raw.require_pushed_authorization_requests == Some(true),
            pushed_authorization_request_endpoint: pushed,
            names_itself_in_answers: raw.authorization_response_iss_parameter_supported
                == Some(true),
            scopes: raw.scopes_supported.unwrap_or_default(),
        })
    }

    fn endpoint(
        &self,
        name: &'static str,
        text: Option<String>,
    ) -> Result<Option<Url>, ProviderError> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let usable = |address: &Url| {
            // RFC 6749 §3.1: no fragment. A provider elsewhere has no business on this computer.
            address.fragment().is_none()
                && is_secure(address)
                && (self.is_local || !is_loopback(address))
        };
        match Url::parse(&text).ok().filter(usable) {
            Some(address) => Ok(Some(address)),
            None => Err(misconfigured(format!(
                "its {name} is no address to send anything to: {}",
                printable(&text, 120)
            ))),
        }
    }
}

fn misconfigured(message: String) -> ProviderError {
    Setting::AtTheProvider.misfit(message).into()
}

/// Behind the issuer's path (Discovery §4), and before it (RFC 8414 §3.1).
fn addresses(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut address = issuer.clone();
        address.set_path(&path);
        address
    };
    [
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_behind_the_issuers_path_or_before_it() {
        for (issuer, behind, before) in [
            (
                "https://issuer.test",
                "https://issuer.test/.well-known/openid-configuration",
                "https://issuer.test/.well-known/oauth-authorization-server",
            ),
            (
                "https://issuer.test/a/b/",
                "https://issuer.test/a/b/.well-known/openid-configuration",
                "https://issuer.test/.well-known/oauth-authorization-server/a/b",
            ),
        ] {
            let [one, other] = addresses(&issuer.parse().unwrap());
            assert_eq!((one.as_str(), other.as_str()), (behind, before));
        }
    }
}
