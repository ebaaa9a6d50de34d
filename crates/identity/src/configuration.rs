//! `identity.toml` in the state folder: what a developer may set. Without the file, everything is as usual.
//!
//! ```toml
//! [smtp]                                   # send mail, instead of keeping it in the outbox only
//! host = "mail.example.com"
//! tls = "starttls"                         # or "tls"; "none" only for a server on this computer
//! port = 587                               # usually 587, 465 or 25, by the kind of `tls`
//! from = "Keyfob <keyfob@example.com>"
//! user = "keyfob"                          # left out, nobody logs in
//! password = "…"                           # then nobody but the owner may be able to read this file
//! timeout_seconds = 10
//!
//! [limits]                                 # letters within five minutes
//! letters_per_address = 5
//! letters_per_browser = 10
//! letters = 30
//!
//! [tokens]
//! access_token_seconds = 3600              # 1 to 86400; ID tokens live as long
//! refresh_token_days = 30                  # 1 to 365, each from its own making
//! reuse_grace_seconds = 0                  # 0 to 60
//! ```
//!
//! A refresh token works once: presented again, it ends the session, for one of the two who had it may be a thief. An
//! answer that is lost on its way has the same look. `reuse_grace_seconds` tells them apart as far as that is possible:
//! for so long after its first use, a refresh token is answered with new tokens again, unless a refresh token that was
//! given out for it has been used. Other providers call this a reuse interval or leeway; without it (0), there is none.
//!
//! It is read when the server starts. What is wrong in it keeps the server from starting, and is said: mail that is
//! silently not sent would be looked for in the wrong place.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::limits::Limits;
use crate::tokens::Lifetimes;

pub(crate) const FILE_NAME: &str = "identity.toml";

/// The file's content, checked.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Configuration {
    pub(crate) smtp: Option<Smtp>,
    pub(crate) limits: Limits,
    pub(crate) tokens: Lifetimes,
}

/// A whole number from `MIN` to `MAX`. Another one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Within<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Within<MIN, MAX> {
    /// A number that the source names; one outside the bounds does not compile in a constant.
    pub(crate) const fn new(number: u32) -> Self {
        assert!(MIN <= number && number <= MAX, "outside the bounds");
        Self(number)
    }

    pub(crate) fn get(self) -> u64 {
        self.0.into()
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Within<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let within = u32::try_from(number)
            .ok()
            .filter(|number| (MIN..=MAX).contains(number));
        within.map(Self).ok_or_else(|| {
            D::Error::custom(format_args!("{number} is not a number from {MIN} to {MAX}"))
        })
    }
}

/// The mail server that takes our letters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Smtp {
    pub(crate) host: String,
    port: Option<u16>,
    pub(crate) tls: TlsKind,
    pub(crate) from: Mailbox,
    user: Option<String>,
    password: Option<String>,
    #[serde(default = "ten")]
    timeout_seconds: u64,
}

/// When the connection becomes an encrypted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TlsKind {
    None,
    Starttls,
    Tls,
}

/// The file is there, but cannot be gone by.
#[derive(Debug, Error)]
#[error("{}: {wrong}", file.display())]
pub struct Unconfigured {
    file: PathBuf,
    wrong: Wrong,
}

#[derive(Debug, Error)]
enum Wrong {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// Its `Display` would quote the line, and the password may stand in it.
    #[error("line {line}: {what}")]
    Malformed { line: usize, what: String },
    #[error(
        "tls = \"none\" is only for a mail server on this computer; letters carry links that sign in"
    )]
    InTheClear,
    #[error("user and password come together or not at all")]
    HalfALogin,
    #[error("others can read this file, and it holds a password: run `chmod 600` on it")]
    Shared,
}

const fn ten() -> u64 {
    10
}

impl Configuration {
    pub(crate) fn read(folder: &Path) -> Result<Self, Unconfigured> {
        let file = folder.join(FILE_NAME);
        Self::of(&file).map_err(|wrong| Unconfigured { file, wrong })
    }

    fn of(file: &Path) -> Result<Self, Wrong> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let configuration = Self::parse(&text)?;
        let has_password = configuration
            .smtp
            .as_ref()
            .is_some_and(|smtp| smtp.password.is_some());
        if has_password && others_can_read(file)? {
            return Err(Wrong::Shared);
        }
        Ok(configuration)
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let configuration: Self = toml::from_str(text).map_err(|error| Wrong::Malformed {
            line: error
                .span()
                .map_or(1, |span| text[..span.start].split('\n').count()),
            what: error.message().to_owned(),
        })?;
        if let Some(smtp) = &configuration.smtp {
            if smtp.tls == TlsKind::None && !is_this_computer(&smtp.host) {
                return Err(Wrong::InTheClear);
            }
            if smtp.user.is_some() != smtp.password.is_some() {
                return Err(Wrong::HalfALogin);
            }
        }
        Ok(configuration)
    }
}

impl Smtp {
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            TlsKind::None => 25,
            TlsKind::Starttls => 587,
            TlsKind::Tls => 465,
        })
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.clamp(1, 60))
    }

    pub(crate) fn login(&self) -> Option<(String, String)> {
        self.user.clone().zip(self.password.clone())
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Smtp")
            .field("host", &self.host)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

fn is_this_computer(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(unix)]
fn others_can_read(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(file)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> io::Result<bool> {
    // A user's own data folders are private there already.
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "[smtp]\nhost = \"mail.example.com\"\nfrom = \"Keyfob <a@example.com>\"\n";

    fn refusal(text: &str) -> String {
        Configuration::parse(text).expect_err("refused").to_string()
    }

    #[test]
    fn the_example_in_the_manual_is_understood() {
        let manual = include_str!("configuration.rs");
        let example: Vec<&str> = manual
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| line.trim_start_matches("//!"))
            .collect();
        let configuration = Configuration::parse(&example.join("\n")).expect("understood");
        let smtp = configuration.smtp.expect("there");
        assert_eq!(smtp.port(), 587);
        assert_eq!(smtp.login().expect("there").0, "keyfob");
        assert_eq!(configuration.limits, Limits::default());
        assert_eq!(configuration.tokens, Lifetimes::default());
    }

    #[test]
    fn each_kind_of_connection_has_its_usual_port() {
        for (tls, port) in [("starttls", 587), ("tls", 465)] {
            let text = format!("{HOST}tls = \"{tls}\"");
            let smtp = Configuration::parse(&text).expect("understood").smtp;
            assert_eq!(smtp.expect("there").port(), port);
        }
    }

    #[test]
    fn letters_cross_no_network_in_the_clear() {
        let none = format!("{HOST}tls = \"none\"");
        assert!(refusal(&none).contains("only for a mail server on this computer"));
        for host in ["localhost", "127.0.0.1", "::1"] {
            let text = none.replace("mail.example.com", host);
            assert!(Configuration::parse(&text).is_ok(), "{host}");
        }
        assert!(
            refusal(&none.replace("mail.example.com", "localhost.example.com")).contains("only")
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_without_the_password() {
        let text = format!("{HOST}tls = \"tls\"\nuser = \"u\"\npasword = \"geheim\"");
        let said = refusal(&text);
        assert!(
            said.starts_with("line ") && said.contains("pasword"),
            "{said}"
        );
        assert!(!said.contains("geheim"), "{said}");
        let half = refusal(&format!("{HOST}tls = \"tls\"\nuser = \"u\""));
        assert!(half.contains("come together"), "{half}");
    }

    #[test]
    fn a_lifetime_outside_its_bounds_is_refused_with_them() {
        for (name, outside, bounds) in [
            ("access_token_seconds", "0", "1 to 86400"),
            ("access_token_seconds", "86401", "1 to 86400"),
            ("refresh_token_days", "0", "1 to 365"),
            ("refresh_token_days", "366", "1 to 365"),
            ("reuse_grace_seconds", "-1", "0 to 60"),
            ("reuse_grace_seconds", "61", "0 to 60"),
        ] {
            let said = refusal(&format!("[tokens]\n{name} = {outside}"));
            let expected = format!("line 2: {outside} is not a number from {bounds}");
            assert_eq!(said, expected, "{name}");
        }
        for text in ["access_token_seconds = \"1\"", "id_token_seconds = 1"] {
            refusal(&format!("[tokens]\n{text}"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join(FILE_NAME);
        let text = format!("{HOST}tls = \"tls\"\nuser = \"u\"\npassword = \"p\"");
        fs::write(&file, text).expect("written");
        let with_mode = |mode| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("set");
            Configuration::read(folder.path())
        };
        let refused = with_mode(0o640).expect_err("refused").to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        assert!(with_mode(0o600).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_configuration_or_refused(text in proptest::prelude::any::<String>()) {
            let _ = Configuration::parse(&text);
        }
    }
}
