//! `ensure` and `stop`: exactly one local provider for this user, started when somebody needs it.
//!
//! Any number of programs may ask at once. They take turns by a file lock, so one of them starts the server and the
//! others find it. A server of another build is told to end and is replaced, on the same port and data.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use crate::clock::Stopwatch;
use crate::state_folder::{Running, StateFolder, Unusable};

const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(15);

/// The provider that runs, thanks to [`ensure`].
#[derive(Clone, Debug)]
pub struct Found {
    /// Without a final slash.
    pub base_url: String,
    /// The port that it has just left, because another program took it: links mailed from there are dead.
    pub moved_from: Option<u16>,
}

/// No provider could be had, or the running one could not be ended.
#[derive(Debug, Error)]
pub enum EnsureError {
    #[error(transparent)]
    Folder(#[from] Unusable),
    #[error("the state folder failed: {0}")]
    State(#[from] io::Error),
    #[error("the local provider could not be started: {reason} (its log: {})", log.display())]
    DidNotStart { reason: String, log: PathBuf },
    #[error("the local provider (process {process}) runs but does not answer (its log: {})", log.display())]
    DoesNotAnswer { process: u32, log: PathBuf },
}

/// What stands in a folder at this moment.
enum Presence {
    Absent,
    Starting,
    Answers(Running),
    /// Another build, or one without the switchboard that is wanted.
    Unsuitable(Running),
    Silent(Running),
}

#[derive(Deserialize)]
struct Health {
    program: String,
    build: String,
    #[serde(default)]
    faults: bool,
}

/// What is asked of a server.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    build: &'a str,
    faults: bool,
}

/// Finds the provider of a folder, starting one if none of this `build` runs.
///
/// # Errors
/// When none answers within 10 seconds, or the folder cannot be used.
pub fn ensure(folder: &Path, build: &str) -> Result<Found, EnsureError> {
    find(
        folder,
        Wanted {
            build,
            faults: false,
        },
    )
}

/// As [`ensure`], but for a provider whose switchboard under `/faults` is open; one whose is not, is replaced.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_with_faults(folder: &Path, build: &str) -> Result<Found, EnsureError> {
    find(
        folder,
        Wanted {
            build,
            faults: true,
        },
    )
}

fn find(folder: &Path, wanted: Wanted<'_>) -> Result<Found, EnsureError> {
    let watch = Stopwatch::start();
    let folder = StateFolder::open(folder)?;
    if let Presence::Answers(running) = presence(&folder, wanted)? {
        return Ok(found(running, false));
    }
    let _turn = folder.turn(PATIENCE)?;
    let mut child: Option<Child> = None;
    let mut failure = None;
    while watch.elapsed() < PATIENCE {
        match presence(&folder, wanted)? {
            Presence::Answers(running) => return Ok(found(running, child.is_some())),
            Presence::Unsuitable(running) => {
                failure = None;
                // If it does not listen, the next look finds it unchanged and asks again.
                let _ = ask(&running, "POST", "/control/stop");
            }
            Presence::Starting => failure = None,
            Presence::Silent(running) => failure = Some(running.process),
            Presence::Absent => match child.as_mut().map(Child::try_wait).transpose()? {
                None => child = Some(start(&folder, wanted)?),
                Some(None) => {}
                Some(Some(_)) => return Err(did_not_start(&folder, None)),
            },
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Err(match failure {
        Some(process) => EnsureError::DoesNotAnswer {
            process,
            log: folder.log_path(),
        },
        None => did_not_start(&folder, Some("it took longer than 10 seconds")),
    })
}

/// Ends the provider of a folder, if one runs, and returns when it is gone.
///
/// # Errors
/// When it does not end within 10 seconds.
pub fn stop(folder: &Path) -> Result<(), EnsureError> {
    let watch = Stopwatch::start();
    let folder = StateFolder::open(folder)?;
    let mut process = 0;
    while watch.elapsed() < PATIENCE {
        if !folder.is_leased()? {
            return Ok(());
        }
        if let Some(running) = folder.running() {
            process = running.process;
            let _ = ask(&running, "POST", "/control/stop");
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Err(EnsureError::DoesNotAnswer {
        process,
        log: folder.log_path(),
    })
}

fn found(running: Running, started: bool) -> Found {
    Found {
        base_url: running.base_url,
        moved_from: running.moved_from.filter(|_| started),
    }
}

fn presence(folder: &StateFolder, wanted: Wanted<'_>) -> io::Result<Presence> {
    if !folder.is_leased()? {
        return Ok(Presence::Absent);
    }
    let Some(running) = folder.running() else {
        return Ok(Presence::Starting);
    };
    // The note is the lease holder's own, so whoever answers there is our server and not a stranger's.
    let health = ask(&running, "GET", "/health")
        .ok()
        .and_then(|body| serde_json::from_str::<Health>(&body).ok());
    Ok(match health {
        Some(health)
            if health.program == "keyfob-identity"
                && health.build == wanted.build
                && (health.faults || !wanted.faults) =>
        {
            Presence::Answers(running)
        }
        Some(_) => Presence::Unsuitable(running),
        None => Presence::Silent(running),
    })
}

/// Starts the server of this very program, detached: it outlives whoever asked for it.
fn start(folder: &StateFolder, wanted: Wanted<'_>) -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["serve", "--data"])
        .arg(folder.path())
        .args(wanted.faults.then_some("--faults"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    detach(&mut command);
    command.spawn()
}

#[cfg(unix)]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    // A group of its own: Ctrl-C in the terminal of the program that asked is not for the server.
    command.process_group(0);
}

#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt as _;
    const DETACHED_PROCESS: u32 = 0x8;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

fn did_not_start(folder: &StateFolder, reason: Option<&str>) -> EnsureError {
    let log = folder.log_path();
    let last_words = fs::read_to_string(&log)
        .ok()
        .and_then(|text| text.lines().last().map(str::to_owned));
    EnsureError::DidNotStart {
        reason: reason
            .map(str::to_owned)
            .or(last_words)
            .unwrap_or_else(|| "it ended without a word".to_owned()),
        log,
    }
}

/// One request to a running server; the body of a good answer.
fn ask(running: &Running, method: &str, path: &str) -> io::Result<String> {
    let address = SocketAddr::from(([127, 0, 0, 1], running.port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.set_write_timeout(Some(Duration::from_secs(2)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n",
        running.port, running.control
    )?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    if head.starts_with("HTTP/1.1 200 ") {
        Ok(body.to_owned())
    } else {
        Err(io::Error::from(io::ErrorKind::InvalidData))
    }
}
