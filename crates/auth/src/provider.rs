//! A provider and its verbs: `begin`, `redeem`, `refresh`, `revoke`.
//!
//! An enum, not a trait: the providers are known, and a reader sees at each verb what the wires have in common.

mod cotter;
pub(crate) mod oidc;
mod trial;

use std::{sync::Arc, time::Duration};

use jsonwebtoken::jwk::Jwk;
use serde_json::Value;
use url::Url;

use crate::{
    AccessToken, Account, Clock, IdToken, Profile, Reason, RefreshToken, TokenSet,
    authorization::{AuthorizationGrant, AuthorizationRequest, PendingAuthorization, RedirectUri},
    callback::Callback,
    http::HttpError,
    identifier::Identifier,
    jwks::JwksError,
    jwt::JwtError,
    profile::{Misfit, ProviderConfig, Setting},
};
use cotter::Cotter;
use oidc::Oidc;
pub use oidc::picture::Picture;
pub use trial::{Objection, Tried};

/// Who a person can sign in with.
#[derive(Debug)]
pub enum Provider {
    /// Cotter's passwordless API; the bundled local provider speaks it too.
    Cotter(Box<Cotter>),
    /// Any OpenID Connect provider.
    Oidc(Box<Oidc>),
}

/// What an accepted grant was exchanged for.
#[derive(Debug)]
pub(crate) struct Redeemed {
    /// Verified where the provider defines how.
    pub(crate) tokens: TokenSet,
    /// Who signed in.
    pub(crate) account: Account,
}

/// Why a provider gave no tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProviderError {
    /// It could not be reached, or went silent.
    #[error("the provider cannot be reached")]
    Unreachable(#[source] Arc<reqwest::Error>),
    /// Somebody answered whose certificate this computer does not trust: it may be an interception on the way.
    #[error("the connection to the provider is not trusted: {message}")]
    Untrusted {
        /// What is wrong with the certificate, and who issued it.
        message: String,
    },
    /// The profile and the provider do not fit together.
    #[error("the profile does not fit the provider: {0}")]
    Misconfigured(#[from] Misfit),
    /// It answered something that is not an answer; asking again may help.
    #[error("the provider does not work: {what} (HTTP {status})")]
    Broken {
        /// What was wrong with the answer.
        what: &'static str,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// It asks to be asked again later.
    #[error("the provider asks to wait{}", for_so_long(*.wait))]
    Busy {
        /// How long, if it says ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
        wait: Option<Duration>,
    },
    /// It does not allow the address we return to.
    #[error("the provider does not allow this app's return address")]
    RedirectNotAllowed,
    /// The code was used, is too old, or was made for another verifier.
    #[error("the provider did not accept the code: {message}")]
    CodeRefused {
        /// The provider's words, made fit to show.
        message: String,
    },
    /// The refresh token is no longer good: sign in again.
    #[error("the provider has ended the session: {message}")]
    SessionEnded {
        /// The provider's words, made fit to show.
        message: String,
    },
    /// It does not know this app, or not as a public client. Whoever is signed in stays so.
    #[error("the provider refused this app: {message} (HTTP {status})")]
    ClientRefused {
        /// The provider's words, made fit to show, and the setting to look at.
        message: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// A no of another kind.
    #[error("the provider refused: {message} (HTTP {status})")]
    Refused {
        /// The provider's words, made fit to show.
        message: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// A token it handed out is not to be believed.
    #[error("a token was refused: {0}")]
    Unverified(#[from] JwtError),
}

/// Why a refresh gave no tokens, and what it may have changed all the same.
#[derive(Debug)]
pub(crate) struct RefreshError {
    pub(crate) error: ProviderError,
    /// The provider rotated the refresh token before it was clear that the rest is not to be believed: the one that
    /// was spent is worth nothing any more.
    pub(crate) rotated: Option<RefreshToken>,
}

impl<E: Into<ProviderError>> From<E> for RefreshError {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            rotated: None,
        }
    }
}

impl From<HttpError> for ProviderError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable(error) => Self::Unreachable(Arc::new(error)),
            HttpError::Untrusted(untrusted) => Self::Untrusted {
                message: untrusted.to_string(),
            },
            HttpError::CaFile(what) => Setting::CaFile.misfit(format!("ca_file: {what}")).into(),
            HttpError::Broken { what, status } => Self::Broken { what, status },
        }
    }
}

impl From<JwksError> for ProviderError {
    fn from(error: JwksError) -> Self {
        match error {
            JwksError::Http(error) => error.into(),
            JwksError::Jwt(error) => error.into(),
        }
    }
}

impl ProviderError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Unreachable(_) | Self::Untrusted { .. } => Reason::Offline,
            Self::Misconfigured(_) => Reason::ConfigInvalid,
            Self::Broken { .. } => Reason::ProviderBroken,
            Self::Busy { .. } => Reason::ProviderBusy,
            Self::RedirectNotAllowed => Reason::RedirectNotAllowed,
            Self::CodeRefused { .. } => Reason::CodeRefused,
            Self::SessionEnded { .. } => Reason::SignInNeeded,
            Self::ClientRefused { .. } | Self::Refused { .. } => Reason::ProviderRefused,
            Self::Unverified(_) => Reason::VerificationFailed,
        }
    }

    /// Whether the same question may get another answer later: the provider has not said no.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Untrusted { .. } | Self::Broken { .. } | Self::Busy { .. }
        )
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Broken { what, status } => Some(format!("{what} (HTTP {status})")),
            Self::Busy { wait } => wait.map(|_| format!("it asks to wait{}", for_so_long(*wait))),
            Self::Untrusted { message }
            | Self::CodeRefused { message }
            | Self::SessionEnded { message }
            | Self::ClientRefused { message, .. }
            | Self::Refused { message, .. } => Some(message.clone()),
            Self::Misconfigured(misfit) => Some(misfit.to_string()),
            Self::Unverified(error) => Some(error.to_string()),
            Self::Unreachable(_) | Self::RedirectNotAllowed => None,
        }
    }
}

/// A wait as the end of a sentence; in minutes when it is long.
fn for_so_long(wait: Option<Duration>) -> String {
    match wait.map(|wait| wait.as_secs()) {
        None => String::new(),
        Some(seconds @ ..120) => format!(" for {seconds} s"),
        Some(seconds) => format!(" for {} min", seconds.div_ceil(60)),
    }
}

impl Provider {
    /// The provider that `profile` names. Asks nobody yet.
    pub fn new(profile: &Profile, clock: &Clock) -> Self {
        match &profile.provider {
            ProviderConfig::Cotter(config) => {
                Self::Cotter(Box::new(Cotter::new(config.clone(), clock)))
            }
            ProviderConfig::Oidc(config) => Self::Oidc(Box::new(Oidc::new(config.clone(), clock))),
        }
    }

    /// The issuer that its tokens name.
    pub fn issuer(&self) -> &str {
        match self {
            Self::Cotter(cotter) => cotter.issuer(),
            Self::Oidc(oidc) => oidc.issuer(),
        }
    }

    /// The page that a person signs in at.
    pub fn sign_in_page(&self) -> &Url {
        match self {
            Self::Cotter(cotter) => cotter.sign_in_page(),
            Self::Oidc(oidc) => oidc.sign_in_page(),
        }
    }

    /// A new attempt: what to open, and what to keep until the answer comes.
    ///
    /// # Errors
    ///
    /// When the provider must first be asked where its pages are, and did not say. Cotter is asked nothing.
    pub(crate) async fn begin(
        &self,
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
        clock: &Clock,
    ) -> Result<PendingAuthorization, ProviderError> {
        match self {
            Self::Cotter(cotter) => Ok(cotter.begin(identifier, redirect_uri, clock.wall())),
            Self::Oidc(oidc) => oidc.begin(identifier, redirect_uri).await,
        }
    }

    /// What to open for a request that was pushed before, in place of a reference that is spent.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    pub(crate) async fn push_again(
        &self,
        whole: Url,
    ) -> Result<AuthorizationRequest, ProviderError> {
        match self {
            // Never pushed.
            Self::Cotter(_) => Ok(AuthorizationRequest { address: whole }),
            Self::Oidc(oidc) => oidc.push_again(whole).await,
        }
    }

    /// Whether a code comes with everything that the exchange needs.
    pub(crate) fn can_redeem(&self, callback: &Callback) -> bool {
        match self {
            Self::Cotter(_) => callback.is_error() || callback.challenge_id().is_some(),
            Self::Oidc(_) => true,
        }
    }

    /// Exchanges a judged answer for verified tokens.
    ///
    /// # Errors
    ///
    /// [`ProviderError`]; a [transient](ProviderError::is_transient) one leaves the code unspent.
    pub(crate) async fn redeem(
        &self,
        grant: &AuthorizationGrant,
    ) -> Result<Redeemed, ProviderError> {
        match self {
            Self::Cotter(cotter) => cotter.redeem(grant).await,
            Self::Oidc(oidc) => oidc.redeem(grant).await,
        }
    }

    /// Has at hand what is needed to believe an answer: what a code or a refresh token buys cannot be bought twice.
    ///
    /// # Errors
    ///
    /// [`ProviderError`], when the provider did not hand it out.
    pub async fn ready(&self) -> Result<(), ProviderError> {
        match self {
            Self::Cotter(cotter) => cotter.ready().await,
            Self::Oidc(oidc) => oidc.ready().await.map(drop),
        }
    }

    /// Whether its access tokens are for nobody but the API that they are for: there is no way to check them here
    /// (RFC 6749 §1.4).
    pub fn has_opaque_tokens(&self) -> bool {
        matches!(self, Self::Oidc(_))
    }

    /// What it was told about itself: kept with the session, so that the next process need not ask. All of it is public.
    pub(crate) fn memory(&self) -> Option<Value> {
        match self {
            Self::Cotter(cotter) => cotter.memory(),
            Self::Oidc(oidc) => oidc.memory(),
        }
    }

    /// Goes by what an earlier process was told. A memory of another kind, or of another version, is none.
    pub(crate) fn recall(&self, memory: &Value) {
        match self {
            Self::Cotter(cotter) => cotter.recall(memory),
            Self::Oidc(oidc) => oidc.recall(memory),
        }
    }

    /// Spends `token` on the next token set for `account`.
    ///
    /// # Errors
    ///
    /// [`ProviderError::SessionEnded`] when the person must sign in again; every other error keeps the session, with
    /// the rotated refresh token if one came.
    pub(crate) async fn refresh(
        &self,
        token: &RefreshToken,
        account: &Account,
    ) -> Result<TokenSet, RefreshError> {
        match self {
            Self::Cotter(cotter) => cotter.refresh(token, account).await,
            Self::Oidc(oidc) => oidc.refresh(token, account).await,
        }
    }

    /// Checks a kept access token once more, and names the key that its signature fits; nothing where the provider does
    /// not define how it is checked, because it is not meant for us.
    ///
    /// # Errors
    ///
    /// [`ProviderError::Unverified`] when it is not to be believed, another when the keys could not be had.
    pub(crate) async fn verify(
        &self,
        token: &AccessToken,
    ) -> Result<Option<String>, ProviderError> {
        match self {
            Self::Cotter(cotter) => cotter.verify_access_token(token).await.map(Some),
            Self::Oidc(_) => Ok(None),
        }
    }

    /// The key that has signed an access token; none where only the API that it is for can tell.
    ///
    /// # Errors
    ///
    /// When the provider's keys could not be had, or none of them has signed it.
    pub(crate) async fn signer_of_access(
        &self,
        token: &AccessToken,
    ) -> Result<Option<Jwk>, ProviderError> {
        match self {
            Self::Cotter(cotter) => cotter.signer(token.expose()).await.map(Some),
            Self::Oidc(_) => Ok(None),
        }
    }

    /// The key that has signed an ID token.
    ///
    /// # Errors
    ///
    /// As [`signer_of_access`](Self::signer_of_access).
    pub(crate) async fn signer_of_id(&self, token: &IdToken) -> Result<Jwk, ProviderError> {
        match self {
            Self::Cotter(cotter) => cotter.signer(token.expose()).await,
            Self::Oidc(oidc) => oidc.signer(token).await,
        }
    }

    /// Tells the provider that `token` is no longer wanted, and says whether it could be told.
    ///
    /// # Errors
    ///
    /// When it did not do it; a [transient](ProviderError::is_transient) error is worth another try.
    pub(crate) async fn revoke(&self, token: &RefreshToken) -> Result<bool, ProviderError> {
        match self {
            Self::Cotter(_) => Ok(false),
            Self::Oidc(oidc) => oidc.revoke(token).await,
        }
    }

    /// The page that ends the person's session at the provider, in their browser; none where there is no such page.
    ///
    /// # Errors
    ///
    /// When the provider had to be asked where that is, and did not say.
    pub(crate) async fn logout_page(&self) -> Result<Option<Url>, ProviderError> {
        match self {
            Self::Cotter(_) => Ok(None),
            Self::Oidc(oidc) => oidc.logout_page().await,
        }
    }

    /// The person's picture, if the provider named one at a safe address.
    ///
    /// # Errors
    ///
    /// When it is too large, no picture, or cannot be had.
    pub async fn picture(&self, account: &Account) -> Result<Option<Picture>, ProviderError> {
        match (self, &account.picture) {
            (Self::Oidc(oidc), Some(address)) => oidc.picture(address).await,
            _ => Ok(None),
        }
    }
}
