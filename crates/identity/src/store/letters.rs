//! The letters of the outbox, and how each travelled.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::{Records, from_json, time, to_json};
use crate::challenge::ChallengeId;
use crate::identifier::{Identifier, key_of};
use crate::letter::{Letter, Post};
use crate::secret::SecretHash;

/// The number of a letter; it grows with every letter.
pub(crate) type LetterId = i64;

/// Letters that count together.
pub(crate) enum Counted<'a> {
    To(&'a Identifier),
    /// Asked for in this browser.
    For(&'a SecretHash),
    All,
}

impl Records<'_> {
    pub(crate) fn add_letter(
        &self,
        letter: &Letter,
        challenge: ChallengeId,
        browser: &SecretHash,
        post: &Post,
    ) -> rusqlite::Result<LetterId> {
        self.0.query_row(
            "INSERT INTO letter (challenge, sent_at, address, browser, post, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
            params![
                challenge,
                letter.sent_at.as_microsecond(),
                key_of(&letter.to),
                browser,
                to_json(post)?,
                to_json(letter)?
            ],
            |row| row.get(0),
        )
    }

    /// All letters with their numbers, newest first.
    pub(crate) fn letters(&self) -> rusqlite::Result<Vec<(LetterId, Letter, Post)>> {
        self.0
            .prepare("SELECT id, record, post FROM letter ORDER BY id DESC")?
            .query_map([], |row| {
                Ok((
                    row.get(0)?,
                    from_json(&row.get::<_, String>(1)?)?,
                    from_json(&row.get::<_, String>(2)?)?,
                ))
            })?
            .collect()
    }

    pub(crate) fn newest_letter(&self) -> rusqlite::Result<LetterId> {
        self.0
            .query_row("SELECT coalesce(max(id), 0) FROM letter", [], |row| {
                row.get(0)
            })
    }

    /// When the letter was sent that has `places - 1` newer ones.
    pub(crate) fn letter_before(
        &self,
        counted: &Counted<'_>,
        places: u32,
    ) -> rusqlite::Result<Option<Timestamp>> {
        let (address, browser) = match counted {
            Counted::To(identifier) => (Some(key_of(identifier.as_str())), None),
            Counted::For(browser) => (None, Some(*browser)),
            Counted::All => (None, None),
        };
        self.0
            .query_row(
                "SELECT sent_at FROM letter
                 WHERE (?1 IS NULL OR address = ?1) AND (?2 IS NULL OR browser = ?2)
                 ORDER BY sent_at DESC LIMIT 1 OFFSET ?3",
                params![address, browser, places - 1],
                |row| row.get(0).map(time),
            )
            .optional()
    }

    /// How the newest letter of a sign-in travels.
    pub(crate) fn post_of(&self, challenge: ChallengeId) -> rusqlite::Result<Option<Post>> {
        self.0
            .query_row(
                "SELECT post FROM letter WHERE challenge = ?1 ORDER BY id DESC LIMIT 1",
                [challenge],
                |row| from_json(&row.get::<_, String>(0)?),
            )
            .optional()
    }

    pub(crate) fn keep_post(&self, id: LetterId, post: &Post) -> rusqlite::Result<()> {
        self.0
            .execute(
                "UPDATE letter SET post = ?2 WHERE id = ?1",
                params![id, to_json(post)?],
            )
            .map(drop)
    }

    /// Whatever was on its way when the last server ended, stayed here.
    pub(crate) fn give_up_sending(&self) -> rusqlite::Result<()> {
        let ended = Post::Failed("this provider was ended meanwhile".to_owned());
        self.0
            .execute(
                "UPDATE letter SET post = ?2 WHERE post = ?1",
                params![to_json(&Post::Sending)?, to_json(&ended)?],
            )
            .map(drop)
    }
}
