//! A letter goes out: its proof is made, kept as a hash, and put into words.

use std::sync::Arc;

use jiff::Timestamp;

use crate::browser::Browser;
use crate::challenge::{Again, Asking, Attempt, Challenge, ChallengeId, Proof};
use crate::letter::{Carried, Channel, Letter, Post};
use crate::limits::TooMany;
use crate::method::Method;
use crate::one_time_code::OneTimeCode;
use crate::provider::Provider;
use crate::secret::{SecretHash, random_text};
use crate::store::{LetterId, Records};

/// Where a browser goes after it asked for a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The letter is on its way, or was moments ago.
    Wait(ChallengeId),
    /// The address is proved already; only the way back is left.
    Return(ChallengeId),
    Finished,
    Ended,
    TooMany(TooMany),
}

/// What a wish for a letter led to: where the browser goes, and what the postman gets.
pub(crate) struct Outcome {
    asked: Asked,
    letter: Option<(LetterId, Letter)>,
}

/// The desk at which one browser asks for letters, within one transaction.
pub(crate) struct Desk<'a> {
    pub(crate) records: &'a Records<'a>,
    provider: &'a Provider,
    /// The secret in the cookie of the browser that asks now.
    secret: &'a str,
    pub(crate) now: Timestamp,
}

impl Provider {
    /// Lets a browser ask for a letter, and posts what came of it.
    pub(crate) async fn at_the_desk<E>(
        self: &Arc<Self>,
        browser: &Browser,
        ask: impl FnOnce(&Desk<'_>) -> Result<Outcome, E> + Send + 'static,
    ) -> Result<Asked, E>
    where
        E: From<rusqlite::Error> + Send + 'static,
    {
        let (provider, secret) = (Arc::clone(self), browser.secret().to_owned());
        let outcome = self
            .store
            .write(move |records| {
                ask(&Desk {
                    records,
                    provider: &provider,
                    secret: &secret,
                    now: provider.clock.now(),
                })
            })
            .await?;
        if let Some((id, letter)) = outcome.letter {
            self.post(id, letter);
        }
        Ok(outcome.asked)
    }
}

impl Desk<'_> {
    /// The page address of an attempt was opened, for the first time or again. `usual` is what to send the first
    /// time, unless something else is `wanted`.
    pub(crate) fn ask(
        &self,
        attempt: Attempt,
        asking: Asking,
        wanted: Option<Method>,
        usual: Method,
    ) -> rusqlite::Result<Outcome> {
        let known = self.records.challenge_of_attempt(&attempt.fingerprint())?;
        if let Some((id, challenge)) = known {
            return self.go_on(id, challenge.ask_again(asking, wanted, self.now));
        }
        if let Err(too_many) = self.may_send(&asking)? {
            return Ok(too_many.into());
        }
        self.records.tidy(self.now)?;
        let (carried, proof) = self.make(wanted.unwrap_or(usual), &attempt);
        let challenge = Challenge::ask(attempt, asking, proof, self.now);
        let id = self.records.add_challenge(&challenge, self.now)?;
        self.send(id, &challenge, carried)
    }

    /// Does what a repeated wish for a letter calls for.
    pub(crate) fn go_on(&self, id: ChallengeId, again: Again) -> rusqlite::Result<Outcome> {
        Ok(match again {
            Again::Mail(challenge) => {
                if let Err(too_many) = self.may_send(&challenge.asking)? {
                    return Ok(too_many.into());
                }
                let (carried, proof) = self.make(challenge.method, &challenge.attempt);
                let challenge = challenge.mailed(proof, self.now);
                self.records.keep_challenge(id, &challenge, self.now)?;
                return self.send(id, &challenge, carried);
            }
            Again::Wait(challenge) => {
                self.records.keep_challenge(id, &challenge, self.now)?;
                Asked::Wait(id).into()
            }
            Again::Return(challenge) => {
                self.records.keep_challenge(id, &challenge, self.now)?;
                Asked::Return(id).into()
            }
            Again::Finished => Asked::Finished.into(),
            Again::Ended => Asked::Ended.into(),
        })
    }

    fn may_send(&self, asking: &Asking) -> rusqlite::Result<Result<(), TooMany>> {
        let browser = SecretHash::of(self.secret);
        let limits = self.provider.limits;
        limits.check(self.records, &asking.identifier, &browser, self.now)
    }

    /// A new proof: as the letter carries it, and as it is kept.
    fn make(&self, method: Method, attempt: &Attempt) -> (Carried, Proof) {
        match method {
            Method::MagicLink => {
                let token = random_text();
                let proof = Proof::Link(SecretHash::of(&token));
                let base_url = &self.provider.base_url;
                (Carried::Link(format!("{base_url}/magic/{token}")), proof)
            }
            Method::OneTimeCode => {
                let code = OneTimeCode::random();
                let seal = attempt.seal(&self.provider.keys.sealing, self.secret);
                let proof = Proof::Code(code.sealed(seal));
                (Carried::Code(code.as_str().to_owned()), proof)
            }
        }
    }

    /// Makes a link known, and puts the letter into the outbox.
    fn send(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        carried: Carried,
    ) -> rusqlite::Result<Outcome> {
        if let Some(link) = challenge.link_that_is_out() {
            self.records.add_link(link, id)?;
        }
        let letter = Letter::of(challenge, carried, self.now);
        let browser = SecretHash::of(self.secret);
        let leaves = self.provider.postman.is_some() && letter.channel == Channel::Email;
        let post = if leaves { Post::Sending } else { Post::Kept };
        let number = self.records.add_letter(&letter, id, &browser, &post)?;
        Ok(Outcome {
            asked: Asked::Wait(id),
            letter: leaves.then_some((number, letter)),
        })
    }
}

impl From<Asked> for Outcome {
    fn from(asked: Asked) -> Self {
        let letter = None;
        Self { asked, letter }
    }
}

impl From<TooMany> for Outcome {
    fn from(too_many: TooMany) -> Self {
        Asked::TooMany(too_many).into()
    }
}
