//! At most so many sessions at once.
//!
//! A session is a browser, a web view and a dozen small programs: three of them on two cores are slower than
//! one after the other, and then time limits are missed. The slots are file locks, so they hold across test
//! programs as well as threads, and the kernel gives them back whatever happens to their holder.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use xtask::wait;

const SLOTS: usize = 2;
const LIMIT: Duration = Duration::from_mins(20);

/// The right to run a session, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _lock: File,
}

impl Slot {
    pub(crate) fn take(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("the folder of the slots can be made");
        let try_all = || (0..SLOTS).find_map(|number| Self::try_take(folder, number));
        wait::until(LIMIT, try_all).expect("another session ended within 20 minutes")
    }

    fn try_take(folder: &Path, number: usize) -> Option<Self> {
        let lock = File::create(folder.join(format!("slot-{number}.lock")))
            .expect("a lock file can be made in the target folder");
        match lock.try_lock() {
            Ok(()) => Some(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => panic!("the lock file cannot be locked: {error}"),
        }
    }
}
