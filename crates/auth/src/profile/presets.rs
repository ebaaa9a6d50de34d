//! What well-known OpenID Connect providers want that the specifications leave open.
//!
//! A preset fills the fields of an [`OidcConfig`]; an issuer and a client id are still the person's own. Each says
//! whether it was tried, or is what the provider's documentation says.

use super::{DEFAULT_SCOPES, OidcConfig, Ways};

/// A well-known provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The word for it, for example `keycloak`.
    pub id: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Its issuer; what stands in braces is the person's own, for example `https://{domain}/`.
    pub issuer: &'static str,
    /// What must be set at the provider, in one sentence.
    pub at_the_provider: &'static str,
    /// How sure this is.
    pub standing: Standing,
    scopes: &'static [&'static str],
    prompt: Option<&'static str>,
    parameters: &'static [(&'static str, &'static str)],
    ways: Ways,
    loopback_ports: &'static [u16],
}

/// How sure a preset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A sign-in was done against the provider's own program.
    Tried,
    /// It is what the provider's documentation says.
    FromDocumentation,
}

/// Ports that are registered where a provider compares them, which RFC 8252 §7.3 asks it not to.
const REGISTERED_PORTS: &[u16] = &[41017, 41018, 41019];

/// A provider that follows the specifications, before anything is said about it.
const PLAIN: Preset = Preset {
    id: "",
    name: "",
    issuer: "",
    at_the_provider: "",
    standing: Standing::FromDocumentation,
    scopes: &DEFAULT_SCOPES,
    // Consent is remembered by these providers; to ask for it at each sign-in only stands in the way.
    prompt: Some(""),
    parameters: &[],
    ways: Ways::LinkOrLoopback,
    loopback_ports: &[],
};

/// Without `phone`, for providers that refuse a scope that they do not know.
const WITHOUT_PHONE: &[&str] = &["openid", "profile", "email", "offline_access"];

/// Every preset there is.
pub const PRESETS: [Preset; 8] = [
    Preset {
        id: "genauth",
        name: "GenAuth",
        issuer: "https://{app}.genauth.ai/oidc",
        at_the_provider: "A native application, every authentication method \"none\", and RS256 as the signing \
                          algorithm of the ID token (it is HS256 unless changed).",
        // It issues no refresh token without consent (OpenID Connect Core §11).
        prompt: Some("consent"),
        loopback_ports: REGISTERED_PORTS,
        ..PLAIN
    },
    Preset {
        id: "keycloak",
        name: "Keycloak",
        issuer: "https://{host}/realms/{realm}",
        at_the_provider: "A client with \"Client authentication\" off and \"Standard flow\" on.",
        ..PLAIN
    },
    Preset {
        id: "auth0",
        name: "Auth0",
        issuer: "https://{domain}/",
        at_the_provider: "A \"Native\" application, and \"Allow Offline Access\" at the API; name the API in \
                          `audience` for an access token that it can check.",
        loopback_ports: REGISTERED_PORTS,
        ..PLAIN
    },
    Preset {
        id: "okta",
        name: "Okta",
        issuer: "https://{domain}/oauth2/default",
        at_the_provider: "A \"Native Application\" with the grants \"Authorization Code\" and \"Refresh Token\".",
        loopback_ports: REGISTERED_PORTS,
        ..PLAIN
    },
    Preset {
        id: "entra",
        name: "Microsoft Entra ID",
        issuer: "https://login.microsoftonline.com/{tenant id}/v2.0",
        at_the_provider: "An app registration with the platform \"Mobile and desktop applications\" and \"Allow public \
                          client flows\"; the loopback address goes into the manifest; the tenant's id, not \"common\".",
        scopes: WITHOUT_PHONE,
        ..PLAIN
    },
    Preset {
        id: "google",
        name: "Google",
        issuer: "https://accounts.google.com",
        at_the_provider: "A client of the type \"iOS\" with the bundle id `dev.keyfob`: the type \"Desktop app\" wants a \
                          client secret.",
        // Google knows no `offline_access`; its own parameter asks for the refresh token.
        scopes: &["openid", "profile", "email"],
        prompt: Some("consent"),
        parameters: &[("access_type", "offline")],
        ways: Ways::PathLink,
        ..PLAIN
    },
    Preset {
        id: "zitadel",
        name: "Zitadel",
        issuer: "https://{domain}",
        at_the_provider: "An application of the type \"Native\" with the grants \"Authorization Code\" and \"Refresh \
                          Token\".",
        ..PLAIN
    },
    Preset {
        id: "authentik",
        name: "authentik",
        issuer: "https://{host}/application/o/{application}/",
        at_the_provider: "An OAuth2/OpenID provider with the client type \"Public\", a signing key, and the scope \
                          mapping `offline_access`.",
        scopes: WITHOUT_PHONE,
        loopback_ports: REGISTERED_PORTS,
        ..PLAIN
    },
];

impl Preset {
    /// The preset called `id`.
    pub fn named(id: &str) -> Option<&'static Self> {
        const ALL: &[Preset] = &PRESETS;
        ALL.iter().find(|preset| preset.id == id)
    }

    /// Whether the issuer is the same for everybody.
    pub fn has_one_issuer(&self) -> bool {
        !self.issuer.contains('{')
    }

    /// The configuration for the client called `client_id`; without an `issuer`, the preset's own.
    pub fn fill(&self, issuer: Option<&str>, client_id: &str) -> OidcConfig {
        OidcConfig {
            scopes: self.scopes.iter().map(|&scope| scope.to_owned()).collect(),
            prompt: self.prompt.map(str::to_owned),
            parameters: self
                .parameters
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ways: self.ways,
            loopback_ports: self.loopback_ports.to_vec(),
            ..OidcConfig::new(issuer.unwrap_or(self.issuer), client_id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Profile, Profiles, ProviderConfig, edit};
    use super::*;

    #[test]
    fn every_preset_fills_a_profile_that_can_be_written_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        for preset in PRESETS {
            let issuer = preset.issuer.replace(['{', '}', ' '], "");
            let profile = Profile {
                name: preset.id.to_owned(),
                provider: ProviderConfig::Oidc(preset.fill(Some(&issuer), "I")),
            };
            edit::add(&path, &profile).unwrap();
            let profiles = Profiles::load(&path).unwrap();
            assert_eq!(profiles.get(preset.id), Some(&profile));
            assert!(preset.at_the_provider.ends_with('.'));
        }
        assert_eq!(Preset::named("okta").unwrap().name, "Okta");
    }

    #[test]
    fn a_preset_without_blanks_needs_no_issuer() {
        let google = Preset::named("google").unwrap();
        assert!(google.has_one_issuer());
        assert_eq!(google.fill(None, "I").issuer, google.issuer);
        assert!(!Preset::named("okta").unwrap().has_one_issuer());
    }
}
