//! The session: who is signed in, and a fresh access token for as long as the provider allows.
//!
//! [`SessionManager`] keeps it in memory and, through [`SessionStore`], in the keyring, where other programs find it
//! too: the window and every `keyfob` in a terminal share one session. From the outside in: `manager` (the verbs),
//! `renewal` (the order in which a refresh token is spent, by one task of one process), `following` (what others did,
//! and what is done ahead), `outbox` (what the provider is still to be told), `refusal` (what a no of the provider means), `store` (the record), `lock` (the right to
//! change it).

mod following;
mod lock;
mod manager;
mod outbox;
mod refusal;
mod renewal;
mod store;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    AccessToken, Account, Clock, IdToken, ProviderError, Reason, RefreshToken, Timestamp, TokenSet,
    clock::BootMoment, provider::Redeemed,
};
pub use manager::SessionManager;
pub(crate) use refusal::Refusal;
pub(crate) use store::written;
pub use store::{SessionStore, StoreError};

/// The longest that a token is refreshed ahead of its end.
const LONGEST_LEAD: Duration = Duration::from_mins(5);

/// The longest life that a handed-out token must have left when nobody asks for more.
const LONGEST_USUAL_WISH: Duration = Duration::from_mins(1);

/// How far the wall clock may stand before the moment at which the tokens came, and still be believed.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

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
    /// On the clock that all processes of this computer share, where there is one.
    received_since_boot: Option<BootMoment>,
    /// What was known then of how far this computer's clock is off, in milliseconds.
    clock_offset: i64,
    /// Told at the sign-in, and the same over all refreshes.
    id: SessionId,
    /// One more with every token set. Of two records of one session, the higher one holds the tokens that work.
    generation: u64,
    /// What the provider last said against it, when it did not give new tokens.
    refusal: Option<Refusal>,
    /// Whether the access token failed its check: it is then not handed out, only replaced.
    distrusted: bool,
}

/// Tells one sign-in from the next; 64 random bits as base64url.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct SessionId(String);

impl SessionId {
    fn random() -> Self {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes)
            .expect("the operating system gives randomness once it has started");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl Session {
    /// A session that begins now.
    pub(crate) fn new(redeemed: Redeemed, clock: &Clock) -> Self {
        Self {
            account: redeemed.account,
            tokens: redeemed.tokens,
            received_at: clock.now(),
            received_monotonic: Some(clock.monotonic()),
            received_since_boot: clock.since_boot(),
            clock_offset: clock.offset_to_hand_on(),
            id: SessionId::random(),
            generation: 1,
            refusal: None,
            distrusted: false,
        }
    }

    /// This session with the tokens that `spent` bought: what did not come back stays (RFC 6749 §6).
    fn refreshed(&self, fresh: TokenSet, spent: RefreshToken, clock: &Clock) -> Self {
        Self {
            account: self.account.clone(),
            tokens: TokenSet {
                refresh: Some(fresh.refresh.unwrap_or(spent)),
                id: fresh.id.or_else(|| self.tokens.id.clone()),
                ..fresh
            },
            received_at: clock.now(),
            received_monotonic: Some(clock.monotonic()),
            received_since_boot: clock.since_boot(),
            clock_offset: clock.offset_to_hand_on(),
            id: self.id.clone(),
            generation: self.generation + 1,
            refusal: None,
            distrusted: false,
        }
    }

    /// This session with another refresh token: the access token is still the one at hand.
    fn with_refresh_token(&self, rotated: RefreshToken) -> Self {
        let mut session = self.copy();
        session.tokens.refresh = Some(rotated);
        session.generation += 1;
        session
    }

    /// This session with what the provider said against it, if it did.
    fn marked(&self, refusal: Option<Refusal>) -> Self {
        let mut session = self.copy();
        session.refusal = refusal;
        session
    }

    /// This session after its access token was checked: by which key, or in vain.
    fn checked(&self, verified_by: Option<String>) -> Self {
        let mut session = self.copy();
        session.distrusted = verified_by.is_none();
        session.tokens.verified_by = verified_by;
        session
    }

    /// Not `Clone`: there is one session, and a copy is made to take its place.
    fn copy(&self) -> Self {
        Self {
            account: self.account.clone(),
            tokens: self.tokens.clone(),
            received_since_boot: self.received_since_boot.clone(),
            id: self.id.clone(),
            refusal: self.refusal.clone(),
            ..*self
        }
    }

    /// When the access token ends, on the provider's clock.
    pub fn expires_at(&self) -> Timestamp {
        self.received_at + self.tokens.lifetime
    }

    /// How long the access token can still be used: the least of what the clocks say. The wall clock may be set, this
    /// process's own stands still while the computer sleeps, and the one since boot is not there on every system.
    pub fn remaining(&self, clock: &Clock) -> Duration {
        if self.distrusted {
            return Duration::ZERO;
        }
        let by_own_clock = self
            .received_monotonic
            .map(|received| clock.monotonic().saturating_sub(received));
        let by_boot = self
            .received_since_boot
            .as_ref()
            .and_then(|received| received.until(&clock.since_boot()?));
        let mut ages = [by_own_clock, by_boot].into_iter().flatten().peekable();
        if ages.peek().is_none()
            && (self.received_at.since(clock.now()) > CLOCK_TOLERANCE
                || clock.goes_by_hearsay(CLOCK_TOLERANCE))
        {
            // Nothing but the wall clock tells how old the token is; and that stands before the moment at which it came, or
            // is corrected by what may no longer be so.
            return Duration::ZERO;
        }
        let lifetime = self.tokens.lifetime;
        let by_wall = self.expires_at().since(clock.now()).min(lifetime);
        ages.map(|age| lifetime.saturating_sub(age))
            .fold(by_wall, Duration::min)
    }

    /// How long before its end the access token is replaced, when there is somebody to do it.
    fn lead(&self) -> Duration {
        (self.tokens.lifetime / 5).min(LONGEST_LEAD)
    }

    /// The least remaining life that is good enough when nobody asks for more.
    fn usual_wish(&self) -> Duration {
        self.lead().min(LONGEST_USUAL_WISH)
    }

    /// Whether both hold the same tokens, however often they were looked at since.
    fn is(&self, other: &Self) -> bool {
        (&self.id, self.generation, self.received_at, &self.account)
            == (
                &other.id,
                other.generation,
                other.received_at,
                &other.account,
            )
    }

    /// What the provider said, if it was that there will be no more tokens.
    fn ended(&self) -> Option<SessionError> {
        let refusal = self.refusal.as_ref()?;
        refusal.is_final().then(|| refusal.as_error().into())
    }
}

/// What may be shown of the session at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each manager, and a copy for whoever looks"
)]
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
    /// Whether a keyring that [lasts](crate::Vault::lasts) holds the session; otherwise it ends with the program.
    pub kept: bool,
    /// Whether a refresh is under way.
    pub refreshing: bool,
    /// Why there will be no newer token than the one at hand, or has not been one in time.
    pub trouble: Option<Trouble>,
}

/// What stands in the way of newer tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub reason: Reason,
    /// What a person may be told beyond that; never a secret.
    pub detail: Option<String>,
}

impl From<&SessionError> for Trouble {
    fn from(error: &SessionError) -> Self {
        Self {
            reason: error.reason(),
            detail: error.detail(),
        }
    }
}

/// A token that may be used now.
#[derive(Clone, Debug)]
pub struct FreshToken {
    /// The token.
    pub token: AccessToken,
    /// The provider's last signed statement of who signed in, if it made one.
    pub id_token: Option<IdToken>,
    /// When the token ends, on the provider's clock.
    pub expires_at: Timestamp,
    /// How long it can still be used, by the strictest of the clocks.
    pub lives: Duration,
    /// How long it lived in all.
    pub lifetime: Duration,
    /// Whether the provider was asked for it just now.
    pub refreshed: bool,
    /// What the person should know of it.
    pub warning: Option<Warning>,
}

/// Why a token that is handed out is not quite what was asked for.
#[derive(Clone, Debug)]
pub enum Warning {
    /// There was to be a newer one, and there is none; this is the one at hand, which still lives.
    NotRefreshed(SessionError),
    /// Even a new one does not live as long as is usual.
    ShortLived,
    /// The keyring did not take the new session: it ends with this program.
    NotKept,
}

/// Why there is no fresh token, or the session could not be changed.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// The session has no refresh token: with its access token it ends.
    #[error("the session cannot be renewed")]
    NotRenewable,
    /// Another program is refreshing the same session, and was waited for in vain.
    #[error("another program is refreshing this session and does not finish")]
    Busy,
    /// There is no file to lock, and without one two programs may spend the same refresh token.
    #[error("no lock file can be made: {0}")]
    NoLock(String),
    /// The provider's tokens never live as long as was asked for.
    #[error("a token lives {} s here, and {} s were asked for", .lives.as_secs(), .asked.as_secs())]
    TooShort {
        /// How long a new token lives.
        lives: Duration,
        /// How long it was to live.
        asked: Duration,
    },
    /// What was to be adopted is no refresh token.
    #[error("that is no refresh token, nor an answer with one")]
    NothingToAdopt,
    /// The provider did not take the refresh token that was to be adopted. The session goes on with its own.
    #[error("the new refresh token was not accepted: {0}")]
    NotAdopted(ProviderError),
}

impl SessionError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::SignedOut | Self::NotRenewable => Reason::SignInNeeded,
            Self::Store(error) => error.reason(),
            Self::Busy => Reason::Busy,
            Self::NoLock(_) => Reason::StateFolderUnusable,
            Self::TooShort { .. } => Reason::TokenTooShort,
            Self::NothingToAdopt => Reason::NothingToAdopt,
            // About a token that was never the session's: nobody needs to sign in.
            Self::NotAdopted(ProviderError::SessionEnded { .. }) => Reason::ProviderRefused,
            Self::Provider(error) | Self::NotAdopted(error) => error.reason(),
        }
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Provider(error) | Self::NotAdopted(error) => error.detail(),
            Self::Store(error) => error.detail(),
            Self::NoLock(said) => Some(said.clone()),
            Self::TooShort { .. } => Some(self.to_string()),
            Self::SignedOut | Self::NotRenewable | Self::Busy | Self::NothingToAdopt => None,
        }
    }

    /// Whether the person must sign in again, whatever life the token at hand has left.
    fn is_final(&self) -> bool {
        self.reason() == Reason::SignInNeeded && !matches!(self, Self::NotRenewable)
    }
}
