//! Users and the addresses that lead to them.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{Records, time};
use crate::identifier::key_of;

/// Somebody who has signed in, or was created by a client.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) identifier: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Records<'_> {
    pub(crate) fn user(&self, id: &str) -> rusqlite::Result<Option<User>> {
        self.0
            .query_row("SELECT * FROM user WHERE id = ?1", [id], read)
            .optional()
    }

    pub(crate) fn user_with_identifier(&self, identifier: &str) -> rusqlite::Result<Option<User>> {
        self.0
            .query_row(
                "SELECT user.* FROM identifier JOIN user ON user.id = identifier.user
                 WHERE identifier.key = ?1",
                [key_of(identifier)],
                read,
            )
            .optional()
    }

    /// A page of fifty users, the newest first.
    pub(crate) fn users(&self, page: u32) -> rusqlite::Result<Vec<User>> {
        const PAGE: i64 = 50;
        self.0
            .prepare("SELECT * FROM user ORDER BY created_at DESC, rowid DESC LIMIT ?1 OFFSET ?2")?
            .query_map([PAGE, PAGE * i64::from(page)], read)?
            .collect()
    }

    /// A new user with this first identifier, which nobody has yet.
    pub(crate) fn add_user(&self, identifier: &str, now: Timestamp) -> rusqlite::Result<User> {
        let user = User {
            id: Uuid::new_v4().to_string(),
            identifier: identifier.to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.0.execute(
            "INSERT INTO user (id, identifier, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)",
            params![user.id, user.identifier, now.as_microsecond()],
        )?;
        self.attach_identifier(identifier, &user.id, now)?;
        Ok(user)
    }

    /// Leads one more address to a user.
    pub(crate) fn attach_identifier(
        &self,
        identifier: &str,
        user: &str,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        self.0
            .execute(
                "INSERT INTO identifier (key, id, user, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![
                    key_of(identifier),
                    Uuid::new_v4().to_string(),
                    user,
                    now.as_microsecond()
                ],
            )
            .map(drop)
    }

    /// The id and the birth of an address that somebody has.
    pub(crate) fn identifier(&self, identifier: &str) -> rusqlite::Result<(String, Timestamp)> {
        self.0.query_row(
            "SELECT id, created_at FROM identifier WHERE key = ?1",
            [key_of(identifier)],
            |row| Ok((row.get(0)?, time(row.get(1)?))),
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get("id")?,
        identifier: row.get("identifier")?,
        created_at: time(row.get("created_at")?),
        updated_at: time(row.get("updated_at")?),
    })
}
