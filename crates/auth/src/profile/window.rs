//! What the file says about the window itself, whichever profile it is at.
//!
//! ```toml
//! # All of it may be left out; but for `start_profile`, these are the defaults.
//! [window]
//! theme = "system"                  # "system", "light" or "dark"
//! clipboard_seconds = 30            # 5 to 600
//! start_profile = "work"            # the one in use, unless you say otherwise
//! keep_in = "keyring"               # "keyring" or "this-run"
//! refresh_in_background = true
//! ```

use std::{ops::RangeInclusive, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected},
};

use super::{LOCAL, Profiles};

/// How the window looks and behaves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct WindowSettings {
    /// The colours. Default: the system's.
    pub theme: Theme,
    /// How long a copied token stays on the clipboard: whole seconds within
    /// [`CLIPBOARD_SECONDS`](Self::CLIPBOARD_SECONDS). Default: 30 s.
    #[serde(rename = "clipboard_seconds", deserialize_with = "clipboard")]
    pub clipboard: Duration,
    /// The profile that the window opens at, as the file has it: it may name one that is gone, and
    /// [`Profiles::start_profile`] knows. Default: none, which is the one in use.
    pub start_profile: Option<String>,
    /// Where sessions are kept. Default: in the keyring.
    pub keep_in: KeepIn,
    /// Whether a token is renewed before it ends, without anybody asking. Default: yes.
    pub refresh_in_background: bool,
}

impl WindowSettings {
    /// The bounds of `clipboard_seconds`: less is too short to paste in, more is no longer forgetting.
    pub const CLIPBOARD_SECONDS: RangeInclusive<u64> = 5..=600;
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            clipboard: Duration::from_secs(30),
            start_profile: None,
            keep_in: KeepIn::default(),
            refresh_in_background: true,
        }
    }
}

/// The colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Those of the system, also when it changes them.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word that the file has for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Where the window's sessions are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepIn {
    /// In the keyring of the operating system ([`Vault::system`](crate::Vault::system)).
    #[default]
    Keyring,
    /// In memory: they end when Keyfob quits ([`Vault::for_this_run`](crate::Vault::for_this_run)).
    ThisRun,
}

impl KeepIn {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Keyring, Self::ThisRun];

    /// The word that the file has for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::ThisRun => "this-run",
        }
    }
}

impl Profiles {
    /// What the file says about the window, and the defaults for what it does not say.
    pub fn window(&self) -> &WindowSettings {
        &self.window
    }

    /// The profile that the window is to open at, if the file names one that there is; [`LOCAL`] is always there.
    ///
    /// A name that is gone is no error: a window that cannot open could not be told of it.
    pub fn start_profile(&self) -> Option<&str> {
        let named = self.window.start_profile.as_deref()?;
        (named == LOCAL || self.all.contains_key(named)).then_some(named)
    }
}

/// Judged where it is read, so that the error names the line.
fn clipboard<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let said = i64::deserialize(from)?;
    let bounds = WindowSettings::CLIPBOARD_SECONDS;
    u64::try_from(said)
        .ok()
        .filter(|seconds| bounds.contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            let expected = format!("{} to {} seconds", bounds.start(), bounds.end());
            D::Error::invalid_value(Unexpected::Signed(said), &expected.as_str())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> Result<WindowSettings, String> {
        Profiles::parse(&format!("[window]\n{rest}")).map(|profiles| profiles.window)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let defaults = WindowSettings {
            theme: Theme::System,
            clipboard: Duration::from_secs(30),
            start_profile: None,
            keep_in: KeepIn::Keyring,
            refresh_in_background: true,
        };
        assert_eq!(read("").unwrap(), defaults);
        assert_eq!(Profiles::parse("").unwrap().window(), &defaults);
    }

    #[test]
    fn each_setting_is_read() {
        let usual = WindowSettings::default;
        for (line, window) in [
            (
                "theme = 'dark'",
                WindowSettings {
                    theme: Theme::Dark,
                    ..usual()
                },
            ),
            (
                "clipboard_seconds = 45",
                WindowSettings {
                    clipboard: Duration::from_secs(45),
                    ..usual()
                },
            ),
            (
                "start_profile = 'work'",
                WindowSettings {
                    start_profile: Some("work".to_owned()),
                    ..usual()
                },
            ),
            (
                "keep_in = 'this-run'",
                WindowSettings {
                    keep_in: KeepIn::ThisRun,
                    ..usual()
                },
            ),
            (
                "refresh_in_background = false",
                WindowSettings {
                    refresh_in_background: false,
                    ..usual()
                },
            ),
        ] {
            assert_eq!(read(line).unwrap(), window, "{line}");
        }
    }

    #[test]
    fn each_word_is_read_as_what_it_stands_for() {
        for theme in Theme::ALL {
            let line = format!("theme = '{}'", theme.word());
            assert_eq!(read(&line).unwrap().theme, theme);
        }
        for keep_in in KeepIn::ALL {
            let line = format!("keep_in = '{}'", keep_in.word());
            assert_eq!(read(&line).unwrap().keep_in, keep_in);
        }
    }

    #[test]
    fn a_token_stays_on_the_clipboard_from_5_seconds_to_10_minutes() {
        for (seconds, fits) in [
            (i64::MIN, false),
            (-30, false),
            (0, false),
            (4, false),
            (5, true),
            (600, true),
            (601, false),
            (i64::MAX, false),
        ] {
            let outcome = read(&format!("clipboard_seconds = {seconds}"));
            assert_eq!(outcome.is_ok(), fits, "{seconds}");
        }
    }

    #[test]
    fn what_does_not_make_sense_is_named_with_its_line() {
        for (line, named) in [
            ("theme = 'pink'", "`system`, `light`, `dark`"),
            ("theme = true", "theme"),
            ("clipboard_seconds = 4", "expected 5 to 600 seconds"),
            ("clipboard_seconds = 30.5", "clipboard_seconds"),
            ("clipboard_seconds = '30'", "clipboard_seconds"),
            ("start_profile = 1", "start_profile"),
            ("keep_in = 'file'", "`keyring` or `this-run`"),
            ("refresh_in_background = 'no'", "refresh_in_background"),
            ("colour = 'red'", "unknown field `colour`"),
        ] {
            let message = read(line).unwrap_err();
            assert!(message.contains(named), "{line}: {message}");
            assert!(message.contains("line 2"), "{line}: {message}");
        }
    }

    #[test]
    fn the_window_opens_at_a_profile_that_there_is() {
        let work = "[profiles.work]\nprovider = 'cotter'\napi_key_id = 'K'\n";
        for (name, opens_at) in [
            ("work", Some("work")),
            (LOCAL, Some(LOCAL)),
            ("gone", None),
            ("", None),
        ] {
            let text = format!("{work}[window]\nstart_profile = '{name}'");
            let profiles = Profiles::parse(&text).unwrap();
            assert_eq!(profiles.start_profile(), opens_at);
            assert_eq!(profiles.in_use(None).unwrap().unwrap().name, "work");
        }
        assert_eq!(Profiles::parse(work).unwrap().start_profile(), None);
    }

    #[test]
    fn the_window_is_a_table() {
        let message = Profiles::parse("window = 'dark'").unwrap_err();
        assert!(message.contains("expected a table"), "{message}");
        let inline = Profiles::parse("window = { theme = 'dark' }").unwrap();
        assert_eq!(inline.window().theme, Theme::Dark);
    }
}
