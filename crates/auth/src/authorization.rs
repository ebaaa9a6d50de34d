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
    /// What the ID token must repeat (OpenID Connect Core §3.1.2.1), for a provider that issues one.
    pub(crate) nonce: Option<Secret>,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) identifier: Option<String>,
    pub(crate) request: AuthorizationRequest,
    /// The whole request, when the browser is given only a reference to it (RFC 9126).
    pushed: Option<AuthorizationRequest>,
    /// Who it was asked of: an answer is redeemed nowhere else (RFC 9700 §4.4).
    pub(crate) issuer: String,
    /// Whether that one promises to name itself in its answers (RFC 9207 §3).
    names_issuer: bool,
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
    /// It names another provider than the one that was asked, or none where that one names itself (RFC 9207 §2.4).
    #[error("this link comes from another provider than the one that was asked")]
    WrongIssuer(Box<PendingAuthorization>),
    /// It came after [`ATTEMPT_LIFETIME`]; the attempt is over.
    #[error("this sign-in took too long")]
    Late,
    /// The provider's final no for this very attempt, by its error code; the attempt is over.
    #[error("the provider ended the sign-in: {error}")]
    Denied {
        /// The `error` parameter, and behind a colon its description; shortened, without control characters.
        error: String,
    },
}

impl Rejection {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Foreign(_) | Self::WrongDoor(_) | Self::WrongIssuer(_) => Reason::LinkForeign,
            Self::Late => Reason::SignInExpired,
            // RFC 6749 §4.1.2.1 and RFC 8707 §2: nobody declined, the request or the provider is not as it should be.
            Self::Denied { error } => match error.split(':').next().unwrap_or_default() {
                "invalid_request"
                | "invalid_scope"
                | "invalid_target"
                | "unauthorized_client"
                | "unsupported_response_type" => Reason::ProviderRefused,
                "server_error" => Reason::ProviderBroken,
                "temporarily_unavailable" => Reason::ProviderBusy,
                _ => Reason::SignInDenied,
            },
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
            names_issuer: false,
            state,
            verifier,
            nonce: None,
            redirect_uri,
            identifier: identifier.map(|identifier| identifier.as_str().to_owned()),
            pushed: None,
            begun_at,
        }
    }

    /// The same attempt, whose ID token must repeat `nonce`, at a provider that names itself in its answers or not.
    pub(crate) fn expecting(self, nonce: Secret, names_issuer: bool) -> Self {
        Self {
            nonce: Some(nonce),
            names_issuer,
            ..self
        }
    }

    /// The same attempt, with an address that only refers to the request.
    pub(crate) fn pushed_as(self, address: Url) -> Self {
        let address_of_all = self.whole_request().clone();
        Self {
            pushed: Some(AuthorizationRequest {
                address: address_of_all,
            }),
            request: AuthorizationRequest { address },
            ..self
        }
    }

    /// Whether the address only refers to the request, once and for a short time.
    pub(crate) fn is_pushed(&self) -> bool {
        self.pushed.is_some()
    }

    /// The request with all that it says, whatever the browser is given of it.
    pub(crate) fn whole_request(&self) -> &Url {
        &self.pushed.as_ref().unwrap_or(&self.request).address
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

    /// Whether it waits for this answer: the state is its own, and it came back by the way it was sent.
    pub(crate) fn expects(&self, callback: &Callback) -> bool {
        self.is_answered_by(callback) && callback.target == RedirectTarget::of(&self.redirect_uri.0)
    }

    /// Judges the answer: same state, same way back, same provider, in time, and no error.
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
        let other_issuer = match &callback.issuer {
            Some(issuer) => *issuer != self.issuer,
            None => self.names_issuer,
        };
        if other_issuer {
            return Err(Rejection::WrongIssuer(Box::new(self)));
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
            Answer::Error { error, description } => {
                let said = match description {
                    Some(description) => format!("{error}: {description}"),
                    None => error,
                };
                Err(Rejection::Denied {
                    error: printable(&said, LONGEST_ERROR),
                })
            }
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

    pub(crate) fn nonce(&self) -> Option<&Secret> {
        self.attempt.nonce.as_ref()
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    redirect_uri: RedirectUri,
    identifier: Option<String>,
    address: Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pushed: Option<Url>,
    issuer: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    names_issuer: bool,
    begun_at: Timestamp,
}

impl Drop for KeptAttempt {
    fn drop(&mut self) {
        self.state.zeroize();
        self.verifier.zeroize();
        self.nonce.zeroize();
    }
}

impl From<&PendingAuthorization> for KeptAttempt {
    fn from(attempt: &PendingAuthorization) -> Self {
        Self {
            state: attempt.state.expose().to_owned(),
            verifier: attempt.verifier.expose().to_owned(),
            nonce: attempt
                .nonce
                .as_ref()
                .map(|nonce| nonce.expose().to_owned()),
            redirect_uri: attempt.redirect_uri.clone(),
            identifier: attempt.identifier.clone(),
            address: attempt.request.address.clone(),
            pushed: attempt.is_pushed().then(|| attempt.whole_request().clone()),
            issuer: attempt.issuer.clone(),
            names_issuer: attempt.names_issuer,
            begun_at: attempt.begun_at,
        }
    }
}

impl From<KeptAttempt> for PendingAuthorization {
    fn from(mut kept: KeptAttempt) -> Self {
        Self {
            state: Secret::new(std::mem::take(&mut kept.state)),
            verifier: CodeVerifier::from_kept(std::mem::take(&mut kept.verifier)),
            nonce: kept.nonce.take().map(Secret::new),
            redirect_uri: kept.redirect_uri.clone(),
            identifier: kept.identifier.take(),
            request: AuthorizationRequest {
                address: kept.address.clone(),
            },
            pushed: kept
                .pushed
                .take()
                .map(|address| AuthorizationRequest { address }),
            issuer: kept.issuer.clone(),
            names_issuer: kept.names_issuer,
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
        let pushed =
            naming_itself().pushed_as("https://issuer.test/?request_uri=R".parse().unwrap());
        for attempt in [attempt(), pushed] {
            let printed = format!("{attempt:?}");
            assert!(!printed.contains(attempt.verifier.expose()));
            assert!(!printed.contains(attempt.state.expose()));
        }
    }

    fn naming_itself() -> PendingAuthorization {
        attempt().expecting(Secret::new("N"), true)
    }

    #[test]
    fn an_answer_that_names_another_issuer_is_refused_whatever_it_says() {
        let other = "iss=https%3A%2F%2Fother.test";
        let slash = "iss=https%3A%2F%2Fissuer.test%2F";
        for rest in [
            format!("code=C&{other}"),
            format!("error=access_denied&{other}"),
            format!("code=C&{slash}"),
            "code=C&iss=".to_owned(),
        ] {
            for attempt in [attempt(), naming_itself()] {
                let callback = answer(&attempt, "dev.keyfob://callback", &rest);
                let Err(Rejection::WrongIssuer(attempt)) = attempt.accept(callback, NOON) else {
                    panic!("accepted {rest}");
                };
                let good = "code=C&iss=https%3A%2F%2Fissuer.test";
                let callback = answer(&attempt, "dev.keyfob://callback", good);
                assert!(
                    attempt.accept(callback, NOON).is_ok(),
                    "the attempt goes on"
                );
            }
        }
    }

    #[test]
    fn an_answer_that_names_no_issuer_is_refused_where_one_was_promised() {
        for rest in ["code=C", "error=access_denied"] {
            let attempt = naming_itself();
            let callback = answer(&attempt, "dev.keyfob://callback", rest);
            assert!(matches!(
                attempt.accept(callback, NOON),
                Err(Rejection::WrongIssuer(_))
            ));
        }
    }

    #[test]
    fn a_no_that_nobody_said_is_not_called_declined() {
        for (rest, reason) in [
            ("error=access_denied", Reason::SignInDenied),
            (
                "error=invalid_scope&error_description=no%3A%20phone",
                Reason::ProviderRefused,
            ),
            ("error=server_error", Reason::ProviderBroken),
            ("error=temporarily_unavailable", Reason::ProviderBusy),
            ("error=something_new", Reason::SignInDenied),
        ] {
            let attempt = attempt();
            let callback = answer(&attempt, "dev.keyfob://callback", rest);
            assert_eq!(attempt.accept(callback, NOON).unwrap_err().reason(), reason);
        }
    }

    #[test]
    fn what_a_pushed_attempt_asked_for_is_kept_with_it() {
        let attempt =
            naming_itself().pushed_as("https://issuer.test/?request_uri=R".parse().unwrap());
        let kept = serde_json::to_string(&KeptAttempt::from(&attempt)).unwrap();
        let back: PendingAuthorization = serde_json::from_str::<KeptAttempt>(&kept).unwrap().into();
        assert!(back.is_pushed() && back.names_issuer);
        assert_eq!(back.whole_request(), attempt.whole_request());
        assert_eq!(back.request(), attempt.request());
        assert!(back.nonce.unwrap().matches("N"));
    }
}
