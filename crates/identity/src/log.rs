//! The program's log: a file in the state folder, without a secret in it.
//!
//! Requests are logged by [`crate::guard`] with their route's template, never their path or query.

use std::path::Path;
use std::sync::Mutex;

use crate::state_folder::{StateFolder, Unusable};

/// Sends this process's log, and the words of a panic, to the file `log` in a state folder.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write_log_into(folder: &Path) -> Result<(), Unusable> {
    let file = StateFolder::open(folder)?
        .log()
        .map_err(|cause| Unusable::Folder {
            folder: folder.to_owned(),
            cause,
        })?;
    tracing_subscriber::fmt()
        .with_writer(Mutex::new(file))
        .with_ansi(false)
        .with_target(false)
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    Ok(())
}
