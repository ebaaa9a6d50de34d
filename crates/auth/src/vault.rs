//! The operating system's keyring, behind one thread.
//!
//! A keyring blocks: on its daemon, on a prompt, for ever if that daemon dies. So one thread of ours speaks to it, in
//! the order in which it was asked; callers wait in async code, up to a deadline, and learn then that it is
//! [waiting](VaultError::Waiting), which is not the same as failing. From the outside in:
//! `desk` (the thread and its queue), `records` (a record is old or new, never half), `framing` (its form in the
//! keyring), `entries` (the store that is held, and opened anew), `memory` (the store of who wants nothing kept).

mod desk;
mod entries;
mod error;
mod framing;
mod memory;
mod records;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::keyring::Error;
use keyring_core::CredentialStore;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use zeroize::Zeroizing;

use self::desk::{Answer, Desk, Task, Ticket};
use self::entries::Source;
pub use self::error::{Damage, Late, VaultError};
use self::framing::{Generation, SHORT_BODY};
use self::memory::Memory;
use self::records::Change;

type SecretBytes = Zeroizing<Vec<u8>>;

/// How long a caller waits before it is told that the keyring is waiting. A person at a window wants to know why
/// nothing happens; a keyring that answers at all does so within milliseconds.
const DEADLINE: Duration = Duration::from_secs(3);

/// How long one call may hold up another before it is given up. Long enough to find and type a password.
const PATIENCE: Duration = Duration::from_secs(30);

/// The keyring of the operating system: named records of any bytes, kept over restarts. Or, for who wants nothing kept, a
/// [keyring of this run](Self::for_this_run).
///
/// Clones share one thread, which starts with the first call and ends with the last clone, after what was asked of it
/// is done. All of it needs a tokio runtime with timers.
///
/// A call whose future was polled once is made, even if the future is dropped: a save cannot be lost by cancelling.
/// Changes to one name happen in the order in which they were asked for.
///
/// # When the keyring does not answer
///
/// After the [deadline](Self::with_deadline) the caller gets [`VaultError::Waiting`]. The call goes on: most likely
/// a prompt is open. [`Late::ended`] tells when it is over:
///
/// ```no_run
/// # use keyfob_auth::{Vault, VaultError};
/// # async fn example(vault: Vault) -> Result<(), VaultError> {
/// let record = loop {
///     match vault.read("session.default").await {
///         Err(VaultError::Waiting(late)) => {
///             println!("Your keyring is asking for its password.");
///             late.ended().await?;
///         }
///         outcome => break outcome?,
///     }
/// };
/// # Ok(())
/// # }
/// ```
///
/// A late call is not given up for being late, only when another one has waited behind it for the
/// [patience](Self::with_patience). A write that was given up and happens after all is put right: the newest change
/// to that name is made again. This cannot be promised across the end of the program, nor for the instant between
/// the late write and its repair.
#[derive(Clone)]
pub struct Vault {
    handle: Arc<Handle>,
    deadline: Duration,
    patience: Duration,
}

/// What the clones of a vault share; the last one closes the desk.
struct Handle {
    desk: Arc<Desk>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.desk.close();
    }
}

impl Vault {
    /// The keyring of the person who is logged in. Opens nothing yet.
    ///
    /// Every entry has `service` as its service, for example `dev.keyfob`, and the record's name as its user.
    pub fn system(service: impl Into<String>) -> Self {
        Self::from_source(Source {
            service: service.into(),
            open: Box::new(open_system_store),
            modifiers: SYSTEM_MODIFIERS,
            longest_body: SYSTEM_LONGEST_BODY,
            lasts: true,
        })
    }

    /// A keyring in the memory of this process, empty at first. It never asks and is never away; what it holds ends with
    /// the last clone, and is wiped from memory then, or as soon as it is replaced or deleted.
    ///
    /// No other program sees it, nor another vault of this one.
    pub fn for_this_run(service: impl Into<String>) -> Self {
        let memory = Memory::default();
        Self::from_source(Source {
            service: service.into(),
            open: Box::new(move || Ok(memory.open())),
            modifiers: &[],
            longest_body: framing::RECORD_LIMIT,
            lasts: false,
        })
    }

    /// A keyring of the caller's, opened with this function whenever the one before has failed. Nothing is known of
    /// how much its entries hold, so long records are split for it.
    pub fn over(
        service: impl Into<String>,
        open: impl Fn() -> ::keyring::Result<Arc<CredentialStore>> + Send + Sync + 'static,
    ) -> Self {
        Self::from_source(Source {
            service: service.into(),
            open: Box::new(open),
            modifiers: &[],
            longest_body: SHORT_BODY,
            lasts: true,
        })
    }

    fn from_source(source: Source) -> Self {
        let desk = Desk::new(source);
        Self {
            handle: Arc::new(Handle { desk }),
            deadline: DEADLINE,
            patience: PATIENCE,
        }
    }

    /// The same keyring, for a caller who waits this long before it is told of waiting. Unless set, 3 seconds.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same keyring, for a caller who, once late, stands this long behind another call before that one is
    /// given up. Unless set, 30 seconds.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Whether what it holds outlives the program; not when it is [for this run](Self::for_this_run).
    pub fn lasts(&self) -> bool {
        self.handle.desk.lasts()
    }

    /// Reads a record. `None` if there is none, which does not mean that one could be written.
    ///
    /// # Errors
    ///
    /// When the keyring does not answer in time, cannot be used, or holds a record that is damaged.
    pub async fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        check_name(name)?;
        self.call(Task::Read(name.to_owned())).await
    }

    /// Writes a record, in place of any other of this name. If it fails, the old one is still there.
    ///
    /// # Errors
    ///
    /// When the keyring does not answer in time, cannot be used, or does not take the record: one may have some
    /// 150 kB, and `#` is not for names.
    pub async fn write(&self, name: &str, secret: Zeroizing<Vec<u8>>) -> Result<(), VaultError> {
        check_name(name)?;
        let change = Change::Write(Generation::draw(), secret);
        self.call(Task::Change(name.to_owned(), change)).await?;
        Ok(())
    }

    /// Deletes a record and whatever is left of older ones of its name. One that is not there is fine.
    ///
    /// # Errors
    ///
    /// When the keyring does not answer in time or cannot be used. Something may then be left; delete again.
    pub async fn delete(&self, name: &str) -> Result<(), VaultError> {
        check_name(name)?;
        self.call(Task::Change(name.to_owned(), Change::Delete))
            .await?;
        Ok(())
    }

    /// Writes, reads and deletes a throw-away record: is there a keyring that keeps things?
    ///
    /// To read is not enough: a keyring without a collection answers every read with "no such entry".
    ///
    /// # Errors
    ///
    /// When the keyring does not answer in time, cannot be used, or forgets.
    pub async fn probe(&self) -> Result<(), VaultError> {
        self.call(Task::Probe).await?;
        Ok(())
    }

    async fn call(&self, task: Task) -> Answer {
        let desk = &self.handle.desk;
        let (ticket, mut answer) = desk.submit(task)?;
        if let Ok(answer) = timeout(self.deadline, &mut answer).await {
            return answer.unwrap_or(Err(VaultError::GivenUp));
        }
        let (tell, ended) = watch::channel(None);
        let follow = follow(Arc::clone(desk), ticket, answer, self.patience);
        tokio::spawn(async move { tell.send_replace(Some(follow.await)) });
        Err(VaultError::Waiting(Late::new(ended)))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("service", &self.handle.desk.service())
            .finish_non_exhaustive()
    }
}

/// Follows a late call to its end, and gives up the one before it that is stuck.
async fn follow(
    desk: Arc<Desk>,
    ticket: Ticket,
    mut answer: oneshot::Receiver<Answer>,
    patience: Duration,
) -> Result<(), VaultError> {
    loop {
        let running = desk.running();
        match timeout(patience, &mut answer).await {
            Ok(answer) => return answer.unwrap_or(Err(VaultError::GivenUp)).map(|_| ()),
            Err(_) => match running {
                Some(other) if other != ticket => desk.give_up(other),
                _ => {}
            },
        }
    }
}

/// Refuses a name that could be taken for that of another record's part.
fn check_name(name: &str) -> Result<(), VaultError> {
    if name.contains('#') {
        let why = "`#` is kept for the parts of a record".to_owned();
        return Err(Error::Invalid("name".to_owned(), why).into());
    }
    Ok(())
}

// Windows would otherwise carry the entries to every machine of the person's domain.
#[cfg(windows)]
const SYSTEM_MODIFIERS: &[(&str, &str)] = &[("persistence", "Local")];
#[cfg(not(windows))]
const SYSTEM_MODIFIERS: &[(&str, &str)] = &[];

// Windows has a limit for each entry; Secret Service and Keychain have none that a record could reach, and every entry
// more is two more calls to the daemon.
#[cfg(windows)]
const SYSTEM_LONGEST_BODY: usize = SHORT_BODY;
#[cfg(not(windows))]
const SYSTEM_LONGEST_BODY: usize = framing::RECORD_LIMIT;

fn open_system_store() -> ::keyring::Result<Arc<CredentialStore>> {
    #[cfg(target_os = "macos")]
    use apple_native_keyring_store::keychain::Store;
    #[cfg(windows)]
    use windows_native_keyring_store::Store;
    #[cfg(all(unix, not(target_os = "macos")))]
    use zbus_secret_service_keyring_store::Store;

    Ok(Store::new()?)
}
