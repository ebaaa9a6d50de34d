//! Do requests go through a proxy?

use url::Url;

use super::Finding;
use crate::surroundings::Surroundings;

pub(super) fn look(surroundings: &Surroundings) -> Finding {
    let named: Vec<_> = surroundings
        .proxies
        .iter()
        .map(|(name, value)| format!("{name} is {}", shown(name, value)))
        .collect();
    Finding::good(
        "proxy",
        if named.is_empty() {
            "none is set".to_owned()
        } else {
            named.join(", ")
        },
    )
}

/// A proxy without the name and the password that may be in it; a list of exceptions as it is.
fn shown(name: &str, value: &str) -> String {
    if name == "NO_PROXY" {
        return value.to_owned();
    }
    let with_scheme = format!("http://{value}");
    let address = [value, &with_scheme]
        .into_iter()
        .filter_map(|text| Url::parse(text).ok())
        .find(Url::has_host);
    address.map_or_else(
        || "no address".to_owned(),
        |address| {
            let host = address.host_str().unwrap_or_default();
            let port = address.port_or_known_default().unwrap_or_default();
            format!("{}://{host}:{port}", address.scheme())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn the_password_of_a_proxy_is_not_shown() {
        for (value, said) in [
            (
                "http://ada:secret@proxy.test:3128/",
                "http://proxy.test:3128",
            ),
            ("ada:secret@proxy.test:3128", "http://proxy.test:3128"),
            ("proxy.test", "http://proxy.test:80"),
            ("https://proxy.test", "https://proxy.test:443"),
            ("://secret", "no address"),
        ] {
            assert_eq!(shown("HTTPS_PROXY", value), said);
        }
        assert_eq!(shown("NO_PROXY", "localhost,.test"), "localhost,.test");
    }
}
