//! The redirect that ends an authorization, parsed. It is judged elsewhere.
//!
//! Anybody can make a link of our scheme: what is parsed here is a claim by a stranger. Nothing is decoded twice,
//! nothing is repeated, nothing is longer than it can be.

use url::Url;

use crate::{Reason, secret::Secret};

/// The longest return address that is looked at, in bytes. Real ones have some 300.
pub const LONGEST_RETURN_ADDRESS: usize = 8 * 1024;

/// The redirect that ends an authorization, as the browser delivered it ([RFC 6749 §4.1.2]).
///
/// It is only a claim until [`PendingAuthorization::accept`](crate::PendingAuthorization::accept) has judged it.
///
/// [RFC 6749 §4.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
#[derive(Debug)]
pub struct Callback {
    pub(crate) target: RedirectTarget,
    pub(crate) state: Secret,
    /// Who says that it answers (RFC 9207 §2).
    pub(crate) issuer: Option<String>,
    pub(crate) answer: Answer,
}

/// What the provider says: a code or an error, never both.
#[derive(Debug)]
pub(crate) enum Answer {
    Code {
        code: Secret,
        /// Cotter's number of the challenge; other providers send none.
        challenge_id: Option<i64>,
    },
    /// RFC 6749 §4.1.2.1.
    Error {
        error: String,
        description: Option<String>,
    },
}

/// Where a redirect went: the address without its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectTarget {
    scheme: String,
    host: String,
    port: Option<u16>,
    path: String,
}

impl RedirectTarget {
    pub(crate) fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
            // Some browsers add a slash where a custom scheme's path is empty.
            path: url.path().trim_end_matches('/').to_owned(),
        }
    }
}

/// Why an address is no [`Callback`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// It cannot be parsed as an address.
    #[error("this is not an address")]
    NotAnAddress,
    /// It is longer than [`LONGEST_RETURN_ADDRESS`].
    #[error("this address is too long to be a return link")]
    TooLong,
    /// A parameter comes twice, which RFC 6749 §3.1 forbids.
    #[error("the return link names a parameter twice")]
    Repeated,
    /// `state` is missing, or neither or both of `code` and `error` are there.
    #[error("the return link is incomplete")]
    Incomplete,
    /// `challenge_id` is not a number.
    #[error("the return link has a challenge id that is not a number")]
    ChallengeIdNotANumber,
}

impl CallbackError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        Reason::LinkMalformed
    }
}

impl Callback {
    /// Parses a return address.
    ///
    /// # Errors
    ///
    /// When it is no address, too long, names one of our parameters twice, or lacks one.
    pub fn parse(address: &str) -> Result<Self, CallbackError> {
        if address.len() > LONGEST_RETURN_ADDRESS {
            return Err(CallbackError::TooLong);
        }
        let url = Url::parse(address.trim()).map_err(|_| CallbackError::NotAnAddress)?;
        let mut state = None;
        let mut code = None;
        let mut error = None;
        let mut description = None;
        let mut issuer = None;
        let mut challenge_id = None;
        for (name, value) in url.query_pairs() {
            let slot = match &*name {
                "state" => &mut state,
                "code" => &mut code,
                "error" => &mut error,
                "error_description" => &mut description,
                "iss" => &mut issuer,
                "challenge_id" => &mut challenge_id,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(CallbackError::Repeated);
            }
        }
        let not_empty = |text: &String| !text.is_empty();
        let state = state.filter(not_empty).ok_or(CallbackError::Incomplete)?;
        let answer = match (code.filter(not_empty), error.filter(not_empty)) {
            (Some(code), None) => Answer::Code {
                code: Secret::new(code),
                challenge_id: challenge_id
                    .map(|text| {
                        text.parse()
                            .map_err(|_| CallbackError::ChallengeIdNotANumber)
                    })
                    .transpose()?,
            },
            (None, Some(error)) => Answer::Error { error, description },
            _ => return Err(CallbackError::Incomplete),
        };
        Ok(Self {
            target: RedirectTarget::of(&url),
            state: Secret::new(state),
            issuer,
            answer,
        })
    }
}

impl Callback {
    /// Whether it is the provider's no.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self.answer, Answer::Error { .. })
    }

    /// Cotter's number of the challenge.
    pub(crate) fn challenge_id(&self) -> Option<i64> {
        match self.answer {
            Answer::Code { challenge_id, .. } => challenge_id,
            Answer::Error { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "dev.keyfob://callback?code=C&state=S&challenge_id=4711";

    #[test]
    fn a_code_comes_with_its_state_and_challenge() {
        let callback = Callback::parse(GOOD).unwrap();
        assert!(callback.state.matches("S"));
        let Answer::Code { code, challenge_id } = callback.answer else {
            panic!("not a code");
        };
        assert!(code.matches("C"));
        assert_eq!(challenge_id, Some(4711));
    }

    #[test]
    fn what_is_repeated_missing_or_both_is_refused_by_name() {
        use CallbackError::{ChallengeIdNotANumber, Incomplete, NotAnAddress, Repeated, TooLong};
        for (address, why) in [
            ("dev.keyfob://callback?code=C&code=D&state=S", Repeated),
            ("dev.keyfob://callback?code=C&state=S&state=S", Repeated),
            ("dev.keyfob://callback?code=C", Incomplete),
            ("dev.keyfob://callback?code=C&state=", Incomplete),
            ("dev.keyfob://callback?state=S", Incomplete),
            (
                "dev.keyfob://callback?state=S&code=C&error=denied",
                Incomplete,
            ),
            (
                "dev.keyfob://callback?state=S&code=C&challenge_id=x1",
                ChallengeIdNotANumber,
            ),
            ("callback?code=C&state=S", NotAnAddress),
            ("", NotAnAddress),
        ] {
            assert_eq!(Callback::parse(address).unwrap_err(), why, "{address}");
        }
        let long = format!("{GOOD}&x={}", "a".repeat(LONGEST_RETURN_ADDRESS));
        assert_eq!(Callback::parse(&long).unwrap_err(), TooLong);
    }

    #[test]
    fn a_slash_that_a_browser_adds_changes_nothing() {
        let plain = Callback::parse(GOOD).unwrap();
        let slash = Callback::parse("dev.keyfob://callback/?code=C&state=S").unwrap();
        assert_eq!(plain.target, slash.target);
    }

    #[test]
    fn a_callback_prints_neither_code_nor_state() {
        let callback =
            Callback::parse("dev.keyfob://callback?code=THECODE&state=THESTATE").unwrap();
        let printed = format!("{callback:?}");
        assert!(!printed.contains("THECODE") && !printed.contains("THESTATE"));
    }
}
