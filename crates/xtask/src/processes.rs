//! Other people's processes: run to their end, told to end, found by the mark that they carry.
//!
//! Everything goes by process id. The standard library can only signal its own children, so the shell's `kill`
//! does it; and a process that detached itself is found in `/proc`, by what it inherited.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::desktop::MARK;

/// Runs `command` to its end and gives what it printed.
///
/// # Errors
/// When it cannot be started, or ends with another status than 0; the message carries its complaint.
pub fn succeed(command: &mut Command) -> io::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| named(&error, &program))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!(
        "{program}: {}: {}",
        output.status,
        complaint.trim()
    )))
}

/// Sends one signal to processes by their ids. The shell's own `kill` is the one that every system has.
pub fn signal(name: &str, processes: &[u32]) {
    if processes.is_empty() {
        return;
    }
    let script = format!("kill -{name} \"$@\" 2>/dev/null");
    // A process that has ended meanwhile is no failure: ended is what was wanted.
    let _ = Command::new("sh")
        .args(["-c", &script, "sh"])
        .args(processes.iter().map(u32::to_string))
        .status();
}

/// The processes that carry the mark of the desktop at `root`, or name its folder in their arguments
/// (Chromium's helpers overwrite their environment).
pub fn marked(root: &Path) -> Vec<u32> {
    let root = root.as_os_str().as_encoded_bytes();
    let mark = [MARK.as_bytes(), b"=", root, b"\0"].concat();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|id| *id != std::process::id())
        .filter(|id| {
            let holds = |file: &str, bytes: &[u8]| {
                fs::read(format!("/proc/{id}/{file}"))
                    .is_ok_and(|text| text.windows(bytes.len()).any(|window| window == bytes))
            };
            holds("environ", &mark) || holds("cmdline", root)
        })
        .collect()
}

/// An error that says which program it is about.
pub fn named(error: &io::Error, program: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{program}: {error}"))
}
