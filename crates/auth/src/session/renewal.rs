//! How a refresh token is spent: once, by one task of one process, and never for nothing.
//!
//! A provider that rotates takes a refresh token that comes twice for stolen, and ends the session. So:
//!
//! 1. Of any number of callers one begins, in a task that none of them can cancel; the others wait for what it brings.
//! 2. What is needed to believe an answer is fetched before anything is locked.
//! 3. The lock is taken, and the keyring's record read again: if another process has renewed it, that is all.
//! 4. The record is written as it is: a keyring that cannot be written would lose what the token buys.
//! 5. The token is spent.
//! 6. **Save, then unlock, then announce.** The old token is spent: whoever takes the lock next must find the new one.
//!
//! Each step is said as a log event, so that a test can stop a process at any of them ([`reached`]).

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    Refusal, Session, SessionError, StoreError,
    lock::{NoLock, RefreshLock},
    manager::Inner,
};
use crate::{Clock, RefreshToken, TokenSet, VaultError, provider::RefreshError};

/// How long another process may hold the lock: longer than its exchange may take.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// The renewal that is under way; cloned by everybody who waits for it.
pub(super) type Flight = watch::Receiver<Option<Result<Renewed, SessionError>>>;

/// What a renewal brought.
#[derive(Clone, Debug)]
pub(super) struct Renewed {
    pub(super) session: Arc<Session>,
    /// Whether the provider was asked; otherwise another process had been faster.
    pub(super) asked: bool,
}

/// What is to be spent.
#[derive(Clone, Debug)]
pub(super) enum Spend {
    /// The session's own refresh token, unless the wish is met without.
    Own(Wish),
    /// One that was minted elsewhere.
    Minted(RefreshToken),
}

/// What a renewal is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    /// A token that lives so long.
    Lives(Duration),
    /// Any other than the one that was seen.
    Newer,
}

impl Wish {
    fn is_met_by(self, session: &Session, seen: &Session, clock: &Clock) -> bool {
        let left = session.remaining(clock);
        match self {
            Self::Lives(wanted) => !left.is_zero() && left >= wanted,
            Self::Newer => !left.is_zero() && !session.is(seen),
        }
    }
}

/// Says that a step of a renewal has been reached. Its name is a literal, so that nothing secret can be said here.
fn reached(step: &'static str) {
    tracing::trace!(target: "keyfob_auth::renewal", "{step}");
}

impl Inner {
    /// Whether a renewal is under way.
    pub(super) fn is_renewing(&self) -> bool {
        let flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        flight.is_some()
    }

    /// One renewal, whoever asks: a caller that comes while one is under way takes what that brings.
    pub(super) async fn spend(
        self: &Arc<Self>,
        seen: &Arc<Session>,
        spend: Spend,
    ) -> Result<Renewed, SessionError> {
        loop {
            let (mut flight, is_ours) = self.join_or_begin(seen, &spend);
            let outcome = match flight.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(outcome)) => outcome.clone(),
                // The runtime is shutting down, and the task with it.
                Ok(None) | Err(_) => return Err(SessionError::Busy),
            };
            match (&spend, outcome) {
                (_, outcome) if is_ours => return outcome,
                // Somebody else's renewal says nothing about a token of our own.
                (Spend::Minted(_), _) => {}
                // It may have been begun for less.
                (Spend::Own(wish), Ok(renewed)) => {
                    let met = wish.is_met_by(&renewed.session, seen, &self.clock);
                    if met || renewed.asked {
                        return Ok(renewed);
                    }
                }
                (Spend::Own(_), Err(error)) => return Err(error),
            }
        }
    }

    fn join_or_begin(self: &Arc<Self>, seen: &Arc<Session>, spend: &Spend) -> (Flight, bool) {
        let mut flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*flight {
            return (running.clone(), false);
        }
        let (tell, told) = watch::channel(None);
        *flight = Some(told.clone());
        drop(flight);
        let (inner, under_way) = (Arc::clone(self), self.begin());
        let (seen, spend) = (Arc::clone(seen), spend.clone());
        // A task of its own: the provider rotates the token when it answers, whether or not the caller still waits.
        tokio::spawn(async move {
            inner.announce();
            let outcome = inner.renew(&seen, &spend).await;
            *inner.flight.lock().unwrap_or_else(PoisonError::into_inner) = None;
            inner.announce();
            tell.send_replace(Some(outcome));
            drop(under_way);
        });
        (told, true)
    }

    async fn renew(
        self: &Arc<Self>,
        seen: &Session,
        spend: &Spend,
    ) -> Result<Renewed, SessionError> {
        let at_hand = self.session()?;
        if spend.is_met_by(&at_hand, seen, &self.clock) {
            return Ok(Renewed::by_others(at_hand));
        }
        self.provider.ready().await?;
        let lock = self.take_lock().await?;
        reached("locked");
        let session = self.session_of_the_keyring().await?;
        reached("read");
        if spend.is_met_by(&session, seen, &self.clock) {
            return Ok(Renewed::by_others(session));
        }
        let token = spend.token(&session)?;
        let lock = self.prove_writable(&session, lock).await?;
        reached("proved");
        let answer = self.provider.refresh(&token, &session.account).await;
        reached("answered");
        let renewed = self.settle(&session, spend, answer, lock).await?;
        reached("saved");
        Ok(Renewed {
            session: renewed,
            asked: true,
        })
    }

    async fn take_lock(&self) -> Result<RefreshLock, SessionError> {
        // Held on to since a save failed: nobody else can have it.
        let held = self.current().take_lock();
        if let Some(lock) = held {
            return Ok(lock);
        }
        let lock = self.store.lock(LOCK_PATIENCE).await;
        lock.map_err(|error| match error {
            NoLock::Busy => SessionError::Busy,
            NoLock::Unusable(error) => SessionError::NoLock(error.to_string()),
        })
    }

    /// The session as the keyring holds it, which another process may have renewed or ended.
    async fn session_of_the_keyring(&self) -> Result<Arc<Session>, SessionError> {
        self.read_again().await?;
        self.session()
    }

    /// Writes the record as it is, before anything is spent. A session that no keyring holds has nothing to prove.
    async fn prove_writable(
        &self,
        session: &Session,
        lock: RefreshLock,
    ) -> Result<RefreshLock, SessionError> {
        let _keeping = self.keeping.lock().await;
        if !self.current().is(session) {
            return Err(SessionError::SignedOut);
        }
        if !self.current().kept {
            return Ok(lock);
        }
        match self.save(session).await {
            Ok(()) => Ok(lock),
            Err(error) => {
                if let StoreError::Vault(VaultError::Waiting(late)) = &error {
                    // The old record may still be written: not over one that another process saves meanwhile.
                    let late = late.clone();
                    tokio::spawn(async move {
                        let _ = late.ended().await;
                        drop(lock);
                    });
                }
                Err(error.into())
            }
        }
    }

    /// What the answer makes of the session: kept, and used.
    async fn settle(
        self: &Arc<Self>,
        session: &Arc<Session>,
        spend: &Spend,
        answer: Result<TokenSet, RefreshError>,
        lock: RefreshLock,
    ) -> Result<Arc<Session>, SessionError> {
        let _keeping = self.keeping.lock().await;
        // Signed out, or signed in anew, while the provider was asked: the answer belongs to nobody.
        if !self.is_still(session).await {
            if let Ok(TokenSet {
                refresh: Some(orphan),
                ..
            }) = answer
            {
                self.revoke(orphan);
            }
            return Err(SessionError::SignedOut);
        }
        let error = match answer {
            Ok(tokens) => {
                let renewed = Arc::new(session.refreshed(tokens, &self.clock));
                self.keep_or_warn(&renewed, lock).await;
                return Ok(renewed);
            }
            Err(error) => error,
        };
        if let Spend::Minted(_) = spend {
            return Err(SessionError::NotAdopted(error.error));
        }
        if let Some(rotated) = error.rotated {
            let rotated = Arc::new(session.with_refresh_token(rotated));
            self.keep_or_warn(&rotated, lock).await;
        }
        let mark = Refusal::of(&error.error, session.refusal.as_ref(), self.clock.now());
        if let Some(mark) = &mark {
            self.mark(session, mark).await;
        }
        let believed = mark.filter(Refusal::is_final);
        Err(believed.map_or(error.error, |mark| mark.as_error()).into())
    }

    async fn keep_or_warn(self: &Arc<Self>, session: &Arc<Session>, lock: RefreshLock) {
        if let Err(error) = self.keep(Arc::clone(session), Some(lock)).await {
            tracing::warn!(%error, "the renewed session is not in the keyring");
        }
    }

    /// Keeps what the provider said, so that no other process asks it the same again.
    async fn mark(&self, session: &Arc<Session>, mark: &Refusal) {
        let marked = session.marked(Some(mark.clone()));
        if self.current().kept {
            match self.save(&marked).await {
                Ok(()) => self.store.say_changed(),
                Err(error) => tracing::warn!(%error, "the refusal is not noted in the keyring"),
            }
        }
        self.replace(session, marked);
    }

    /// Whether `session` is still the one that is used here and, if the keyring held it, there.
    async fn is_still(&self, session: &Session) -> bool {
        {
            let current = self.current();
            if current.ending || !current.is(session) {
                return false;
            }
            if !current.kept {
                return true;
            }
        }
        match self.store.load().await {
            Ok(Some(kept)) if kept.session.id == session.id => true,
            // It cannot be asked; the save will tell.
            Err(_) => true,
            Ok(record) => {
                self.take_up(record);
                false
            }
        }
    }
}

impl Renewed {
    fn by_others(session: Arc<Session>) -> Self {
        Self {
            session,
            asked: false,
        }
    }
}

impl Spend {
    fn is_met_by(&self, session: &Session, seen: &Session, clock: &Clock) -> bool {
        match self {
            Self::Own(wish) => wish.is_met_by(session, seen, clock),
            Self::Minted(_) => false,
        }
    }

    /// The token to spend.
    fn token(&self, session: &Session) -> Result<RefreshToken, SessionError> {
        let own = || {
            session
                .tokens
                .refresh
                .clone()
                .ok_or(SessionError::NotRenewable)
        };
        match self {
            Self::Minted(token) => Ok(token.clone()),
            // Only the person's own wish asks a provider again that has said that it is over.
            Self::Own(Wish::Lives(_)) => session.ended().map_or_else(own, Err),
            Self::Own(Wish::Newer) => own(),
        }
    }
}
