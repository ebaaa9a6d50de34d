//! The program `keyfob`: signing in from the terminal, and a fresh token for whatever runs there.
//!
//! A shell around `keyfob_auth`, as the window is: it has no HTTP and no keyring of its own. [`arguments`] is what may
//! be typed, [`walk`] what is asked of the engine, [`commands`] one file for each command, [`words`] every sentence
//! about what went wrong and the exit code that goes with it, [`output`] where words go.

mod arguments;
mod commands;
mod interrupt;
#[cfg(debug_assertions)]
mod killed_at;
mod logging;
mod moment;
mod output;
mod stages;
mod surroundings;
mod trouble;
mod typed;
mod usage;
mod walk;
mod words;

use std::process::ExitCode;

use arguments::{Arguments, Auth, Command};
use commands::{doctor, exec, login, logout, profile, refresh, scripts, status, token};
use surroundings::Surroundings;
use trouble::Trouble;
use words::Cause;

fn main() -> ExitCode {
    let Arguments { global, command } = match usage::parse(&std::env::args_os().collect::<Vec<_>>())
    {
        Ok(arguments) => arguments,
        Err(code) => return code.into(),
    };
    let surroundings = Surroundings::of(&global);
    logging::start(global.verbose, &surroundings);
    stages::reached("main");
    let code = run(&surroundings, command).unwrap_or_else(|trouble| {
        surroundings.output.trouble(&trouble);
        trouble.cause.words().exit.into()
    });
    stages::reached("done");
    code
}

fn run(surroundings: &Surroundings, command: Command) -> Result<ExitCode, Trouble> {
    match command {
        Command::Login(wanted) => wait_for(login::run(surroundings, &wanted))?,
        Command::Status(wanted) => wait_for(status::run(surroundings, &wanted))?,
        Command::Token(wanted)
        | Command::Auth {
            command: Auth::Token(wanted),
        } => wait_for(token::run(surroundings, &wanted))?,
        Command::Refresh(wanted) => wait_for(refresh::run(surroundings, &wanted))?,
        Command::Logout(wanted) => wait_for(logout::run(surroundings, &wanted))?,
        Command::Profile { command } => wait_for(profile::run(surroundings, &command))?,
        Command::Exec(wanted) => {
            let command = wait_for(exec::prepare(surroundings, &wanted))?;
            return exec::run(command);
        }
        Command::Doctor(wanted) => wait_for(doctor::run(surroundings, &wanted))?,
        Command::Completion { shell } => scripts::completion(shell)?,
        Command::Man { folder } => scripts::man(&folder)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs what waits for others. One thread is enough: nothing here computes.
fn wait_for<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::saying(Cause::NoRuntime, error))?;
    runtime.block_on(work)
}
