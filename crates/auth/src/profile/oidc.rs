//! What a profile says about an OpenID Connect provider.
//!
//! ```toml
//! [profiles.work]
//! provider = "oidc"
//! issuer = "https://login.example.com/realms/work"     # exactly as the provider writes it
//! client_id = "keyfob"                                 # of a public ("native") client; there is no secret
//!
//! # All of the rest may be left out.
//! scopes = ["openid", "profile", "email", "phone", "offline_access"]
//! prompt = ""                       # "consent" when offline_access is asked for, unless you say otherwise
//! audience = "https://api.example.com"                 # Auth0's name for what the token is for
//! resource = ["https://api.example.com"]               # RFC 8707's
//! acr_values = "phr"                                   # how strongly to sign in
//! parameters = { organization = "org_1" }              # what else goes into the sign-in address
//! ways = "loopback"                 # "link-or-loopback", "loopback" or "path-link"
//! loopback_ports = [41017, 41018]                      # any, unless the provider wants them registered
//! ca_file = "/etc/ssl/company.pem"                     # trusted besides the system's
//! issuer_name = "https://old.example.com"              # what it calls itself, if that is not `issuer`
//! ```

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, de::IgnoredAny};
use url::Url;

use super::{Misfit, Setting, secure};

/// What is asked for when a profile does not say: who signed in, how to reach them, and a refresh token
/// (OpenID Connect Core §5.4 and §11).
pub const DEFAULT_SCOPES: [&str; 5] = ["openid", "profile", "email", "phone", "offline_access"];

/// Where an OpenID Connect provider is, who we are to it, and what we ask it for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcConfig {
    /// The issuer, byte for byte as the provider writes it (OpenID Connect Discovery §4.3).
    pub issuer: String,
    /// What the provider's metadata and tokens name as issuer instead, for one that was renamed.
    pub issuer_name: Option<String>,
    /// The id of a public client.
    pub client_id: String,
    /// What is asked for; always with `openid`.
    pub scopes: Vec<String>,
    /// Auth0's and Okta's `audience` parameter.
    pub audience: Option<String>,
    /// What the access token is for (RFC 8707 §2).
    pub resource: Vec<Url>,
    /// How strongly to sign in, in the provider's own words (OpenID Connect Core §3.1.2.1).
    pub acr_values: Option<String>,
    /// The `prompt` parameter. None: `consent` when `offline_access` is asked for (OpenID Connect Core §11), otherwise
    /// nothing. Empty: never sent.
    pub prompt: Option<String>,
    /// What else goes into the sign-in address, for what only one provider knows.
    pub parameters: BTreeMap<String, String>,
    /// How the answer may come back.
    pub ways: Ways,
    /// The ports that a listener for the answer may use; any, when empty.
    pub loopback_ports: Vec<u16>,
    /// Certificates that are trusted besides the system's, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// How an answer may come back to us, as it was registered with the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ways {
    /// By `dev.keyfob://callback/<profile>`, or by a listener on this computer.
    #[default]
    LinkOrLoopback,
    /// By a listener on this computer only: the provider takes no schemes.
    Loopback,
    /// By `dev.keyfob:/callback/<profile>` only: the provider takes no listeners, and wants no authority in the address.
    PathLink,
}

impl Ways {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::LinkOrLoopback, Self::Loopback, Self::PathLink];

    /// The word that the file has for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LinkOrLoopback => "link-or-loopback",
            Self::Loopback => "loopback",
            Self::PathLink => "path-link",
        }
    }
}

impl OidcConfig {
    /// The client called `client_id` of the provider at `issuer`, and nothing unusual.
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            issuer_name: None,
            client_id: client_id.into(),
            scopes: DEFAULT_SCOPES.map(str::to_owned).to_vec(),
            audience: None,
            resource: Vec::new(),
            acr_values: None,
            prompt: None,
            parameters: BTreeMap::new(),
            ways: Ways::default(),
            loopback_ports: Vec::new(),
            ca_file: None,
        }
    }

    /// Whether what a person types makes sense: the issuer and the client. Asks nobody.
    ///
    /// # Errors
    ///
    /// [`Misfit`], with the setting.
    pub fn check(&self) -> Result<(), Misfit> {
        is_issuer("issuer", &self.issuer).map_err(|what| Setting::Issuer.misfit(what))?;
        is_client(&self.client_id).map_err(|what| Setting::ClientId.misfit(what))
    }

    /// What metadata, tokens and answers must name as issuer.
    pub(crate) fn expected_issuer(&self) -> &str {
        self.issuer_name.as_deref().unwrap_or(&self.issuer)
    }

    /// Whether a refresh token is asked for by its scope.
    pub(crate) fn asks_for_offline_access(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "offline_access")
    }
}

/// [`OidcConfig`] as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OidcEntry {
    issuer: String,
    issuer_name: Option<String>,
    client_id: String,
    /// Known only to be refused in words of its own.
    client_secret: Option<IgnoredAny>,
    scopes: Option<Vec<String>>,
    audience: Option<String>,
    #[serde(default)]
    resource: Vec<Url>,
    acr_values: Option<String>,
    prompt: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    ways: Ways,
    #[serde(default)]
    loopback_ports: Vec<u16>,
    ca_file: Option<PathBuf>,
}

/// What the sign-in address has from us, and no profile changes.
const OURS: [&str; 18] = [
    "acr_values",
    "audience",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "request",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "id_token_hint",
];

impl OidcEntry {
    /// The configuration, if it makes sense.
    pub(super) fn judged(self) -> Result<OidcConfig, String> {
        if self.client_secret.is_some() {
            return Err(
                "client_secret: this file holds no secrets, and an app on a desktop can keep none; \
                 register it as a public (\"native\") client, with the token endpoint's authentication method \"none\""
                    .to_owned(),
            );
        }
        is_issuer("issuer", &self.issuer)?;
        if let Some(name) = &self.issuer_name {
            is_issuer("issuer_name", name)?;
        }
        is_client(&self.client_id)?;
        let mut scopes = self
            .scopes
            .unwrap_or_else(|| DEFAULT_SCOPES.map(str::to_owned).to_vec());
        if scopes.iter().any(|scope| !is_scope(scope)) {
            return Err("scopes: each is one word".to_owned());
        }
        // Without it nobody says who signed in (OpenID Connect Core §3.1.2.1).
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".to_owned());
        }
        if self.prompt.as_deref() == Some("none") {
            return Err("prompt: \"none\" would let nobody sign in".to_owned());
        }
        // RFC 8707 §2: an absolute URI without a fragment.
        if self.resource.iter().any(|uri| uri.fragment().is_some()) {
            return Err("resource: an address here has no part behind #".to_owned());
        }
        if let Some(ours) = OURS
            .iter()
            .find(|name| self.parameters.contains_key(**name))
        {
            return Err(format!("parameters: {ours} is not for you to set"));
        }
        if self.loopback_ports.contains(&0) {
            return Err("loopback_ports: 0 is no port; leave the list out for any".to_owned());
        }
        if self
            .ca_file
            .as_ref()
            .is_some_and(|file| !file.is_absolute())
        {
            return Err("ca_file: write the whole path, from the root".to_owned());
        }
        Ok(OidcConfig {
            issuer: self.issuer,
            issuer_name: self.issuer_name,
            client_id: self.client_id,
            scopes,
            audience: self.audience,
            resource: self.resource,
            acr_values: self.acr_values,
            prompt: self.prompt,
            parameters: self.parameters,
            ways: self.ways,
            loopback_ports: self.loopback_ports,
            ca_file: self.ca_file,
        })
    }
}

/// OpenID Connect Discovery §3: https, and nothing behind the path.
fn is_issuer(key: &str, text: &str) -> Result<(), String> {
    let address = Url::parse(text).map_err(|_| format!("{key} is not an address"))?;
    secure(key, &address)?;
    if address.query().is_some() || address.fragment().is_some() {
        return Err(format!(
            "{key} has a part behind ? or #, which no issuer has"
        ));
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(format!("{key} names a person or a password"));
    }
    Ok(())
}

fn is_client(id: &str) -> Result<(), String> {
    if id.trim().is_empty() {
        return Err("client_id is empty".to_owned());
    }
    Ok(())
}

/// RFC 6749 §3.3: printable ASCII without space, quote and backslash.
fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(rest: &str) -> Result<OidcConfig, String> {
        let text = format!("client_id = 'I'\n{rest}");
        let text = if rest.contains("issuer =") {
            text
        } else {
            format!("issuer = 'https://issuer.test/oidc'\n{text}")
        };
        let entry: OidcEntry = toml::from_str(&text).map_err(|error| error.to_string())?;
        entry.judged()
    }

    #[test]
    fn an_issuer_and_a_client_are_enough() {
        let config = judged("").unwrap();
        assert_eq!(config, OidcConfig::new("https://issuer.test/oidc", "I"));
    }

    #[test]
    fn an_issuer_stays_as_it_is_written() {
        for issuer in [
            "https://issuer.test",
            "https://issuer.test/",
            "https://Issuer.test:443/a",
        ] {
            let config = judged(&format!("issuer = '{issuer}'")).unwrap();
            assert_eq!(config.issuer, issuer);
        }
    }

    #[test]
    fn a_person_is_told_which_of_the_two_is_wrong() {
        for (issuer, client, setting) in [
            ("issuer.test", "I", Some(Setting::Issuer)),
            ("http://issuer.test", "I", Some(Setting::Issuer)),
            ("https://issuer.test", " ", Some(Setting::ClientId)),
            ("https://issuer.test", "I", None),
        ] {
            let misfit = OidcConfig::new(issuer, client).check().err();
            assert_eq!(misfit.map(|misfit| misfit.setting), setting, "{issuer}");
        }
    }

    #[test]
    fn openid_is_always_asked_for() {
        let config = judged("scopes = ['email']").unwrap();
        assert_eq!(config.scopes, ["openid", "email"]);
    }

    #[test]
    fn what_does_not_make_sense_is_named() {
        for (rest, named) in [
            ("issuer = 'http://issuer.test'", "https://"),
            ("issuer = 'issuer.test'", "not an address"),
            ("issuer = 'https://issuer.test/?a'", "behind ? or #"),
            ("issuer = 'https://u:p@issuer.test/'", "password"),
            ("issuer_name = 'http://issuer.test'", "issuer_name"),
            ("client_secret = 'S3CRET'", "public (\"native\") client"),
            ("scopes = ['a b']", "scopes"),
            ("prompt = 'none'", "prompt"),
            ("resource = ['https://api.test/#x']", "resource"),
            ("parameters = { state = 'x' }", "state"),
            ("loopback_ports = [0]", "loopback_ports"),
            ("loopback_ports = [70000]", "70000"),
            ("ca_file = 'company.pem'", "ca_file"),
            ("ways = 'carrier-pigeon'", "carrier-pigeon"),
            ("isuer_name = 'x'", "isuer_name"),
        ] {
            let message = judged(rest).unwrap_err();
            assert!(message.contains(named), "{rest}: {message}");
            assert!(!message.contains("S3CRET"), "a secret is not repeated");
        }
    }
}
