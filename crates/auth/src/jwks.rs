//! The provider's public keys ([RFC 7517 §5]): asked for once, and once more when a token names a key that is
//! not among them.
//!
//! [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    Clock,
    authorization::printable,
    http::{Http, HttpError},
    jwt::{JwtError, UnverifiedJwt},
};

/// The least time between two fetches that an unknown key causes, so that a forged `kid` cannot make us hammer.
const REFETCH_INTERVAL: Duration = Duration::from_secs(5);

/// A provider's key set, cached.
#[derive(Debug)]
pub(crate) struct Jwks {
    http: Http,
    address: Url,
    clock: Clock,
    cached: Mutex<Cache>,
    remembered: Remembered,
}

/// The key that was last used, perhaps by an earlier process. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered(Arc<std::sync::Mutex<Option<Jwk>>>);

impl Remembered {
    pub(crate) fn get(&self) -> Option<Jwk> {
        self.slot().clone()
    }

    pub(crate) fn set(&self, key: Option<Jwk>) {
        *self.slot() = key;
    }

    fn slot(&self) -> MutexGuard<'_, Option<Jwk>> {
        // A key is replaced whole; a panic cannot leave half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Cache {
    keys: Option<Vec<Jwk>>,
    /// When an unknown key last caused a fetch, on the monotonic clock.
    refetched_at: Option<Duration>,
}

/// Why a signature was not found good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JwksError {
    /// The provider did not hand out its keys.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The token is not to be believed; for one, it may name a key that the provider does not have.
    #[error(transparent)]
    Jwt(#[from] JwtError),
}

/// Keys are parsed one by one, so that a kind we do not know does not hide one that we do.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Jwks {
    /// The keys at `address`. What is `remembered` is believed without asking: a refresh by the next process is then one
    /// request, not two.
    pub(crate) fn new(http: Http, address: Url, clock: Clock, remembered: Remembered) -> Self {
        Self {
            http,
            address,
            clock,
            cached: Mutex::default(),
            remembered,
        }
    }

    /// Has keys at hand. Called before a code or a refresh token is spent: what it buys could not be believed
    /// without them, and cannot be bought twice.
    pub(crate) async fn ready(&self) -> Result<(), HttpError> {
        if self.remembered.get().is_some() {
            return Ok(());
        }
        let mut cached = self.cached.lock().await;
        if cached.keys.is_none() {
            cached.keys = Some(self.fetch().await?);
        }
        Ok(())
    }

    /// The key that `token` is to be checked with. It may be the remembered one, if the token names that.
    pub(crate) async fn key(&self, token: &UnverifiedJwt<'_>) -> Result<Jwk, JwksError> {
        let named = |key: &Jwk| {
            token.key_id().is_some()
                && key.common.key_id.as_deref() == token.key_id()
                && token.fits(key)
        };
        if let Some(key) = self.remembered.get().filter(named) {
            return Ok(key);
        }
        let key = self.key_of_this_run(token).await?;
        self.remembered.set(Some(key.clone()));
        Ok(key)
    }

    /// The key that `token` is to be checked with, as the provider has handed it out in this run.
    pub(crate) async fn key_of_this_run(
        &self,
        token: &UnverifiedJwt<'_>,
    ) -> Result<Jwk, JwksError> {
        let mut cached = self.cached.lock().await;
        if let Some(known) = &cached.keys {
            if let Some(key) = find(known, token) {
                return Ok(key.clone());
            }
            let now = self.clock.monotonic();
            let just_now = |at: Duration| now.saturating_sub(at) < REFETCH_INTERVAL;
            if cached.refetched_at.is_some_and(just_now) {
                return Err(unknown(token));
            }
            cached.refetched_at = Some(now);
        }
        let fresh = cached.keys.insert(self.fetch().await?);
        find(fresh, token).cloned().ok_or_else(|| unknown(token))
    }

    /// The key that has signed `token`, whatever that says.
    pub(crate) async fn signer(&self, token: UnverifiedJwt<'_>) -> Result<Jwk, JwksError> {
        let key = self.key_of_this_run(&token).await?;
        token.signed_by::<IgnoredAny>(&key)?;
        Ok(key)
    }

    async fn fetch(&self) -> Result<Vec<Jwk>, HttpError> {
        let reply = self.http.get(self.address.clone()).await?;
        if !reply.status.is_success() {
            return Err(HttpError::Broken {
                what: "it did not hand out its keys",
                status: reply.status.as_u16(),
            });
        }
        let keys = reply.json::<KeySet>()?.keys;
        Ok(keys
            .into_iter()
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect())
    }
}

fn unknown(token: &UnverifiedJwt<'_>) -> JwksError {
    JwksError::Jwt(match token.key_id() {
        Some(key_id) => JwtError::UnknownKey(printable(key_id, 80)),
        None => JwtError::NoKey,
    })
}

/// What a key is called, made fit to show; nothing for one without a name (RFC 7517 §4.5).
pub(crate) fn name_of(key: &Jwk) -> Option<String> {
    let name = printable(key.common.key_id.as_deref()?, 80);
    (!name.is_empty()).then_some(name)
}

/// The key that the token names, the one that fits before one that does not; for a token that names none, the only
/// one that fits (OpenID Connect Core §10.1: with several, a token must name its key).
fn find<'a>(keys: &'a [Jwk], token: &UnverifiedJwt<'_>) -> Option<&'a Jwk> {
    let Some(key_id) = token.key_id() else {
        let mut fitting = keys.iter().filter(|key| token.fits(key));
        return fitting.next().filter(|_| fitting.next().is_none());
    };
    let named = |key: &&Jwk| key.common.key_id.as_deref() == Some(key_id);
    let mut all = keys.iter().filter(named);
    let first = all.next()?;
    if token.fits(first) {
        return Some(first);
    }
    all.find(|key| token.fits(key)).or(Some(first))
}
