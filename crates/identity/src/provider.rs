//! What every request may use: the database, the keys, the clock and the provider's own name.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::postman::Postman;
use crate::refusal::ApiError;
use crate::secret::SecretHash;
use crate::store::Store;
use crate::tokens::{Lifetimes, Mint};

/// The public API key id of the local provider: a constant that its clients carry too, and no secret.
pub const API_KEY_ID: &str = "0197f2b6-6c0e-7b5a-9d43-6b6579666f62";

const IDLE_END: Duration = Duration::from_mins(30);

/// The provider, shared by its requests.
pub(crate) struct Provider {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) clock: Clock,
    /// Without a final slash; the `iss` of its tokens.
    pub(crate) base_url: String,
    pub(crate) build: String,
    pub(crate) control: SecretHash,
    pub(crate) limits: Limits,
    pub(crate) lifetimes: Lifetimes,
    /// Takes e-mail out of the house; without one, letters stay in the outbox.
    pub(crate) postman: Option<Postman>,
    pub(crate) stop: watch::Sender<bool>,
    /// The switchboard of `--faults`; without that, there is none.
    pub(crate) faults: Option<Faults>,
    last_request: AtomicI64,
}

pub(crate) type Shared = axum::extract::State<Arc<Provider>>;

impl Provider {
    pub(crate) fn new(
        store: Store,
        keys: Keys,
        clock: Clock,
        base_url: String,
        build: String,
        control: &str,
    ) -> Self {
        Self {
            last_request: AtomicI64::new(clock.now().as_microsecond()),
            store,
            keys,
            clock,
            base_url,
            build,
            control: SecretHash::of(control),
            limits: Limits::default(),
            lifetimes: Lifetimes::default(),
            postman: None,
            stop: watch::Sender::new(false),
            faults: None,
        }
    }

    /// What makes this provider's tokens now.
    pub(crate) fn mint(&self, now: Timestamp) -> Mint<'_> {
        Mint {
            keys: &self.keys,
            issuer: &self.base_url,
            lifetimes: self.lifetimes,
            now,
        }
    }

    /// Somebody uses the provider.
    pub(crate) fn touch(&self) {
        let now = self.clock.now().as_microsecond();
        self.last_request.fetch_max(now, Ordering::Relaxed);
    }

    /// Sets the clock ahead. That alone is no reason to take the provider for unused.
    pub(crate) fn set_clock_ahead(&self, by: SignedDuration) {
        let moved = by - self.clock.ahead();
        let moved = i64::try_from(moved.as_micros()).unwrap_or_default();
        self.last_request.fetch_add(moved.max(0), Ordering::Relaxed);
        self.clock.set_ahead(by);
    }

    /// Returns once nobody has used the provider for half an hour and no sign-in is pending.
    pub(crate) async fn idle(&self) {
        loop {
            #[expect(
                clippy::redundant_closure_for_method_calls,
                reason = "the path is not general enough in its lifetime"
            )]
            let pending = self
                .store
                .write(|records| records.pending_until())
                .await
                .unwrap_or_else(|error: rusqlite::Error| {
                    tracing::error!(%error, "the database failed");
                    None
                });
            // Read last: somebody may have come while the database was asked.
            let last = Timestamp::from_microsecond(self.last_request.load(Ordering::Relaxed))
                .unwrap_or(Timestamp::UNIX_EPOCH);
            let end = pending.map_or(last + IDLE_END, |until| until.max(last + IDLE_END));
            if end <= self.clock.now() {
                return;
            }
            self.clock.reached(end).await;
        }
    }
}

/// Refuses a request that does not name this provider's key in `API_KEY_ID`.
pub(crate) fn require_key(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get("api_key_id") {
        Some(key) if key == API_KEY_ID => Ok(()),
        _ => Err(ApiError::unknown_key()),
    }
}

/// Refuses a request that does not bring the secret key in `API_SECRET_KEY`, besides the public one.
pub(crate) fn require_secret(headers: &HeaderMap, keys: &Keys) -> Result<(), ApiError> {
    require_key(headers)?;
    let brought = headers
        .get("api_secret_key")
        .and_then(|key| key.to_str().ok());
    if brought.is_some_and(|key| keys.is_api_secret_key(key)) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNAUTHORIZED,
        "The API secret key is missing or wrong. `keyfob-identity secret` prints it.",
    ))
}
