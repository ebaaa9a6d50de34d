//! What may be typed, in the words that `--help` and the manual pages print.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use keyfob_auth::profile::{Ways, presets::PRESETS};
use url::Url;

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
    Status(Status),
    Token(Token),
    Refresh(Refresh),
    Logout(Logout),
    /// List, add and remove profiles, and say which is in use
    Profile {
        #[command(subcommand)]
        command: ProfileCommand,
    },
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
    /// Sign in on another device, by a code that is typed or scanned there; nothing comes back to this computer
    #[arg(long, conflicts_with_all = ["address", "port"])]
    pub device: bool,
    /// Without the picture that a phone can scan
    #[arg(long, requires = "device")]
    pub no_qr: bool,
}

/// Say who is signed in, and how long the access token lives
#[derive(Args)]
#[command(visible_alias = "whoami")]
pub struct Status {
    /// At every profile
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
}

/// Sign out: forget the tokens of a profile
#[derive(Args)]
pub struct Logout {
    /// Of every profile
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,

    /// Open the provider's own page for signing out, too: the browser may still be signed in there
    #[arg(long, conflicts_with = "all")]
    pub browser: bool,
}

#[derive(Subcommand)]
pub enum ProfileCommand {
    /// List the profiles: which is in use, and who their providers are
    List,
    /// Use a profile from now on, in the window too
    Use {
        /// Its name; `local` is the bundled provider
        name: String,
    },
    Add(Box<AddProfile>),
    Remove(RemoveProfile),
}

/// Add a profile, after asking its provider whether it works
///
/// The provider must know Keyfob: which addresses to allow there is said at the end. When something does not fit, the
/// setting is named and nothing is written. docs/providers.md has the steps for each preset.
#[derive(Args)]
pub struct AddProfile {
    /// What to call it: 1 to 32 letters, digits, - and _
    pub name: String,
    /// The provider's issuer, exactly as the provider writes it
    #[arg(long, value_name = "URL", required_unless_present_any = ["cotter", "preset"])]
    pub issuer: Option<String>,
    /// The id of a public ("native") client; there is no secret
    #[arg(long, value_name = "ID", required_unless_present = "cotter")]
    pub client_id: Option<String>,
    /// Settings that a well-known provider wants; what else is named here goes before
    #[arg(long, value_parser = presets())]
    pub preset: Option<String>,
    #[command(flatten)]
    pub oidc: OidcSettings,
    #[command(flatten)]
    pub cotter: CotterSettings,
    /// Do not ask the provider
    #[arg(long)]
    pub offline: bool,
}

/// What may be set for an OpenID Connect provider.
#[derive(Args, Default)]
#[command(next_help_heading = "OpenID Connect")]
pub struct OidcSettings {
    /// What to ask for, in place of the usual; may be repeated
    #[arg(long, value_name = "SCOPE", value_delimiter = ' ')]
    pub scope: Vec<String>,
    /// What the access token is for, as Auth0 and Okta call it
    #[arg(long)]
    pub audience: Option<String>,
    /// What the access token is for (RFC 8707); may be repeated
    #[arg(long, value_name = "URL")]
    pub resource: Vec<Url>,
    /// How strongly to sign in, in the provider's own words
    #[arg(long, value_name = "VALUES")]
    pub acr_values: Option<String>,
    /// What the sign-in page is to ask for, for example login or consent; empty for nothing
    #[arg(long)]
    pub prompt: Option<String>,
    /// What else goes into the sign-in address; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub parameter: Vec<(String, String)>,
    /// How the answer may come back
    #[arg(long, value_parser = ways())]
    pub ways: Option<Ways>,
    /// The ports that are registered at the provider; any when none is named
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub port: Vec<u16>,
    /// Certificates to trust besides the system's, in PEM
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// What the provider calls itself, if that is not its issuer
    #[arg(long, value_name = "URL")]
    pub issuer_name: Option<String>,
}

/// What may be set for Cotter.
#[derive(Args)]
#[command(next_help_heading = "Cotter")]
pub struct CotterSettings {
    /// The provider speaks Cotter's wire, not OpenID Connect
    #[arg(
        long,
        requires = "api_key_id",
        conflicts_with_all = [
            "client_id", "preset", "scope", "audience", "resource", "acr_values", "prompt", "parameter", "ways", "port",
            "ca_file", "issuer_name",
        ]
    )]
    pub cotter: bool,
    /// The public id of the API key
    #[arg(long, value_name = "ID", requires = "cotter")]
    pub api_key_id: Option<String>,
    /// The API, if it is not the public service's
    #[arg(long, value_name = "URL", requires = "cotter")]
    pub api_base: Option<Url>,
    /// The hosted sign-in page, if it is not the public service's
    #[arg(long, value_name = "URL", requires = "cotter")]
    pub sign_in_page: Option<Url>,
}

/// Remove a profile, and sign out of it first
#[derive(Args)]
pub struct RemoveProfile {
    /// Its name
    pub name: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

fn presets() -> PossibleValuesParser {
    PossibleValuesParser::new(PRESETS.map(|preset| PossibleValue::new(preset.id).help(preset.name)))
}

fn ways() -> impl TypedValueParser<Value = Ways> {
    PossibleValuesParser::new(Ways::ALL.map(Ways::word)).map(|word| {
        let mut all = Ways::ALL.into_iter();
        all.find(|ways| ways.word() == word)
            .expect("only their words are taken")
    })
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE"),
    }
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
