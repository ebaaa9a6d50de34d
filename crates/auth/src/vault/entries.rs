//! Single entries of the keyring, through a `Store` that is held, and opened anew when it has failed.
//!
//! Never through `keyring::Entry::new`: its process-wide store remembers a failure for the life of the process, and
//! answers `NoSession` for ever once the keyring's daemon has been restarted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::keyring::{Entry, Error};
use keyring_core::CredentialStore;
use zeroize::Zeroizing;

use super::{SecretBytes, VaultError};

/// Where the entries are: how the store is opened, and the service that all of them are filed under.
pub(super) struct Source {
    pub(super) service: String,
    pub(super) open: Box<dyn Fn() -> ::keyring::Result<Arc<CredentialStore>> + Send + Sync>,
    /// Passed to the store with every entry.
    pub(super) modifiers: &'static [(&'static str, &'static str)],
    /// The most bytes that the body of one entry may have.
    pub(super) longest_body: usize,
    /// Whether the entries outlive the program.
    pub(super) lasts: bool,
}

/// The right of one thread to use the keyring; lost when the thread is given up.
#[derive(Default)]
pub(super) struct Lease {
    lost: AtomicBool,
}

impl Lease {
    pub(super) fn revoke(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

/// The entries of one service, as one thread sees them.
pub(super) struct Entries {
    source: Arc<Source>,
    lease: Arc<Lease>,
    store: Option<Arc<CredentialStore>>,
    reopened: bool,
}

impl Entries {
    pub(super) fn new(source: Arc<Source>, lease: Arc<Lease>) -> Self {
        Self {
            source,
            lease,
            store: None,
            reopened: false,
        }
    }

    /// The most bytes that the body of one entry may have.
    pub(super) fn longest_body(&self) -> usize {
        self.source.longest_body
    }

    /// Begins a request, within which the store may be opened anew once.
    pub(super) fn begin(&mut self) {
        self.reopened = false;
    }

    /// Lets go of the store, so that the next call opens it anew.
    pub(super) fn close(&mut self) {
        self.store = None;
    }

    pub(super) fn get(&mut self, entry: &str) -> Result<Option<SecretBytes>, VaultError> {
        match self.call(entry, Entry::get_secret) {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Failure::Keyring(Error::NoEntry)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    pub(super) fn set(&mut self, entry: &str, secret: &[u8]) -> Result<(), VaultError> {
        let set = |entry: &Entry| entry.set_secret(secret);
        match self.call(entry, set) {
            // None of several can be told to be ours, so none can be read: make room for one.
            Err(Failure::Keyring(Error::Ambiguous(_))) => {
                self.remove(entry)?;
                Ok(self.call(entry, set)?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// Removes an entry, and every other that goes by its name. An absent one is fine.
    pub(super) fn remove(&mut self, entry: &str) -> Result<(), VaultError> {
        let removed = self.call(entry, |entry| match entry.delete_credential() {
            Err(Error::Ambiguous(all)) => all
                .iter()
                .try_for_each(keyring_core::Entry::delete_credential),
            outcome => outcome,
        });
        match removed {
            Ok(()) | Err(Failure::Keyring(Error::NoEntry)) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Makes one call to the keyring, twice if the store it was made to turns out to be dead.
    fn call<T>(
        &mut self,
        name: &str,
        call: impl Fn(&Entry) -> ::keyring::Result<T>,
    ) -> Result<T, Failure> {
        match self.try_call(name, &call) {
            Err(Failure::Keyring(Error::PlatformFailure(source))) if !self.reopened => {
                tracing::debug!(%source, "the keyring failed and is opened anew");
                self.reopened = true;
                self.try_call(name, &call)
            }
            outcome => outcome,
        }
    }

    fn try_call<T>(
        &mut self,
        name: &str,
        call: impl Fn(&Entry) -> ::keyring::Result<T>,
    ) -> Result<T, Failure> {
        // Asked before every single call: a thread that was stuck and comes to must not go on with an old write.
        if self.lease.is_lost() {
            return Err(Failure::LeaseLost);
        }
        let store = if let Some(store) = &self.store {
            Arc::clone(store)
        } else {
            let store = (self.source.open)().map_err(Failure::NotOpened)?;
            // A measuring point, for the programs that show theirs.
            tracing::trace!(target: "keyfob_auth::stages", "keyring-opened");
            store
        };
        self.store = Some(Arc::clone(&store));
        let modifiers: HashMap<_, _> = self.source.modifiers.iter().copied().collect();
        let outcome = store
            .build(&self.source.service, name, Some(&modifiers))
            .and_then(|inner| call(&Entry { inner }));
        // A locked keyring is not asked again within the request: the person has just dismissed its prompt.
        if let Err(Error::PlatformFailure(_) | Error::NoStorageAccess(_)) = &outcome {
            self.close();
        }
        outcome.map_err(Failure::Keyring)
    }
}

/// Why a single call failed.
enum Failure {
    Keyring(Error),
    NotOpened(Error),
    LeaseLost,
}

impl From<Failure> for VaultError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Keyring(error) | Failure::NotOpened(error) => error.into(),
            Failure::LeaseLost => Self::GivenUp,
        }
    }
}
