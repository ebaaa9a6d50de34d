//! The exchange: an authorization code, presented once, by whoever has its verifier.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Challenge, Stage};
use crate::secret::SecretHash;

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
