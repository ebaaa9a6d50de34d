//! Refresh tokens and the families they descend in.
//!
//! A token is spent by its use and replaced by a successor. Who presents a spent one may be a thief, or the owner
//! after a theft: the whole family ends ([RFC 9700 §4.14.2]).
//!
//! The owner may also never have got the successor. So for a while, if there is a grace, the spent token is good for
//! another one. Their first use settles which of them has arrived: the others are spent with it, and the grace is over,
//! so that a family goes on in one line only.
//!
//! [RFC 9700 §4.14.2]: https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Records, from_json, time, to_json};
use crate::secret::{SecretHash, random_alphanumerics};

/// One sign-in and everything that is refreshed from it.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(crate) id: String,
    pub(crate) user: String,
    /// The address that was proved, as it was typed.
    pub(crate) identifier: String,
    pub(crate) method: String,
    pub(crate) signed_in: Timestamp,
    /// Claims that a client's server added to all its tokens.
    pub(crate) custom: Map<String, Value>,
}

/// What the database knows of a refresh token that somebody presents.
pub(crate) enum Presented {
    Unknown,
    Expired,
    /// Used before, or of a family that has ended.
    Dead(Family),
    Live(Family),
}

impl Records<'_> {
    pub(crate) fn add_family(
        &self,
        user: &str,
        identifier: &str,
        method: &str,
        now: Timestamp,
    ) -> rusqlite::Result<Family> {
        let family = Family {
            id: Uuid::new_v4().to_string(),
            user: user.to_owned(),
            identifier: identifier.to_owned(),
            method: method.to_owned(),
            signed_in: now,
            custom: Map::new(),
        };
        self.keep_family(&family)?;
        Ok(family)
    }

    /// A family of its own that begins as a copy of this one, with more claims. The first goes on as it was.
    pub(crate) fn branch_family(
        &self,
        family: &Family,
        custom: Map<String, Value>,
    ) -> rusqlite::Result<Family> {
        let mut branch = Family {
            id: Uuid::new_v4().to_string(),
            ..family.clone()
        };
        branch.custom.extend(custom);
        self.keep_family(&branch)?;
        self.0.execute(
            "INSERT INTO custom_claims (family, claims) VALUES (?1, ?2)",
            params![branch.id, to_json(&branch.custom)?],
        )?;
        Ok(branch)
    }

    fn keep_family(&self, family: &Family) -> rusqlite::Result<()> {
        self.0
            .execute(
                "INSERT INTO family (id, user, identifier, method, signed_in) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    family.id,
                    family.user,
                    family.identifier,
                    family.method,
                    family.signed_in.as_microsecond()
                ],
            )
            .map(drop)
    }

    /// A new refresh token of a family, in the wire's form `<integer>:<50 alphanumerics>`.
    pub(crate) fn add_refresh_token(
        &self,
        family: &Family,
        expires_at: Timestamp,
    ) -> rusqlite::Result<String> {
        let secret = random_alphanumerics(50);
        let id: i64 = self.0.query_row(
            "INSERT INTO refresh_token (hash, family, expires_at) VALUES (?1, ?2, ?3) RETURNING id",
            params![
                SecretHash::of(&secret),
                family.id,
                expires_at.as_microsecond()
            ],
            |row| row.get(0),
        )?;
        Ok(format!("{id}:{secret}"))
    }

    pub(crate) fn present_refresh_token(
        &self,
        token: &str,
        grace: Duration,
        now: Timestamp,
    ) -> rusqlite::Result<Presented> {
        let Some((id, secret)) = split(token) else {
            return Ok(Presented::Unknown);
        };
        let found = self
            .0
            .query_row(
                "SELECT family.*, refresh_token.expires_at, refresh_token.spent, custom_claims.claims,
                    (SELECT MIN(at) FROM succession WHERE predecessor = refresh_token.id) AS spent_at
                 FROM refresh_token JOIN family ON family.id = refresh_token.family
                 LEFT JOIN custom_claims ON custom_claims.family = family.id
                 WHERE refresh_token.id = ?1 AND refresh_token.hash = ?2",
                params![id, SecretHash::of(secret)],
                |row| {
                    let family = Family {
                        id: row.get("id")?,
                        user: row.get("user")?,
                        identifier: row.get("identifier")?,
                        method: row.get("method")?,
                        signed_in: time(row.get("signed_in")?),
                        custom: row
                            .get::<_, Option<String>>("claims")?
                            .map_or_else(|| Ok(Map::new()), |claims| from_json(&claims))?,
                    };
                    let spent_at = row.get::<_, Option<i64>>("spent_at")?.map(time);
                    // A clock that is set back opens no grace again.
                    let pardoned = spent_at.is_some_and(|at| at <= now && now < at + grace);
                    let dead = row.get("revoked")? || row.get("spent")? && !pardoned;
                    Ok((family, dead, time(row.get("expires_at")?)))
                },
            )
            .optional()?;
        Ok(match found {
            None => Presented::Unknown,
            Some((family, true, _)) => Presented::Dead(family),
            Some((_, false, expires_at)) if expires_at <= now => Presented::Expired,
            Some((family, false, _)) => Presented::Live(family),
        })
    }

    /// Spends a refresh token, for which a successor is given out.
    pub(crate) fn replace_refresh_token(
        &self,
        token: &str,
        successor: &str,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        self.mark_refresh_token(token, true)?;
        self.0
            .execute(
                "INSERT INTO succession (successor, predecessor, at) VALUES (?1, ?2, ?3)",
                params![number(successor), number(token), now.as_microsecond()],
            )
            .map(drop)
    }

    /// Somebody uses this token: it has arrived. What else was given out for its predecessor has not, and is spent.
    pub(crate) fn settle_succession(&self, token: &str) -> rusqlite::Result<()> {
        const PREDECESSOR: &str = "(SELECT predecessor FROM succession WHERE successor = ?1)";
        let id = number(token);
        for statement in [
            format!(
                "UPDATE refresh_token SET spent = 1 WHERE id != ?1 AND id IN
                 (SELECT successor FROM succession WHERE predecessor = {PREDECESSOR})"
            ),
            format!("DELETE FROM succession WHERE predecessor = {PREDECESSOR}"),
        ] {
            self.0.execute(&statement, [id])?;
        }
        Ok(())
    }

    /// Whether this is a token that was spent, for [`crate::faults`].
    pub(crate) fn refresh_token_is_spent(&self, token: &str) -> rusqlite::Result<bool> {
        let Some((id, secret)) = split(token) else {
            return Ok(false);
        };
        self.0.query_row(
            "SELECT EXISTS (SELECT 1 FROM refresh_token WHERE id = ?1 AND hash = ?2 AND spent = 1)",
            params![id, SecretHash::of(secret)],
            |row| row.get(0),
        )
    }

    /// Takes the spending back, for [`crate::faults`].
    pub(crate) fn unspend_refresh_token(&self, token: &str) -> rusqlite::Result<()> {
        self.mark_refresh_token(token, false)?;
        self.0
            .execute(
                "DELETE FROM succession WHERE predecessor = ?1",
                [number(token)],
            )
            .map(drop)
    }

    fn mark_refresh_token(&self, token: &str, spent: bool) -> rusqlite::Result<()> {
        self.0
            .execute(
                "UPDATE refresh_token SET spent = ?2 WHERE id = ?1",
                params![number(token), spent],
            )
            .map(drop)
    }

    pub(crate) fn revoke_family(&self, id: &str) -> rusqlite::Result<()> {
        self.0
            .execute("UPDATE family SET revoked = 1 WHERE id = ?1", [id])
            .map(drop)
    }

    /// Ends every family of a user that had not ended, for [`crate::faults`]; how many those were.
    pub(crate) fn revoke_families_of(&self, user: &str) -> rusqlite::Result<usize> {
        self.0.execute(
            "UPDATE family SET revoked = 1 WHERE user = ?1 AND revoked = 0",
            [user],
        )
    }
}

fn number(token: &str) -> Option<i64> {
    split(token).map(|(id, _)| id)
}

fn split(token: &str) -> Option<(i64, &str)> {
    let (id, secret) = token.split_once(':')?;
    Some((id.parse().ok()?, secret))
}
