//! The session's record in the keyring: one per profile, versioned, whole or not at all.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::{
    Refusal, Session, SessionId,
    lock::{NoLock, RefreshLock},
    outbox::Outbox,
};
use crate::{
    AccessToken, Account, IdToken, Reason, RefreshToken, Timestamp, TokenSet, Vault, VaultError,
    clock::BootMoment,
    state_folder::{StateFolder, Watch},
};

/// The version of the record that this program writes, and the newest it reads.
const VERSION: u32 = 1;

/// Room for more than the vault takes, in bytes.
const LARGEST_RECORD: usize = 192 * 1024;

/// Where the session of one profile is kept: its record in the keyring, and the two empty files by which the programs
/// that share it keep out of each other's way.
#[derive(Clone, Debug)]
pub struct SessionStore {
    vault: Vault,
    entry: String,
    folder: StateFolder,
    profile: String,
}

/// What a record holds.
pub(super) struct Kept {
    pub(super) session: Session,
    /// What the provider said of itself.
    pub(super) memory: Option<Value>,
}

/// Why the record could not be read, written or deleted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The keyring did not do it.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// It gave a record that is not one of ours. It stays where it is until a new sign-in replaces it.
    #[error("the session kept in the keyring cannot be read")]
    Damaged,
    /// A newer Keyfob wrote the record. It stays where it is.
    #[error("the session in the keyring was written by a newer Keyfob (record version {0})")]
    Newer(u32),
}

impl StoreError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Vault(error) => error.reason(),
            Self::Damaged | Self::Newer(_) => Reason::KeyringDamaged,
        }
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Vault(error) => error.detail(),
            Self::Damaged => None,
            Self::Newer(_) => Some(self.to_string()),
        }
    }
}

/// The record as it is written: compact JSON. Times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Record {
    v: u32,
    /// One more at each save; tells a reader which of two records is newer.
    generation: u64,
    account: Account,
    access_token: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
    received_at: Timestamp,
    lifetime_ms: u64,
    /// Told at the sign-in, and the same over all refreshes.
    #[serde(default)]
    id: SessionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received_since_boot: Option<BootMoment>,
    /// Provider's time minus ours, as far as it was known.
    #[serde(default, skip_serializing_if = "is_zero")]
    clock_offset_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    /// What the provider says of itself; public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<Value>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "what serde passes to such a function"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Drop for Record {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
        self.id_token.zeroize();
    }
}

impl SessionStore {
    /// The record of the profile called `profile`.
    pub fn new(vault: Vault, profile: &str, folder: StateFolder) -> Self {
        Self {
            vault,
            entry: format!("{profile}.session"),
            folder,
            profile: profile.to_owned(),
        }
    }

    /// Whether what is kept outlives the program.
    pub(super) fn lasts(&self) -> bool {
        self.vault.lasts()
    }

    /// Where tokens wait that the provider is to be told of.
    pub(super) fn outbox(&self) -> Outbox {
        Outbox::new(self.vault.clone(), &self.profile)
    }

    /// The right to change the record.
    pub(super) async fn lock(&self, patience: Duration) -> Result<RefreshLock, NoLock> {
        RefreshLock::take(&self.folder, &self.profile, patience).await
    }

    /// The right to change the record, if it can be had at once.
    pub(super) fn lock_now(&self) -> Option<RefreshLock> {
        RefreshLock::take_now(&self.folder, &self.profile)
    }

    /// When any program last changed the record; only ever compared with another such answer.
    pub(super) fn last_change(&self) -> Vec<Option<SystemTime>> {
        self.folder.last_change(&self.profile)
    }

    /// By which the system tells of a change, where it does.
    pub(super) fn watch(&self) -> Option<Watch> {
        self.folder.watch()
    }

    /// Tells the other programs of a change.
    pub(super) fn say_changed(&self) {
        self.folder.say_changed(&self.profile);
    }

    /// The kept session, if there is one, and what the provider said of itself.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; none of them means that nobody is signed in.
    pub(super) async fn load(&self) -> Result<Option<Kept>, StoreError> {
        let Some(bytes) = self.vault.read(&self.entry).await? else {
            return Ok(None);
        };
        parse(&bytes).map(Some)
    }

    /// Replaces the record. `memory` is what the provider said of itself.
    ///
    /// # Errors
    ///
    /// When the keyring did not take it; it then holds the old record, whole.
    pub(super) async fn save(
        &self,
        session: &Session,
        memory: Option<Value>,
    ) -> Result<(), StoreError> {
        let record = print(session, memory);
        Ok(self.vault.write(&self.entry, record).await?)
    }

    /// Removes the record. It may be absent.
    ///
    /// # Errors
    ///
    /// When the keyring did not do it.
    pub(super) async fn delete(&self) -> Result<(), StoreError> {
        Ok(self.vault.delete(&self.entry).await?)
    }
}

/// JSON in a buffer that never grows, because growing leaves copies behind that nobody wipes.
pub(crate) fn written(record: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_RECORD));
    serde_json::to_writer(&mut *bytes, record).expect("a record has only texts and numbers");
    bytes
}

fn print(session: &Session, memory: Option<Value>) -> Zeroizing<Vec<u8>> {
    let tokens = &session.tokens;
    let record = Record {
        v: VERSION,
        generation: session.generation,
        account: session.account.clone(),
        access_token: tokens.access.expose().to_owned(),
        refresh_token: tokens
            .refresh
            .as_ref()
            .map(|token| token.expose().to_owned()),
        id_token: tokens.id.as_ref().map(|token| token.expose().to_owned()),
        received_at: session.received_at,
        lifetime_ms: u64::try_from(tokens.lifetime.as_millis()).unwrap_or(u64::MAX),
        id: session.id.clone(),
        received_since_boot: session.received_since_boot.clone(),
        clock_offset_ms: session.clock_offset,
        refusal: session.refusal.clone(),
        provider: memory,
    };
    written(&record)
}

fn parse(bytes: &[u8]) -> Result<Kept, StoreError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    let Versioned { v } = serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged)?;
    if v > VERSION {
        return Err(StoreError::Newer(v));
    }
    let mut record: Record = serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged)?;
    let memory = record.provider.take();
    let session = Session {
        account: record.account.clone(),
        tokens: TokenSet {
            access: AccessToken::new(std::mem::take(&mut record.access_token)),
            refresh: record.refresh_token.take().map(RefreshToken::new),
            id: record.id_token.take().map(IdToken::new),
            lifetime: Duration::from_millis(record.lifetime_ms),
            verified_by: None,
        },
        received_at: record.received_at,
        received_monotonic: None,
        received_since_boot: record.received_since_boot.take(),
        clock_offset: record.clock_offset_ms,
        id: std::mem::take(&mut record.id),
        generation: record.generation,
        refusal: record.refusal.take(),
        distrusted: false,
    };
    Ok(Kept { session, memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            account: Account {
                subject: "S".to_owned(),
                issuer: "https://issuer.test".to_owned(),
                identifier: "ada@example.com".to_owned(),
                name: None,
                picture: None,
            },
            tokens: TokenSet {
                access: AccessToken::new("A"),
                refresh: Some(RefreshToken::new("R")),
                id: None,
                lifetime: Duration::from_hours(1),
                verified_by: Some("K".to_owned()),
            },
            received_at: Timestamp::from_seconds(1_700_000_000),
            received_monotonic: Some(Duration::ZERO),
            received_since_boot: None,
            clock_offset: 0,
            id: SessionId::default(),
            generation: 3,
            refusal: None,
            distrusted: false,
        }
    }

    #[test]
    fn the_record_is_what_is_documented() {
        assert_eq!(
            String::from_utf8(print(&session(), None).to_vec()).unwrap(),
            r#"{"v":1,"generation":3,"account":{"subject":"S","issuer":"https://issuer.test","identifier":"ada@example.com"},"access_token":"A","refresh_token":"R","id_token":null,"received_at":1700000000000,"lifetime_ms":3600000,"id":""}"#
        );
    }

    #[test]
    fn a_session_comes_back_as_it_was_but_unchecked() {
        let back = parse(&print(&session(), None)).unwrap().session;
        assert_eq!(back.account, session().account);
        assert_eq!(back.tokens.access.expose(), "A");
        assert_eq!(back.tokens.refresh.unwrap().expose(), "R");
        assert_eq!(back.tokens.verified_by, None);
        assert_eq!(back.generation, 3);
    }

    #[test]
    fn bytes_that_are_no_record_are_damage_and_a_newer_one_is_said_to_be_newer() {
        for bytes in [
            &b""[..],
            b"{}",
            b"null",
            b"\xff\xfe",
            br#"{"v":1}"#,
            br#"{"v":"1"}"#,
        ] {
            assert!(
                matches!(parse(bytes), Err(StoreError::Damaged)),
                "{bytes:?}"
            );
        }
        assert!(matches!(parse(br#"{"v":2}"#), Err(StoreError::Newer(2))));
    }
}
