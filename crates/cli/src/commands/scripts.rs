//! `keyfob completion` and `keyfob man`: what is made out of the description of the arguments.

use std::{io, path::Path};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{arguments::Arguments, output, trouble::Trouble, words::Cause};

pub fn completion(shell: Shell) -> Result<(), Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "keyfob", &mut script);
    output::exactly(String::from_utf8_lossy(&script).trim_end())
}

/// Writes a page for the program and one for each command that is not hidden.
pub fn man(folder: &Path) -> Result<(), Trouble> {
    let failed = |error: io::Error| {
        Trouble::saying(Cause::NotWritten, format!("{}: {error}", folder.display()))
    };
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)
}
