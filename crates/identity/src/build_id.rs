//! Which build of the program this is.

use std::path::Path;
use std::time::UNIX_EPOCH;

/// A text that changes whenever the program's file is replaced, so that `ensure` can tell a server of an older build.
///
/// It is made from the file's size and time of change. Reading the whole file would say the same, later.
pub fn build_of_this_program() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|file| build_of(&file))
        .unwrap_or_else(|| "unknown".to_owned())
}

fn build_of(file: &Path) -> Option<String> {
    let metadata = file.metadata().ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{:x}-{:x}", metadata.len(), changed.as_nanos()))
}
