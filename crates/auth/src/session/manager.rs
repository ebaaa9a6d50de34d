//! The verbs on a session.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::sync::{Notify, watch};
use url::Url;

use super::{
    FreshToken, Session, SessionError, SessionId, SessionStatus, SessionStore, SignedIn,
    StoreError, Trouble, Warning,
    lock::{NoLock, RefreshLock},
    renewal::{Flight, Renewed, Spend, Wish},
    store::Kept,
};
use crate::{
    Clock, JwtError, Late, Provider, ProviderError, RefreshToken, Timestamp, VaultError,
    inspection::{SessionContents, SessionSignatures, Signature},
};

/// How long a change that the person wants waits for another program's exchange; longer than that may take.
const EXCHANGE_PATIENCE: Duration = Duration::from_secs(20);

/// When any program last changed the record; only ever compared with another such answer.
type LastChange = Vec<Option<SystemTime>>;

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
    /// The lock, as long as anything of ours holds it.
    pub(super) held: Mutex<Weak<RefreshLock>>,
    /// A write that was to prove that the keyring can be written, and has not ended.
    pub(super) stuck: Mutex<Option<Late>>,
    /// Told whenever the keyring has done something.
    pub(super) keyring_answered: Notify,
    /// The program ends: nothing more is spent.
    pub(super) closing: AtomicBool,
    /// How many tasks of ours would lose something if the program ended now.
    under_way: watch::Sender<usize>,
    status: watch::Sender<SessionStatus>,
    /// Until when the provider is being told of a sign-out.
    pub(super) unrevoked: watch::Sender<Option<Timestamp>>,
}

#[derive(Debug, Default)]
pub(super) struct Current {
    pub(super) session: Option<Arc<Session>>,
    /// Whether the keyring holds it; also one that does not last, which is owed nothing for that.
    pub(super) kept: bool,
    /// The keyring was asked to forget the session and has not answered yet: nothing is saved behind that.
    pub(super) ending: bool,
    /// The person signed out and no keyring has forgotten what it may hold: that is deleted, not taken up.
    to_forget: bool,
    /// Why it could not be renewed ahead.
    trouble: Option<Trouble>,
    /// Held on to while the keyring lacks a rotated refresh token: another program would spend the old one again, and
    /// the provider take that for a theft.
    lock: Option<Arc<RefreshLock>>,
    /// When any program had last changed the record as the keyring began to owe us something: what changed after that is
    /// newer than what it owes.
    owed_since: LastChange,
}

impl Current {
    /// Uses a session that the keyring holds.
    fn use_kept(&mut self, session: Arc<Session>) {
        *self = Self {
            session: Some(session),
            kept: true,
            ..Self::default()
        };
    }

    /// Uses a session that it does not hold.
    fn use_unkept(
        &mut self,
        session: Arc<Session>,
        lock: Option<Arc<RefreshLock>>,
        since: LastChange,
    ) {
        *self = Self {
            session: Some(session),
            lock,
            owed_since: since,
            ..Self::default()
        };
    }

    /// Holds newer tokens of a session that the keyring is just forgetting.
    pub(super) fn hold_unkept(&mut self, session: &Arc<Session>, lock: Arc<RefreshLock>) {
        self.session = Some(Arc::clone(session));
        self.kept = false;
        self.lock = Some(lock);
    }

    /// Whether the keyring's record says what is: not when this run has a session that no keyring holds, or has ended
    /// one that the keyring may not have forgotten.
    fn goes_by_the_keyring(&self) -> bool {
        !self.ending && !self.to_forget && (self.kept || self.session.is_none())
    }

    /// Whether the keyring is still to keep the session, or to forget one.
    fn is_owed(&self) -> bool {
        self.to_forget || (self.session.is_some() && !self.kept && !self.ending)
    }

    /// Whether another program has done something with the record that is newer than what the keyring owes us.
    fn is_overtaken_by(&self, record: Option<&Kept>, now: &LastChange) -> bool {
        let changed = *now != self.owed_since;
        let id = |session: &Session| session.id.clone();
        match &self.session {
            None => changed,
            Some(ours) => match record {
                Some(kept) => kept.session.id != id(ours) && (changed || self.lock.is_some()),
                // It held this session, and holds it no more: somebody has signed out.
                None => self.lock.is_some(),
            },
        }
    }

    /// Whether both are of one sign-in, and what is used has the tokens that work.
    fn is_newer_than(&self, session: &Session) -> bool {
        let newer =
            |used: &Arc<Session>| used.id == session.id && used.generation > session.generation;
        self.session.as_ref().is_some_and(newer)
    }

    pub(super) fn is(&self, session: &Session) -> bool {
        self.session.as_ref().is_some_and(|used| used.is(session))
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
            held: Mutex::default(),
            stuck: Mutex::default(),
            keyring_answered: Notify::new(),
            closing: AtomicBool::new(false),
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
        self.0.settle_with_keyring().await
    }

    /// Takes up a new session, in place of any other: kept in the keyring first, then used.
    ///
    /// # Errors
    ///
    /// When the keyring did not take it. The session is used all the same, until the program ends; a keyring that
    /// is only late may still take it, and that is announced.
    pub async fn adopt(&self, session: Session) -> Result<(), StoreError> {
        // What another program has just bought for the old session must not be saved over the new one. Without the lock we
        // go on all the same: the person has signed in.
        let lock = self.0.lock(EXCHANGE_PATIENCE).await.ok();
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
        let wish = min_valid.map_or(Wish::Usual(wanted), Wish::Lives);
        match self.renewed(&session, wish).await {
            Ok(Renewed { session, asked }) => {
                let left = session.remaining(&self.0.clock);
                // What it took to get here does not count against a token that was bought for this.
                let enough = left >= wanted || (asked && session.tokens.lifetime >= wanted);
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

    /// What the tokens at hand say; none when nobody is signed in.
    pub fn contents(&self) -> Option<SessionContents> {
        let session = self.0.session().ok()?;
        Some(SessionContents::of(&session.account, &session.tokens))
    }

    /// What the tokens at hand say, and whose signatures these very tokens bear, whatever becomes of the session
    /// meanwhile. The provider may be asked for its keys.
    ///
    /// # Errors
    ///
    /// When nobody is signed in.
    pub async fn inspect(&self) -> Result<(SessionContents, SessionSignatures), SessionError> {
        let session = self.0.session()?;
        let (provider, tokens) = (&self.0.provider, &session.tokens);
        let access = provider.signer_of_access(&tokens.access).await;
        let id = match &tokens.id {
            Some(id) => Some(provider.signer_of_id(id).await.map(Some)),
            None => None,
        };
        let found = |key| Signature::found(key, provider.issuer());
        let signatures = SessionSignatures {
            access: found(access),
            id: id.map(found),
        };
        Ok((SessionContents::of(&session.account, tokens), signatures))
    }

    /// Ends the session here: the keyring's record first, because a record that stays would bring the session back.
    ///
    /// # Errors
    ///
    /// When the keyring holds the session and did not forget it. The session then goes on, so that it cannot come back
    /// unseen; a keyring that is only late may still forget it, and that is announced.
    pub async fn sign_out(&self) -> Result<(), StoreError> {
        let lock = self.0.lock_now();
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
                        inner.tell_the_provider(current.session.as_deref());
                        *current = Current::default();
                    } else {
                        current.ending = false;
                    }
                });
            }
            return forgotten;
        }
        self.0.store.say_changed();
        // A session that no keyring holds ends with us; what else it may hold, we could not see.
        *self.0.current() = Current {
            to_forget: forgotten.is_err(),
            owed_since: self.0.store.last_change(),
            ..Current::default()
        };
        self.0.announce();
        self.0.tell_the_provider(ended.as_deref());
        if lock.is_none()
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

    /// Waits until nothing is exchanged or written, so that a program that ends loses no token that was just issued: what
    /// the keyring has not kept is given to it once more. A session that ends with the program is ended at the provider,
    /// too, if that can be told within 5 seconds. From now on nothing is spent.
    pub async fn idle(&self) {
        self.0.closing.store(true, Ordering::Release);
        let mut under_way = self.0.under_way.subscribe();
        let _ = under_way.wait_for(|count| *count == 0).await;
        if let Err(error) = self.0.settle_with_keyring().await {
            tracing::warn!(%error, "what the keyring was to keep ends with this program");
        }
        if !self.0.store.lasts() {
            self.tell_before_the_end().await;
        }
    }

    /// Whether the keyring has not yet done what it was asked: with this program, it would be lost.
    pub fn is_owed_by_the_keyring(&self) -> bool {
        self.0.current().is_owed()
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

    /// The right to change the record. Whatever else of ours holds it shares it.
    pub(super) async fn lock(&self, patience: Duration) -> Result<Arc<RefreshLock>, NoLock> {
        if let Some(held) = self.held() {
            return Ok(held);
        }
        let lock = Arc::new(self.store.lock(patience).await?);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&lock);
        Ok(lock)
    }

    /// The same, if it can be had at once.
    fn lock_now(&self) -> Option<Arc<RefreshLock>> {
        self.held().or_else(|| self.store.lock_now().map(Arc::new))
    }

    fn held(&self) -> Option<Arc<RefreshLock>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.upgrade()
    }

    /// Reads the keyring's record, and goes by it.
    pub(super) async fn read_again(&self) -> Result<(), StoreError> {
        let _keeping = self.keeping.lock().await;
        // What the person did in this run is newer than anything that the keyring holds.
        if !self.current().goes_by_the_keyring() {
            return Ok(());
        }
        let record = self.load().await?;
        self.take_up(record);
        Ok(())
    }

    pub(super) async fn load(&self) -> Result<Option<Kept>, StoreError> {
        let loaded = self.store.load().await?;
        self.keyring_answered.notify_waiters();
        Ok(loaded)
    }

    /// Has the keyring do what it did not do when it was asked, unless that is overtaken by what others have done.
    pub(super) async fn settle_with_keyring(self: &Arc<Self>) -> Result<(), StoreError> {
        let _keeping = self.keeping.lock().await;
        if !self.current().is_owed() {
            return Ok(());
        }
        let now = self.store.last_change();
        let seen = {
            let current = self.current();
            current.lock.is_some() || now != current.owed_since
        };
        if seen {
            let record = self.load().await?;
            if self.current().is_overtaken_by(record.as_ref(), &now) {
                self.take_up(record);
                return Ok(());
            }
        }
        if self.current().to_forget {
            self.store.delete().await?;
            self.current().to_forget = false;
            self.store.say_changed();
        }
        let (session, lock) = {
            let current = self.current();
            (current.session.clone(), current.lock.clone())
        };
        match session {
            Some(session) => self.keep(session, lock).await,
            None => Ok(()),
        }
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
                // An old write of a keyring that did not answer has come late, over what it held.
                Some(session) if current.is_newer_than(&session) => {
                    current.kept = false;
                    current.owed_since = self.store.last_change();
                }
                Some(session) if !current.is(&session) => current.use_kept(Arc::new(session)),
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
        lock: Option<Arc<RefreshLock>>,
    ) -> Result<(), StoreError> {
        let saved = self.save(&session).await;
        if saved.is_ok() {
            self.current().use_kept(session);
            // Before anybody hears of it.
            drop(lock);
            self.keyring_answered.notify_waiters();
            self.store.say_changed();
        } else {
            let since = self.store.last_change();
            self.current().use_unkept(session, lock, since);
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

    /// Follows a late call of the keyring; `then` changes what is current, if that is still of the same sign-in.
    pub(super) fn when_done(
        self: &Arc<Self>,
        late: &Late,
        then: impl FnOnce(&mut Current, bool) + Send + 'static,
    ) {
        let (inner, late, under_way) = (Arc::clone(self), late.clone(), self.begin());
        let id = |current: &Current| current.session.as_ref().map(|it| it.id.clone());
        let seen = id(&self.current());
        tokio::spawn(async move {
            let done = late.ended().await.is_ok();
            {
                let mut current = inner.current();
                if id(&current) != seen {
                    return;
                }
                then(&mut current, done);
            }
            if done {
                inner.keyring_answered.notify_waiters();
                inner.store.say_changed();
            }
            inner.announce();
            drop(under_way);
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
            if let Ok(Some(kept)) = inner.load().await
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

    /// Says of this session that it could not be renewed in time, until it is.
    pub(super) fn in_trouble(&self, session: &Session, error: &SessionError) {
        {
            let mut current = self.current();
            if !current.is(session) {
                return;
            }
            current.trouble = Some(error.into());
        }
        self.announce();
    }

    /// Says so no longer.
    pub(super) fn out_of_trouble(&self) {
        self.current().trouble = None;
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
                kept: current.kept && self.store.lasts(),
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
            lifetime: session.tokens.lifetime,
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
