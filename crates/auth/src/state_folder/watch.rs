//! What Linux tells of the folder by itself (`inotify(7)`), so that nobody has to look.

use std::{future::pending, io, path::PathBuf};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::net::unix::pipe::Receiver;

/// Hears of whatever happens since it was made.
///
/// To tokio it is the end of a pipe: it is read as one, and of all that owns a descriptor, only that can be made without
/// `unsafe`.
#[derive(Debug)]
pub(crate) struct Watch(Receiver);

impl Watch {
    pub(super) fn on(folders: &[PathBuf]) -> io::Result<Self> {
        let descriptor = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        // Not the opening and closing of files: whoever asks for a token does that with the lock.
        let changes =
            WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MODIFY | WatchFlags::ATTRIB;
        for folder in folders {
            inotify::add_watch(&descriptor, folder, changes | WatchFlags::ONLYDIR)?;
        }
        Receiver::from_owned_fd_unchecked(descriptor).map(Self)
    }

    /// Waits until something is told, and takes note of all that is.
    pub(crate) async fn changed(&self) {
        // What it says is of no interest: the files' own times say which profile it was.
        let mut events = [0; 4096];
        let mut told = false;
        while !told {
            if self.0.readable().await.is_err() {
                // The runtime ends, and this with it.
                return pending().await;
            }
            while self.0.try_read(&mut events).is_ok() {
                told = true;
            }
        }
    }
}
