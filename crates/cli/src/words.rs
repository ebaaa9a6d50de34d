//! Every sentence about what went wrong: what happened, what to do, and the exit code.
//!
//! One table, exhaustive by type: a new [`Reason`] does not compile until it has its words here.

use keyfob_auth::Reason;

/// What ended a command before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What `keyfob_auth` says.
    Auth(Reason),
    /// The arguments do not make sense.
    Usage,
    /// A token stands where every program of this computer can read it.
    SecretAmongArguments,
    /// The person pressed Ctrl-C, or another program asked for the end.
    Cancelled,
    /// The token has characters that would do something in a terminal, a header or a shell.
    TokenNotPrintable,
    /// The provider has made no ID token.
    NoIdToken,
    /// The profile's provider takes no answer back by a listener.
    NoLoopback,
    /// The profile's provider has no sign-in by a code that is typed elsewhere.
    NoDeviceSignIn,
    /// What is to be added cannot be a profile.
    ProfileNotUsable,
    /// The configuration could not be changed.
    ConfigNotWritten,
    /// Something would be lost, and nobody is there to be asked.
    NotConfirmed,
    /// `exec` names a command that is not there.
    CommandNotFound,
    /// `exec` names a file that is no program, or may not be run.
    CommandNotRun,
    /// `doctor` has found something.
    NotWell,
    /// The system gives this program nothing to wait with.
    NoRuntime,
    /// The result could not be written.
    NotWritten,
    /// Standard input could not be read.
    NotRead,
    /// Whoever read the result has gone away. That is nothing to talk about.
    ReaderGone,
}

/// How programs tell outcomes apart. The numbers never change their meaning.
pub mod exit {
    pub const DONE: u8 = 0;
    pub const ERROR: u8 = 1;
    pub const CANCELLED: u8 = 2;
    pub const SIGN_IN_NEEDED: u8 = 4;
    pub const OFFLINE: u8 = 5;
    pub const KEYRING_UNAVAILABLE: u8 = 6;
    pub const TIMED_OUT: u8 = 7;
    pub const VERIFICATION_FAILED: u8 = 9;
    /// As `sysexits.h` has it.
    pub const USAGE: u8 = 64;
    /// What a shell says of a command that it cannot run, and of one that is not there (POSIX.1-2017, XCU §2.8.2).
    pub const COMMAND_NOT_RUN: u8 = 126;
    pub const COMMAND_NOT_FOUND: u8 = 127;
}

/// What is said about a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What happened, as the end of `error: `.
    pub happened: &'static str,
    /// What to do about it, as the end of `hint: `.
    pub todo: &'static str,
    pub exit: u8,
}

impl Cause {
    /// The word that other programs may switch on.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auth(reason) => reason.word(),
            Self::Usage => "usage",
            Self::SecretAmongArguments => "secret_among_arguments",
            Self::Cancelled => "cancelled",
            Self::TokenNotPrintable => "token_not_printable",
            Self::NoIdToken => "no_id_token",
            Self::NoLoopback => "no_loopback",
            Self::NoDeviceSignIn => "no_device_sign_in",
            Self::ProfileNotUsable => "profile_not_usable",
            Self::ConfigNotWritten => "config_not_written",
            Self::NotConfirmed => "not_confirmed",
            Self::CommandNotFound => "command_not_found",
            Self::CommandNotRun => "command_not_run",
            Self::NotWell => "not_well",
            Self::NoRuntime => "no_runtime",
            Self::NotWritten => "not_written",
            Self::NotRead => "not_read",
            Self::ReaderGone => "reader_gone",
        }
    }

    pub fn words(self) -> Words {
        let (happened, todo, exit) = match self {
            Self::Auth(reason) => of(reason),
            Self::Usage => (
                "a command is missing",
                "`keyfob --help` lists what there is",
                exit::USAGE,
            ),
            Self::SecretAmongArguments => (
                "a refresh token does not belong among the arguments, where others can read it",
                "write `--adopt -`, and give it on standard input",
                exit::USAGE,
            ),
            Self::Cancelled => ("cancelled", "", exit::CANCELLED),
            Self::TokenNotPrintable => (
                "the token has characters that no token may have, and is not printed",
                "run `keyfob token --force-refresh`; if it stays so, ask the provider's operator",
                exit::VERIFICATION_FAILED,
            ),
            Self::NoLoopback => (
                "this profile's provider takes no answer back to a terminal",
                "run `keyfob login --device`, or sign in with the window: the session is the same",
                exit::ERROR,
            ),
            Self::NoDeviceSignIn => (
                "this profile's provider offers no sign-in by a code",
                "run `keyfob login`: it prints an address that any browser can open",
                exit::ERROR,
            ),
            Self::ProfileNotUsable => (
                "this cannot be a profile",
                "`keyfob profile add --help` says what it takes",
                exit::USAGE,
            ),
            Self::ConfigNotWritten => (
                "the configuration could not be changed",
                "let this user write the file and its folder",
                exit::ERROR,
            ),
            Self::NotConfirmed => (
                "nobody is there to be asked",
                "say `--yes` to do it all the same",
                exit::USAGE,
            ),
            Self::NoIdToken => (
                "the provider has given no ID token",
                "ask for one with the scope `openid` in the profile, then run `keyfob login`",
                exit::ERROR,
            ),
            Self::CommandNotFound => (
                "there is no such command",
                "check its name, and whether PATH has its folder",
                exit::COMMAND_NOT_FOUND,
            ),
            Self::CommandNotRun => (
                "the command cannot be run",
                "check that it is a program, and that you may run it",
                exit::COMMAND_NOT_RUN,
            ),
            Self::NotWell => (
                "something keeps Keyfob from working as it should",
                "do what is written under each finding; `keyfob doctor --fix` does what it can",
                exit::ERROR,
            ),
            Self::NoRuntime => (
                "the system gave this program no way to wait for others",
                "close some programs, or raise the limit of open files, then try again",
                exit::ERROR,
            ),
            Self::NotWritten => (
                "the result could not be written",
                "check where standard output goes, and whether the disk is full",
                exit::ERROR,
            ),
            Self::NotRead => (
                "standard input could not be read",
                "give a text there, by a pipe or from a file",
                exit::ERROR,
            ),
            Self::ReaderGone => ("nobody reads the result", "", exit::DONE),
        };
        Words {
            happened,
            todo,
            exit,
        }
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "a table, as long as the list of reasons"
)]
fn of(reason: Reason) -> (&'static str, &'static str, u8) {
    match reason {
        Reason::InvalidIdentifier => (
            "this is neither an e-mail address nor a phone number",
            "write it like ada@example.com or +442079460958",
            exit::USAGE,
        ),
        Reason::BrowserNotOpened => (
            "no program on this computer opened the address",
            "open the printed address yourself, in any browser",
            exit::ERROR,
        ),
        Reason::Offline => (
            "the provider cannot be reached",
            "check the network; nothing is lost, and you stay signed in",
            exit::OFFLINE,
        ),
        Reason::ProviderBroken => (
            "the provider gave no usable answer",
            "try again later; if it stays so, something between you and it answers in its place",
            exit::ERROR,
        ),
        Reason::ProviderBusy => (
            "the provider asks to be asked later",
            "try again in a moment",
            exit::ERROR,
        ),
        Reason::ProviderRefused => (
            "the provider refused the request",
            "check the profile in the configuration against what the provider has",
            exit::ERROR,
        ),
        Reason::RedirectNotAllowed => (
            "the provider does not allow the address that the sign-in returns to",
            "allow http://127.0.0.1 at the provider; with fixed ports, name one with `--port`",
            exit::ERROR,
        ),
        Reason::LocalProviderNotStarted => (
            "the local provider could not be started",
            "`keyfob doctor` says whether it is installed beside keyfob",
            exit::ERROR,
        ),
        Reason::LinkMalformed => (
            "this is no whole return address",
            "copy all of the address that the browser ended on",
            exit::ERROR,
        ),
        Reason::LinkForeign => (
            "this address belongs to another sign-in",
            "open the address that was printed last, and paste where that one ends",
            exit::ERROR,
        ),
        Reason::SignInExpired => (
            "this sign-in was not finished in time",
            "run `keyfob login` again",
            exit::TIMED_OUT,
        ),
        Reason::SignInDenied => (
            "the sign-in was declined",
            "run `keyfob login` again when you want to sign in",
            exit::CANCELLED,
        ),
        Reason::CodeRefused => (
            "this answer was used before, or is too old",
            "run `keyfob login` again",
            exit::ERROR,
        ),
        Reason::VerificationFailed => (
            "a token did not pass verification and was thrown away",
            "run `keyfob doctor`, then `keyfob login` again; do not trust this provider otherwise",
            exit::VERIFICATION_FAILED,
        ),
        Reason::SignInNeeded => (
            "nobody is signed in",
            "run `keyfob login`",
            exit::SIGN_IN_NEEDED,
        ),
        Reason::Busy => (
            "another program is refreshing this session and did not finish",
            "try again in a moment",
            exit::TIMED_OUT,
        ),
        Reason::TokenTooShort => (
            "tokens of this provider do not live that long",
            "ask for less with `--min-valid`",
            exit::ERROR,
        ),
        Reason::NothingToAdopt => (
            "this is no refresh token, nor an answer with one",
            "give all of what the provider answered, on standard input",
            exit::ERROR,
        ),
        Reason::StateFolderUnusable => (
            "no lock file can be made, and without it another program may spend the same token",
            "let this user write into the state folder, or set XDG_STATE_HOME to one that it may write",
            exit::ERROR,
        ),
        Reason::RevocationPending => (
            "signed out here, but the provider could not be told",
            "it is told later, for seven days; the next `keyfob logout` tries too",
            exit::ERROR,
        ),
        Reason::KeyringWaiting => (
            "the keyring does not answer; it may be asking for its password",
            "answer its prompt, then try again",
            exit::KEYRING_UNAVAILABLE,
        ),
        Reason::KeyringLocked => (
            "the keyring is locked",
            "unlock it, then try again",
            exit::KEYRING_UNAVAILABLE,
        ),
        Reason::KeyringUnavailable => (
            "there is no keyring that works",
            "start one, such as gnome-keyring or KWallet; `keyfob doctor` says what it finds",
            exit::KEYRING_UNAVAILABLE,
        ),
        Reason::KeyringDamaged => (
            "the session in the keyring cannot be read",
            "run `keyfob login`: a new session takes its place",
            exit::KEYRING_UNAVAILABLE,
        ),
        Reason::ClockWrong => (
            "the clock of this computer is wrong",
            "set it; most systems can do so by the network",
            exit::ERROR,
        ),
        Reason::LoopbackNotOpened => (
            "no port of this computer could be opened for the answer",
            "name others with `--port`, or none to take any",
            exit::ERROR,
        ),
        Reason::ClipboardFailed => (
            "the clipboard could not be used",
            "`keyfob token` prints the token instead",
            exit::ERROR,
        ),
        Reason::NothingToPaste => (
            "this is no return address",
            "paste the address that the browser ended on",
            exit::ERROR,
        ),
        Reason::LinkHandlerMissing => (
            "links of Keyfob do not open it on this computer",
            "`keyfob doctor --fix` registers it; `keyfob login` works without",
            exit::ERROR,
        ),
        Reason::ConfigInvalid => (
            "the configuration cannot be used as it is written",
            "correct it, then try again",
            exit::ERROR,
        ),
        Reason::DiagnosticsFailed => (
            "nobody could be asked what keeps Keyfob from working",
            "run `keyfob doctor` in a terminal",
            exit::ERROR,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_that_fit_their_line() {
        for reason in Reason::ALL {
            let Words {
                happened,
                todo,
                exit,
            } = Cause::Auth(reason).words();
            for line in [happened, todo] {
                assert!(!line.is_empty() && line.len() <= 100, "{reason:?}: {line}");
                assert!(!line.ends_with('.') && !line.contains('\n'), "{line}");
                assert!(!line.starts_with(char::is_uppercase), "{line}");
            }
            assert_ne!(exit, exit::DONE, "{reason:?}");
        }
    }

    #[test]
    fn every_word_is_documented_with_its_exit_code() {
        let page = include_str!("../../../docs/command-line.md");
        let causes = [
            Cause::Usage,
            Cause::SecretAmongArguments,
            Cause::Cancelled,
            Cause::TokenNotPrintable,
            Cause::NoIdToken,
            Cause::NoLoopback,
            Cause::NoDeviceSignIn,
            Cause::ProfileNotUsable,
            Cause::ConfigNotWritten,
            Cause::NotConfirmed,
            Cause::CommandNotFound,
            Cause::CommandNotRun,
            Cause::NotWell,
            Cause::NoRuntime,
            Cause::NotWritten,
            Cause::NotRead,
        ];
        for cause in causes.into_iter().chain(Reason::ALL.map(Cause::Auth)) {
            let Words { happened, exit, .. } = cause.words();
            let row = format!("| `{}` | {exit} | {happened} |", cause.word());
            assert!(page.contains(&row), "not documented: {row}");
        }
    }

    #[test]
    fn the_exit_codes_are_those_that_are_documented() {
        for (reason, code) in [
            (Reason::ProviderBroken, 1),
            (Reason::SignInDenied, 2),
            (Reason::SignInNeeded, 4),
            (Reason::Offline, 5),
            (Reason::KeyringWaiting, 6),
            (Reason::KeyringLocked, 6),
            (Reason::KeyringUnavailable, 6),
            (Reason::SignInExpired, 7),
            (Reason::Busy, 7),
            (Reason::VerificationFailed, 9),
            (Reason::InvalidIdentifier, 64),
        ] {
            assert_eq!(Cause::Auth(reason).words().exit, code, "{reason:?}");
        }
        assert_eq!(Cause::Cancelled.words().exit, 2);
        assert_eq!(Cause::Usage.words().exit, 64);
    }
}
