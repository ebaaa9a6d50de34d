//! `keyfob exec`: a command that finds a fresh token in its environment.
//!
//! On Unix the command takes this program's place, so that its exit code, the signals that it gets and the terminal
//! that it has are nobody's but its own.

use std::{
    io,
    process::{Command, ExitCode},
};

use crate::{
    arguments::Exec,
    commands::token,
    surroundings::Surroundings,
    trouble::Trouble,
    walk::{Walk, Wish},
    words::Cause,
};

/// Gets the token, and makes the command that has it.
pub async fn prepare(surroundings: &Surroundings, wanted: &Exec) -> Result<Command, Trouble> {
    let walk = Walk::begin(surroundings).await?;
    let wish = Wish::Lives(wanted.min_valid);
    let (fresh, _) = walk.token(surroundings, wish).await?;
    // The command takes this program's place.
    walk.settle(surroundings).await;
    let token = token::printable(fresh.token.expose())?;
    let [program, arguments @ ..] = wanted.command.as_slice() else {
        return Err(Cause::Usage.into());
    };
    let mut command = Command::new(program);
    command.args(arguments).env(&wanted.env, token);
    Ok(command)
}

/// Runs it, once nothing else runs in this process any more.
pub fn run(mut command: Command) -> Result<ExitCode, Trouble> {
    become_or_follow(&mut command).map_err(|error| {
        let name = command.get_program().to_string_lossy().into_owned();
        let cause = if error.kind() == io::ErrorKind::NotFound {
            Cause::CommandNotFound
        } else {
            Cause::CommandNotRun
        };
        Trouble::saying(cause, name)
    })
}

#[cfg(unix)]
fn become_or_follow(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn become_or_follow(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().unwrap_or(1);
    std::process::exit(code)
}
