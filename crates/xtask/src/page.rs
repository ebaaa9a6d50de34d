//! The page: its packages, its scripts and its build, each only when something changed.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::Failure;
use crate::command::{npm, root, run, say};
use crate::packages;

/// What the page is built from.
const SOURCES: [&str; 5] = [
    "src",
    "index.html",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

/// Where the page is.
const FOLDER: &str = "ui";

/// A script of the page's `package.json`.
pub(crate) fn script(name: &str) -> Command {
    npm(FOLDER, ["run", "--silent", name])
}

/// Installs what the page is built with.
pub(crate) fn install_packages() -> Result<(), Failure> {
    packages::from_npm(FOLDER)
}

/// Builds the page that the programs embed. A build that changes nothing would still make cargo embed it anew.
pub(crate) fn build() -> Result<(), Failure> {
    let ui = root().join(FOLDER);
    let built = modified(&ui.join("dist/index.html"));
    let newest = SOURCES
        .iter()
        .filter_map(|source| newest_below(&ui.join(source)).ok())
        .max();
    if built.is_some_and(|built| Some(built) >= newest) {
        return Ok(());
    }
    say("building the page");
    run(script("build").args(["--", "--logLevel", "warn"]))
}

/// When anything in a folder last changed. A file that went away shows in the time of its folder.
fn newest_below(path: &Path) -> io::Result<SystemTime> {
    let mut newest = fs::metadata(path)?.modified()?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            newest = newest.max(newest_below(&entry?.path())?);
        }
    }
    Ok(newest)
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}
