//! One sign-in at the provider, from the page to the redeemed code, as a value without effects.
//!
//! A [`Challenge`] goes through [`Stage`]s; each verb consumes it and says what became of it. The rules that protect
//! the person live here: a link works once, in the browser that asked or with the number shown there; three wrong
//! numbers end it; one page redirects; an exchange that reaches its challenge spends the code, granted or refused.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::identifier::Identifier;
use crate::letter::Channel;
use crate::redirect::RedirectUrl;
use crate::secret::{SealingKey, SecretHash, random_text, random_two_digits};

pub(crate) const LINK_LIFETIME: Duration = Duration::from_mins(15);
pub(crate) const CODE_LIFETIME: Duration = Duration::from_mins(5);
const BETWEEN_LETTERS: Duration = Duration::from_secs(20);
const WRONG_NUMBERS: u8 = 3;

/// The `challenge_id` of the wire.
pub(crate) type ChallengeId = i64;

/// What a client made up for one sign-in and will come back with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) redirect_url: RedirectUrl,
    /// The S256 challenge ([RFC 7636 §4.2](https://www.rfc-editor.org/rfc/rfc7636#section-4.2)).
    pub(crate) code_challenge: String,
    pub(crate) state: String,
    /// The user to whom a proved address is added, if the client named one.
    pub(crate) user: Option<String>,
}

impl Attempt {
    /// What two openings of the same page address have in common.
    pub(crate) fn fingerprint(&self) -> SecretHash {
        let parts = [
            self.state.as_str(),
            &self.code_challenge,
            self.redirect_url.as_str(),
        ];
        SecretHash::of(parts.map(|part| format!("{}:{part}", part.len())).concat())
    }
}

/// Who wants to sign in, and from where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asking {
    pub(crate) identifier: Identifier,
    pub(crate) channel: Channel,
    /// The hash of the secret in the asking browser's cookie.
    pub(crate) browser: SecretHash,
    /// That browser's `User-Agent`.
    pub(crate) agent: String,
}

/// One sign-in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Challenge {
    pub(crate) attempt: Attempt,
    pub(crate) asking: Asking,
    pub(crate) asked_at: Timestamp,
    /// The two digits that the asking browser shows.
    pub(crate) number: u8,
    wrong_numbers: u8,
    mailed_at: Timestamp,
    stage: Stage,
}

/// How far a sign-in has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Stage {
    /// A link is out.
    Mailed {
        link: SecretHash,
        until: Timestamp,
    },
    /// The link was followed; the page that redirects was not yet shown.
    Approved {
        link: SecretHash,
        by: Approver,
        until: Timestamp,
    },
    /// The browser was sent back to the client with a code.
    Returned {
        link: SecretHash,
        nonce: String,
        code: SecretHash,
        until: Timestamp,
    },
    Redeemed {
        code: SecretHash,
        family: String,
    },
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Approver {
    AskingBrowser,
    OtherBrowser,
}

/// What opening the page address once more, or asking for a new link, leads to.
pub(crate) enum Again {
    /// A new link is due: [`Challenge::mailed`].
    Mail(Challenge),
    /// The last letter is too young for another, and its link still works.
    Wait(Challenge),
    /// The link was followed: what is left is to go back.
    Return(Challenge),
    Finished,
    Ended,
}

/// What a mailed link is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    Live,
    Expired,
    Replaced,
    Used,
    Finished,
    Ended,
}

/// What became of a press on the link's page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Clicked {
    /// This browser asked; it goes back to the client itself.
    Here,
    /// Another browser asked; its waiting page goes on.
    Elsewhere,
    WrongNumber {
        left: u8,
    },
    Dead(LinkState),
}

/// What the waiting page has to tell its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Mailed,
    /// The link was followed in another browser: this one goes back to the client.
    Go,
    /// This browser is on its way back to the client, which has not redeemed the code yet.
    Returning,
    /// The client has redeemed the code.
    SignedIn,
    /// The link, or the code that came of it, was not used in time.
    Expired,
    Ended,
    /// The address was opened in another browser since.
    Elsewhere,
}

/// An answer for the client, on its way.
pub(crate) struct Answer {
    pub(crate) challenge: Challenge,
    pub(crate) code: String,
    /// Whether this is the one page that redirects by itself.
    pub(crate) first: bool,
}

/// What a client presents for its tokens.
pub(crate) struct Redemption<'a> {
    pub(crate) code: &'a str,
    pub(crate) verifier: &'a str,
    pub(crate) redirect_url: &'a str,
}

/// The judgement of a [`Redemption`].
pub(crate) enum Judged {
    Granted(Proved),
    /// The code is spent, although nothing was granted.
    Refused(Challenge, &'static str),
    /// The code was redeemed before; what came of it must end.
    Reused {
        family: String,
    },
    Unknown,
    Late,
}

/// A challenge whose code was presented by its owner.
pub(crate) struct Proved(Challenge);

impl Challenge {
    pub(crate) fn ask(attempt: Attempt, asking: Asking, link: SecretHash, now: Timestamp) -> Self {
        Self {
            attempt,
            asking,
            asked_at: now,
            number: random_two_digits(),
            wrong_numbers: 0,
            mailed_at: now,
            stage: Stage::Mailed {
                link,
                until: now + LINK_LIFETIME,
            },
        }
    }

    /// The same page address was opened again, perhaps in another browser or for a corrected address.
    ///
    /// The browser that opened it last is the one that asked: it alone can finish, and it gets a number of its own,
    /// so that nobody who opened the address before can lend theirs.
    pub(crate) fn ask_again(mut self, asking: Asking, now: Timestamp) -> Again {
        let same_browser = self.asking.browser == asking.browser;
        let same_address = self.asking.identifier == asking.identifier;
        match self.stage {
            Stage::Ended => return Again::Ended,
            Stage::Redeemed { .. } => return Again::Finished,
            Stage::Approved { until, .. } | Stage::Returned { until, .. }
                if same_browser && same_address && now < until =>
            {
                return Again::Return(self);
            }
            _ => {}
        }
        if !same_browser {
            self.number = random_two_digits();
        }
        self.asking = asking;
        self.asked_at = now;
        // A link that was followed served the browser or the address that has just been given up.
        let unspent = matches!(self.stage, Stage::Mailed { .. });
        let undisturbed = same_browser && same_address;
        if same_address && (unspent || undisturbed) {
            self.renew(now)
        } else {
            Again::Mail(self)
        }
    }

    /// Somebody asks for a new link.
    pub(crate) fn renew(self, now: Timestamp) -> Again {
        match self.stage {
            Stage::Ended => Again::Ended,
            Stage::Redeemed { .. } => Again::Finished,
            // Only a letter that can still be used is worth waiting for.
            Stage::Mailed { until, .. } if now < until && now < self.next_letter_at() => {
                Again::Wait(self)
            }
            _ => Again::Mail(self),
        }
    }

    fn next_letter_at(&self) -> Timestamp {
        self.mailed_at + BETWEEN_LETTERS
    }

    /// A new link went out; every older link and code of this sign-in stops working.
    pub(crate) fn mailed(self, link: SecretHash, now: Timestamp) -> Self {
        Self {
            mailed_at: now,
            stage: Stage::Mailed {
                link,
                until: now + LINK_LIFETIME,
            },
            ..self
        }
    }

    pub(crate) fn link_state(&self, pressed: &SecretHash, now: Timestamp) -> LinkState {
        match &self.stage {
            Stage::Ended => LinkState::Ended,
            Stage::Redeemed { .. } => LinkState::Finished,
            Stage::Mailed { link, .. }
            | Stage::Approved { link, .. }
            | Stage::Returned { link, .. }
                if link != pressed =>
            {
                LinkState::Replaced
            }
            Stage::Mailed { until, .. } if now < *until => LinkState::Live,
            Stage::Mailed { .. } => LinkState::Expired,
            Stage::Approved { .. } | Stage::Returned { .. } => LinkState::Used,
        }
    }

    pub(crate) fn was_asked_by(&self, browser: &SecretHash) -> bool {
        self.asking.browser == *browser
    }

    /// The button behind the link was pressed, in a browser that did not ask together with a number.
    pub(crate) fn click(
        mut self,
        pressed: &SecretHash,
        browser: &SecretHash,
        number: Option<&str>,
        now: Timestamp,
    ) -> (Self, Clicked) {
        let (Stage::Mailed { link, until }, LinkState::Live) =
            (&self.stage, self.link_state(pressed, now))
        else {
            let state = self.link_state(pressed, now);
            return (self, Clicked::Dead(state));
        };
        let (link, until) = (link.clone(), *until);
        let here = self.was_asked_by(browser);
        if !here && number.map(str::trim) != Some(self.number.to_string().as_str()) {
            self.wrong_numbers += 1;
            let left = WRONG_NUMBERS.saturating_sub(self.wrong_numbers);
            if left == 0 {
                self.stage = Stage::Ended;
                return (self, Clicked::Dead(LinkState::Ended));
            }
            return (self, Clicked::WrongNumber { left });
        }
        let (by, clicked) = if here {
            (Approver::AskingBrowser, Clicked::Here)
        } else {
            (Approver::OtherBrowser, Clicked::Elsewhere)
        };
        self.stage = Stage::Approved { link, by, until };
        (self, clicked)
    }

    /// What the waiting page in `browser` shows.
    pub(crate) fn seen_from(&self, browser: &SecretHash, now: Timestamp) -> Standing {
        if !self.was_asked_by(browser) {
            return Standing::Elsewhere;
        }
        match &self.stage {
            Stage::Ended => Standing::Ended,
            Stage::Redeemed { .. } => Standing::SignedIn,
            Stage::Mailed { until, .. }
            | Stage::Approved { until, .. }
            | Stage::Returned { until, .. }
                if now >= *until =>
            {
                Standing::Expired
            }
            Stage::Mailed { .. } => Standing::Mailed,
            Stage::Approved {
                by: Approver::OtherBrowser,
                ..
            } => Standing::Go,
            Stage::Approved { .. } | Stage::Returned { .. } => Standing::Returning,
        }
    }

    /// When the newest letter went out, if it is not the first for this asking.
    pub(crate) fn sent_again_at(&self) -> Option<Timestamp> {
        (self.mailed_at > self.asked_at).then_some(self.mailed_at)
    }

    /// How many seconds are left until another letter may be asked for.
    pub(crate) fn seconds_to_next_letter(&self, now: Timestamp) -> i64 {
        let left = self.next_letter_at().as_millisecond() - now.as_millisecond();
        (left.max(0) + 999) / 1000
    }

    /// Until when somebody may still come back: the end of the link, or of the code.
    pub(crate) fn pending_until(&self) -> Timestamp {
        match self.stage {
            Stage::Mailed { until, .. }
            | Stage::Approved { until, .. }
            | Stage::Returned { until, .. } => until,
            Stage::Redeemed { .. } | Stage::Ended => Timestamp::UNIX_EPOCH,
        }
    }

    /// The answer for the client, if the link was followed and `secret` is the asking browser's.
    ///
    /// The code is not stored: it is made from the browser's secret and the provider's key, so that the same browser
    /// can be shown it again, and a copy of the database cannot present it.
    pub(crate) fn answer(
        mut self,
        id: ChallengeId,
        secret: &str,
        key: &SealingKey,
        now: Timestamp,
    ) -> Option<Answer> {
        if !self.was_asked_by(&SecretHash::of(secret)) {
            return None;
        }
        let make = |nonce: &str| {
            key.derive(
                "code",
                &[secret.as_bytes(), &id.to_be_bytes(), nonce.as_bytes()],
            )
        };
        match &self.stage {
            Stage::Approved { link, until, .. } if now < *until => {
                let nonce = random_text();
                let code = make(&nonce);
                self.stage = Stage::Returned {
                    link: link.clone(),
                    code: SecretHash::of(&code),
                    nonce,
                    until: now + CODE_LIFETIME,
                };
                Some(Answer {
                    challenge: self,
                    code,
                    first: true,
                })
            }
            Stage::Returned { nonce, until, .. } if now < *until => Some(Answer {
                code: make(nonce),
                challenge: self,
                first: false,
            }),
            _ => None,
        }
    }

    /// Judges what was presented for this challenge. A code that is found to be its own is spent by that, even if the
    /// verifier or the redirect URL is wrong.
    ///
    /// What does not get so far spends nothing: a body that cannot be read, another challenge's id, a redirect URL
    /// that no sign-in could have had.
    pub(crate) fn judge(self, redemption: &Redemption<'_>, now: Timestamp) -> Judged {
        let presented = SecretHash::of(redemption.code);
        match &self.stage {
            Stage::Redeemed { code, family } if *code == presented => Judged::Reused {
                family: family.clone(),
            },
            Stage::Returned { code, until, .. } if *code == presented => {
                if now >= *until {
                    Judged::Late
                } else if redemption.redirect_url != self.attempt.redirect_url.as_str() {
                    Judged::Refused(
                        self.end(),
                        "The redirect URL is not the one of the request.",
                    )
                } else if !verifies(redemption.verifier, &self.attempt.code_challenge) {
                    Judged::Refused(self.end(), "The code verifier does not fit the challenge.")
                } else {
                    Judged::Granted(Proved(self))
                }
            }
            _ => Judged::Unknown,
        }
    }

    fn end(self) -> Self {
        Self {
            stage: Stage::Ended,
            ..self
        }
    }
}

impl Proved {
    pub(crate) fn challenge(&self) -> &Challenge {
        &self.0
    }

    /// The code was exchanged for the tokens of this family.
    pub(crate) fn redeemed_for(self, family: String) -> Challenge {
        match self.0.stage {
            Stage::Returned { code, .. } => Challenge {
                stage: Stage::Redeemed { code, family },
                ..self.0
            },
            _ => self.0,
        }
    }
}

/// S256 over the verifier as it was sent. Its alphabet is not checked: one of Cotter's clients sends standard base64.
fn verifies(verifier: &str, challenge: &str) -> bool {
    !verifier.is_empty() && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
}

#[cfg(test)]
mod tests;
