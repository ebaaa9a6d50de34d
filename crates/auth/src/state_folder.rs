//! The folder by which the programs that share a session keep out of each other's way: for each profile an empty file
//! that is locked, and one whose time says when the keyring's record last changed. Nothing is ever written into either.
//!
//! The keyring itself has no lock and tells nobody. These files hold no secret and no state: all of them may be deleted
//! at any time while nothing runs.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

#[cfg_attr(not(target_os = "linux"), path = "state_folder/unwatched.rs")]
mod watch;

pub(crate) use self::watch::Watch;

/// Where those files are.
#[derive(Clone, Debug)]
pub struct StateFolder {
    /// All of them are used. A program that cannot write into the first still meets, in the second, one that can.
    folders: Vec<PathBuf>,
}

impl StateFolder {
    /// The person's usual ones for `service`, for example `dev.keyfob`: `~/.local/state/dev.keyfob` on Linux
    /// (`$XDG_STATE_HOME`), the local data folder elsewhere; and beside it, where there is one, the folder of the login
    /// session (`$XDG_RUNTIME_DIR`), which can be written when the home cannot.
    pub fn usual(service: &str) -> Self {
        let homes = [
            dirs::state_dir().or_else(dirs::data_local_dir),
            dirs::runtime_dir(),
        ];
        let folders = homes.into_iter().flatten();
        Self {
            folders: folders.map(|home| home.join(service)).collect(),
        }
    }

    /// This folder alone.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folders: vec![folder.into()],
        }
    }

    /// The first of them that can be written, made if it was not there.
    ///
    /// # Errors
    ///
    /// What was wrong with the last one.
    pub fn writable(&self) -> io::Result<PathBuf> {
        let mut outcome = Err(io::ErrorKind::NotFound.into());
        for folder in &self.folders {
            outcome = made(folder).map(|()| folder.clone());
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Where a file of this name may lie.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        self.folders.iter().map(move |folder| folder.join(name))
    }

    /// The files to lock for `profile`: every one that can be had, always in the same order.
    ///
    /// # Errors
    ///
    /// When there is none; what was wrong with the last one.
    pub(crate) fn lock_files(&self, profile: &str) -> io::Result<Vec<File>> {
        let mut files = Vec::new();
        let mut last_error = io::ErrorKind::NotFound.into();
        for folder in &self.folders {
            match openable(folder, &format!("{profile}.lock")) {
                Ok(file) => files.push(file),
                Err(error) => last_error = error,
            }
        }
        if files.is_empty() {
            Err(last_error)
        } else {
            Ok(files)
        }
    }

    /// Says to whoever [looks](Self::last_change) that the record of `profile` has changed. That it cannot be said is no
    /// failure: the others read the record again before they spend anything.
    pub(crate) fn say_changed(&self, profile: &str) {
        for folder in &self.folders {
            let touched = made(folder).and_then(|()| File::create(changed(folder, profile)));
            if let Err(error) = touched {
                tracing::debug!(%error, "other programs are not told of the change");
            }
        }
    }

    /// When that was last said, by the files' own time; only ever compared with another such answer.
    pub(crate) fn last_change(&self, profile: &str) -> Vec<Option<SystemTime>> {
        let time = |folder: &PathBuf| fs::metadata(changed(folder, profile)).ok()?.modified().ok();
        self.folders.iter().map(time).collect()
    }
}

impl StateFolder {
    /// Lets the system tell of whatever is [said](Self::say_changed) from now on; `None` where it cannot, and where it
    /// would not tell of all of it.
    pub(crate) fn watch(&self) -> Option<Watch> {
        for folder in &self.folders {
            made(folder).ok()?;
        }
        Watch::on(&self.folders).ok()
    }
}

fn changed(folder: &Path, profile: &str) -> PathBuf {
    folder.join(format!("{profile}.changed"))
}

/// Open for writing, though nothing is written: a file on another computer can only be locked so. Where that is not to be
/// had, on a read-only disk for one, a file of this computer can be locked all the same.
fn openable(folder: &Path, name: &str) -> io::Result<File> {
    let path = folder.join(name);
    // Not truncated and not exclusive: another program may make it at the same moment, and both mean one file.
    let written = made(folder).and_then(|()| {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
    });
    written.or_else(|error| File::open(&path).map_err(|_| error))
}

/// Makes the folder if it is not there; nobody else needs to see into it.
fn made(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(root: &Path) -> StateFolder {
        StateFolder {
            folders: vec![root.join("state"), root.join("run")],
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_loss_while_there_is_another() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("state"), "in the way").unwrap();
        assert_eq!(two(root.path()).lock_files("work").unwrap().len(), 1);
        assert_eq!(
            two(root.path()).writable().unwrap(),
            root.path().join("run")
        );
    }

    #[test]
    fn without_any_folder_there_is_no_lock() {
        let root = tempfile::tempdir().unwrap();
        for name in ["state", "run"] {
            fs::write(root.path().join(name), "in the way").unwrap();
        }
        assert!(two(root.path()).lock_files("work").is_err());
    }

    #[test]
    fn a_change_that_is_said_is_seen_and_leaves_the_file_empty() {
        let root = tempfile::tempdir().unwrap();
        let folder = two(root.path());
        let before = folder.last_change("work");
        folder.say_changed("work");
        assert_ne!(folder.last_change("work"), before);
        assert_eq!(folder.last_change("home"), before, "another profile's");
        let changed = root.path().join("state/work.changed");
        assert_eq!(fs::read(changed).unwrap(), b"");
    }

    #[cfg(target_os = "linux")]
    mod watched {
        use std::time::Duration;

        use tokio::time::timeout;

        use super::*;

        /// Whether the system has something to tell.
        async fn is_told(watch: &Watch) -> bool {
            timeout(Duration::from_millis(200), watch.changed())
                .await
                .is_ok()
        }

        #[tokio::test]
        async fn every_change_that_is_said_is_told_of() {
            let root = tempfile::tempdir().unwrap();
            let folder = two(root.path());
            let watch = folder.watch().unwrap();
            assert!(!is_told(&watch).await);
            for _ in 0..3 {
                folder.say_changed("work");
                assert!(is_told(&watch).await);
            }
            assert!(!is_told(&watch).await, "it was told of all of it at once");
        }

        #[tokio::test]
        async fn a_lock_is_no_change() {
            let root = tempfile::tempdir().unwrap();
            let folder = two(root.path());
            drop(folder.lock_files("work").unwrap());
            let watch = folder.watch().unwrap();
            drop(folder.lock_files("work").unwrap());
            assert!(!is_told(&watch).await);
        }

        #[tokio::test]
        async fn where_one_folder_cannot_be_watched_none_is() {
            let root = tempfile::tempdir().unwrap();
            fs::write(root.path().join("state"), "in the way").unwrap();
            assert!(two(root.path()).watch().is_none());
        }
    }
}
