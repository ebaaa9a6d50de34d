//! The tokens a sign-in ends in.
//!
//! None of them can be printed or serialised by accident. Each has one opening, `expose`, for the place that
//! hands it to the person, the provider or the keyring.

use std::time::Duration;

use serde::Deserialize;

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
    pub IdToken
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
    /// The name of the key that the access token's signature was checked with in this run, where the provider defines
    /// how.
    pub(crate) verified_by: Option<String>,
}

impl RefreshToken {
    /// The refresh token in `text`: alone, or in the answer of the call that minted it. Cotter's page spells the field
    /// with one n and with two.
    pub(crate) fn minted(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Minted {
            #[serde(alias = "refresh_tokenn")]
            refresh_token: Secret,
        }
        let text = text.trim();
        let token = match serde_json::from_str::<Minted>(text) {
            Ok(minted) => minted.refresh_token,
            Err(_) => Secret::new(text),
        };
        // RFC 6749 §A.17: visible ASCII characters, and spaces, which none has.
        let of_visible =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        (of_visible(token.expose()) && !token.expose().contains(['{', '"'])).then_some(Self(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_refresh_token_is_taken_alone_or_out_of_its_answer_in_either_spelling() {
        for text in [
            "812:Zk3abc",
            " 812:Zk3abc\n",
            r#"{"token":"A","refresh_token":"812:Zk3abc"}"#,
            r#"{"token":"A","refresh_tokenn":"812:Zk3abc"}"#,
        ] {
            assert_eq!(
                RefreshToken::minted(text).unwrap().expose(),
                "812:Zk3abc",
                "{text}"
            );
        }
    }

    #[test]
    fn what_holds_no_refresh_token_is_none() {
        for text in [
            "",
            "  ",
            "two words",
            "{}",
            r#"{"token":"A"}"#,
            r#"{"refresh_token":7}"#,
            "é",
        ] {
            assert!(RefreshToken::minted(text).is_none(), "{text}");
        }
    }
}
