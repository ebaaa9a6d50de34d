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

    /// All letters, newest first.
    pub(crate) fn letters(&self) -> rusqlite::Result<Vec<Letter>> {
        self.0
            .prepare("SELECT record FROM letter ORDER BY id DESC")?
            .query_map([], |row| from_json(&row.get::<_, String>(0)?))?
            .collect()
    }

    /// A number that changes with every letter.
    pub(crate) fn newest_letter(&self) -> rusqlite::Result<i64> {
        self.0
            .query_row("SELECT coalesce(max(id), 0) FROM letter", [], |row| {
                row.get(0)
            })
    }
}
