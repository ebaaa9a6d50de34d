//! The tokens a sign-in ends in.
//!
//! None of them can be printed or serialised by accident. Each has one opening, `expose`, for the place that
//! hands it to the person, the provider or the keyring.

use std::time::Duration;

use crate::secret::Secret;

macro_rules! token {
    ($(#[$doc:meta])* $seen:vis $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        $seen struct $name(Secret);

        impl $name {
            pub(crate) fn new(text: impl Into<String>) -> Self {
                Self(Secret::new(text))
            }

            /// The token itself. Whoever calls this answers for where it goes.
            $seen fn expose(&self) -> &str {
                self.0.expose()
            }
        }
    };
}

token! {
    /// A bearer token (RFC 6750): what the person came for.
    pub AccessToken
}
token! {
    /// The token that buys the next access token (RFC 6749 §1.5). It never leaves this crate but for the keyring.
    pub(crate) RefreshToken
}
token! {
    /// The provider's signed statement of who signed in (OpenID Connect Core §2).
    pub(crate) IdToken
}

/// What a provider hands out for a code or a refresh token (RFC 6749 §5.1), verified.
#[derive(Clone, Debug)]
pub(crate) struct TokenSet {
    /// The bearer token.
    pub(crate) access: AccessToken,
    /// Absent when the provider keeps the old one valid.
    pub(crate) refresh: Option<RefreshToken>,
    /// Absent when the provider sends none on refresh.
    pub(crate) id: Option<IdToken>,
    /// How long the access token lives from the moment it was received.
    pub(crate) lifetime: Duration,
    /// The key that the access token's signature was checked with, where the provider defines how.
    pub(crate) verified_by: Option<String>,
}
