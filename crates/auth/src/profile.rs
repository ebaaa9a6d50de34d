//! A named provider configuration, read from a file that holds no secrets.
//!
//! ```toml
//! profile = "work"                 # the one in use; may be left out when there is only one
//!
//! [profiles.work]
//! provider = "cotter"
//! api_key_id = "00000000-0000-0000-0000-000000000000"
//! # The addresses of the public service, unless you say otherwise:
//! # api_base = "https://www.cotter.app/api/v0"
//! # sign_in_page = "https://js.cotter.app/app"
//! # issuer = "https://www.cotter.app"
//! ```

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use url::Url;

use crate::Reason;

/// The API key id of the bundled local provider. It is public, as every API key id is.
const LOCAL_API_KEY_ID: &str = "0197f2b6-6c0e-7b5a-9d43-6b6579666f62";

/// A named provider configuration.
#[derive(Clone, Debug)]
pub struct Profile {
    /// ASCII letters, digits, `-` and `_`; at most 32 of them. It names the keyring entries of the session.
    pub name: String,
    /// How to speak to the provider.
    pub provider: ProviderConfig,
}

/// How to speak to a provider.
#[derive(Clone, Debug)]
pub enum ProviderConfig {
    /// Cotter's wire.
    Cotter(CotterConfig),
}

/// Where Cotter's API is, and who we are to it.
#[derive(Clone, Debug)]
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

/// Why the configuration cannot be used.
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
        /// What is wrong and on which line.
        message: String,
    },
}

impl ProfileError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        Reason::ConfigInvalid
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case", deny_unknown_fields)]
enum Entry {
    Cotter {
        api_key_id: String,
        #[serde(default = "cotter_api_base")]
        api_base: Url,
        #[serde(default = "cotter_sign_in_page")]
        sign_in_page: Url,
        #[serde(default = "cotter_issuer")]
        issuer: String,
    },
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

impl Profile {
    /// The bundled local provider at `base`, for trying things out.
    pub fn local(base: &Url) -> Self {
        let mut sign_in_page = base.clone();
        sign_in_page.set_path("/app");
        Self {
            name: "local".to_owned(),
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

    /// The profile in use; none when the file does not exist or names none.
    ///
    /// # Errors
    ///
    /// When the file is there but cannot be read or does not make sense; the message names the file and the line.
    pub fn load(path: &Path) -> Result<Option<Self>, ProfileError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|message| ProfileError::Invalid {
                path: path.to_owned(),
                message,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ProfileError::Unreadable {
                path: path.to_owned(),
                source,
            }),
        }
    }

    fn parse(text: &str) -> Result<Option<Self>, String> {
        let mut file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let name = match (file.profile, file.profiles.len()) {
            (Some(name), _) => name,
            (None, 0) => return Ok(None),
            (None, 1) => file.profiles.keys().next().cloned().unwrap_or_default(),
            (None, _) => {
                return Err(
                    "there are several profiles: name one with `profile = \"…\"`".to_owned(),
                );
            }
        };
        let entry = file
            .profiles
            .remove(&name)
            .ok_or_else(|| format!("there is no profile called {name:?}"))?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(format!(
                "the profile name {name:?} may have 1 to 32 letters, digits, - and _"
            ));
        }
        let Entry::Cotter {
            api_key_id,
            api_base,
            sign_in_page,
            issuer,
        } = entry;
        for (key, address) in [("api_base", &api_base), ("sign_in_page", &sign_in_page)] {
            secure(key, address)?;
        }
        Ok(Some(Self {
            name,
            provider: ProviderConfig::Cotter(CotterConfig {
                api_key_id,
                api_base,
                sign_in_page,
                issuer: issuer.trim_end_matches('/').to_owned(),
            }),
        }))
    }
}

/// https, except on this computer, where nobody is in between.
fn secure(key: &str, address: &Url) -> Result<(), String> {
    match address.scheme() {
        "https" => Ok(()),
        "http" if crate::address::is_loopback(address) => Ok(()),
        _ => Err(format!("{key} must begin with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_service_needs_only_an_api_key() {
        let profile = Profile::parse("[profiles.work]\nprovider = \"cotter\"\napi_key_id = \"K\"")
            .unwrap()
            .unwrap();
        assert_eq!(profile.name, "work");
        let ProviderConfig::Cotter(config) = profile.provider;
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
                "[profiles.'a b']\nprovider = 'cotter'\napi_key_id = 'K'",
                "a b",
            ),
            (
                "[profiles.a]\nprovider = 'cotter'\napi_key_id = 'K'\n[profiles.b]\nprovider = 'cotter'\napi_key_id = 'K'",
                "several",
            ),
        ] {
            let message = Profile::parse(text).unwrap_err();
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
    fn the_local_provider_is_its_own_issuer() {
        let profile = Profile::local(&"http://127.0.0.1:4100/".parse().unwrap());
        let ProviderConfig::Cotter(config) = profile.provider;
        assert_eq!(config.issuer, "http://127.0.0.1:4100");
        assert_eq!(config.sign_in_page.as_str(), "http://127.0.0.1:4100/app");
    }
}
