//! What the provider remembers, in one SQLite file.
//!
//! Every request that changes something is one transaction: [`Store::write`] commits when its closure returns `Ok`,
//! and a failure of ours leaves no trace. That is what lets a client repeat an exchange that met a 500. A refusal is
//! therefore a value inside `Ok`: a wrong number or a spent code must be remembered. SQLite blocks, so it never runs
//! on the threads that serve.

mod challenges;
mod letters;
mod refresh_tokens;
mod users;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

pub(crate) use letters::{Counted, LetterId};
pub(crate) use refresh_tokens::{Family, Presented};
pub(crate) use users::User;

/// The form of what is kept for a day: the JSON of `Challenge` and `Letter`, and the letters' table. A change of any
/// is a new number.
const FORM: i64 = 2;

/// The open database.
#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<Connection>>);

/// One transaction, with the provider's questions as its verbs.
pub(crate) struct Records<'a>(Transaction<'a>);

impl Store {
    pub(crate) fn open(file: &Path) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        // FULL: an answer that reached a client must survive a power cut, or its refresh token is lost.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )?;
        make_tables(&mut connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` in a transaction on a thread that may block.
    pub(crate) async fn write<T, E>(
        &self,
        work: impl FnOnce(&Records<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.write_blocking(work))
            .await
            .expect("a transaction does not panic")
    }

    pub(crate) fn write_blocking<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Records<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let records = Records(transaction);
        let value = work(&records)?;
        records.0.commit()?;
        Ok(value)
    }
}

impl Records<'_> {
    pub(crate) fn setting(&self, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        self.0
            .query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| {
                row.get(0)
            })
            .optional()
    }

    pub(crate) fn keep_setting(&self, name: &str, value: &[u8]) -> rusqlite::Result<()> {
        self.0
            .execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![name, value],
            )
            .map(drop)
    }

    pub(crate) fn setting_or(
        &self,
        name: &str,
        make: impl FnOnce() -> Vec<u8>,
    ) -> rusqlite::Result<Vec<u8>> {
        if let Some(value) = self.setting(name)? {
            return Ok(value);
        }
        let value = make();
        self.keep_setting(name, &value)?;
        Ok(value)
    }

    pub(crate) fn forget_setting(&self, name: &str) -> rusqlite::Result<()> {
        self.0
            .execute("DELETE FROM setting WHERE name = ?1", [name])
            .map(drop)
    }

    /// Deletes what nobody can use any more: sign-ins and letters after a day, refresh tokens a day after their end.
    pub(crate) fn tidy(&self, now: Timestamp) -> rusqlite::Result<()> {
        let yesterday = (now - Duration::from_hours(24)).as_microsecond();
        for statement in [
            "DELETE FROM challenge WHERE changed_at < ?1",
            "DELETE FROM letter WHERE sent_at < ?1",
            "DELETE FROM refresh_token WHERE expires_at < ?1",
        ] {
            self.0.execute(statement, [yesterday])?;
        }
        self.0
            .execute(
                "DELETE FROM family WHERE NOT EXISTS
                 (SELECT 1 FROM refresh_token WHERE refresh_token.family = family.id)",
                [],
            )
            .map(drop)
    }
}

/// Makes the tables that are missing, and empties what another build kept in a form that this one may not read:
/// sign-ins that are under way, and letters.
///
/// They live for a day at most, so a person asks again; users, keys and refresh tokens are columns, and stay.
fn make_tables(connection: &mut Connection) -> rusqlite::Result<()> {
    const SCHEMA: &str = include_str!("store/schema.sql");
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let form: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if form == FORM {
        transaction.execute_batch(SCHEMA)?;
    } else {
        transaction.execute_batch("DROP TABLE IF EXISTS letter")?;
        transaction.execute_batch(SCHEMA)?;
        // Emptied and not dropped: their numbers go on, so that an open page never shows another's sign-in.
        transaction.execute_batch("DELETE FROM link; DELETE FROM challenge;")?;
        transaction.pragma_update(None, "user_version", FORM)?;
    }
    transaction.commit()
}

/// A value kept as JSON, read back.
fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn to_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
