//! The session: who is signed in, and a fresh access token for as long as the provider allows.
//!
//! [`SessionManager`] is the only thing that refreshes. It keeps the session in memory and, through
//! [`SessionStore`], in the keyring; it announces every change to whoever [watches](SessionManager::watch).
//!
//! The order matters. A rotated refresh token is worth the whole session, so the exchange runs in a task of its
//! own that a caller who goes away cannot cancel, and what it brings is saved before anybody hears of it.

mod store;

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, watch};

use crate::{
    AccessToken, Account, Clock, JwtError, Late, Provider, ProviderError, Reason, RefreshToken,
    Timestamp, TokenSet, VaultError,
    provider::{Redeemed, RefreshError},
};
pub(crate) use store::written;
pub use store::{SessionStore, StoreError};

/// The shortest life that a handed-out token has left when nobody asks for more.
const DEFAULT_MIN_VALID: Duration = Duration::from_mins(1);

/// A signed-in person's tokens, and when they came.
#[derive(Debug)]
pub struct Session {
    /// Who signed in.
    pub account: Account,
    tokens: TokenSet,
    /// On the provider's clock.
    received_at: Timestamp,
    /// On this process's own clock; unknown for a session that came out of the keyring.
    received_monotonic: Option<Duration>,
    generation: u64,
    /// Whether the access token failed its check: it is then not handed out, only replaced.
    distrusted: bool,
}

impl Session {
    /// A session that begins now.
    pub(crate) fn new(redeemed: Redeemed, clock: &Clock) -> Self {
        Self {
            account: redeemed.account,
            tokens: redeemed.tokens,
            received_at: clock.now(),
            received_monotonic: Some(clock.monotonic()),
            generation: 1,
            distrusted: false,
        }
    }

    /// When the access token ends, on the provider's clock.
    pub fn expires_at(&self) -> Timestamp {
        self.received_at + self.tokens.lifetime
    }

    /// How long the access token can still be used: the shorter of what the two clocks say, because the wall clock may
    /// be set back and the monotonic one stands still while the computer sleeps.
    pub fn remaining(&self, clock: &Clock) -> Duration {
        if self.distrusted {
            return Duration::ZERO;
        }
        let by_wall = self.expires_at().since(clock.now());
        match self.received_monotonic {
            Some(received) => {
                let age = clock.monotonic().saturating_sub(received);
                by_wall.min(self.tokens.lifetime.saturating_sub(age))
            }
            None => by_wall,
        }
    }

    /// This session with another refresh token: the access token is still the one at hand.
    fn with_refresh_token(&self, rotated: RefreshToken) -> Self {
        Self {
            account: self.account.clone(),
            tokens: TokenSet {
                refresh: Some(rotated),
                ..self.tokens.clone()
            },
            generation: self.generation + 1,
            ..*self
        }
    }

    /// This session after its access token was checked: by which key, or in vain.
    fn checked(&self, verified_by: Option<String>) -> Self {
        Self {
            account: self.account.clone(),
            distrusted: verified_by.is_none(),
            tokens: TokenSet {
                verified_by,
                ..self.tokens.clone()
            },
            ..*self
        }
    }

    /// Whether both hold the same tokens, however often they were looked at since.
    fn is(&self, other: &Self) -> bool {
        (self.generation, self.received_at, &self.account)
            == (other.generation, other.received_at, &other.account)
    }

    /// The least remaining life that is good enough when nobody asks for more.
    fn default_min_valid(&self) -> Duration {
        DEFAULT_MIN_VALID.min(self.tokens.lifetime / 5)
    }

    /// This session with the tokens of a refresh: what did not come back stays (RFC 6749 §6).
    fn refreshed(&self, fresh: TokenSet, clock: &Clock) -> Self {
        Self {
            account: self.account.clone(),
            tokens: TokenSet {
                refresh: fresh.refresh.or_else(|| self.tokens.refresh.clone()),
                id: fresh.id.or_else(|| self.tokens.id.clone()),
                ..fresh
            },
            received_at: clock.now(),
            received_monotonic: Some(clock.monotonic()),
            generation: self.generation + 1,
            distrusted: false,
        }
    }
}

/// What may be shown of the session at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum SessionStatus {
    /// Nobody is signed in, as far as is known.
    #[default]
    SignedOut,
    /// Somebody is.
    SignedIn(SignedIn),
}

/// What may be shown of a session; never a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub account: Account,
    /// When the access token ends, on the provider's clock.
    pub expires_at: Timestamp,
    /// How long it lived in all.
    pub lifetime: Duration,
    /// The key its signature was checked with in this run.
    pub verified_by: Option<String>,
    /// Whether the keyring holds the session; otherwise it ends with the program.
    pub kept: bool,
    /// Whether a refresh is under way.
    pub refreshing: bool,
}

/// A token that may be used now.
#[derive(Clone, Debug)]
pub struct FreshToken {
    /// The token.
    pub token: AccessToken,
    /// When it ends, on the provider's clock.
    pub expires_at: Timestamp,
}

/// Why there is no fresh token, or the session could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// The provider gave no tokens. The session is as it was.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The keyring did not do its part. The session is as it was.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session has no refresh token and its access token has ended.
    #[error("the session has ended and cannot be renewed")]
    NotRenewable,
}

impl SessionError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::SignedOut | Self::NotRenewable => Reason::SignInNeeded,
            Self::Provider(error) => error.reason(),
            Self::Store(error) => error.reason(),
        }
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Provider(error) => error.detail(),
            Self::Store(error) => error.detail(),
            Self::SignedOut | Self::NotRenewable => None,
        }
    }
}

/// Keeps one profile's session. Clones share it.
#[derive(Clone, Debug)]
pub struct SessionManager(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    provider: Arc<Provider>,
    store: SessionStore,
    clock: Clock,
    /// The session in use, and whether the keyring holds it. Held while the keyring is written, so that a late
    /// save cannot bring back what was signed out.
    current: Mutex<Current>,
    /// Held by the one task that talks to the token endpoint.
    turn: Arc<Mutex<()>>,
    status: watch::Sender<SessionStatus>,
}

#[derive(Debug, Default)]
struct Current {
    session: Option<Arc<Session>>,
    kept: bool,
    /// The keyring was asked to forget the session and has not answered yet: nothing is saved behind that.
    ending: bool,
    /// The person signed out and no keyring has forgotten what it may hold: that is deleted, not taken up.
    to_forget: bool,
}

impl SessionManager {
    /// A manager with nobody signed in until [`restore`](Self::restore) or [`adopt`](Self::adopt).
    pub fn new(provider: Arc<Provider>, store: SessionStore, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            provider,
            store,
            clock,
            current: Mutex::default(),
            turn: Arc::default(),
            status: watch::Sender::default(),
        }))
    }

    /// Follows what may be shown of the session.
    pub fn watch(&self) -> watch::Receiver<SessionStatus> {
        self.0.status.subscribe()
    }

    /// Takes up the session that the keyring holds, if there is one.
    ///
    /// # Errors
    ///
    /// When the keyring did not answer or its record cannot be read. That is never the same as signed out.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let mut current = self.0.current.lock().await;
        // What the person did in this run is newer than anything that the keyring holds.
        if current.session.is_some() || current.to_forget {
            return Ok(());
        }
        match self.0.store.load().await? {
            // Its tokens are for another provider, and go to no other (RFC 9700 §4.4).
            Some(session) if session.account.issuer != self.0.provider.issuer() => {
                tracing::warn!("the kept session is another provider's");
            }
            Some(session) => {
                *current = Current {
                    session: Some(Arc::new(session)),
                    kept: true,
                    ..Current::default()
                };
                self.0.announce(&current, false);
            }
            None => {}
        }
        Ok(())
    }

    /// Does again what the keyring did not do when it was asked: keeps the session, or forgets one that was signed
    /// out. Nothing when it owes nothing.
    ///
    /// # Errors
    ///
    /// When the keyring did not do it this time either.
    pub async fn settle_with_keyring(&self) -> Result<(), StoreError> {
        let mut current = self.0.current.lock().await;
        if current.to_forget {
            self.0.store.delete().await?;
            current.to_forget = false;
        }
        match current.session.clone() {
            Some(session) if !current.kept => self.0.keep(&mut current, session).await,
            _ => Ok(()),
        }
    }

    /// Takes up a new session, in place of any other: kept in the keyring first, then used.
    ///
    /// # Errors
    ///
    /// When the keyring did not take it. The session is used all the same, until the program ends; a keyring that
    /// is only late may still take it, and that is announced.
    pub async fn adopt(&self, session: Session) -> Result<(), StoreError> {
        let mut current = self.0.current.lock().await;
        self.0.keep(&mut current, Arc::new(session)).await
    }

    /// A token that lives at least `min_valid` from now, refreshed when the one at hand does not; without a wish,
    /// at least a minute or a fifth of its lifetime, whichever is less.
    ///
    /// # Errors
    ///
    /// [`SessionError`]. A token that still lives is handed out when the refresh failed and nobody asked for more.
    pub async fn access_token(
        &self,
        min_valid: Option<Duration>,
    ) -> Result<FreshToken, SessionError> {
        let session = self.0.session().await?;
        let wanted = min_valid.unwrap_or_else(|| session.default_min_valid());
        let remaining = session.remaining(&self.0.clock);
        if !remaining.is_zero() && remaining >= wanted {
            return Ok(fresh(&session));
        }
        match self.refresh_after(&session).await {
            Ok(renewed) => Ok(fresh(&renewed)),
            Err(error) => {
                let still_lives = !session.remaining(&self.0.clock).is_zero();
                let decided = matches!(
                    error,
                    SessionError::Provider(ProviderError::SessionEnded { .. })
                );
                if still_lives && min_valid.is_none() && !decided {
                    tracing::warn!(reason = ?error.reason(), "handing out the token at hand");
                    Ok(fresh(&session))
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Gets new tokens now, however long the ones at hand live.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; the session is then as it was.
    pub async fn refresh(&self) -> Result<(), SessionError> {
        let session = self.0.session().await?;
        self.refresh_after(&session).await.map(drop)
    }

    /// Checks the kept access token's signature again, which a session out of the keyring has not had in this run.
    ///
    /// # Errors
    ///
    /// When the provider's keys could not be had, or the token is not to be believed: it is then not handed out any
    /// more, only replaced.
    pub async fn verify(&self) -> Result<(), SessionError> {
        let session = self.0.session().await?;
        match self.0.provider.verify(&session.tokens.access).await {
            Ok(Some(key_id)) => {
                self.0
                    .replace(&session, session.checked(Some(key_id)))
                    .await;
                Ok(())
            }
            // Meant for an API, which knows how to check it. An old token is renewed when it is asked for; that is not a
            // failed check.
            Ok(None) | Err(ProviderError::Unverified(JwtError::Expired)) => Ok(()),
            Err(error) => {
                if matches!(error, ProviderError::Unverified(_)) {
                    self.0.replace(&session, session.checked(None)).await;
                }
                Err(error.into())
            }
        }
    }

    /// Ends the session here: the keyring's record first, because a record that stays would bring the session back.
    ///
    /// # Errors
    ///
    /// When the keyring holds the session and did not forget it. The session then goes on, so that it cannot come back
    /// unseen; a keyring that is only late may still forget it, and that is announced.
    pub async fn sign_out(&self) -> Result<(), StoreError> {
        let mut current = self.0.current.lock().await;
        match self.0.store.delete().await {
            Err(error) if current.kept => {
                if let StoreError::Vault(VaultError::Waiting(late)) = &error {
                    current.ending = true;
                    self.0.when_done(late, &current, |current, done| {
                        if done {
                            *current = Current::default();
                        } else {
                            current.ending = false;
                        }
                    });
                }
                Err(error)
            }
            // A session that no keyring holds ends with us; what else it may hold, we could not see.
            outcome => {
                *current = Current {
                    to_forget: outcome.is_err(),
                    ..Current::default()
                };
                self.0.announce(&current, false);
                Ok(())
            }
        }
    }

    /// Waits until nothing is exchanged or written, so that a program that ends loses no token that was just issued.
    pub async fn idle(&self) {
        drop(self.0.turn.lock().await);
        drop(self.0.current.lock().await);
    }

    /// One refresh, whoever asks: a caller that waited for its turn takes what the one before it brought.
    async fn refresh_after(&self, seen: &Arc<Session>) -> Result<Arc<Session>, SessionError> {
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        let session = self.0.session().await?;
        if !session.is(seen) {
            return Ok(session);
        }
        let inner = Arc::clone(&self.0);
        // A task of its own: the provider rotates the token when it answers, whether or not the caller still waits.
        let exchange = tokio::spawn(async move {
            let renewed = inner.exchange(&session).await;
            drop(turn);
            renewed
        });
        exchange
            .await
            .expect("the exchange neither panics nor is cancelled")
    }
}

impl Inner {
    async fn session(&self) -> Result<Arc<Session>, SessionError> {
        let current = self.current.lock().await;
        current.session.clone().ok_or(SessionError::SignedOut)
    }

    async fn exchange(
        self: &Arc<Self>,
        session: &Arc<Session>,
    ) -> Result<Arc<Session>, SessionError> {
        let refresh = session
            .tokens
            .refresh
            .as_ref()
            .ok_or(SessionError::NotRenewable)?;
        self.announce(&*self.current.lock().await, true);
        let answer = self.provider.refresh(refresh, &session.account).await;

        let (outcome, to_keep) = match answer {
            Ok(tokens) => {
                let renewed = Arc::new(session.refreshed(tokens, &self.clock));
                (Ok(Arc::clone(&renewed)), Some(renewed))
            }
            Err(RefreshError { error, rotated }) => {
                let rotated = rotated.map(|token| Arc::new(session.with_refresh_token(token)));
                (Err(error.into()), rotated)
            }
        };
        let mut current = self.current.lock().await;
        // Signed out, or signed in anew, while the provider was asked: the answer belongs to nobody.
        if current.ending || !same(current.session.as_ref(), Some(session)) {
            self.announce(&current, false);
            return Err(SessionError::SignedOut);
        }
        let Some(to_keep) = to_keep else {
            self.announce(&current, false);
            return outcome;
        };
        // Saved before anybody hears of it: the old refresh token is spent, and whoever reads the keyring next
        // must find the new one.
        if let Err(error) = self.keep(&mut current, to_keep).await {
            tracing::warn!(%error, "the renewed session is not in the keyring");
        }
        outcome
    }

    /// Uses `with` in place of `seen`, if that is still what is used. The keyring knows no difference between them.
    async fn replace(&self, seen: &Arc<Session>, with: Session) {
        let mut current = self.current.lock().await;
        if same(current.session.as_ref(), Some(seen)) {
            current.session = Some(Arc::new(with));
            self.announce(&current, false);
        }
    }

    /// Saves `session`, and uses it whether or not that worked.
    async fn keep(
        self: &Arc<Self>,
        current: &mut Current,
        session: Arc<Session>,
    ) -> Result<(), StoreError> {
        let saved = self.store.save(&session).await;
        *current = Current {
            session: Some(session),
            kept: saved.is_ok(),
            ..Current::default()
        };
        self.announce(current, false);
        if let Err(StoreError::Vault(VaultError::Waiting(late))) = &saved {
            self.when_done(late, current, |current, done| current.kept = done);
        }
        saved
    }

    /// Follows a late call of the keyring; `then` changes what is current, if that is still the same session.
    fn when_done(
        self: &Arc<Self>,
        late: &Late,
        seen: &Current,
        then: impl FnOnce(&mut Current, bool) + Send + 'static,
    ) {
        let (inner, late, seen) = (Arc::clone(self), late.clone(), seen.session.clone());
        tokio::spawn(async move {
            let done = late.ended().await.is_ok();
            let mut current = inner.current.lock().await;
            if same(current.session.as_ref(), seen.as_ref()) {
                then(&mut current, done);
                inner.announce(&current, false);
            }
        });
    }

    fn announce(&self, current: &Current, refreshing: bool) {
        let status = match &current.session {
            None => SessionStatus::SignedOut,
            Some(session) => SessionStatus::SignedIn(SignedIn {
                account: session.account.clone(),
                expires_at: session.expires_at(),
                lifetime: session.tokens.lifetime,
                verified_by: session.tokens.verified_by.clone(),
                kept: current.kept,
                refreshing,
            }),
        };
        self.status.send_if_modified(|old| {
            let changed = *old != status;
            *old = status;
            changed
        });
    }
}

fn same(one: Option<&Arc<Session>>, other: Option<&Arc<Session>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (None, None) => true,
        _ => false,
    }
}

fn fresh(session: &Session) -> FreshToken {
    FreshToken {
        token: session.tokens.access.clone(),
        expires_at: session.expires_at(),
    }
}
