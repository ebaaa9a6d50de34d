//! The letters of the outbox.

use jiff::Timestamp;
use rusqlite::params;

use super::{Records, from_json, to_json};
use crate::letter::Letter;

impl Records<'_> {
    pub(crate) fn add_letter(&self, letter: &Letter, now: Timestamp) -> rusqlite::Result<()> {
        self.0
            .execute(
                "INSERT INTO letter (sent_at, record) VALUES (?1, ?2)",
                params![now.as_microsecond(), to_json(letter)?],
            )
            .map(drop)
    }

    /// All letters with their numbers, newest first.
    pub(crate) fn letters(&self) -> rusqlite::Result<Vec<(i64, Letter)>> {
        self.0
            .prepare("SELECT id, record FROM letter ORDER BY id DESC")?
            .query_map([], |row| {
                Ok((row.get(0)?, from_json(&row.get::<_, String>(1)?)?))
            })?
            .collect()
    }

    /// The number of the newest letter; it grows with every letter.
    pub(crate) fn newest_letter(&self) -> rusqlite::Result<i64> {
        self.0
            .query_row("SELECT coalesce(max(id), 0) FROM letter", [], |row| {
                row.get(0)
            })
    }
}
