//! What surrounds the program: its environment, and whether a person watches. Read once, here.

use std::{env, ffi::OsString, io::IsTerminal, path::PathBuf};

use keyfob_auth::Profile;

use crate::{arguments::Global, output::Output};

/// What every command goes by.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each of its own"
)]
pub struct Surroundings {
    pub output: Output,
    /// The profile that somebody asked for.
    pub profile: Option<String>,
    /// Where the configuration is.
    pub config: Option<PathBuf>,
    /// Whether a person reads what is said and can answer. Nobody else's browser is ever opened.
    pub is_interactive: bool,
    /// Whether a line on standard error can be written over.
    pub rewrites: bool,
    /// Whether standard error shows more than letters.
    pub shows_blocks: bool,
    /// Whether there is a place where a browser could show itself.
    pub has_display: bool,
    /// The proxies that requests go through, by the names of their variables.
    pub proxies: Vec<(&'static str, String)>,
    /// What to log, where somebody says.
    pub log: Option<String>,
    /// The step of a renewal at which a test wants this program to end.
    #[cfg(debug_assertions)]
    pub killed_at: Option<String>,
}

/// Where programs look for a proxy.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];

impl Surroundings {
    pub fn of(global: &Global) -> Self {
        let is_interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let moves = text("TERM").is_none_or(|terminal| terminal != "dumb");
        let colours = set("NO_COLOR").is_none() && moves;
        let by_name = |name: &'static str| {
            let value = text(name).or_else(|| text(&name.to_lowercase()))?;
            Some((name, value))
        };
        Self {
            output: Output {
                json: global.json,
                quiet: global.quiet,
                colours: colours && std::io::stderr().is_terminal(),
            },
            profile: global.profile.clone().or_else(|| text("KEYFOB_PROFILE")),
            config: set("KEYFOB_CONFIG_DIR")
                .map(|folder| PathBuf::from(folder).join("config.toml"))
                .or_else(Profile::default_path),
            is_interactive,
            rewrites: is_interactive && moves,
            shows_blocks: is_interactive && moves && is_utf_8(),
            has_display: !cfg!(all(unix, not(target_os = "macos")))
                || ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"]
                    .into_iter()
                    .any(|name| set(name).is_some()),
            proxies: PROXIES.into_iter().filter_map(by_name).collect(),
            log: text("KEYFOB_LOG"),
            #[cfg(debug_assertions)]
            killed_at: text("KEYFOB_KILLED_AT"),
        }
    }

    /// Whether a browser may open without being asked for: there is a person, and a place for it.
    pub fn opens_browsers(&self) -> bool {
        self.is_interactive && self.has_display
    }
}

/// Whether the person's terminal takes UTF-8: the first of these that is set says so (POSIX.1-2017, XBD §8.2). Windows
/// has no such variables, and consoles that do.
fn is_utf_8() -> bool {
    let mut locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = locale.find_map(text).unwrap_or_default().to_lowercase();
    cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8")
}

fn text(name: &str) -> Option<String> {
    set(name)?.into_string().ok()
}

/// A variable that is empty is not set: so it is with `NO_COLOR`, and so people unset what they cannot.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the program: its environment is read here"
)]
fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
