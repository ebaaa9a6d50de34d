//! The provider's public keys ([RFC 7517 §5]): asked for once, and once more when a token names a key that is
//! not among them.
//!
//! [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5

use std::{sync::OnceLock, time::Duration};

use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    Clock,
    authorization::printable,
    http::{Http, HttpError},
    jwt::JwtError,
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
    /// A key that an earlier process was given, and used.
    remembered: OnceLock<Jwk>,
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
    pub(crate) fn new(http: Http, address: Url, clock: Clock) -> Self {
        Self {
            http,
            address,
            clock,
            cached: Mutex::default(),
            remembered: OnceLock::new(),
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

    /// Believes this key too, which an earlier process was given: a refresh then needs one request, not two.
    pub(crate) fn remember(&self, key: &Jwk) {
        // The first one will do: a key that replaced it is asked for when a token names it.
        let _ = self.remembered.set(key.clone());
    }

    /// The key called `key_id`; an earlier process may have been given it.
    pub(crate) async fn key(&self, key_id: &str) -> Result<Jwk, JwksError> {
        if let Some(key) = self.remembered.get().filter(|key| is_called(key, key_id)) {
            return Ok(key.clone());
        }
        self.key_of_this_run(key_id).await
    }

    /// The key called `key_id`, as the provider has handed it out in this run.
    pub(crate) async fn key_of_this_run(&self, key_id: &str) -> Result<Jwk, JwksError> {
        let mut cached = self.cached.lock().await;
        if let Some(known) = &cached.keys {
            if let Some(key) = find(known, key_id) {
                return Ok(key.clone());
            }
            let now = self.clock.monotonic();
            let just_now = |at: Duration| now.saturating_sub(at) < REFETCH_INTERVAL;
            if cached.refetched_at.is_some_and(just_now) {
                return Err(unknown(key_id));
            }
            cached.refetched_at = Some(now);
        }
        let fresh = cached.keys.insert(self.fetch().await?);
        find(fresh, key_id).cloned().ok_or_else(|| unknown(key_id))
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

fn unknown(key_id: &str) -> JwksError {
    JwksError::Jwt(JwtError::UnknownKey(printable(key_id, 80)))
}

fn find<'a>(keys: &'a [Jwk], key_id: &str) -> Option<&'a Jwk> {
    keys.iter().find(|key| is_called(key, key_id))
}

fn is_called(key: &Jwk, key_id: &str) -> bool {
    key.common.key_id.as_deref() == Some(key_id)
}
