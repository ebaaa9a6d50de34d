//! Running other programs from the workspace's root, and saying so.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;

/// The workspace's root: two folders above this package.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2);
    root.expect("this package lies two folders deep")
        .to_path_buf()
}

/// The folder that cargo builds programs into: this one runs from it.
pub(crate) fn programs() -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a path");
    this.parent()
        .expect("a program lies in a folder")
        .to_path_buf()
}

/// One line about what happens now.
pub(crate) fn say(what: &str) {
    println!("▸ {what}");
}

/// `cargo` with its arguments, as if the person had typed it.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments).current_dir(root());
    for (variable, _) in std::env::vars_os() {
        if is_about_this_package(&variable) {
            cargo.env_remove(variable);
        }
    }
    cargo
}

/// `cargo run` tells this program about its own package. Some build scripts look at the same variables, and
/// would run again whenever cargo is called from here and then by hand.
fn is_about_this_package(variable: &OsStr) -> bool {
    let Some(name) = variable.to_str() else {
        return false;
    };
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// `npm` with its arguments, in a folder of the workspace.
pub(crate) fn npm<'a>(folder: &str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    // On Windows npm is a script, which only a shell finds by its bare name.
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(arguments).current_dir(root().join(folder));
    npm
}

/// Runs a program to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed ({status})", in_words(command)))
    }
}

/// Runs a program to its end and gives what it printed.
pub(crate) fn read(command: &mut Command) -> Result<String, Failure> {
    command.stderr(Stdio::inherit());
    let output = command
        .output()
        .map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{} failed ({})", in_words(command), output.status))
    }
}

/// Runs a program to its end, shows each line that it prints, and hands the line to `each`. The answer says
/// whether the program succeeded.
pub(crate) fn follow(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool, Failure> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let output = child.stdout.take();
    let output = BufReader::new(output.expect("standard output was asked to be a pipe"));
    for line in output.split(b'\n') {
        let line = line.map_err(|error| not_started(command, &error))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        each(&line);
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    Ok(status.success())
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    format!("{} cannot run: {error}", in_words(command))
}

fn in_words(command: &Command) -> String {
    let parts = std::iter::once(command.get_program()).chain(command.get_args());
    let parts: Vec<_> = parts.map(OsStr::to_string_lossy).collect();
    format!("`{}`", parts.join(" "))
}
