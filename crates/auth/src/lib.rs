//! From "Sign in" to a fresh token: how a native app signs a person in.
//!
//! The story, in the order it happens:
//!
//! 1. A [`Profile`], one of the [`Profiles`] of a file, says who the provider is: Cotter, or anybody who speaks OpenID
//!    Connect. [`Provider::new`] speaks to it.
//! 2. What the person types is parsed once, into an [`Identifier`].
//! 3. [`SignIn::begin`] makes an attempt: the address to open, and a [`PendingAuthorization`] (state, PKCE verifier,
//!    redirect URI) that goes into the keyring, because the answer may come to another process.
//! 4. [`door::browser::open`] opens the address. The mail, the link and the click are the provider's.
//! 5. The answer comes back by a [`door`]: our own scheme, a listener on this computer, or the clipboard. Whatever
//!    brought it, it is text from a stranger.
//! 6. [`SignIn::judge`] parses it into a [`Callback`], finds the attempt by its state, and lets
//!    [`PendingAuthorization::accept`] decide. [`SignIn::redeem`] exchanges the [`AuthorizationGrant`] and verifies
//!    every token. The result is a [`Session`].
//! 7. [`SessionManager::adopt`] keeps the session in the keyring and uses it; [`SignIn::settle`] forgets the attempt.
//! 8. [`SessionManager::access_token`] hands out a token that lives long enough, and refreshes when it would not.
//!    [`SessionManager::restore`] takes up the session at the next start, [`SessionManager::sign_out`] ends it.
//!
//! Where there is no browser, [`DeviceSignIn`] takes the place of steps 3 to 6: the person types a short code elsewhere.
//!
//! Several programs share one session. [`StateFolder`] is how they keep out of each other's way, so that a refresh token
//! is spent once; [`SessionManager::follow`] is how a window learns what a terminal has done.
//!
//! This crate has no user interface. It follows RFC 8252 (native apps), RFC 7636 (PKCE), RFC 9700 (best current
//! practice) and OpenID Connect Core; each item names the section it comes from.
//!
//! # Example
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use keyfob_auth::{
//!     Clock, Profile, Provider, RedirectUri, Return, SERVICE, SessionManager, SessionStore, SignIn, StateFolder, Vault,
//!     door,
//! };
//! use tokio::sync::mpsc;
//!
//! # async fn walk() -> Result<(), Box<dyn std::error::Error>> {
//! let profile = Profile::local(&"http://127.0.0.1:41017".parse()?);
//! let clock = Clock::system();
//! let vault = Vault::system(SERVICE);
//! let provider = Arc::new(Provider::new(&profile, &clock));
//! let sign_in = SignIn::new(provider.clone(), vault.clone(), &profile.name, clock.clone());
//! let store = SessionStore::new(vault, &profile.name, StateFolder::usual(SERVICE));
//! let sessions = SessionManager::new(provider, store, clock);
//!
//! let (returns, mut answers) = mpsc::channel(4);
//! let listener = door::loopback::Loopback::open(returns).await?;
//! let ada = "ada@example.com".parse()?;
//! let (attempt, _kept) = sign_in.begin(Some(&ada), listener.redirect_uri().clone()).await?;
//! door::browser::open(&attempt.request.address).await?;
//!
//! while let Some(address) = answers.recv().await {
//!     if let Ok(Return::Answer(grant)) = sign_in.judge(&address).await
//!         && let Some(session) = sign_in.redeem(grant).await?
//!     {
//!         sessions.adopt(session).await?;
//!         sign_in.settle().await?;
//!         break;
//!     }
//! }
//! let token = sessions.access_token(None).await?.token;
//! # let _ = token; Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod account;
mod address;
mod authorization;
mod callback;
mod clock;
pub mod door;
mod http;
mod identifier;
pub mod inspection;
mod jwks;
mod jwt;
pub mod local_provider;
pub mod neighbours;
mod pkce;
pub mod profile;
mod provider;
mod reason;
mod secret;
mod service;
mod session;
mod sign_in;
mod state_folder;
mod token;
mod vault;

pub use account::Account;
pub use authorization::{
    ATTEMPT_LIFETIME, AuthorizationGrant, AuthorizationRequest, PendingAuthorization, RedirectUri,
    Rejection, printable,
};
pub use callback::{Callback, CallbackError, LONGEST_RETURN_ADDRESS};
pub use clock::{Clock, Timestamp};
pub use identifier::{Identifier, IdentifierError};
pub use jwt::JwtError;
pub use profile::{
    CotterConfig, Misfit, OidcConfig, Profile, ProfileError, Profiles, ProviderConfig, Setting,
};
pub use provider::{Objection, Picture, Provider, ProviderError, Tried};
pub use reason::Reason;
pub use service::SERVICE;
pub use session::{
    FreshToken, Session, SessionError, SessionManager, SessionStatus, SessionStore, SignedIn,
    StoreError, Trouble, Warning,
};
pub use sign_in::{Attempt, DeviceError, DeviceSignIn, FinishError, Return, SignIn};
pub use state_folder::StateFolder;
pub use token::{AccessToken, IdToken};
use token::{RefreshToken, TokenSet};
pub use vault::{Damage, Late, Vault, VaultError};
