//! The verbs on a session.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use url::Url;

use super::{
    FreshToken, Session, SessionError, SessionId, SessionStatus, SessionStore, SignedIn,
    StoreError, Trouble, Warning,
    lock::RefreshLock,
    renewal::{Flight, Renewed, Spend, Wish},
    store::Kept,
};
use crate::{Clock, JwtError, Late, Provider, ProviderError, RefreshToken, Timestamp, VaultError};

/// How long a change that the person wants waits for another program's exchange; longer than that may take.
const EXCHANGE_PATIENCE: Duration = Duration::from_secs(20);

/// Keeps one profile's session, and is the only thing that refreshes. Clones share it.
///
/// Every change is announced to whoever [watches](Self::watch). A program that shows the session for long also runs
/// [`follow`](Self::follow) and [`stay_fresh`](Self::stay_fresh).
#[derive(Clone, Debug)]
pub struct SessionManager(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) provider: Arc<Provider>,
    pub(super) store: SessionStore,
    pub(super) clock: Clock,
    /// The session in use. Never held while something is waited for, so that a token at hand is handed out at once.
    current: Mutex<Current>,
    /// Held while the keyring's record is read or written and what came of it is taken up, so that a late save cannot
    /// bring back what was signed out.
    pub(super) keeping: tokio::sync::Mutex<()>,
    /// The one renewal that is under way.
    pub(super) flight: Mutex<Option<Flight>>,
    /// How many tasks of ours would lose something if the program ended now.
    under_way: watch::Sender<usize>,
    status: watch::Sender<SessionStatus>,
    /// Until when the provider is being told of a sign-out.
    pub(super) unrevoked: watch::Sender<Option<Timestamp>>,
}

#[derive(Debug, Default)]
pub(super) struct Current {
    pub(super) session: Option<Arc<Session>>,
    /// Whether the keyring holds it.
    pub(super) kept: bool,
    /// The keyring was asked to forget the session and has not answered yet: nothing is saved behind that.
    pub(super) ending: bool,
    /// The person signed out and no keyring has forgotten what it may hold: that is deleted, not taken up.
    to_forget: bool,
    /// Why it could not be renewed ahead.
    trouble: Option<Trouble>,
    /// Held on to while the keyring lacks a rotated refresh token: another program would spend the old one again, and
    /// the provider take that for a theft.
    lock: Option<RefreshLock>,
}

impl Current {
    /// Uses a session, that the keyring holds or does not.
    pub(super) fn use_session(
        &mut self,
        session: Arc<Session>,
        kept: bool,
        lock: Option<RefreshLock>,
    ) {
        *self = Self {
            session: Some(session),
            kept,
            lock,
            ..Self::default()
        };
    }

    /// Whether the keyring's record says what is: not when this run has a session that no keyring holds, or has ended
    /// one that the keyring may not have forgotten.
    pub(super) fn goes_by_the_keyring(&self) -> bool {
        !self.ending && !self.to_forget && (self.kept || self.session.is_none())
    }

    pub(super) fn is(&self, session: &Session) -> bool {
        self.session.as_ref().is_some_and(|used| used.is(session))
    }

    /// The lock that was held on to, for who goes on under it.
    pub(super) fn take_lock(&mut self) -> Option<RefreshLock> {
        self.lock.take()
    }
}

/// Counts one task as under way until dropped.
pub(super) struct UnderWay(Arc<Inner>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|count| *count -= 1);
    }
}

impl SessionManager {
    /// A manager with nobody signed in until [`restore`](Self::restore) or [`adopt`](Self::adopt).
    pub fn new(provider: Arc<Provider>, store: SessionStore, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            provider,
            store,
            clock,
            current: Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            flight: Mutex::default(),
            under_way: watch::Sender::new(0),
            status: watch::Sender::default(),
            unrevoked: watch::Sender::default(),
        }))
    }

    /// Follows what may be shown of the session.
    pub fn watch(&self) -> watch::Receiver<SessionStatus> {
        self.0.status.subscribe()
    }

    /// What may be shown of the session now.
    pub fn status(&self) -> SessionStatus {
        self.0.status.borrow().clone()
    }

    /// Takes up the session that the keyring holds, if there is one.
    ///
    /// # Errors
    ///
    /// When the keyring did not answer or its record cannot be read. That is never the same as signed out.
    pub async fn restore(&self) -> Result<(), StoreError> {
        self.0.read_again().await
    }

    /// Does again what the keyring did not do when it was asked: keeps the session, or forgets one that was signed
    /// out. Nothing when it owes nothing.
    ///
    /// # Errors
    ///
    /// When the keyring did not do it this time either.
    pub async fn settle_with_keyring(&self) -> Result<(), StoreError> {
        let _keeping = self.0.keeping.lock().await;
        if self.0.current().to_forget {
            self.0.store.delete().await?;
            self.0.current().to_forget = false;
            self.0.store.say_changed();
        }
        let unkept = {
            let current = self.0.current();
            current.session.clone().filter(|_| !current.kept)
        };
        match unkept {
            Some(session) => {
                let lock = self.0.current().take_lock();
                self.0.keep(session, lock).await
            }
            None => Ok(()),
        }
    }

    /// Takes up a new session, in place of any other: kept in the keyring first, then used.
    ///
    /// # Errors
    ///
    /// When the keyring did not take it. The session is used all the same, until the program ends; a keyring that
    /// is only late may still take it, and that is announced.
    pub async fn adopt(&self, session: Session) -> Result<(), StoreError> {
        // What another program has just bought for the old session must not be saved over the new one. While a renewal
        // of our own is under way the lock is ours, and it looks whether its session is still the one.
        let lock = if self.0.is_renewing() {
            None
        } else {
            self.0.store.lock(EXCHANGE_PATIENCE).await.ok()
        };
        let _keeping = self.0.keeping.lock().await;
        let kept = self.0.keep(Arc::new(session), None).await;
        drop(lock);
        kept
    }

    /// A token that lives at least `min_valid` from now, renewed when the one at hand does not. Without a wish, at least
    /// a minute, a fifth of its lifetime, or what a new one lives, whichever is least.
    ///
    /// # Errors
    ///
    /// [`SessionError`]. A token that still lives is handed out, with a [`Warning`], when there was no newer one to be had
    /// and nobody asked for more.
    pub async fn access_token(
        &self,
        min_valid: Option<Duration>,
    ) -> Result<FreshToken, SessionError> {
        let session = self.0.session()?;
        let wanted = min_valid.unwrap_or_else(|| session.usual_wish());
        let left = session.remaining(&self.0.clock);
        if !left.is_zero() && left >= wanted {
            return Ok(self.0.fresh(&session, false, None));
        }
        // The provider has shown how long its tokens live; spending a refresh token would not change that.
        if wanted > session.tokens.lifetime {
            return Err(too_short(&session, wanted));
        }
        match self.renewed(&session, Wish::Lives(wanted)).await {
            Ok(Renewed { session, asked }) => {
                let enough = session.remaining(&self.0.clock) >= wanted;
                match min_valid {
                    _ if enough => Ok(self.0.fresh(&session, asked, None)),
                    None => Ok(self.0.fresh(&session, asked, Some(Warning::ShortLived))),
                    Some(wanted) => Err(too_short(&session, wanted)),
                }
            }
            Err(error) => {
                let still_lives = !session.remaining(&self.0.clock).is_zero();
                if still_lives && min_valid.is_none() && !error.is_final() {
                    tracing::warn!(reason = ?error.reason(), "handing out the token at hand");
                    Ok(self
                        .0
                        .fresh(&session, false, Some(Warning::NotRefreshed(error))))
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Gets new tokens now, however long the ones at hand live, and asks even a provider that has said no.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; the session is then as it was.
    pub async fn refresh(&self) -> Result<FreshToken, SessionError> {
        let session = self.0.session()?;
        let renewed = self.renewed(&session, Wish::Newer).await?;
        Ok(self.0.fresh(&renewed.session, renewed.asked, None))
    }

    /// Adopts a refresh token that was minted elsewhere for the same person, for example with custom claims, and spends
    /// it at once. `minted` is the token alone, or the answer that it came in.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; the session then goes on with the refresh token it has.
    pub async fn update_with_refresh_token(
        &self,
        minted: &str,
    ) -> Result<FreshToken, SessionError> {
        let minted = RefreshToken::minted(minted).ok_or(SessionError::NothingToAdopt)?;
        let session = self.0.session()?;
        let renewed = self.0.spend(&session, Spend::Minted(minted)).await?;
        Ok(self.0.fresh(&renewed.session, renewed.asked, None))
    }

    async fn renewed(&self, seen: &Arc<Session>, wish: Wish) -> Result<Renewed, SessionError> {
        self.0.spend(seen, Spend::Own(wish)).await
    }

    /// Checks the kept access token's signature again, which a session out of the keyring has not had in this run.
    ///
    /// # Errors
    ///
    /// When the provider's keys could not be had, or the token is not to be believed: it is then not handed out any
    /// more, only replaced.
    pub async fn verify(&self) -> Result<(), SessionError> {
        let session = self.0.session()?;
        match self.0.provider.verify(&session.tokens.access).await {
            Ok(Some(key_id)) => {
                self.0.replace(&session, session.checked(Some(key_id)));
                Ok(())
            }
            // Meant for an API, which knows how to check it. An old token is renewed when it is asked for; that is not a
            // failed check.
            Ok(None) | Err(ProviderError::Unverified(JwtError::Expired)) => Ok(()),
            Err(error) => {
                if matches!(error, ProviderError::Unverified(_)) {
                    self.0.replace(&session, session.checked(None));
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
        let lock = self.0.store.lock_now();
        let _keeping = self.0.keeping.lock().await;
        let ended = self.0.current().session.clone();
        let forgotten = self.0.store.delete().await;
        if let Err(error) = &forgotten
            && self.0.current().kept
        {
            if let StoreError::Vault(VaultError::Waiting(late)) = error {
                self.0.current().ending = true;
                let inner = Arc::clone(&self.0);
                self.0.when_done(late, move |current, done| {
                    if done {
                        *current = Current::default();
                        inner.tell_the_provider(ended.as_deref());
                    } else {
                        current.ending = false;
                    }
                });
            }
            return forgotten;
        }
        // A session that no keyring holds ends with us; what else it may hold, we could not see.
        *self.0.current() = Current {
            to_forget: forgotten.is_err(),
            ..Current::default()
        };
        self.0.store.say_changed();
        self.0.announce();
        self.0.tell_the_provider(ended.as_deref());
        if lock.is_none()
            && !self.0.is_renewing()
            && let Some(ended) = ended
        {
            // Another program may be at an exchange for this very session, and save what it brings.
            self.0.delete_once_more(ended.id.clone());
        }
        Ok(())
    }

    /// The page that ends the person's session at the provider, in their browser; none where there is no such page. It
    /// asks them, because a token that says who they are does not go into an address.
    ///
    /// # Errors
    ///
    /// When the provider had to be asked where that is, and did not say.
    pub async fn logout_page(&self) -> Result<Option<Url>, ProviderError> {
        self.0.provider.logout_page().await
    }

    /// Waits until nothing is exchanged or written, so that a program that ends loses no token that was just issued.
    pub async fn idle(&self) {
        let mut under_way = self.0.under_way.subscribe();
        let _ = under_way.wait_for(|count| *count == 0).await;
        drop(self.0.keeping.lock().await);
    }
}

impl Inner {
    pub(super) fn current(&self) -> MutexGuard<'_, Current> {
        // What is locked here is replaced whole; a panic cannot leave half of it.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn session(&self) -> Result<Arc<Session>, SessionError> {
        self.current()
            .session
            .clone()
            .ok_or(SessionError::SignedOut)
    }

    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(Arc::clone(self))
    }

    /// Reads the keyring's record, and goes by it.
    pub(super) async fn read_again(&self) -> Result<(), StoreError> {
        let _keeping = self.keeping.lock().await;
        // What the person did in this run is newer than anything that the keyring holds.
        if !self.current().goes_by_the_keyring() {
            return Ok(());
        }
        let record = self.store.load().await?;
        self.take_up(record);
        Ok(())
    }

    /// Goes by what the keyring holds: the tokens that another program got, the mark that it made, or nothing any more.
    pub(super) fn take_up(&self, record: Option<Kept>) {
        // Its tokens are for another provider, and go to no other (RFC 9700 §4.4).
        let ours = record.filter(|kept| kept.session.account.issuer == self.provider.issuer());
        let ours = ours.map(|Kept { session, memory }| {
            self.clock.inherit(session.clock_offset);
            if let Some(memory) = &memory {
                self.provider.recall(memory);
            }
            session
        });
        {
            let mut current = self.current();
            match ours {
                None => *current = Current::default(),
                Some(session) if !current.is(&session) => {
                    current.use_session(Arc::new(session), true, None);
                }
                // The tokens that we have, and know more of than the record does; perhaps with another mark.
                Some(session) => {
                    let with_its_mark = current
                        .session
                        .as_ref()
                        .filter(|used| used.refusal != session.refusal)
                        .map(|used| Arc::new(used.marked(session.refusal.clone())));
                    current.session = with_its_mark.or_else(|| current.session.take());
                }
            }
        }
        self.announce();
    }

    /// Uses `with` in place of `seen`, if that is still what is used. The keyring knows no difference between them.
    pub(super) fn replace(&self, seen: &Session, with: Session) {
        {
            let mut current = self.current();
            if !current.is(seen) {
                return;
            }
            current.session = Some(Arc::new(with));
        }
        self.announce();
    }

    pub(super) async fn save(&self, session: &Session) -> Result<(), StoreError> {
        self.store.save(session, self.provider.memory()).await
    }

    /// Saves `session`, and uses it whether or not that worked. `lock` is let go of once the keyring holds it: before
    /// anybody hears of the new tokens, and not before they are safe.
    pub(super) async fn keep(
        self: &Arc<Self>,
        session: Arc<Session>,
        lock: Option<RefreshLock>,
    ) -> Result<(), StoreError> {
        let saved = self.save(&session).await;
        let lock = lock.filter(|_| saved.is_err());
        self.current().use_session(session, saved.is_ok(), lock);
        if saved.is_ok() {
            self.store.say_changed();
        }
        self.announce();
        if let Err(StoreError::Vault(VaultError::Waiting(late))) = &saved {
            self.when_done(late, |current, done| {
                current.kept = done;
                if done {
                    current.lock = None;
                }
            });
        }
        saved
    }

    /// Follows a late call of the keyring; `then` changes what is current, if that is still the same session.
    pub(super) fn when_done(
        self: &Arc<Self>,
        late: &Late,
        then: impl FnOnce(&mut Current, bool) + Send + 'static,
    ) {
        let (inner, late) = (Arc::clone(self), late.clone());
        let seen = self.current().session.clone();
        tokio::spawn(async move {
            let done = late.ended().await.is_ok();
            {
                let mut current = inner.current();
                let same = match &seen {
                    Some(seen) => current.is(seen),
                    None => current.session.is_none(),
                };
                if !same {
                    return;
                }
                then(&mut current, done);
            }
            if done {
                inner.store.say_changed();
            }
            inner.announce();
        });
    }

    /// Signed out here, the session is to end at the provider, too.
    fn tell_the_provider(self: &Arc<Self>, ended: Option<&Session>) {
        if let Some(token) = ended.and_then(|session| session.tokens.refresh.clone()) {
            self.revoke(token);
        }
    }

    /// Once another program has let go of the record, deletes the ended session again if that has brought it back.
    fn delete_once_more(self: &Arc<Self>, ended: SessionId) {
        let (inner, under_way) = (Arc::clone(self), self.begin());
        tokio::spawn(async move {
            let lock = inner.store.lock(EXCHANGE_PATIENCE).await;
            let keeping = inner.keeping.lock().await;
            if let Ok(Some(kept)) = inner.store.load().await
                && kept.session.id == ended
            {
                if let Err(error) = inner.store.delete().await {
                    tracing::warn!(%error, "a session that was signed out is back in the keyring");
                }
                inner.store.say_changed();
            }
            drop((keeping, lock, under_way));
        });
    }

    /// Says that the session could not be renewed in time, until it is.
    pub(super) fn in_trouble(&self, error: &SessionError) {
        self.current().trouble = Some(error.into());
        self.announce();
    }

    pub(super) fn announce(&self) {
        // Sent while neither can change, so that nobody is told an older state after a newer one.
        let current = self.current();
        let status = match &current.session {
            None => SessionStatus::SignedOut,
            Some(session) => SessionStatus::SignedIn(SignedIn {
                account: session.account.clone(),
                expires_at: session.expires_at(),
                lifetime: session.tokens.lifetime,
                verified_by: session.tokens.verified_by.clone(),
                kept: current.kept,
                refreshing: self.is_renewing(),
                trouble: session
                    .ended()
                    .as_ref()
                    .map(Trouble::from)
                    .or_else(|| current.trouble.clone()),
            }),
        };
        self.status.send_if_modified(|old| {
            let changed = *old != status;
            *old = status;
            changed
        });
    }

    fn fresh(&self, session: &Session, refreshed: bool, warning: Option<Warning>) -> FreshToken {
        let unkept = || (refreshed && !self.current().kept).then_some(Warning::NotKept);
        FreshToken {
            token: session.tokens.access.clone(),
            id_token: session.tokens.id.clone(),
            expires_at: session.expires_at(),
            lives: session.remaining(&self.clock),
            refreshed,
            warning: warning.or_else(unkept),
        }
    }
}

fn too_short(session: &Session, asked: Duration) -> SessionError {
    SessionError::TooShort {
        lives: session.tokens.lifetime,
        asked,
    }
}
