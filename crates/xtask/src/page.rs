//! The npm side: packages and builds of the page, each only when something changed.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::Failure;
use crate::command::{npm, root, run, say};

/// What the page is built from.
const SOURCES: [&str; 5] = [
    "src",
    "index.html",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

/// Installs the packages that `package-lock.json` names, unless the last install was of the same file.
pub(crate) fn install_packages() -> Result<(), Failure> {
    let ui = root().join("ui");
    let wanted = read(&ui.join("package-lock.json"))?;
    let stamp = ui.join("node_modules/.installed-package-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    say("installing the page's packages");
    run(npm(["ci"]).args(["--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Builds the page that the programs embed. A build that changes nothing would still make cargo embed it anew.
pub(crate) fn build() -> Result<(), Failure> {
    let ui = root().join("ui");
    let built = modified(&ui.join("dist/index.html"));
    let newest = SOURCES
        .iter()
        .filter_map(|source| newest_below(&ui.join(source)).ok())
        .max();
    if built.is_some_and(|built| Some(built) >= newest) {
        return Ok(());
    }
    say("building the page");
    run(npm(["run", "--silent", "build"]).args(["--", "--logLevel", "warn"]))
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

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}
