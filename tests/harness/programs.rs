//! Where the programs under test are: built into the folder that this test program runs from.

use std::path::PathBuf;

/// The built program `name`.
///
/// # Panics
/// When it has not been built.
pub fn built(name: &str) -> PathBuf {
    let program = profile_folder().join(name);
    assert!(
        program.exists(),
        "{name} is not built: run `cargo build --workspace` before this test, or `cargo xtask test`"
    );
    program
}

/// The Debian package.
///
/// # Panics
/// When it has not been built, or when there is more than one.
pub fn package() -> PathBuf {
    let folder = target().join("package");
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut packages = entries
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "deb"));
    match (packages.next(), packages.next()) {
        (Some(package), None) => package,
        (first, _) => panic!(
            "{} holds {} package: run `cargo xtask package` before this test, or `cargo xtask test`",
            folder.display(),
            if first.is_some() {
                "more than one"
            } else {
                "no"
            }
        ),
    }
}

/// The folder for what is kept of a failed test, and for the slots.
pub(crate) fn stories() -> PathBuf {
    target().join("stories")
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    let profile = profile_folder();
    profile
        .parent()
        .expect("the profile's folder lies in the target folder")
        .to_path_buf()
}

/// `target/debug`: test programs run from `target/debug/deps`.
fn profile_folder() -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a path");
    let mut folders = this.ancestors().skip(2);
    folders
        .next()
        .expect("a test program lies two folders deep in the target folder")
        .to_path_buf()
}
