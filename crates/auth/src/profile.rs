//! Named provider configurations, read from a file that holds no secrets.
//!
//! ```toml
//! profile = "work"                 # the one in use, or "local"; may be left out when there is only one
//!
//! [profiles.work]
//! provider = "oidc"                # any OpenID Connect provider; see `OidcConfig` for what else may be said
//! issuer = "https://login.example.com/realms/work"
//! client_id = "keyfob"
//!
//! [profiles.letters]
//! provider = "cotter"
//! api_key_id = "00000000-0000-0000-0000-000000000000"
//! # The addresses of the public service, unless you say otherwise:
//! # api_base = "https://www.cotter.app/api/v0"
//! # sign_in_page = "https://js.cotter.app/app"
//! # issuer = "https://www.cotter.app"
//!
//! [window]
//! theme = "dark"                   # see `WindowSettings` for what else may be said
//! ```
//!
//! [`Profiles`] is the whole file, [`Profile`] one of them, [`WindowSettings`] what is about none of them. [`edit`] changes
//! the file and keeps what a person wrote around it; [`presets`] know what well-known providers want.

pub mod edit;
mod misfit;
mod naming;
mod oidc;
pub mod presets;
mod window;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use url::Url;

use crate::{Reason, RedirectUri};
pub use misfit::{Misfit, Setting};
use oidc::OidcEntry;
pub use oidc::{DEFAULT_SCOPES, OidcConfig, Ways};
pub use window::{KeepIn, Theme, WindowSettings};

/// What the bundled provider's profile is called. It is always there, and no profile of a file has this name.
pub const LOCAL: &str = "local";

/// The API key id of the bundled local provider. It is public, as every API key id is.
const LOCAL_API_KEY_ID: &str = "0197f2b6-6c0e-7b5a-9d43-6b6579666f62";

/// A named provider configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// ASCII letters, digits, `-` and `_`; at most 32 of them. It names the keyring entries of the session.
    pub name: String,
    /// How to speak to the provider.
    pub provider: ProviderConfig,
}

/// How to speak to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderConfig {
    /// Cotter's wire.
    Cotter(CotterConfig),
    /// OpenID Connect.
    Oidc(OidcConfig),
}

/// Where Cotter's API is, and who we are to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CotterConfig {
    /// The public id of the API key.
    pub api_key_id: String,
    /// The API, for example `https://www.cotter.app/api/v0`.
    pub api_base: Url,
    /// The hosted sign-in page, for example `https://js.cotter.app/app`.
    pub sign_in_page: Url,
    /// What the tokens name as `iss`, without a slash at the end.
    pub issuer: String,
}

/// All named profiles of one file, which of them is in use, and what the file says about the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles {
    in_use: Option<String>,
    all: BTreeMap<String, Profile>,
    window: WindowSettings,
}

/// Why the configuration cannot be used, or not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file is there but cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not TOML, or has an unknown or missing key.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and on which line if that is known.
        message: String,
    },
    /// No profile has this name.
    #[error("there is no profile called {name:?}{}", listed(known))]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There are several, and nobody said which is in use.
    #[error(
        "there are several profiles: name one with `profile = \"…\"`{}",
        listed(known)
    )]
    Several {
        /// Those that there are.
        known: Vec<String>,
    },
    /// A profile of this name is there already.
    #[error("there is already a profile called {name:?}")]
    Exists {
        /// The name.
        name: String,
    },
    /// The name cannot be a profile's.
    #[error(
        "a profile's name has 1 to 32 letters, digits, - and _, and is not \"local\": {name:?} cannot be one"
    )]
    NotAName {
        /// The name.
        name: String,
    },
    /// The new profile has a value that could not be read again.
    #[error("{message}")]
    NotUsable {
        /// What is wrong with it.
        message: String,
    },
    /// The changed file could not be written. The old one is as it was.
    #[error("{} cannot be written", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ProfileError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        Reason::ConfigInvalid
    }
}

fn listed(known: &[String]) -> String {
    if known.is_empty() {
        String::new()
    } else {
        format!("; there is {}", known.join(", "))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Entry>,
    #[serde(default)]
    window: WindowSettings,
}

#[derive(Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
enum Entry {
    Cotter(CotterEntry),
    Oidc(OidcEntry),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CotterEntry {
    api_key_id: String,
    #[serde(default = "cotter_api_base")]
    api_base: Url,
    #[serde(default = "cotter_sign_in_page")]
    sign_in_page: Url,
    #[serde(default = "cotter_issuer")]
    issuer: String,
}

fn cotter_api_base() -> Url {
    Url::parse("https://www.cotter.app/api/v0").expect("a literal address")
}

fn cotter_sign_in_page() -> Url {
    Url::parse("https://js.cotter.app/app").expect("a literal address")
}

fn cotter_issuer() -> String {
    "https://www.cotter.app".to_owned()
}

impl CotterConfig {
    /// The API key called `api_key_id` of the public service.
    pub fn new(api_key_id: impl Into<String>) -> Self {
        Self {
            api_key_id: api_key_id.into(),
            api_base: cotter_api_base(),
            sign_in_page: cotter_sign_in_page(),
            issuer: cotter_issuer(),
        }
    }
}

impl CotterEntry {
    fn judged(self) -> Result<CotterConfig, String> {
        for (key, address) in [
            ("api_base", &self.api_base),
            ("sign_in_page", &self.sign_in_page),
        ] {
            secure(key, address)?;
        }
        Ok(CotterConfig {
            api_key_id: self.api_key_id,
            api_base: self.api_base,
            sign_in_page: self.sign_in_page,
            issuer: self.issuer.trim_end_matches('/').to_owned(),
        })
    }
}

impl Profile {
    /// The bundled local provider at `base`, for trying things out.
    pub fn local(base: &Url) -> Self {
        let mut sign_in_page = base.clone();
        sign_in_page.set_path("/app");
        Self {
            name: LOCAL.to_owned(),
            provider: ProviderConfig::Cotter(CotterConfig {
                api_key_id: LOCAL_API_KEY_ID.to_owned(),
                api_base: base.clone(),
                sign_in_page,
                issuer: base.as_str().trim_end_matches('/').to_owned(),
            }),
        }
    }

    /// The file that [`load`](Self::load) reads when nobody says otherwise: `keyfob/config.toml` in the person's
    /// configuration folder.
    pub fn default_path() -> Option<PathBuf> {
        Some(dirs::config_dir()?.join("keyfob").join("config.toml"))
    }

    /// The profile in use; none when that is the bundled provider: the file does not exist, or names none, or
    /// [`LOCAL`].
    ///
    /// # Errors
    ///
    /// When the file is there but cannot be read or does not make sense; the message names the file and the line.
    pub fn load(path: &Path) -> Result<Option<Self>, ProfileError> {
        Ok(Profiles::load(path)?.in_use(None)?.cloned())
    }

    /// The path of the loopback address that this profile's answers return to.
    ///
    /// An OpenID Connect profile has its own, so that the answer of one provider cannot be taken for another's
    /// (RFC 9700 §4.4.2.2); Cotter's allow-list knows a single one.
    pub fn callback_path(&self) -> String {
        match self.provider {
            ProviderConfig::Cotter(_) => "/callback".to_owned(),
            ProviderConfig::Oidc(_) => format!("/callback/{}", self.name),
        }
    }

    /// The address of our own `scheme` that this profile's answers return to, for example `dev.keyfob://callback`.
    ///
    /// None when the provider takes no answer back by a scheme.
    pub fn link(&self, scheme: &str) -> Option<RedirectUri> {
        let path = self.callback_path();
        let text = match &self.provider {
            ProviderConfig::Oidc(config) => match config.ways {
                Ways::LinkOrLoopback => format!("{scheme}:/{path}"),
                // The form that RFC 8252 §7.1 writes, without an authority.
                Ways::PathLink => format!("{scheme}:{path}"),
                Ways::Loopback => return None,
            },
            ProviderConfig::Cotter(_) => format!("{scheme}:/{path}"),
        };
        Url::parse(&text).ok().map(RedirectUri::new)
    }

    /// The ports that a listener for the answer may use: any, when the list is empty. None when the provider takes no
    /// answer back by loopback.
    pub fn loopback_ports(&self) -> Option<&[u16]> {
        match &self.provider {
            ProviderConfig::Oidc(config) if config.ways == Ways::PathLink => None,
            ProviderConfig::Oidc(config) => Some(&config.loopback_ports),
            ProviderConfig::Cotter(_) => Some(&[]),
        }
    }

    /// What is entered at the provider, so that answers may return to this profile by our own `scheme` and by loopback.
    ///
    /// An OpenID Connect provider has a list of addresses; loopback is there without a port when any will do
    /// (RFC 8252 §7.3). Cotter has one of origins, and wants its own page and what it calls an app's origin in it; which
    /// port of this computer is to be in it, only the person knows.
    pub fn to_allow(&self, scheme: &str) -> Vec<String> {
        let link = self.link(scheme).map(|link| link.as_str().to_owned());
        if let ProviderConfig::Cotter(config) = &self.provider {
            let page = config.sign_in_page.origin().ascii_serialization();
            let origins = ["://".to_owned(), page, format!("{scheme}://")];
            return origins.into_iter().chain(link).collect();
        }
        let path = self.callback_path();
        let loopback = match self.loopback_ports() {
            None => Vec::new(),
            Some([]) => vec![format!("http://127.0.0.1{path}")],
            Some(ports) => ports
                .iter()
                .map(|port| format!("http://127.0.0.1:{port}{path}"))
                .collect(),
        };
        link.into_iter().chain(loopback).collect()
    }
}

impl Profiles {
    /// All profiles of the file at `path`; none when it does not exist.
    ///
    /// # Errors
    ///
    /// When the file is there but cannot be read or does not make sense; the message names the file and the line.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        Self::parse(&read(path)?).map_err(|message| ProfileError::Invalid {
            path: path.to_owned(),
            message,
        })
    }

    /// Their names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    /// The one called `name`.
    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.all.get(name)
    }

    /// The profile called `wanted`; without a wish, the one that the file says is in use, or the only one. None is the
    /// bundled provider, when that is called for by [its name](LOCAL), or there are no profiles and nobody wants one.
    ///
    /// # Errors
    ///
    /// When there is no profile of that name, or there are several and nobody says which.
    pub fn in_use(&self, wanted: Option<&str>) -> Result<Option<&Profile>, ProfileError> {
        match wanted.or(self.in_use.as_deref()) {
            Some(LOCAL) => Ok(None),
            Some(name) => match self.all.get(name) {
                Some(profile) => Ok(Some(profile)),
                None => Err(self.unknown(name)),
            },
            None if self.all.len() > 1 => Err(ProfileError::Several {
                known: self.known(),
            }),
            None => Ok(self.all.values().next()),
        }
    }

    /// Whether the file says anything about providers: it names the profile in use or the one to open at, or holds one.
    /// Otherwise nobody has chosen yet, and [`in_use`](Self::in_use) is the bundled provider for want of another.
    pub fn says_which(&self) -> bool {
        self.in_use.is_some() || !self.all.is_empty() || self.start_profile().is_some()
    }

    fn unknown(&self, name: &str) -> ProfileError {
        ProfileError::Unknown {
            name: name.to_owned(),
            known: self.known(),
        }
    }

    fn known(&self) -> Vec<String> {
        self.all.keys().cloned().collect()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut all = BTreeMap::new();
        for (name, entry) in file.profiles {
            if !is_name(&name) {
                return Err(format!(
                    "the profile name {name:?} may have 1 to 32 letters, digits, - and _"
                ));
            }
            if name == LOCAL {
                return Err(format!(
                    "the profile name {LOCAL:?} is the bundled provider's"
                ));
            }
            let provider = match entry {
                Entry::Cotter(entry) => entry.judged().map(ProviderConfig::Cotter),
                Entry::Oidc(entry) => entry.judged().map(ProviderConfig::Oidc),
            };
            let provider = provider.map_err(|what| format!("profile {name:?}: {what}"))?;
            all.insert(name.clone(), Profile { name, provider });
        }
        Ok(Self {
            in_use: file.profile,
            all,
            window: file.window,
        })
    }
}

/// The file's text; nothing when it does not exist.
fn read(path: &Path) -> Result<String, ProfileError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(ProfileError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// What may name a profile: it becomes part of keyring entries, lock files and redirect paths.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=32).contains(&name.len()) && name.bytes().all(plain)
}

/// https, except on this computer, where nobody is in between.
fn secure(key: &str, address: &Url) -> Result<(), String> {
    if crate::address::is_secure(address) {
        Ok(())
    } else {
        Err(format!("{key} must begin with https://"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_service_needs_only_an_api_key() {
        let text = "[profiles.work]\nprovider = \"cotter\"\napi_key_id = \"K\"";
        let profiles = Profiles::parse(text).unwrap();
        let profile = profiles.in_use(None).unwrap().unwrap();
        assert_eq!(profile.name, "work");
        let ProviderConfig::Cotter(config) = &profile.provider else {
            panic!("another provider");
        };
        assert_eq!(config.api_base.as_str(), "https://www.cotter.app/api/v0");
        assert_eq!(config.issuer, "https://www.cotter.app");
    }

    #[test]
    fn what_does_not_make_sense_is_named() {
        for (text, named) in [
            ("profil = 'x'", "profil"),
            ("profile = 'x'", "no profile called \"x\""),
            ("[profiles.a]\nprovider = 'other'", "other"),
            ("[profiles.a]\nprovider = 'cotter'", "api_key_id"),
            (
                "[profiles.a]\nprovider = 'cotter'\napi_key_id = 'K'\napi_bass = 'x'",
                "api_bass",
            ),
            (
                "[profiles.a]\nprovider = 'cotter'\napi_key_id = 'K'\napi_base = 'http://api.test'",
                "https",
            ),
            (
                "[profiles.local]\nprovider = 'cotter'\napi_key_id = 'K'",
                "the bundled provider's",
            ),
            (
                "[profiles.'a b']\nprovider = 'cotter'\napi_key_id = 'K'",
                "a b",
            ),
            (
                "[profiles.local]\nprovider = 'cotter'\napi_key_id = 'K'",
                "bundled",
            ),
            (
                "[profiles.a]\nprovider = 'cotter'\napi_key_id = 'K'\n[profiles.b]\nprovider = 'cotter'\napi_key_id = 'K'",
                "several",
            ),
        ] {
            let message = match Profiles::parse(text) {
                Ok(profiles) => profiles.in_use(None).unwrap_err().to_string(),
                Err(message) => message,
            };
            assert!(message.contains(named), "{text}: {message}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_names_no_profile() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            Profile::load(&folder.path().join("config.toml"))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_file_that_names_no_provider_says_not_which() {
        for (text, says) in [
            ("", false),
            ("[window]\ntheme = 'dark'", false),
            ("[profiles]", false),
            ("profile = 'local'", true),
            ("[window]\nstart_profile = 'local'", true),
            ("profile = 'gone'", true),
            (TWO, true),
        ] {
            assert_eq!(Profiles::parse(text).unwrap().says_which(), says, "{text}");
        }
    }

    #[test]
    fn the_local_provider_is_its_own_issuer() {
        let profile = Profile::local(&"http://127.0.0.1:4100/".parse().unwrap());
        let ProviderConfig::Cotter(config) = profile.provider else {
            panic!("another provider");
        };
        assert_eq!(config.issuer, "http://127.0.0.1:4100");
        assert_eq!(config.sign_in_page.as_str(), "http://127.0.0.1:4100/app");
    }

    const TWO: &str = "[profiles.a]\nprovider = 'cotter'\napi_key_id = 'K'\n\
                       [profiles.b]\nprovider = 'oidc'\nissuer = 'https://b.test'\nclient_id = 'I'";

    #[test]
    fn a_wish_goes_before_what_the_file_says() {
        let profiles = Profiles::parse(&format!("profile = 'a'\n{TWO}")).unwrap();
        assert_eq!(profiles.names().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(profiles.in_use(None).unwrap().unwrap().name, "a");
        assert_eq!(profiles.in_use(Some("b")).unwrap().unwrap().name, "b");
        let unknown = profiles.in_use(Some("c")).unwrap_err().to_string();
        assert_eq!(unknown, "there is no profile called \"c\"; there is a, b");
        assert_eq!(profiles.in_use(Some(LOCAL)).unwrap(), None);
        let local = Profiles::parse(&format!("profile = 'local'\n{TWO}")).unwrap();
        assert_eq!(local.in_use(None).unwrap(), None);
    }

    #[test]
    fn each_openid_profile_returns_by_a_path_of_its_own() {
        let profiles = Profiles::parse(TWO).unwrap();
        let [cotter, oidc] = ["a", "b"].map(|name| profiles.get(name).unwrap());
        let link = |profile: &Profile| profile.link("dev.keyfob").unwrap().as_str().to_owned();
        assert_eq!(link(cotter), "dev.keyfob://callback");
        assert_eq!(link(oidc), "dev.keyfob://callback/b");
        assert_eq!(oidc.callback_path(), "/callback/b");
        let addresses = oidc.to_allow("dev.keyfob");
        assert_eq!(
            addresses,
            ["dev.keyfob://callback/b", "http://127.0.0.1/callback/b"]
        );
    }

    #[test]
    fn a_profile_has_only_the_ways_back_that_its_provider_takes() {
        let ways = |ways: &str| {
            let text = format!("{TWO}\nloopback_ports = [41017]\nways = '{ways}'");
            let profiles = Profiles::parse(&text).unwrap();
            let profile = profiles.get("b").unwrap().clone();
            let link = profile.link("dev.keyfob");
            let ports = profile.loopback_ports().map(<[u16]>::to_vec);
            let addresses = profile.to_allow("dev.keyfob").len();
            assert_eq!(
                addresses,
                usize::from(link.is_some()) + ports.iter().flatten().count()
            );
            (link.map(|link| link.as_str().to_owned()), ports)
        };
        let (link, path_link) = ("dev.keyfob://callback/b", "dev.keyfob:/callback/b");
        let ports = Some(vec![41017]);
        assert_eq!(
            ways("link-or-loopback"),
            (Some(link.to_owned()), ports.clone())
        );
        assert_eq!(ways("loopback"), (None, ports));
        assert_eq!(ways("path-link"), (Some(path_link.to_owned()), None));
    }

    #[test]
    fn what_is_to_be_entered_at_the_provider_is_listed() {
        let profiles = Profiles::parse(&format!("{TWO}\nloopback_ports = [41017, 41018]")).unwrap();
        let addresses = |name| profiles.get(name).unwrap().to_allow("dev.keyfob");
        assert_eq!(
            addresses("a"),
            [
                "://",
                "https://js.cotter.app",
                "dev.keyfob://",
                "dev.keyfob://callback"
            ]
        );
        assert_eq!(
            addresses("b"),
            [
                "dev.keyfob://callback/b",
                "http://127.0.0.1:41017/callback/b",
                "http://127.0.0.1:41018/callback/b",
            ]
        );
    }

    const SAMPLE: &str = include_str!("../../../docs/config.sample.toml");

    /// What a commented line of the sample sets, if it is a setting: `# key = value`.
    fn commented(line: &str) -> Option<&str> {
        let setting = line.strip_prefix("# ")?;
        let (key, _) = setting.split_once(" = ")?;
        key.bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'_')
            .then_some(setting)
    }

    #[test]
    fn the_sample_is_good_as_it_is_and_with_all_that_is_commented_out() {
        let whole: Vec<_> = SAMPLE
            .lines()
            .map(|line| commented(line).unwrap_or(line))
            .collect();
        for text in [SAMPLE, &whole.join("\n")] {
            let profiles = Profiles::parse(text).unwrap();
            assert_eq!(profiles.names().collect::<Vec<_>>(), ["letters", "work"]);
            assert_eq!(profiles.in_use(None).unwrap().unwrap().name, "work");
        }
        let as_it_is = Profiles::parse(SAMPLE).unwrap();
        assert_eq!(*as_it_is.window(), WindowSettings::default());
        let whole = Profiles::parse(&whole.join("\n")).unwrap();
        assert_eq!(whole.start_profile(), Some("work"));
    }

    #[test]
    fn the_sample_has_every_setting() {
        let said = |key: &str| {
            let mut settings = SAMPLE.lines().map(|line| commented(line).unwrap_or(line));
            settings.any(|line| line.starts_with(&format!("{key} = ")))
        };
        for (table, one) in [
            ("[profiles.a]\nprovider = 'cotter'", "issuer"),
            ("[profiles.a]\nprovider = 'oidc'", "issuer"),
            ("[window]", "theme"),
        ] {
            // Who meets a setting that it does not know names those that it does.
            let message = Profiles::parse(&format!("{table}\nunknown = 1")).unwrap_err();
            let (_, known) = message.split_once("expected").unwrap();
            let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
            assert!(known.contains(&one), "{message}");
            for key in known.into_iter().filter(|key| *key != "client_secret") {
                assert!(said(key), "{table}: {key}");
            }
        }
    }
}
