//! Challenges and the links that were mailed for them.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Records, from_json, time, to_json};
use crate::challenge::{Challenge, ChallengeId};
use crate::secret::SecretHash;

impl Records<'_> {
    pub(crate) fn challenge(&self, id: ChallengeId) -> rusqlite::Result<Option<Challenge>> {
        self.0
            .query_row("SELECT record FROM challenge WHERE id = ?1", [id], read)
            .optional()
    }

    /// The challenge of an attempt, recognised by what its client made up for it.
    pub(crate) fn challenge_of_attempt(
        &self,
        attempt: &SecretHash,
    ) -> rusqlite::Result<Option<(ChallengeId, Challenge)>> {
        self.0
            .query_row(
                "SELECT record, id FROM challenge WHERE attempt = ?1",
                [attempt],
                |row| Ok((row.get(1)?, read(row)?)),
            )
            .optional()
    }

    pub(crate) fn challenge_of_link(
        &self,
        link: &SecretHash,
    ) -> rusqlite::Result<Option<(ChallengeId, Challenge)>> {
        self.0
            .query_row(
                "SELECT challenge.record, challenge.id FROM link
                 JOIN challenge ON challenge.id = link.challenge WHERE link.hash = ?1",
                [link],
                |row| Ok((row.get(1)?, read(row)?)),
            )
            .optional()
    }

    pub(crate) fn add_challenge(
        &self,
        challenge: &Challenge,
        now: Timestamp,
    ) -> rusqlite::Result<ChallengeId> {
        self.0.query_row(
            "INSERT INTO challenge (attempt, pending_until, changed_at, record)
             VALUES (?1, ?2, ?3, ?4) RETURNING id",
            params![
                challenge.attempt.fingerprint(),
                challenge.pending_until().as_microsecond(),
                now.as_microsecond(),
                to_json(challenge)?
            ],
            |row| row.get(0),
        )
    }

    pub(crate) fn keep_challenge(
        &self,
        id: ChallengeId,
        challenge: &Challenge,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        self.0
            .execute(
                "UPDATE challenge SET pending_until = ?2, changed_at = ?3, record = ?4 WHERE id = ?1",
                params![
                    id,
                    challenge.pending_until().as_microsecond(),
                    now.as_microsecond(),
                    to_json(challenge)?
                ],
            )
            .map(drop)
    }

    pub(crate) fn add_link(&self, link: &SecretHash, id: ChallengeId) -> rusqlite::Result<()> {
        self.0
            .execute(
                "INSERT INTO link (hash, challenge) VALUES (?1, ?2)",
                params![link, id],
            )
            .map(drop)
    }

    /// Until when somebody may still come back to finish a sign-in.
    pub(crate) fn pending_until(&self) -> rusqlite::Result<Option<Timestamp>> {
        self.0
            .query_row("SELECT max(pending_until) FROM challenge", [], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.map(time))
            })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Challenge> {
    from_json(&row.get::<_, String>("record")?)
}
