//! Whole records over single entries: either the old one or the new one is there, whenever the program is killed.
//!
//! Parts are written first, to the side that the head in force does not refer to, then the head, then what the old
//! head referred to is removed. A side's parts are written from the first to the last and removed from the last to the
//! first, so that they are an unbroken row at every moment; whatever a killed program left is found by walking it.

use ::keyring::Error;

use super::entries::Entries;
use super::framing::{self, Generation, Head, PARTS_LIMIT, RECORD_LIMIT, Side};
use super::{Damage, SecretBytes, VaultError};

/// How often a record is read again whose parts do not belong together.
///
/// At once, without a pause: parts vanish only after the head that replaces theirs was written, so to read the head
/// again is to read a newer one.
const READ_AGAIN: usize = 3;

/// A change to a record.
#[derive(Clone)]
pub(super) enum Change {
    Write(Generation, SecretBytes),
    Delete,
}

impl Change {
    /// The generation that stands in the keyring once the change is made.
    pub(super) fn leaves(&self) -> Option<Generation> {
        match self {
            Self::Write(generation, _) => Some(*generation),
            Self::Delete => None,
        }
    }
}

/// The records of one service, as one thread sees them.
pub(super) struct Records {
    entries: Entries,
}

impl Records {
    pub(super) fn new(entries: Entries) -> Self {
        Self { entries }
    }

    /// Begins a request.
    pub(super) fn begin(&mut self) {
        self.entries.begin();
    }

    /// Lets go of the store after it has panicked.
    pub(super) fn close(&mut self) {
        self.entries.close();
    }

    pub(super) fn read(&mut self, name: &str) -> Result<Option<SecretBytes>, VaultError> {
        Ok(self.read_generation(name)?.map(|(_, record)| record))
    }

    pub(super) fn apply(&mut self, name: &str, change: &Change) -> Result<(), VaultError> {
        match change {
            Change::Write(generation, record) => self.write(name, *generation, record),
            Change::Delete => self.delete(name),
        }
    }

    /// Makes the newest change again if an older one, which was given up, has happened over it after all.
    ///
    /// Only then: another program may have written since, and its record is to stay.
    pub(super) fn mend(
        &mut self,
        name: &str,
        older: Option<Generation>,
        newest: &Change,
    ) -> Result<(), VaultError> {
        let standing = match self.read_generation(name) {
            Ok(record) => record.map(|(generation, _)| generation),
            Err(VaultError::Damaged(_)) => older,
            Err(error) => return Err(error),
        };
        if standing == older && older != newest.leaves() {
            self.apply(name, newest)?;
        }
        Ok(())
    }

    /// Writes a throw-away record, reads it, removes it.
    pub(super) fn probe(&mut self) -> Result<(), VaultError> {
        let generation = Generation::draw();
        // A name of its own, so that two programs which probe at once do not meet.
        let name = format!("probe.{generation}");
        let record = generation.to_string().into_bytes();
        self.write(&name, generation, &record)?;
        let read = self.read(&name);
        self.delete(&name)?;
        match read? {
            Some(kept) if *kept == record => Ok(()),
            _ => Err(VaultError::Forgetful),
        }
    }

    fn read_generation(
        &mut self,
        name: &str,
    ) -> Result<Option<(Generation, SecretBytes)>, VaultError> {
        for _ in 0..READ_AGAIN {
            match self.read_once(name) {
                Err(VaultError::Damaged(Damage::Torn)) => {}
                outcome => return outcome,
            }
        }
        self.read_once(name)
    }

    fn read_once(&mut self, name: &str) -> Result<Option<(Generation, SecretBytes)>, VaultError> {
        let Some(head) = self.entries.get(name)? else {
            return Ok(None);
        };
        let head = Head::parse(&head).map_err(VaultError::Damaged)?;
        let generation = head.generation;
        let mut parts = Vec::new();
        if let Some((side, count)) = head.parts() {
            for number in 1..=count {
                let part = self.entries.get(&side.entry(name, number))?;
                parts.push(part.ok_or(VaultError::Damaged(Damage::Torn))?);
            }
        }
        let record = head.record(&parts).map_err(VaultError::Damaged)?;
        Ok(Some((generation, record)))
    }

    fn write(
        &mut self,
        name: &str,
        generation: Generation,
        record: &[u8],
    ) -> Result<(), VaultError> {
        // The head is read before anything is changed. It says which side is free, and if the keyring is locked, its
        // prompt opens here: a thread that is given up at the prompt has written nothing.
        let in_force = match self.entries.get(name) {
            Ok(head) => head.and_then(|head| Head::parse(&head).ok()?.parts()),
            // What cannot be read is replaced.
            Err(VaultError::Damaged(_)) => None,
            Err(error) => return Err(error),
        };
        let side = in_force.map_or(Side::A, |(side, _)| side.other());
        let framed = framing::frame(generation, record, side, self.entries.longest_body());
        let framed = framed.ok_or_else(too_long)?;
        for (part, number) in framed.parts.iter().zip(1..) {
            self.entries.set(&side.entry(name, number), part)?;
        }
        self.entries.set(name, &framed.head)?;

        // The record is safe by now; what could not be tidied is tidied by the next write.
        let tidied = self
            .remove_parts(name, side, framed.parts.len() + 1)
            .and_then(|()| self.remove_parts(name, side.other(), 1));
        if let Err(error) = tidied {
            tracing::warn!(%error, "parts of an older record stay in the keyring");
        }
        Ok(())
    }

    fn delete(&mut self, name: &str) -> Result<(), VaultError> {
        self.entries.remove(name)?;
        for side in Side::BOTH {
            self.remove_parts(name, side, 1)?;
        }
        Ok(())
    }

    /// Removes the parts of one side from this number on, the last one first.
    fn remove_parts(&mut self, name: &str, side: Side, first: usize) -> Result<(), VaultError> {
        let mut end = first;
        while end <= PARTS_LIMIT && self.is_there(&side.entry(name, end))? {
            end += 1;
        }
        for number in (first..end).rev() {
            self.entries.remove(&side.entry(name, number))?;
        }
        Ok(())
    }

    fn is_there(&mut self, entry: &str) -> Result<bool, VaultError> {
        match self.entries.get(entry) {
            Ok(secret) => Ok(secret.is_some()),
            Err(VaultError::Damaged(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

fn too_long() -> VaultError {
    let limit = u32::try_from(RECORD_LIMIT).expect("the limit of a record is below 4 GiB");
    Error::TooLong("record".to_owned(), limit).into()
}
