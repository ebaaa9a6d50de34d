//! A link goes out: made, kept as a hash, and put into a letter.

use jiff::Timestamp;

use crate::challenge::{Again, Asking, Attempt, Challenge, ChallengeId};
use crate::letter::Letter;
use crate::secret::{SecretHash, random_text};
use crate::store::Records;

/// Where a browser goes after it asked for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The link is on its way, or was moments ago.
    Wait(ChallengeId),
    /// It was followed already; only the way back is left.
    Return(ChallengeId),
    Finished,
    Ended,
}

/// The page address of an attempt was opened, for the first time or again.
pub(crate) fn ask(
    records: &Records<'_>,
    base_url: &str,
    attempt: Attempt,
    asking: Asking,
    now: Timestamp,
) -> rusqlite::Result<Asked> {
    if let Some((id, challenge)) = records.challenge_of_attempt(&attempt.fingerprint())? {
        return go_on(records, base_url, id, challenge.ask_again(asking, now), now);
    }
    records.tidy(now)?;
    let token = random_text();
    let challenge = Challenge::ask(attempt, asking, SecretHash::of(&token), now);
    let id = records.add_challenge(&challenge, now)?;
    mail(records, base_url, id, &challenge, &token, now)
}

/// Does what a repeated wish for a link calls for.
pub(crate) fn go_on(
    records: &Records<'_>,
    base_url: &str,
    id: ChallengeId,
    again: Again,
    now: Timestamp,
) -> rusqlite::Result<Asked> {
    match again {
        Again::Mail(challenge) => {
            let token = random_text();
            let challenge = challenge.mailed(SecretHash::of(&token), now);
            records.keep_challenge(id, &challenge, now)?;
            mail(records, base_url, id, &challenge, &token, now)
        }
        Again::Wait(challenge) => {
            records.keep_challenge(id, &challenge, now)?;
            Ok(Asked::Wait(id))
        }
        Again::Return(challenge) => {
            records.keep_challenge(id, &challenge, now)?;
            Ok(Asked::Return(id))
        }
        Again::Finished => Ok(Asked::Finished),
        Again::Ended => Ok(Asked::Ended),
    }
}

/// Makes the link known and puts its letter into the outbox.
fn mail(
    records: &Records<'_>,
    base_url: &str,
    id: ChallengeId,
    challenge: &Challenge,
    token: &str,
    now: Timestamp,
) -> rusqlite::Result<Asked> {
    records.add_link(&SecretHash::of(token), id)?;
    let letter = Letter::with_link(challenge, format!("{base_url}/magic/{token}"), now);
    records.add_letter(&letter, now)?;
    Ok(Asked::Wait(id))
}
