//! A name for a profile whose person did not think of one.

use url::{Host, Url};

use super::{LOCAL, Profiles, presets::Preset};

/// Leaves room for a number behind it.
const LONGEST: usize = 28;

/// What a provider is called whose address says nothing.
const UNNAMED: &str = "oidc";

impl Profiles {
    /// A name that no profile has yet: the preset's, or what the issuer's address is known by.
    pub fn free_name(&self, preset: Option<&Preset>, issuer: &str) -> String {
        let name = match preset {
            Some(preset) => preset.id.to_owned(),
            None => known_by(issuer).unwrap_or_else(|| UNNAMED.to_owned()),
        };
        let mut free = name.clone();
        let mut number = 1;
        while free == LOCAL || self.get(&free).is_some() {
            number += 1;
            free = format!("{name}-{number}");
        }
        free
    }
}

/// `example` of `login.example.com` and of `login.example.co.uk`; nothing of an address that has no name.
fn known_by(issuer: &str) -> Option<String> {
    let address = Url::parse(issuer).ok()?;
    let Some(Host::Domain(host)) = address.host() else {
        return None;
    };
    let labels: Vec<_> = host.split('.').filter(|label| !label.is_empty()).collect();
    let name = match labels[..] {
        [.., name, second, country] if country.len() == 2 && second.len() <= 3 => name,
        [.., name, _] => name,
        [name] if name != "localhost" => name,
        _ => return None,
    };
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_';
    let name: String = name.chars().filter(plain).take(LONGEST).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_called_by_what_its_address_is_known_by() {
        for (issuer, name) in [
            ("https://login.example.com/realms/work", "example"),
            ("https://example.com", "example"),
            ("https://id.example.co.uk/", "example"),
            ("https://keycloak:8443/realms/work", "keycloak"),
            ("https://local/", "local-2"),
            ("http://127.0.0.1:3000/oidc", "oidc"),
            ("http://[::1]:3000/oidc", "oidc"),
            ("http://localhost:3000/oidc", "oidc"),
            ("not an address", "oidc"),
        ] {
            assert_eq!(Profiles::default().free_name(None, issuer), name);
        }
    }

    #[test]
    fn a_preset_names_it_and_a_name_that_is_taken_is_counted_on() {
        let text = "[profiles.okta]\nprovider = 'oidc'\nissuer = 'https://a.test'\nclient_id = 'I'\n\
                    [profiles.okta-2]\nprovider = 'oidc'\nissuer = 'https://b.test'\nclient_id = 'I'";
        let profiles = Profiles::parse(text).unwrap();
        let okta = Preset::named("okta");
        assert_eq!(profiles.free_name(okta, "https://c.test"), "okta-3");
        let longest = format!("https://{}.test", "a".repeat(63));
        assert_eq!(profiles.free_name(None, &longest).len(), LONGEST);
    }
}
