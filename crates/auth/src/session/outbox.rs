//! Refresh tokens that the person has signed out of, and that the provider has not been told of yet ([RFC 7009]).
//!
//! The session ends here first, whatever the provider says: then it is told, and if it cannot be told now it is told
//! later. Until then the token lies in an entry of its own in the keyring, for seven days at most, and the person is told
//! so: what was signed out of may still work for whoever has it. A vault that lasts no longer than the program gives no
//! later time: then the provider is told once more as the program ends, also of the session that ends with it.
//!
//! [RFC 7009]: https://www.rfc-editor.org/rfc/rfc7009

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{SessionError, SessionManager, StoreError, manager::Inner, store::written};
use crate::{ProviderError, RefreshToken, Timestamp, Vault, VaultError};

/// For how long the provider is told.
const PATIENCE: Duration = Duration::from_hours(7 * 24);

/// How long a program that ends tells the provider what nobody will know any more.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// The most tokens that wait at once; the oldest gives way.
const MOST: usize = 8;

/// The version of the record that this program writes and reads.
const VERSION: u32 = 1;

/// How long a program that runs on rests between two attempts.
const REST: Duration = Duration::from_mins(5);

/// How long another program may hold the record.
const LOCK_PATIENCE: Duration = Duration::from_secs(20);

/// The tokens of one profile that wait to be revoked.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    vault: Vault,
    entry: String,
}

/// The record as it is written: compact JSON.
#[derive(Default, Serialize, Deserialize)]
struct Record {
    v: u32,
    tokens: Vec<Unrevoked>,
}

/// A token that waits.
#[derive(Serialize, Deserialize)]
struct Unrevoked {
    refresh_token: String,
    issuer: String,
    /// On this computer's own clock.
    since: Timestamp,
}

impl Drop for Unrevoked {
    fn drop(&mut self) {
        self.refresh_token.zeroize();
    }
}

impl Outbox {
    pub(super) fn new(vault: Vault, profile: &str) -> Self {
        Self {
            vault,
            entry: format!("{profile}.outbox"),
        }
    }

    /// What waits. A record that cannot be read holds nothing that could be sent.
    async fn read(&self) -> Result<Vec<Unrevoked>, VaultError> {
        let record = match self.vault.read(&self.entry).await {
            Ok(record) => record,
            Err(VaultError::Damaged(_)) => None,
            Err(error) => return Err(error),
        };
        let record = record.and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
        let readable = record.filter(|record| record.v == VERSION);
        Ok(readable.map_or_else(Vec::new, |record| record.tokens))
    }

    async fn write(&self, tokens: Vec<Unrevoked>) -> Result<(), VaultError> {
        if tokens.is_empty() {
            return self.vault.delete(&self.entry).await;
        }
        let record = Record { v: VERSION, tokens };
        self.vault.write(&self.entry, written(&record)).await
    }
}

impl Inner {
    /// Tells the provider that a token is no longer wanted, now or later. Nobody waits for it but a program that ends.
    pub(super) fn revoke(self: &Arc<Self>, token: RefreshToken) {
        let (inner, under_way) = (Arc::clone(self), self.begin());
        tokio::spawn(async move {
            if let Err(error) = inner.provider.revoke(&token).await {
                tracing::info!(reason = ?error.reason(), "the provider is not told of the sign-out yet");
                if error.is_transient()
                    && let Err(error) = inner.post(&token).await
                {
                    tracing::warn!(%error, "the provider will not be told of the sign-out");
                }
            }
            drop(under_way);
        });
    }

    /// Keeps a token for another attempt.
    async fn post(&self, token: &RefreshToken) -> Result<(), StoreError> {
        let outbox = self.store.outbox();
        let now = self.clock.wall();
        let lock = self.store.lock(LOCK_PATIENCE).await.ok();
        let mut waiting = outbox.read().await?;
        if waiting.len() >= MOST {
            waiting.remove(0);
        }
        waiting.push(Unrevoked {
            refresh_token: token.expose().to_owned(),
            issuer: self.provider.issuer().to_owned(),
            since: now,
        });
        let until = last_day(&waiting);
        outbox.write(waiting).await?;
        drop(lock);
        self.store.say_changed();
        self.unrevoked.send_replace(until);
        Ok(())
    }

    /// Learns what waits, which another program may have put there.
    pub(super) async fn look_into_outbox(&self) -> Result<(), StoreError> {
        let waiting = self.store.outbox().read().await?;
        self.say_unrevoked(last_day(&waiting));
        Ok(())
    }

    /// Says so to those who listen, if it is news.
    fn say_unrevoked(&self, now: Option<Timestamp>) {
        self.unrevoked
            .send_if_modified(|until| std::mem::replace(until, now) != now);
    }
}

impl SessionManager {
    /// Until when the provider is being told of a sign-out, if it has not been told yet. On this computer's own clock.
    pub fn unrevoked(&self) -> tokio::sync::watch::Receiver<Option<Timestamp>> {
        self.0.unrevoked.subscribe()
    }

    /// Tells the provider of every sign-out that it could not be told of before.
    ///
    /// # Errors
    ///
    /// When it could not be told now either, or the keyring did not say what waits.
    pub async fn deliver_outbox(&self) -> Result<(), SessionError> {
        let inner = &self.0;
        let outbox = inner.store.outbox();
        let now = inner.clock.wall();
        let waiting = outbox.read().await.map_err(StoreError::from)?;
        inner.keyring_answered.notify_waiters();
        if waiting.is_empty() {
            inner.say_unrevoked(None);
            return Ok(());
        }
        let mut settled = Vec::new();
        let mut outcome = Ok(());
        for unrevoked in &waiting {
            if now.since(unrevoked.since) < PATIENCE {
                // Another issuer's token goes to nobody else: it waits for its own.
                if unrevoked.issuer != inner.provider.issuer() {
                    continue;
                }
                let token = RefreshToken::new(unrevoked.refresh_token.as_str());
                if let Err(error) = inner.provider.revoke(&token).await
                    && error.is_transient()
                {
                    outcome = Err(error.into());
                    break;
                }
            }
            settled.push(unrevoked.refresh_token.as_str());
        }
        // Read again: another program may have put one in meanwhile.
        let lock = inner.store.lock(LOCK_PATIENCE).await.ok();
        let mut left = outbox.read().await.map_err(StoreError::from)?;
        left.retain(|unrevoked| !settled.contains(&unrevoked.refresh_token.as_str()));
        let until = last_day(&left);
        outbox.write(left).await.map_err(StoreError::from)?;
        drop(lock);
        inner.say_unrevoked(until);
        outcome
    }

    /// Tells the provider of the session that ends with this program, and of what it could not be told of before.
    pub(super) async fn tell_before_the_end(&self) {
        let session = self.0.session().ok();
        let token = session.and_then(|session| session.tokens.refresh.clone());
        let ending = async {
            match &token {
                Some(token) => self.0.provider.revoke(token).await.map(drop),
                None => Ok::<(), ProviderError>(()),
            }
        };
        let both = async { tokio::join!(ending, self.deliver_outbox()) };
        let told = tokio::time::timeout(LAST_PATIENCE, both).await;
        if !matches!(told, Ok((Ok(()), Ok(())))) {
            tracing::warn!("the provider is not told what ends with this program");
        }
    }

    /// The last thing that is done with a profile: what is under way ends, and what the provider could not be told is
    /// forgotten, because nobody will be left to tell it. The answer says whether there was any.
    ///
    /// # Errors
    ///
    /// When the keyring did not forget it.
    pub async fn forget_outbox(&self) -> Result<bool, StoreError> {
        self.idle().await;
        let outbox = self.0.store.outbox();
        let waited = !outbox.read().await?.is_empty();
        if waited {
            outbox.write(Vec::new()).await?;
        }
        self.0.say_unrevoked(None);
        Ok(waited)
    }

    /// Does so again and again until all is delivered, and whenever there is something new. It runs until it is dropped.
    pub async fn keep_delivering(&self) {
        let mut unrevoked = self.unrevoked();
        loop {
            match self.deliver_outbox().await {
                Ok(()) if unrevoked.borrow_and_update().is_none() => {
                    // The sender lives as long as the manager, which is borrowed here.
                    let _ = unrevoked.wait_for(Option::is_some).await;
                }
                Err(SessionError::Store(error)) => {
                    self.0.another_answer_of_the_keyring(&error).await;
                }
                Ok(()) | Err(_) => {}
            }
            tokio::time::sleep(REST).await;
        }
    }
}

fn last_day(waiting: &[Unrevoked]) -> Option<Timestamp> {
    waiting.iter().map(|it| it.since + PATIENCE).max()
}
