//! Keyfob's other programs, which lie beside the one that runs: how they are found, and started from a window.

use std::{env::consts::EXE_SUFFIX, io, path::PathBuf};

use tokio::process::Command;

/// Where the program called `name` lies, if it is there.
///
/// # Errors
///
/// When the system does not say where the running program is.
pub fn beside(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(format!("{name}{EXE_SUFFIX}")))
}

/// Lets a program of the terminal run without a console of its own, which Windows would open in front of the window that
/// starts it. Elsewhere there is none.
pub fn without_a_console(program: &mut Command) {
    #[cfg(windows)]
    {
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        program.creation_flags(CREATE_NO_WINDOW);
    }
    #[cfg(not(windows))]
    let _ = program;
}
