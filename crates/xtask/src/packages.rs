//! Other people's packages, from npm and for Python: exactly those that a committed lock file names.
//!
//! Each set is installed when its lock file changed, and left alone otherwise. A stamp says what is installed; it
//! is written last, so that an installation that was interrupted is done again. Where the packages come from is
//! the machine's own setting; that they are the right ones is what the hashes in the lock file are for.

use std::fs;
use std::path::Path;
use std::process::Command;

use xtask::peers;

use crate::Failure;
use crate::command::{npm, programs, read, root, run, say};

/// Installs the npm packages that the `package-lock.json` in `folder` names.
pub(crate) fn from_npm(folder: &str) -> Result<(), Failure> {
    let wanted = contents(&root().join(folder).join("package-lock.json"))?;
    let stamp = root()
        .join(folder)
        .join("node_modules/.installed-package-lock.json");
    if is_installed(&stamp, &wanted) {
        return Ok(());
    }
    say(&format!("installing the npm packages of {folder}"));
    run(npm(folder, ["ci"]).args(["--no-audit", "--no-fund", "--loglevel=error"]))?;
    keep(&stamp, &wanted)
}

/// Installs the Python packages that `requirements.txt` in `folder` names into an environment of their own in the
/// target folder, so that the system's Python stays as it is.
pub(crate) fn for_python(folder: &str) -> Result<(), Failure> {
    let requirements = root().join(folder).join("requirements.txt");
    let target = programs();
    let target = target
        .parent()
        .expect("programs are built into a folder of the target folder");
    let environment = peers::python_environment(target);
    let stamp = environment.join("installed-requirements.txt");
    // An environment is tied to the Python that made it: after an update of that it is made anew.
    let version = read(Command::new("python3").args(["-c", "import sys; print(sys.version)"]))?;
    let wanted = [version.as_bytes(), &contents(&requirements)?].concat();
    if is_installed(&stamp, &wanted) {
        return Ok(());
    }
    say(&format!("installing the Python packages of {folder}"));
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&environment))?;
    // Wheels only: they are unpacked, while a source package would run its own set-up.
    run(Command::new(peers::python(target))
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .args(["--require-hashes", "--requirement"])
        .arg(&requirements))?;
    keep(&stamp, &wanted)
}

fn is_installed(stamp: &Path, wanted: &[u8]) -> bool {
    fs::read(stamp).is_ok_and(|installed| installed == wanted)
}

fn keep(stamp: &Path, installed: &[u8]) -> Result<(), Failure> {
    fs::write(stamp, installed).map_err(|error| format!("{}: {error}", stamp.display()))
}

fn contents(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}
