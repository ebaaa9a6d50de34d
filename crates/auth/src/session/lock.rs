//! The right to spend the refresh token, held by one process at a time.
//!
//! It is a lock of the operating system on an empty file. The kernel takes it back when its holder ends, however it
//! ends, so that a crash blocks nobody; and because it lies beside the data and never on it, whatever is wrong with the
//! lock is wrong with nothing else.

use std::{fs::File, fs::TryLockError, io, thread, time::Duration};

use tokio::{sync::oneshot, time::timeout};

use crate::state_folder::StateFolder;

/// The right to change the record of one profile, until dropped.
#[derive(Debug)]
pub(super) struct RefreshLock {
    /// The locks end when the files are closed.
    _files: Vec<File>,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum NoLock {
    /// Another process holds it, and kept it for as long as we waited.
    Busy,
    /// There is no file to lock.
    Unusable(io::Error),
}

impl RefreshLock {
    /// Takes the lock of `profile`, and waits for it `patience` at most.
    ///
    /// # Errors
    ///
    /// [`NoLock`].
    pub(super) async fn take(
        folder: &StateFolder,
        profile: &str,
        patience: Duration,
    ) -> Result<Self, NoLock> {
        let files = folder.lock_files(profile).map_err(NoLock::Unusable)?;
        let Some(files) = try_all(files)? else {
            return Self::wait(folder, profile, patience).await;
        };
        Ok(Self { _files: files })
    }

    /// The lock of `profile` if it can be had at once.
    pub(super) fn take_now(folder: &StateFolder, profile: &str) -> Option<Self> {
        let files = folder.lock_files(profile).ok()?;
        let files = try_all(files).ok()??;
        Some(Self { _files: files })
    }

    /// Waits in a thread of its own, which the kernel wakes the moment the lock is free. One that is waited for no longer
    /// gets the lock at some time and lets go of it at once.
    async fn wait(folder: &StateFolder, profile: &str, patience: Duration) -> Result<Self, NoLock> {
        let files = folder.lock_files(profile).map_err(NoLock::Unusable)?;
        let (give, lock) = oneshot::channel();
        thread::Builder::new()
            .name("refresh-lock".to_owned())
            .spawn(move || {
                let locked = lock_all(files);
                let _ = give.send(locked.map(|files| Self { _files: files }));
            })
            .map_err(NoLock::Unusable)?;
        match timeout(patience, lock).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(NoLock::Busy),
        }
    }
}

/// All of the locks that can be had, or none when somebody holds one of them. A file that cannot be locked at all is left
/// out as long as there is another.
fn try_all(files: Vec<File>) -> Result<Option<Vec<File>>, NoLock> {
    let mut locked = Vec::new();
    let mut last_error = None;
    for file in files {
        match file.try_lock() {
            Ok(()) => locked.push(file),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => last_error = Some(error),
        }
    }
    some_of(locked, last_error).map(Some)
}

/// The same, waiting for each.
fn lock_all(files: Vec<File>) -> Result<Vec<File>, NoLock> {
    let mut locked = Vec::new();
    let mut last_error = None;
    for file in files {
        match file.lock() {
            Ok(()) => locked.push(file),
            Err(error) => last_error = Some(error),
        }
    }
    some_of(locked, last_error)
}

fn some_of(locked: Vec<File>, last_error: Option<io::Error>) -> Result<Vec<File>, NoLock> {
    match last_error {
        Some(error) if locked.is_empty() => Err(NoLock::Unusable(error)),
        _ => Ok(locked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(50);

    fn folder() -> (tempfile::TempDir, StateFolder) {
        let root = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(root.path());
        (root, folder)
    }

    #[tokio::test]
    async fn one_holds_it_at_a_time_and_each_profile_has_its_own() {
        let (_root, folder) = folder();
        let held = RefreshLock::take(&folder, "work", SOON).await.unwrap();
        assert!(matches!(
            RefreshLock::take(&folder, "work", SOON).await,
            Err(NoLock::Busy)
        ));
        assert!(RefreshLock::take_now(&folder, "work").is_none());
        RefreshLock::take(&folder, "home", SOON).await.unwrap();
        drop(held);
        RefreshLock::take(&folder, "work", Duration::from_secs(10))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn who_waits_gets_it_when_it_is_let_go() {
        let (_root, folder) = folder();
        let held = RefreshLock::take(&folder, "work", SOON).await.unwrap();
        let waiting = {
            let folder = folder.clone();
            tokio::spawn(async move {
                RefreshLock::take(&folder, "work", Duration::from_secs(30)).await
            })
        };
        tokio::task::yield_now().await;
        drop(held);
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn no_file_is_another_thing_than_a_busy_one() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        let folder = StateFolder::at(root.path().join("file/below"));
        assert!(matches!(
            RefreshLock::take(&folder, "work", SOON).await,
            Err(NoLock::Unusable(_))
        ));
    }
}
