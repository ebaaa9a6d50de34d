//! What it means when a provider does not give new tokens.
//!
//! Only one answer ends a session at once: `invalid_grant`, or what a provider says in its place. Any other no may be a
//! mistake of a moment (a rule of a firewall, a provider that is being set up), so that it is only *doubted*; the same
//! no half a minute later is believed. Nothing is deleted for either: the record is marked, and a mark goes with the
//! next tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ProviderError, Timestamp};

/// How long after the first no a second one is believed.
const DOUBT: Duration = Duration::from_secs(30);

/// The mark that a no leaves on a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// When it was first said, on the provider's clock.
    first_at: Timestamp,
    /// Whether it is believed.
    ended: bool,
    /// The provider's words, made fit to show.
    said: String,
}

impl Refusal {
    /// The mark that `error` leaves, given the one that is there; none when it is no refusal, or nothing new.
    pub(super) fn of(error: &ProviderError, before: Option<&Self>, now: Timestamp) -> Option<Self> {
        let (ended, said) = match error {
            ProviderError::SessionEnded { message } => (true, message),
            ProviderError::Refused { message, .. } => {
                let believed = before.is_some_and(|before| now.since(before.first_at) >= DOUBT);
                (believed, message)
            }
            // These say nothing about the session: it is this app that is refused, the way to the provider that is
            // broken, or an answer that is not to be believed.
            ProviderError::ClientRefused { .. }
            | ProviderError::Misconfigured(_)
            | ProviderError::Unreachable(_)
            | ProviderError::Untrusted { .. }
            | ProviderError::Broken { .. }
            | ProviderError::Busy { .. }
            | ProviderError::RedirectNotAllowed
            | ProviderError::CodeRefused { .. }
            | ProviderError::Unverified(_) => return None,
        };
        let mark = Self {
            first_at: before.map_or(now, |before| before.first_at),
            ended,
            said: said.clone(),
        };
        (before != Some(&mark)).then_some(mark)
    }

    /// Whether there will be no more tokens until the person signs in again.
    pub(super) fn is_final(&self) -> bool {
        self.ended
    }

    /// The error that the mark stands for.
    pub(super) fn as_error(&self) -> ProviderError {
        ProviderError::SessionEnded {
            message: self.said.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn refused() -> ProviderError {
        ProviderError::Refused {
            message: "no".to_owned(),
            status: 403,
        }
    }

    #[test]
    fn the_providers_final_word_is_believed_at_once() {
        let ended = ProviderError::SessionEnded {
            message: "over".to_owned(),
        };
        assert!(Refusal::of(&ended, None, NOON).unwrap().is_final());
    }

    #[test]
    fn another_no_is_believed_when_it_is_said_again_half_a_minute_later() {
        let first = Refusal::of(&refused(), None, NOON).unwrap();
        assert!(!first.is_final());
        let too_soon = NOON + Duration::from_secs(29);
        assert_eq!(Refusal::of(&refused(), Some(&first), too_soon), None);
        let later = NOON + Duration::from_secs(30);
        let second = Refusal::of(&refused(), Some(&first), later).unwrap();
        assert!(second.is_final());
    }

    #[test]
    fn what_says_nothing_about_the_session_leaves_no_mark() {
        for error in [
            ProviderError::ClientRefused {
                message: "unknown app".to_owned(),
                status: 401,
            },
            ProviderError::Busy { wait: None },
            ProviderError::Broken {
                what: "html",
                status: 502,
            },
        ] {
            assert_eq!(Refusal::of(&error, None, NOON), None);
        }
    }
}
