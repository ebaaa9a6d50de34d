//! What may be typed, in the words that `--help` and the manual pages print.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::moment;

/// Sign in from the terminal, and get a fresh access token.
#[derive(Parser)]
#[command(name = "keyfob", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Environment:
  KEYFOB_PROFILE     The profile, where --profile names none
  KEYFOB_CONFIG_DIR  The folder of config.toml
  KEYFOB_LOG         What to log, for example keyfob_auth=debug
  NO_COLOR           Without colours

Exit codes:
  0 done · 1 error · 2 cancelled · 4 sign-in needed · 5 offline · 6 keyring unavailable
  7 timed out · 9 verification failed · 64 wrong usage";

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The profile to use, instead of the one that the configuration names
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Print JSON: the result on standard output, an error on standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but the result and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say what happens on the way; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Subcommand)]
pub enum Command {
    Login(Login),
    /// Say who is signed in, and how long the access token lives
    #[command(visible_alias = "whoami")]
    Status,
    Token(Token),
    Refresh(Refresh),
    /// Sign out: forget the tokens of a profile
    Logout,
    Exec(Exec),
    Doctor(Doctor),
    /// Print a script that completes commands and options in a shell
    Completion {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// The commands about tokens, where other programs have them
    #[command(hide = true)]
    Auth {
        #[command(subcommand)]
        command: Auth,
    },
    /// Write the manual pages
    #[command(hide = true)]
    Man {
        /// The folder that they go to; it must exist
        folder: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum Auth {
    Token(Token),
}

/// Sign in through the browser
///
/// Prints the address of the sign-in page and opens it. The answer comes back to a port of this computer. From
/// another computer, as over SSH, forward a port and name it with --port; or copy the address on which the browser
/// ends, and paste it here.
#[derive(Args)]
pub struct Login {
    /// An e-mail address, or a phone number such as +442079460958; the page asks for it otherwise
    pub address: Option<String>,
    /// Only print the address
    #[arg(long)]
    pub no_browser: bool,
    /// The ports that may take the answer: the first free one does, any when none is named
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub port: Vec<u16>,
}

/// Print a fresh access token
///
/// The token, and nothing else, goes to standard output. It is refreshed when it does not live long enough. No
/// browser is ever opened: when a sign-in is needed, the exit code is 4.
#[derive(Args)]
#[command(visible_alias = "print-access-token")]
pub struct Token {
    /// How long the token must live at least, for example 90s, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub min_valid: Option<Duration>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Raw, conflicts_with = "json")]
    pub format: Format,
    /// The ID token in its place, the provider's statement of who signed in; JSON has both
    #[arg(long = "id-token")]
    pub identity: bool,
    /// Refresh first, however long the token at hand lives
    #[arg(long)]
    pub force_refresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The token alone
    Raw,
    /// With what is known about it
    Json,
    /// As a header of an HTTP request
    Header,
    /// As an environment variable, for `eval` in a POSIX shell
    Env,
    /// The same for fish
    Fish,
    /// The same for PowerShell
    Powershell,
}

/// Get new tokens now, however long the ones at hand live
#[derive(Args)]
pub struct Refresh {
    /// With a refresh token that was made elsewhere for the same person, for example with custom claims: it alone, or
    /// the answer that it came in, is read from standard input
    #[arg(long, value_name = "-")]
    pub adopt: Option<String>,
}

/// Run a command that finds a fresh access token in its environment
///
/// The exit code is the command's. Only that command and what it starts see the token.
#[derive(Args)]
pub struct Exec {
    /// The variable that holds the token
    #[arg(long, value_name = "NAME", default_value = "KEYFOB_TOKEN", value_parser = variable)]
    pub env: String,
    /// How long the token must live at least, for example 90s, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub min_valid: Option<Duration>,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Look for what keeps Keyfob from working, and say what to do
///
/// Tries the programs, the configuration, the keyring, the way of a link back to Keyfob, the provider, the clock and
/// the proxy. Each finding has a reason and a remedy.
#[derive(Args)]
pub struct Doctor {
    /// Do what can be done without risk, and say what was done
    #[arg(long)]
    pub fix: bool,
}

/// A name that every shell and system takes (POSIX.1-2017, Base Definitions §8.1).
fn variable(name: &str) -> Result<String, &'static str> {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    if name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit()) {
        Ok(name.to_owned())
    } else {
        Err("a name has letters, digits and _, and does not begin with a digit")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn only_a_name_may_be_a_variable() {
        for name in ["TOKEN", "_x9"] {
            assert_eq!(variable(name).as_deref(), Ok(name));
        }
        for name in ["", "9X", "A=B", "A B", "Ä"] {
            assert!(variable(name).is_err(), "{name}");
        }
    }
}
