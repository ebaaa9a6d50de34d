//! The strangers: programs by other people that judge what ours sends.
//!
//! Their scripts and the lists of their packages are in `tests/peers/`; `cargo xtask test` installs them. They get
//! an environment with nothing in it but `PATH` and a folder to be at home in, so that no proxy and no setting of
//! the machine comes between them and the provider.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use xtask::peers;

use crate::programs;

/// A script of `tests/peers/` in the Python that has the packages of `requirements.txt`.
///
/// # Panics
/// When they are not installed.
pub fn python_peer(script: &str, home: &Path) -> Command {
    let python = peers::python(&programs::target());
    let mut command = at_home(&installed(&python), home);
    // What a script prints is read while it still runs.
    command.arg("-u").arg(folder().join(script));
    command
}

/// A script of `tests/peers/` in Node, with the packages of `package-lock.json`.
///
/// # Panics
/// When they are not installed.
pub fn node_peer(script: &str, home: &Path) -> Command {
    installed(&folder().join("node_modules"));
    let mut command = at_home(Path::new("node"), home);
    command.arg(folder().join(script));
    command
}

/// Runs a peer to its end with `input` to read, and gives the JSON that it printed.
///
/// # Panics
/// When it fails; the message carries its complaint.
pub fn answer_of(peer: &mut Command, input: &str) -> Value {
    let mut running = peer
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the peer starts");
    let mut stdin = running.stdin.take().expect("it has an input");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = running.wait_with_output().expect("the peer ends");
    assert!(
        output.status.success(),
        "{}: {}\n{}",
        peer.get_program().display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("the peer answers with JSON")
}

/// A peer that talks while it runs. It does not outlive this value.
#[derive(Debug)]
pub struct RunningPeer {
    process: Child,
    lines: Receiver<String>,
}

impl RunningPeer {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(peer: &mut Command) -> Self {
        let started = peer.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut process = started.expect("the peer starts");
        let output = process.stdout.take().expect("it has an output");
        let (said, lines) = mpsc::channel();
        // Reading waits without a limit, so a thread does it; it ends with the peer.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    break;
                }
            }
        });
        Self { process, lines }
    }

    /// The next line that it prints.
    ///
    /// # Panics
    /// When it ends without one, or says nothing for a minute.
    pub fn says(&self) -> String {
        let line = self.lines.recv_timeout(Duration::from_mins(1));
        line.expect("the peer says something")
    }

    /// Every line that it has printed and that was not read yet.
    pub(crate) fn has_said(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

impl Drop for RunningPeer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn at_home(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", path())
        .env("HOME", home)
        .current_dir(home);
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "programs are found where this one finds them"
)]
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn installed(peer: &Path) -> PathBuf {
    assert!(
        peer.exists(),
        "{} is missing: `cargo xtask test` installs it",
        peer.display()
    );
    peer.to_path_buf()
}
