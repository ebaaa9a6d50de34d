//! A keyring for tests: keyring-core's mock, with a guard before every call that may refuse it or hold it up.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use keyring_core::api::{CredentialApi, CredentialStoreApi};
use keyring_core::{Credential, CredentialStore, Entry, Error, Result, mock};

/// What every entry of the tests is filed under.
pub(super) const SERVICE: &str = "dev.keyfob.test";

/// A call that is about to be made to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Get,
    Set,
    Delete,
}

type Guard = dyn Fn(Call, &str) -> Result<()> + Send + Sync;

/// What several stores have in common when they are opened one after the other: the daemon behind them.
#[derive(Clone)]
pub(super) struct Daemon {
    entries: Arc<mock::Store>,
    guard: Arc<Mutex<Arc<Guard>>>,
    opened: Arc<Mutex<usize>>,
}

impl Daemon {
    pub(super) fn new() -> Self {
        Self {
            entries: mock::Store::new().unwrap(),
            guard: Arc::new(Mutex::new(Arc::new(|_, _| Ok(())))),
            opened: Arc::default(),
        }
    }

    /// From now on, this is asked before every call.
    pub(super) fn guard(&self, guard: impl Fn(Call, &str) -> Result<()> + Send + Sync + 'static) {
        *self.guard.lock().unwrap() = Arc::new(guard);
    }

    /// From now on, nothing is in the way.
    pub(super) fn relent(&self) {
        self.guard(|_, _| Ok(()));
    }

    pub(super) fn open(&self) -> Arc<CredentialStore> {
        *self.opened.lock().unwrap() += 1;
        Arc::new(Store {
            daemon: self.clone(),
        })
    }

    /// How often a store was opened.
    pub(super) fn opened(&self) -> usize {
        *self.opened.lock().unwrap()
    }

    /// The mock's own entry, past the guard.
    pub(super) fn entry(&self, name: &str) -> Entry {
        self.entries.build(SERVICE, name, None).unwrap()
    }

    /// The next call to this entry fails in this way.
    pub(super) fn fail_once(&self, name: &str, error: Error) {
        let entry = self.entry(name);
        let cred: &mock::Cred = entry.as_any().downcast_ref().unwrap();
        cred.set_error(error);
    }

    /// All entries that hold something, by name.
    pub(super) fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let all = self.entries.search(&HashMap::new()).unwrap();
        let mut contents: Vec<_> = all
            .iter()
            .filter_map(|entry| {
                let (_, name) = entry.get_specifiers()?;
                Some((name, entry.get_secret().ok()?))
            })
            .collect();
        contents.sort();
        contents
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.contents().into_iter().map(|(name, _)| name).collect()
    }
}

struct Store {
    daemon: Daemon,
}

impl CredentialStoreApi for Store {
    fn vendor(&self) -> String {
        self.daemon.entries.vendor()
    }

    fn id(&self) -> String {
        self.daemon.entries.id()
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> Result<Entry> {
        Ok(Entry::new_with_credential(Arc::new(Cred {
            entry: self.daemon.entries.build(service, user, modifiers)?,
            name: user.to_owned(),
            guard: Arc::clone(&self.daemon.guard),
        })))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Cred {
    entry: Entry,
    name: String,
    guard: Arc<Mutex<Arc<Guard>>>,
}

impl Cred {
    fn pass(&self, call: Call) -> Result<()> {
        // Not under the lock: a guard may block, and another thread must find it gone.
        let guard = Arc::clone(&self.guard.lock().unwrap());
        guard(call, &self.name)
    }
}

impl CredentialApi for Cred {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        self.pass(Call::Set)?;
        self.entry.set_secret(secret)
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        self.pass(Call::Get)?;
        self.entry.get_secret()
    }

    fn delete_credential(&self) -> Result<()> {
        self.pass(Call::Delete)?;
        self.entry.delete_credential()
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        self.entry.get_specifiers()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
