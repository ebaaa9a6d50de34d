//! Signing in, from the first click to a [`Session`].
//!
//! 1. [`SignIn::begin`] makes an attempt and keeps it in the keyring, so that the answer may find another process.
//! 2. The caller opens the attempt's address in the browser; the person does the rest there.
//! 3. [`SignIn::judge`] takes the return address, whoever brought it, finds the attempt by its `state`, and says
//!    whether it may be believed; [`SignIn::redeem`] exchanges the code.
//! 4. The caller hands the session to [`SessionManager::adopt`](crate::SessionManager::adopt), then calls
//!    [`SignIn::settle`]: only now is the attempt forgotten.
//!
//! Several attempts may wait at once ("try another way"); the first to succeed ends the others.

mod device;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OnceCell};
use zeroize::Zeroizing;

use crate::{
    AuthorizationRequest, Callback, CallbackError, Clock, Identifier, PendingAuthorization,
    Provider, ProviderError, Reason, RedirectUri, Rejection, Session, Timestamp, Vault, VaultError,
    authorization::{AuthorizationGrant, KeptAttempt},
    provider::Redeemed,
    session::written,
};

pub use device::{DeviceError, DeviceSignIn};

/// The version of the kept attempts that this program writes and reads.
const VERSION: u32 = 1;

/// How often an exchange that met a server error is tried in all, and how long it rests in between.
const EXCHANGE_TRIES: u32 = 3;
const EXCHANGE_REST: Duration = Duration::from_millis(300);

/// The most attempts that wait at once; the oldest gives way.
const MOST_ATTEMPTS: usize = 4;

/// The way in, for one profile.
#[derive(Debug)]
pub struct SignIn {
    provider: Arc<Provider>,
    vault: Vault,
    entry: String,
    clock: Clock,
    attempts: Mutex<Attempts>,
    /// Set once the keyring has shown that it keeps things.
    probed: OnceCell<()>,
}

#[derive(Debug, Default)]
struct Attempts {
    /// Oldest first.
    waiting: Vec<PendingAuthorization>,
    /// Those whose answer is being exchanged.
    redeeming: Vec<StateHash>,
    /// Those that are over, because they had their answer or another one did: a further answer is no news.
    answered: Vec<StateHash>,
    /// Those whose time is over.
    late: Vec<StateHash>,
    /// Whether the keyring has said which it holds, or the person has given those up unseen.
    known: bool,
    /// Whether the keyring holds other attempts than those that wait, because it did not do as it was asked.
    unkept: bool,
}

/// What is remembered of an attempt that is not waited for.
type StateHash = [u8; 32];

/// What may be shown of an attempt that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was typed; nothing when the person chose to continue in the browser.
    pub identifier: Option<String>,
    /// What to open in the browser, at first and again. For the person's eyes only.
    pub request: AuthorizationRequest,
    /// Whether the answer comes by a listener on this computer and not by our own scheme.
    pub by_loopback: bool,
    /// On this computer's own clock.
    pub begun_at: Timestamp,
    /// On this computer's own clock; an answer after this is refused.
    pub expires_at: Timestamp,
}

/// What a return address turned out to be.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one is made per click, and at once taken apart"
)]
pub enum Return {
    /// The answer to one of our attempts, to be [redeemed](SignIn::redeem).
    Answer(AuthorizationGrant),
    /// A second answer to an attempt that has had its answer. Nothing was done.
    AlreadyAnswered,
}

/// Why a return address did not lead to a session.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// It is no return address. Every attempt goes on.
    #[error(transparent)]
    Malformed(#[from] CallbackError),
    /// It fits no attempt of ours. Every attempt goes on.
    #[error("this link belongs to no sign-in of this app")]
    Foreign,
    /// It answers an attempt, but not as it must; the rejection says whether the attempt is over.
    #[error(transparent)]
    Rejected(Rejection),
    /// The provider did not exchange the code. After a transient error the attempt goes on.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl FinishError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Malformed(error) => error.reason(),
            Self::Foreign => Reason::LinkForeign,
            Self::Rejected(rejection) => rejection.reason(),
            Self::Provider(error) => error.reason(),
        }
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Rejected(Rejection::Denied { error }) => Some(error.clone()),
            Self::Provider(error) => error.detail(),
            Self::Malformed(error) => Some(error.to_string()),
            Self::Rejected(_) | Self::Foreign => None,
        }
    }

    /// Whether it is a stranger's link, or a damaged one: every attempt is as it was before.
    pub fn is_about_no_attempt(&self) -> bool {
        matches!(
            self,
            Self::Malformed(_)
                | Self::Foreign
                | Self::Rejected(
                    Rejection::Foreign(_) | Rejection::WrongDoor(_) | Rejection::WrongIssuer(_)
                )
        )
    }

    /// Whether the same return address may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Provider(error) if error.is_transient())
    }
}

/// The attempts as the keyring holds them: compact JSON.
#[derive(Serialize, Deserialize)]
struct Kept {
    v: u32,
    attempts: Vec<KeptAttempt>,
}

impl SignIn {
    /// The way in for the profile called `profile`.
    pub fn new(provider: Arc<Provider>, vault: Vault, profile: &str, clock: Clock) -> Self {
        Self {
            provider,
            vault,
            entry: entry_of(profile),
            clock,
            attempts: Mutex::default(),
            probed: OnceCell::new(),
        }
    }

    /// Takes up the attempts that an earlier process began, keeps those that this one could not, and says which is
    /// the newest.
    ///
    /// # Errors
    ///
    /// When the keyring did not do its part. Attempts that cannot be read are no error: the person begins anew.
    pub async fn restore(&self) -> Result<Option<Attempt>, VaultError> {
        let mut attempts = self.attempts.lock().await;
        self.take_up(&mut attempts).await?;
        if attempts.unkept {
            self.keep(&mut attempts).await?;
        }
        Ok(attempts.waiting.last().map(Attempt::from))
    }

    /// Reads what the keyring holds, unless that is known.
    async fn take_up(&self, attempts: &mut Attempts) -> Result<(), VaultError> {
        if attempts.known {
            return Ok(());
        }
        let kept = match self.vault.read(&self.entry).await {
            Ok(kept) => kept,
            Err(VaultError::Damaged(damage)) => {
                tracing::warn!(%damage, "the kept sign-in cannot be read");
                None
            }
            Err(error) => return Err(error),
        };
        let kept = kept.map_or_else(Vec::new, |bytes| parse(&bytes));
        let count = kept.len();
        attempts.join(kept, self.provider.issuer());
        attempts.expire(self.clock.wall());
        attempts.known = true;
        attempts.unkept |= attempts.waiting.len() != count;
        Ok(())
    }

    /// Begins an attempt and keeps it. The caller opens what it names in the browser.
    ///
    /// The second value says whether the keyring holds the attempt. If not, it lives as long as this process.
    ///
    /// # Errors
    ///
    /// When the provider had to be asked first, and gave no usable answer. Nothing has begun then.
    pub async fn begin(
        &self,
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
    ) -> Result<(Attempt, Result<(), VaultError>), ProviderError> {
        let pending = self
            .provider
            .begin(identifier, redirect_uri, &self.clock)
            .await?;
        let attempt = Attempt::from(&pending);
        let mut attempts = self.attempts.lock().await;
        attempts.expire(self.clock.wall());
        if attempts.waiting.len() == MOST_ATTEMPTS {
            attempts.waiting.remove(0);
        }
        attempts.waiting.push(pending);
        let kept = match self.probed.get_or_try_init(|| self.vault.probe()).await {
            Ok(()) => self.keep(&mut attempts).await,
            Err(error) => Err(error),
        };
        attempts.unkept |= kept.is_err();
        Ok((attempt, kept))
    }

    /// The newest attempt that waits. What is too old is forgotten, here and in the keyring.
    pub async fn newest(&self) -> Option<Attempt> {
        let mut attempts = self.attempts.lock().await;
        if attempts.expire(self.clock.wall()) {
            self.keep_or_warn(&mut attempts).await;
        }
        attempts.waiting.last().map(Attempt::from)
    }

    /// The newest attempt, with an address that can be opened once more; none when none waits.
    ///
    /// A provider may have given a reference that is good once and for a minute: it is asked for another one.
    ///
    /// # Errors
    ///
    /// When the provider had to be asked and gave no usable answer. The attempt goes on.
    pub async fn open_again(&self) -> Result<Option<Attempt>, ProviderError> {
        let (state, whole) = {
            let mut attempts = self.attempts.lock().await;
            attempts.expire(self.clock.wall());
            match attempts.waiting.last() {
                Some(newest) if newest.is_pushed() => {
                    (hash(newest.state.expose()), newest.whole_request().clone())
                }
                newest => return Ok(newest.map(Attempt::from)),
            }
        };
        // Not under the lock: an answer may come meanwhile.
        let request = self.provider.push_again(whole).await?;
        let mut attempts = self.attempts.lock().await;
        let mut waiting = attempts.waiting.iter_mut();
        let newest = waiting.find(|attempt| hash(attempt.state.expose()) == state);
        Ok(newest.map(|newest| {
            newest.request = request;
            Attempt::from(&*newest)
        }))
    }

    /// Whether an attempt waits for this return address, as far as this process knows. Changes nothing, asks nobody.
    pub async fn awaits(&self, address: &str) -> bool {
        let attempts = self.attempts.lock().await;
        Callback::parse(address)
            .is_ok_and(|callback| attempts.waiting.iter().any(|it| it.expects(&callback)))
    }

    /// Whether the keyring holds an attempt of the profile called `profile` that waits for this return address. It is
    /// how a program that serves another profile tells whose answer it is; judging it is that profile's business.
    ///
    /// # Errors
    ///
    /// When the keyring did not answer.
    pub async fn is_awaited(
        vault: &Vault,
        profile: &str,
        address: &str,
    ) -> Result<bool, VaultError> {
        let Ok(callback) = Callback::parse(address) else {
            return Ok(false);
        };
        let kept = match vault.read(&entry_of(profile)).await {
            Ok(kept) => kept.map_or_else(Vec::new, |bytes| parse(&bytes)),
            Err(VaultError::Damaged(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(kept.iter().any(|attempt| attempt.expects(&callback)))
    }

    /// Judges a return address: which attempt it answers, and whether it may.
    ///
    /// Asks nobody. Until [`settle`](Self::settle) the keyring still holds the attempt.
    ///
    /// # Errors
    ///
    /// [`FinishError`]. A link that is malformed, foreign or by the wrong door changes nothing.
    pub async fn judge(&self, address: &str) -> Result<Return, FinishError> {
        let callback = Callback::parse(address)?;
        let state = hash(callback.state.expose());
        let mut attempts = self.attempts.lock().await;
        if attempts.answered.contains(&state) || attempts.redeeming.contains(&state) {
            return Ok(Return::AlreadyAnswered);
        }
        if attempts.late.contains(&state) {
            return Err(FinishError::Rejected(Rejection::Late));
        }
        let Some(index) = attempts
            .waiting
            .iter()
            .position(|attempt| attempt.is_answered_by(&callback))
        else {
            return Err(FinishError::Foreign);
        };
        if !self.provider.can_redeem(&callback) {
            return Err(CallbackError::Incomplete.into());
        }
        let attempt = attempts.waiting.remove(index);
        match attempt.accept(callback, self.clock.wall()) {
            Ok(grant) => {
                attempts.redeeming.push(state);
                Ok(Return::Answer(grant))
            }
            Err(
                Rejection::Foreign(attempt)
                | Rejection::WrongDoor(attempt)
                | Rejection::WrongIssuer(attempt),
            ) => {
                attempts.waiting.insert(index, *attempt);
                Err(FinishError::Foreign)
            }
            Err(over) => {
                match over {
                    Rejection::Late => attempts.late.push(state),
                    _ => attempts.answered.push(state),
                }
                self.keep_or_warn(&mut attempts).await;
                Err(FinishError::Rejected(over))
            }
        }
    }

    /// Exchanges a judged answer for a session; nothing when the attempts were [settled](Self::settle) meanwhile.
    ///
    /// # Errors
    ///
    /// [`FinishError::Provider`]. After a [transient](FinishError::is_transient) one the attempt waits again, and the
    /// same return address may be judged once more.
    pub async fn redeem(&self, grant: AuthorizationGrant) -> Result<Option<Session>, FinishError> {
        let outcome = self.exchange(&grant).await;
        let attempt = grant.not_redeemed();
        let state = hash(attempt.state.expose());
        let mut attempts = self.attempts.lock().await;
        let Some(index) = attempts.redeeming.iter().position(|known| *known == state) else {
            return Ok(None);
        };
        attempts.redeeming.remove(index);
        match outcome {
            Err(error) if error.is_transient() => {
                // Not the newest: the person may have begun another one meanwhile.
                attempts.waiting.insert(0, attempt);
                Err(error.into())
            }
            Err(error) => {
                attempts.answered.push(state);
                self.keep_or_warn(&mut attempts).await;
                Err(error.into())
            }
            Ok(redeemed) => {
                attempts.answered.push(state);
                Ok(Some(Session::new(redeemed, &self.clock)))
            }
        }
    }

    /// Forgets every attempt: one of them has become a session, or the person gave up.
    ///
    /// # Errors
    ///
    /// When the keyring did not delete them. They end by themselves when their time is over.
    pub async fn settle(&self) -> Result<(), VaultError> {
        let mut attempts = self.attempts.lock().await;
        attempts.settle();
        self.keep(&mut attempts).await
    }

    /// A server error has not spent the code (Cotter's own client tries three times), anything else is an answer.
    async fn exchange(&self, grant: &AuthorizationGrant) -> Result<Redeemed, ProviderError> {
        let mut tries = 1;
        loop {
            match self.provider.redeem(grant).await {
                Err(ProviderError::Broken { status: 500.., .. }) if tries < EXCHANGE_TRIES => {
                    tries += 1;
                    tokio::time::sleep(EXCHANGE_REST).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn keep(&self, attempts: &mut Attempts) -> Result<(), VaultError> {
        attempts.unkept = true;
        // What was never seen is not written over.
        self.take_up(attempts).await?;
        let kept = if attempts.waiting.is_empty() {
            self.vault.delete(&self.entry).await
        } else {
            self.vault
                .write(&self.entry, print(&attempts.waiting))
                .await
        };
        attempts.unkept = kept.is_err();
        kept
    }

    async fn keep_or_warn(&self, attempts: &mut Attempts) {
        if let Err(error) = self.keep(attempts).await {
            tracing::warn!(%error, "a sign-in that is over may stay in the keyring until its time is over");
        }
    }
}

impl Attempts {
    /// Takes up what the keyring held: all of it older than what waits already.
    fn join(&mut self, mut kept: Vec<PendingAuthorization>, issuer: &str) {
        // An answer to another provider's attempt must not be redeemed at this one (RFC 9700 §4.4).
        kept.retain(|attempt| attempt.issuer == issuer);
        kept.append(&mut self.waiting);
        let too_many = kept.len().saturating_sub(MOST_ATTEMPTS);
        self.waiting = kept.split_off(too_many);
    }

    /// Drops what is too old, and says whether there was something.
    fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.late.len();
        for over in self
            .waiting
            .extract_if(.., |attempt| attempt.expires_at() < now)
        {
            self.late.push(hash(over.state.expose()));
        }
        self.late.len() > before
    }

    /// Drops all of them; what still comes for one of them is no news.
    fn settle(&mut self) {
        self.known = true;
        self.answered.append(&mut self.redeeming);
        for over in self.waiting.drain(..) {
            self.answered.push(hash(over.state.expose()));
        }
    }
}

impl From<&PendingAuthorization> for Attempt {
    fn from(attempt: &PendingAuthorization) -> Self {
        Self {
            identifier: attempt.identifier().map(str::to_owned),
            request: attempt.request(),
            by_loopback: attempt.redirect_uri().is_loopback(),
            begun_at: attempt.begun_at(),
            expires_at: attempt.expires_at(),
        }
    }
}

fn entry_of(profile: &str) -> String {
    format!("{profile}.sign-in")
}

fn hash(state: &str) -> StateHash {
    Sha256::digest(state).into()
}

fn print(waiting: &[PendingAuthorization]) -> Zeroizing<Vec<u8>> {
    let kept = Kept {
        v: VERSION,
        attempts: waiting.iter().map(KeptAttempt::from).collect(),
    };
    written(&kept)
}

fn parse(bytes: &[u8]) -> Vec<PendingAuthorization> {
    match serde_json::from_slice::<Kept>(bytes) {
        Ok(kept) if kept.v == VERSION => kept
            .attempts
            .into_iter()
            .map(PendingAuthorization::from)
            .collect(),
        _ => {
            tracing::warn!("the kept sign-in is not one of ours");
            Vec::new()
        }
    }
}
