//! One sign-in at the provider, from the page to the redeemed code, as a value without effects.
//!
//! A [`Challenge`] goes through [`Stage`]s; each verb consumes it and says what became of it. The rules that protect
//! the person live here: a link works once, in the browser that asked or with the number shown there; a one-time code
//! works once, in the browser that asked; three wrong numbers or five wrong codes end it; one page redirects; an
//! exchange that reaches its challenge spends the authorization code, granted or refused.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identifier::Identifier;
use crate::letter::Channel;
use crate::method::Method;
use crate::one_time_code::{OneTimeCode, Seal, SealedCode};
use crate::redirect::RedirectUrl;
use crate::secret::{SealingKey, SecretHash, random_text, random_two_digits};

mod redemption;
pub(crate) use redemption::{Judged, Redemption};

const LINK_LIFETIME: Duration = Duration::from_mins(15);
const ONE_TIME_CODE_LIFETIME: Duration = Duration::from_mins(10);
/// Of the authorization code, which a client redeems by itself.
const CODE_LIFETIME: Duration = Duration::from_mins(5);
const BETWEEN_LETTERS: Duration = Duration::from_secs(20);
const WRONG_NUMBERS: u8 = 3;
const WRONG_CODES: u8 = 5;

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

    /// What ties a one-time code to this attempt, in the browser with the secret `browser`.
    pub(crate) fn seal<'a>(&'a self, key: &'a SealingKey, browser: &'a str) -> Seal<'a> {
        Seal {
            key,
            browser,
            sign_in: &self.code_challenge,
        }
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
    /// How the address is proved this time.
    pub(crate) method: Method,
    wrong_numbers: u8,
    wrong_codes: u8,
    mailed_at: Timestamp,
    stage: Stage,
}

/// What the newest letter carries, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Proof {
    Link(SecretHash),
    Code(SealedCode),
}

/// How far a sign-in has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Stage {
    /// A letter is out.
    Mailed {
        proof: Proof,
        until: Timestamp,
    },
    /// The link was followed or the code typed; the page that redirects was not yet shown.
    Approved {
        proof: Proof,
        by: Approver,
        until: Timestamp,
    },
    /// The browser was sent back to the client with an authorization code.
    Returned {
        proof: Proof,
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

/// What opening the page address once more, or asking for a new letter, leads to.
pub(crate) enum Again {
    /// A new letter is due: [`Challenge::mailed`].
    Mail(Challenge),
    /// The last letter is too young for another, and still works.
    Wait(Challenge),
    /// The address is proved: what is left is to go back.
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

/// What became of a code that was typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Right,
    Wrong {
        left: u8,
    },
    /// No code is waited for, or not in this browser: the waiting page says how it stands.
    NotNow,
}

/// What the waiting page has to tell its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// A link is out.
    Mailed,
    /// A one-time code is out.
    Code,
    /// The link was followed in another browser: this one goes back to the client.
    Go,
    /// This browser is on its way back to the client, which has not redeemed the code yet.
    Returning,
    /// The client has redeemed the code.
    SignedIn,
    /// The letter, or what came of it, was not used in time.
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

impl Proof {
    fn lifetime(&self) -> Duration {
        match self {
            Self::Link(_) => LINK_LIFETIME,
            Self::Code(_) => ONE_TIME_CODE_LIFETIME,
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::Link(_) => Method::MagicLink,
            Self::Code(_) => Method::OneTimeCode,
        }
    }
}

impl Challenge {
    pub(crate) fn ask(attempt: Attempt, asking: Asking, proof: Proof, now: Timestamp) -> Self {
        Self {
            attempt,
            asking,
            asked_at: now,
            number: random_two_digits(),
            method: proof.method(),
            wrong_numbers: 0,
            wrong_codes: 0,
            mailed_at: now,
            stage: Stage::Mailed {
                until: now + proof.lifetime(),
                proof,
            },
        }
    }

    /// The same page address was opened again, perhaps in another browser or for a corrected address; `wanted` is
    /// the method that was chosen there, if one was.
    ///
    /// The browser that opened it last is the one that asked: it alone can finish, and it gets a number of its own,
    /// so that nobody who opened the address before can lend theirs.
    pub(crate) fn ask_again(
        mut self,
        asking: Asking,
        wanted: Option<Method>,
        now: Timestamp,
    ) -> Again {
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
        // A link that was followed served the browser or the address that has just been given up. A code was never
        // of use to any other browser.
        let unspent = matches!(
            self.stage,
            Stage::Mailed {
                proof: Proof::Link(_),
                ..
            }
        );
        let undisturbed = same_browser && same_address;
        let method = wanted.unwrap_or(self.method);
        if same_address && (unspent || undisturbed) {
            self.renew(method, now)
        } else {
            self.method = method;
            Again::Mail(self)
        }
    }

    /// Somebody asks for a new letter that carries this.
    pub(crate) fn renew(self, method: Method, now: Timestamp) -> Again {
        match self.stage {
            Stage::Ended => Again::Ended,
            Stage::Redeemed { .. } => Again::Finished,
            // Only a letter that can still be used is worth waiting for.
            Stage::Mailed { until, .. }
                if method == self.method && now < until && now < self.next_letter_at() =>
            {
                Again::Wait(self)
            }
            _ => Again::Mail(Self { method, ..self }),
        }
    }

    fn next_letter_at(&self) -> Timestamp {
        self.mailed_at + BETWEEN_LETTERS
    }

    /// A new letter went out; every older link and code of this sign-in stops working.
    pub(crate) fn mailed(self, proof: Proof, now: Timestamp) -> Self {
        Self {
            method: proof.method(),
            mailed_at: now,
            stage: Stage::Mailed {
                until: now + proof.lifetime(),
                proof,
            },
            ..self
        }
    }

    /// The link that can be followed now, if a link is out.
    pub(crate) fn link_that_is_out(&self) -> Option<&SecretHash> {
        match &self.stage {
            Stage::Mailed {
                proof: Proof::Link(link),
                ..
            } => Some(link),
            _ => None,
        }
    }

    pub(crate) fn link_state(&self, pressed: &SecretHash, now: Timestamp) -> LinkState {
        match &self.stage {
            Stage::Ended => LinkState::Ended,
            Stage::Redeemed { .. } => LinkState::Finished,
            Stage::Mailed { proof, .. }
            | Stage::Approved { proof, .. }
            | Stage::Returned { proof, .. }
                if !matches!(proof, Proof::Link(link) if link == pressed) =>
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
        let (Stage::Mailed { proof, until }, LinkState::Live) =
            (&self.stage, self.link_state(pressed, now))
        else {
            let state = self.link_state(pressed, now);
            return (self, Clicked::Dead(state));
        };
        let (proof, until) = (proof.clone(), *until);
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
        self.stage = Stage::Approved { proof, by, until };
        (self, clicked)
    }

    /// A code was typed into the page of the browser whose cookie holds `secret`.
    ///
    /// Wrong ones are counted over all letters of the sign-in: another letter buys no more tries.
    pub(crate) fn type_code(
        mut self,
        code: &OneTimeCode,
        secret: &str,
        key: &SealingKey,
        now: Timestamp,
    ) -> (Self, Typed) {
        let here = self.was_asked_by(&SecretHash::of(secret));
        let (proof, until, right) = match &self.stage {
            Stage::Mailed {
                proof: Proof::Code(sealed),
                until,
            } if here && now < *until => {
                let right = sealed.is(code, self.attempt.seal(key, secret));
                (Proof::Code(sealed.clone()), *until, right)
            }
            _ => return (self, Typed::NotNow),
        };
        if right {
            let by = Approver::AskingBrowser;
            self.stage = Stage::Approved { proof, by, until };
            return (self, Typed::Right);
        }
        self.wrong_codes += 1;
        let left = WRONG_CODES.saturating_sub(self.wrong_codes);
        if left == 0 {
            self.stage = Stage::Ended;
        }
        (self, Typed::Wrong { left })
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
            Stage::Mailed {
                proof: Proof::Link(_),
                ..
            } => Standing::Mailed,
            Stage::Mailed { .. } => Standing::Code,
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

    /// Until when somebody may still come back: the end of the letter, or of the authorization code.
    pub(crate) fn pending_until(&self) -> Timestamp {
        match self.stage {
            Stage::Mailed { until, .. }
            | Stage::Approved { until, .. }
            | Stage::Returned { until, .. } => until,
            Stage::Redeemed { .. } | Stage::Ended => Timestamp::UNIX_EPOCH,
        }
    }

    /// The answer for the client, if the address is proved and `secret` is the asking browser's.
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
            Stage::Approved { proof, until, .. } if now < *until => {
                let nonce = random_text();
                let code = make(&nonce);
                self.stage = Stage::Returned {
                    proof: proof.clone(),
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
}

#[cfg(test)]
mod tests;
