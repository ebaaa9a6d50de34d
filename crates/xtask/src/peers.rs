//! Where the Python of the strangers is: the programs by other people that the tests let judge ours.

use std::path::{Path, PathBuf};

/// The folder of the Python environment, in cargo's target folder.
pub fn python_environment(target: &Path) -> PathBuf {
    target.join("peers/python")
}

/// The interpreter that sees the packages of `tests/peers/requirements.txt`.
pub fn python(target: &Path) -> PathBuf {
    python_environment(target).join("bin/python")
}
