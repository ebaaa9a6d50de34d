//! A store that has its entries in the memory of this process, and nowhere else.
//!
//! keyring-core ships two of that kind, a mock and a sample, and says of both that they are for tests; neither wipes a
//! secret that was replaced or deleted. This one does, which is all that it is for.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::keyring::{Error, Result};
use keyring_core::api::{CredentialApi, CredentialPersistence, CredentialStoreApi};
use keyring_core::{Credential, CredentialStore};
use zeroize::Zeroizing;

use super::SecretBytes;

/// A service and a name within it.
type Place = (String, String);

#[derive(Clone, Default)]
pub(super) struct Memory {
    entries: Arc<Mutex<HashMap<Place, SecretBytes>>>,
}

impl Memory {
    pub(super) fn open(&self) -> Arc<CredentialStore> {
        Arc::new(self.clone())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Place, SecretBytes>> {
        // No call leaves an entry half changed.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialStoreApi for Memory {
    fn vendor(&self) -> String {
        "Keyfob, in memory".to_owned()
    }

    fn id(&self) -> String {
        format!("{:p}", Arc::as_ptr(&self.entries))
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        _modifiers: Option<&HashMap<&str, &str>>,
    ) -> Result<keyring_core::Entry> {
        let held = Held {
            memory: self.clone(),
            place: (service.to_owned(), user.to_owned()),
        };
        Ok(keyring_core::Entry::new_with_credential(Arc::new(held)))
    }

    fn persistence(&self) -> CredentialPersistence {
        CredentialPersistence::ProcessOnly
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The entry at one place, whether or not it holds something.
struct Held {
    memory: Memory,
    place: Place,
}

impl CredentialApi for Held {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        let secret = Zeroizing::new(secret.to_vec());
        self.memory.entries().insert(self.place.clone(), secret);
        Ok(())
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        let entries = self.memory.entries();
        let secret = entries.get(&self.place).ok_or(Error::NoEntry)?;
        Ok(secret.to_vec())
    }

    fn delete_credential(&self) -> Result<()> {
        let removed = self.memory.entries().remove(&self.place);
        removed.map(drop).ok_or(Error::NoEntry)
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        let is_there = self.memory.entries().contains_key(&self.place);
        // None: this one is what was asked for.
        is_there.then_some(None).ok_or(Error::NoEntry)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some(self.place.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
