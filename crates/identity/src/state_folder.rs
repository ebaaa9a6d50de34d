//! The one folder that this provider owns: its database, its log, and the note that says where it runs.
//!
//! Whether a server runs is a question for the kernel: it holds a lock on `server.lock` for as long as it lives, and
//! the lock goes with the process however that ends. `running.json` only says where to find the holder.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::clock::Stopwatch;

/// Where the system keeps programs' state, as the environment tells; read once by the program.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub xdg_state_home: Option<OsString>,
    pub home: Option<OsString>,
    pub local_app_data: Option<OsString>,
}

/// The state folder cannot be had.
#[derive(Debug, Error)]
pub enum Unusable {
    #[error("no folder for the local provider's data: neither HOME nor XDG_STATE_HOME is set")]
    Nowhere,
    #[error("the folder {} cannot be used for the local provider's data: {cause}", folder.display())]
    Folder { folder: PathBuf, cause: io::Error },
}

/// An open, writable state folder.
#[derive(Clone, Debug)]
pub(crate) struct StateFolder(PathBuf);

/// The right to be the server of a folder; it ends with its process at the latest.
#[derive(Debug)]
pub(crate) struct Lease(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

/// Where the holder of the lease is found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) base_url: String,
    pub(crate) port: u16,
    pub(crate) process: u32,
    /// The port that it had to leave, because another program has it now.
    pub(crate) moved_from: Option<u16>,
    /// What entitles to end it.
    pub(crate) control: String,
}

/// The usual state folder of this user.
///
/// # Errors
/// When the environment names no home.
pub fn usual_folder(surroundings: &Surroundings) -> Result<PathBuf, Unusable> {
    const NAME: &str = "keyfob-identity";
    let absolute = |value: &Option<OsString>| {
        // The XDG specification has relative paths ignored.
        value
            .as_ref()
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = absolute(&surroundings.home);
    let state = if cfg!(windows) {
        absolute(&surroundings.local_app_data)
    } else if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Application Support"))
    } else {
        absolute(&surroundings.xdg_state_home).or_else(|| home.map(|h| h.join(".local/state")))
    };
    state.map(|state| state.join(NAME)).ok_or(Unusable::Nowhere)
}

impl StateFolder {
    /// Makes the folder if need be, for this user's eyes only, and checks that it can be written.
    pub(crate) fn open(folder: &Path) -> Result<Self, Unusable> {
        let open = || {
            fs::create_dir_all(folder)?;
            for_the_owner_only(folder, 0o700)?;
            let folder = Self(folder.canonicalize()?);
            folder.lock_file("server.lock")?;
            Ok(folder)
        };
        open().map_err(|cause| Unusable::Folder {
            folder: folder.to_owned(),
            cause,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The database file, made readable for the owner only before SQLite puts keys into it.
    pub(crate) fn database(&self) -> io::Result<PathBuf> {
        let file = self.0.join("identity.db");
        private_file().append(true).open(&file)?;
        Ok(file)
    }

    /// The log, open for appending; one that has grown large becomes `log.old`.
    pub(crate) fn log(&self) -> io::Result<File> {
        const LARGE: u64 = 1 << 20;
        let file = self.log_path();
        if fs::metadata(&file).is_ok_and(|metadata| metadata.len() > LARGE) {
            fs::rename(&file, self.0.join("log.old"))?;
        }
        private_file().append(true).open(file)
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Takes the lease; `None` if another server has it and keeps it for longer than `patience`.
    pub(crate) fn lease(&self, patience: Duration) -> io::Result<Option<Lease>> {
        // Whoever asks whether a server runs holds a shared lock for a moment: hence some patience.
        self.lock("server.lock", patience)
    }

    /// Takes the right to start or replace a server; `None` if somebody else is at it for longer than `patience`.
    pub(crate) fn turn(&self, patience: Duration) -> io::Result<Option<Lease>> {
        self.lock("ensure.lock", patience)
    }

    pub(crate) fn is_leased(&self) -> io::Result<bool> {
        match self.lock_file("server.lock")?.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub(crate) fn announce(&self, running: &Running) -> io::Result<()> {
        let draft = self.0.join("running.json.new");
        let text = serde_json::to_vec(running)?;
        let mut file = private_file().write(true).truncate(true).open(&draft)?;
        io::Write::write_all(&mut file, &text)?;
        fs::rename(draft, self.0.join("running.json"))
    }

    pub(crate) fn retract(&self) -> io::Result<()> {
        match fs::remove_file(self.0.join("running.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What the last server announced; only of use while the folder is leased.
    pub(crate) fn running(&self) -> Option<Running> {
        serde_json::from_slice(&fs::read(self.0.join("running.json")).ok()?).ok()
    }

    fn lock(&self, name: &str, patience: Duration) -> io::Result<Option<Lease>> {
        let file = self.lock_file(name)?;
        let waited = Stopwatch::start();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lease(file))),
                Err(TryLockError::WouldBlock) if waited.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn lock_file(&self, name: &str) -> io::Result<File> {
        private_file().append(true).open(self.0.join(name))
    }
}

#[cfg(unix)]
fn private_file() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    options
}

#[cfg(unix)]
fn for_the_owner_only(folder: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn for_the_owner_only(_: &Path, _: u32) -> io::Result<()> {
    // A user's own data folders are private there already.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_usual_folder_follows_the_environment() {
        let folder = |xdg: Option<&str>, home: Option<&str>| {
            let surroundings = Surroundings {
                xdg_state_home: xdg.map(OsString::from),
                home: home.map(OsString::from),
                local_app_data: None,
            };
            usual_folder(&surroundings).ok()
        };
        let is = |path: &str| Some(PathBuf::from(path));
        assert_eq!(folder(Some("/x"), Some("/h")), is("/x/keyfob-identity"));
        assert_eq!(
            folder(Some("x"), Some("/h")),
            is("/h/.local/state/keyfob-identity")
        );
        assert_eq!(folder(None, None), None);
    }

    #[test]
    fn a_folder_has_one_server() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = StateFolder::open(folder.path()).expect("usable");
        let lease = folder.lease(Duration::ZERO).expect("lockable");
        assert!(lease.is_some() && folder.is_leased().expect("lockable"));
        assert!(folder.lease(Duration::ZERO).expect("lockable").is_none());
        drop(lease);
        assert!(!folder.is_leased().expect("lockable"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_what_is_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = StateFolder::open(&parent.path().join("state")).expect("usable");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.database().expect("made")), 0o600);
    }
}
