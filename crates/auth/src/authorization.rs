//! One attempt to sign in, from the request to the grant ([RFC 6749 §4.1]).
//!
//! A provider's `begin` makes two things at once: the [`AuthorizationRequest`] to open, and the
//! [`PendingAuthorization`] to keep. When the browser comes back, [`PendingAuthorization::accept`] judges the
//! [`Callback`]. It is the only way to an [`AuthorizationGrant`], and it consumes the attempt: a callback that was
//! not judged cannot be redeemed, and an attempt cannot be used twice.
//!
//! [RFC 6749 §4.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroize;

use crate::{
    Reason, Timestamp,
    callback::{Answer, Callback, RedirectTarget},
    identifier::Identifier,
    pkce::CodeVerifier,
    secret::Secret,
};

/// How long an attempt is waited for. A provider's link or code may live shorter.
pub const ATTEMPT_LIFETIME: Duration = Duration::from_mins(15);

/// The longest provider error that is shown, in characters.
const LONGEST_ERROR: usize = 120;

/// What the browser is asked to open.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The provider's sign-in page with all parameters. It names the state, so it is shown to nobody but the person.
    pub address: Url,
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query names the state.
        write!(
            f,
            "AuthorizationRequest({})",
            self.address.origin().ascii_serialization()
        )
    }
}

/// Where the provider sends the browser back to; fixed before it opens and repeated at redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(Url);

impl RedirectUri {
    /// A redirect URI of ours, for example `dev.keyfob://callback`.
    pub fn new(address: Url) -> Self {
        Self(address)
    }

    /// The text exactly as it is registered and repeated.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the answer comes by a listener on this computer (RFC 8252 §7.3) and not by our own scheme.
    pub fn is_loopback(&self) -> bool {
        self.0.scheme() == "http"
    }
}

/// An attempt that waits for its answer. Kept in the keyring, because it holds the verifier.
#[derive(Debug)]
pub struct PendingAuthorization {
    pub(crate) state: Secret,
    pub(crate) verifier: CodeVerifier,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) identifier: Option<String>,
    pub(crate) request: AuthorizationRequest,
    /// Who it was asked of: an answer is redeemed nowhere else (RFC 9700 §4.4).
    pub(crate) issuer: String,
    pub(crate) begun_at: Timestamp,
}

/// A judged answer: what the provider's token endpoint will exchange, once.
#[derive(Debug)]
pub struct AuthorizationGrant {
    pub(crate) code: Secret,
    pub(crate) challenge_id: Option<i64>,
    attempt: PendingAuthorization,
}

/// Why an answer was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// It belongs to another attempt or installation, or to none.
    #[error("this link belongs to no sign-in of this app")]
    Foreign(Box<PendingAuthorization>),
    /// It came on another path or port than this attempt asked for (a mix-up, RFC 9700 §4.4).
    #[error("this link came back by another way than the sign-in asked for")]
    WrongDoor(Box<PendingAuthorization>),
    /// It came after [`ATTEMPT_LIFETIME`]; the attempt is over.
    #[error("this sign-in took too long")]
    Late,
    /// The provider's final no for this very attempt, by its error code; the attempt is over.
    #[error("the provider ended the sign-in: {error}")]
    Denied {
        /// The `error` parameter, shortened and without control characters.
        error: String,
    },
}

impl Rejection {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Foreign(_) | Self::WrongDoor(_) => Reason::LinkForeign,
            Self::Late => Reason::SignInExpired,
            Self::Denied { .. } => Reason::SignInDenied,
        }
    }
}

impl PendingAuthorization {
    /// A new attempt with a state and a verifier of its own.
    pub(crate) fn new(
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
        issuer: &str,
        begun_at: Timestamp,
        address: impl FnOnce(&str, &CodeVerifier) -> Url,
    ) -> Self {
        let state = Secret::random();
        let verifier = CodeVerifier::random();
        Self {
            request: AuthorizationRequest {
                address: address(state.expose(), &verifier),
            },
            issuer: issuer.to_owned(),
            state,
            verifier,
            redirect_uri,
            identifier: identifier.map(|identifier| identifier.as_str().to_owned()),
            begun_at,
        }
    }

    /// The sign-in page of this attempt, to open again.
    pub fn request(&self) -> AuthorizationRequest {
        self.request.clone()
    }

    /// What was typed; nothing when the person chose to continue in the browser.
    pub fn identifier(&self) -> Option<&str> {
        self.identifier.as_deref()
    }

    /// Where the answer will come.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// When the attempt began, on this computer's own clock.
    pub fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// Until when its answer is accepted, on this computer's own clock: nobody else goes by it.
    pub fn expires_at(&self) -> Timestamp {
        self.begun_at + ATTEMPT_LIFETIME
    }

    /// Whether `callback` answers this attempt, compared in constant time.
    pub(crate) fn is_answered_by(&self, callback: &Callback) -> bool {
        self.state.matches(callback.state.expose())
    }

    /// Judges the answer: same state, same way back, in time, and no error.
    ///
    /// # Errors
    ///
    /// [`Rejection`] says which rule failed. It gives the attempt back unless the attempt is over, so that a forged
    /// or foreign link never ends a sign-in.
    pub fn accept(
        self,
        callback: Callback,
        now: Timestamp,
    ) -> Result<AuthorizationGrant, Rejection> {
        if !self.is_answered_by(&callback) {
            return Err(Rejection::Foreign(Box::new(self)));
        }
        if callback.target != RedirectTarget::of(&self.redirect_uri.0) {
            return Err(Rejection::WrongDoor(Box::new(self)));
        }
        if now > self.expires_at() {
            return Err(Rejection::Late);
        }
        match callback.answer {
            Answer::Code { code, challenge_id } => Ok(AuthorizationGrant {
                code,
                challenge_id,
                attempt: self,
            }),
            Answer::Error { error } => Err(Rejection::Denied {
                error: printable(&error, LONGEST_ERROR),
            }),
        }
    }
}

impl AuthorizationGrant {
    pub(crate) fn verifier(&self) -> &CodeVerifier {
        &self.attempt.verifier
    }

    pub(crate) fn redirect_uri(&self) -> &RedirectUri {
        &self.attempt.redirect_uri
    }

    /// Back to waiting, when the provider could not be asked: the code was not spent.
    pub(crate) fn not_redeemed(self) -> PendingAuthorization {
        self.attempt
    }
}

/// A stranger's text, made fit to show: one line, no control or direction-changing characters, at most `longest`.
pub fn printable(text: &str, longest: usize) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .take(longest)
        .collect()
}

/// [`PendingAuthorization`] as the keyring holds it.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptAttempt {
    state: String,
    verifier: String,
    redirect_uri: RedirectUri,
    identifier: Option<String>,
    address: Url,
    issuer: String,
    begun_at: Timestamp,
}

impl Drop for KeptAttempt {
    fn drop(&mut self) {
        self.state.zeroize();
        self.verifier.zeroize();
    }
}

impl From<&PendingAuthorization> for KeptAttempt {
    fn from(attempt: &PendingAuthorization) -> Self {
        Self {
            state: attempt.state.expose().to_owned(),
            verifier: attempt.verifier.expose().to_owned(),
            redirect_uri: attempt.redirect_uri.clone(),
            identifier: attempt.identifier.clone(),
            address: attempt.request.address.clone(),
            issuer: attempt.issuer.clone(),
            begun_at: attempt.begun_at,
        }
    }
}

impl From<KeptAttempt> for PendingAuthorization {
    fn from(mut kept: KeptAttempt) -> Self {
        Self {
            state: Secret::new(std::mem::take(&mut kept.state)),
            verifier: CodeVerifier::from_kept(std::mem::take(&mut kept.verifier)),
            redirect_uri: kept.redirect_uri.clone(),
            identifier: kept.identifier.take(),
            request: AuthorizationRequest {
                address: kept.address.clone(),
            },
            issuer: kept.issuer.clone(),
            begun_at: kept.begun_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn attempt() -> PendingAuthorization {
        let redirect_uri = RedirectUri::new("dev.keyfob://callback".parse().unwrap());
        PendingAuthorization::new(
            None,
            redirect_uri,
            "https://issuer.test",
            NOON,
            |state, _| {
                format!("https://issuer.test/?state={state}")
                    .parse()
                    .unwrap()
            },
        )
    }

    fn answer(attempt: &PendingAuthorization, target: &str, rest: &str) -> Callback {
        Callback::parse(&format!("{target}?state={}&{rest}", attempt.state.expose())).unwrap()
    }

    #[test]
    fn the_answer_to_this_attempt_becomes_a_grant() {
        let attempt = attempt();
        let callback = answer(&attempt, "dev.keyfob://callback", "code=C&challenge_id=7");
        let grant = attempt.accept(callback, NOON).unwrap();
        assert!(grant.code.matches("C"));
        assert_eq!(grant.challenge_id, Some(7));
    }

    #[test]
    fn a_foreign_answer_is_refused_and_the_attempt_goes_on() {
        let other = attempt();
        let callback = answer(&other, "dev.keyfob://callback", "code=C");
        let Err(Rejection::Foreign(attempt)) = attempt().accept(callback, NOON) else {
            panic!("accepted a foreign answer");
        };
        let callback = answer(&attempt, "dev.keyfob://callback", "code=C");
        assert!(attempt.accept(callback, NOON).is_ok());
    }

    #[test]
    fn a_foreign_error_does_not_end_the_attempt() {
        let other = attempt();
        let callback = answer(&other, "dev.keyfob://callback", "error=access_denied");
        assert!(matches!(
            attempt().accept(callback, NOON),
            Err(Rejection::Foreign(_))
        ));
    }

    #[test]
    fn an_answer_by_another_door_is_refused() {
        for target in [
            "dev.keyfob://callback/other",
            "dev.keyfob.debug://callback",
            "dev.keyfob://elsewhere",
            "http://127.0.0.1:80/callback",
        ] {
            let attempt = attempt();
            let callback = answer(&attempt, target, "code=C");
            assert!(
                matches!(attempt.accept(callback, NOON), Err(Rejection::WrongDoor(_))),
                "{target}"
            );
        }
    }

    #[test]
    fn a_late_callback_is_refused() {
        let attempt = attempt();
        let callback = answer(&attempt, "dev.keyfob://callback", "code=C");
        let late = NOON + ATTEMPT_LIFETIME + Duration::from_millis(1);
        let rejection = attempt.accept(callback, late).unwrap_err();
        assert_eq!(rejection.reason(), Reason::SignInExpired);
    }

    #[test]
    fn the_providers_own_no_ends_the_attempt_and_is_shown_without_tricks() {
        let attempt = attempt();
        let callback = answer(
            &attempt,
            "dev.keyfob://callback",
            "error=access%0Adenied%E2%80%AE",
        );
        let Err(Rejection::Denied { error }) = attempt.accept(callback, NOON) else {
            panic!("not denied");
        };
        assert_eq!(error, "accessdenied");
    }

    #[test]
    fn a_kept_attempt_comes_back_as_it_was() {
        let attempt = attempt();
        let kept = serde_json::to_string(&KeptAttempt::from(&attempt)).unwrap();
        let back: PendingAuthorization = serde_json::from_str::<KeptAttempt>(&kept).unwrap().into();
        assert!(back.state.matches(attempt.state.expose()));
        assert_eq!(back.verifier.expose(), attempt.verifier.expose());
        assert_eq!(back.redirect_uri, attempt.redirect_uri);
        assert_eq!(back.expires_at(), NOON + ATTEMPT_LIFETIME);
    }

    #[test]
    fn an_attempt_does_not_print_its_secrets() {
        let attempt = attempt();
        let printed = format!("{attempt:?}");
        assert!(!printed.contains(attempt.verifier.expose()));
        assert!(!printed.contains(attempt.state.expose()));
    }
}
