//! Where a finished sign-in may send the browser.
//!
//! The list is fixed: Keyfob's own deep links, and loopback addresses with any port and path ([RFC 8252 §7.3]).
//! Anything else is refused with the sentence that Cotter documents, and never redirected to: an open redirector
//! would hand codes to strangers ([RFC 9700 §4.11]).
//!
//! [RFC 8252 §7.3]: https://www.rfc-editor.org/rfc/rfc8252#section-7.3
//! [RFC 9700 §4.11]: https://www.rfc-editor.org/rfc/rfc9700#section-4.11

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Host, Url, form_urlencoded};

const DEEP_LINK_SCHEMES: [&str; 2] = ["dev.keyfob", "dev.keyfob.debug"];
const DEEP_LINK_HOST: &str = "callback";

/// An allowed redirect URL, letter for letter as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RedirectUrl {
    text: String,
    /// `http://host:port` of a loopback redirect; a deep link has none.
    loopback_origin: Option<String>,
}

/// The refusal, in Cotter's documented words (an app flow has no parent origin and shows `://`).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "The redirect URL {0} or the parent origin :// is not in the list of allowed URLs. \
     Please contact the site owner."
)]
pub(crate) struct NotAllowed(String);

impl RedirectUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, NotAllowed> {
        let refused = || NotAllowed(text.to_owned());
        // The URL parser quietly drops tabs and turns `\` round; what is judged must be what is sent.
        let plain = text.len() <= 2000
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>' | b'`'));
        let url = Url::parse(text)
            .ok()
            .filter(|_| plain)
            .ok_or_else(refused)?;
        let bare =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !bare || text.contains('#') {
            return Err(refused());
        }
        let (written_scheme, written_host) = as_written(text).ok_or_else(refused)?;
        if written_scheme != url.scheme() || Some(written_host) != url.host_str() {
            return Err(refused());
        }
        let deep_link = DEEP_LINK_SCHEMES.contains(&url.scheme())
            && url.host_str() == Some(DEEP_LINK_HOST)
            && url.port().is_none();
        let loopback = url.scheme() == "http"
            && match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
                Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
                None => false,
            };
        if !deep_link && !loopback {
            return Err(refused());
        }
        Ok(Self {
            text: text.to_owned(),
            loopback_origin: loopback.then(|| url.origin().ascii_serialization()),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin, if a browser can be redirected there outright.
    pub(crate) fn loopback_origin(&self) -> Option<&str> {
        self.loopback_origin.as_deref()
    }

    /// The address that ends a sign-in.
    pub(crate) fn with_answer(&self, code: &str, state: &str, challenge_id: i64) -> String {
        let answer = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", code)
            .append_pair("state", state)
            .append_pair("challenge_id", &challenge_id.to_string())
            .finish();
        let joint = if self.text.contains('?') { '&' } else { '?' };
        format!("{}{joint}{answer}", self.text)
    }
}

/// The scheme and the host in the letters of the text.
///
/// The parser reads `http:localhost` and `callback:` as if they were whole; a browser is sent the text.
fn as_written(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            if port.is_empty() {
                return None;
            }
            host
        }
        _ => authority,
    };
    Some((scheme, host))
}

impl TryFrom<String> for RedirectUrl {
    type Error = NotAllowed;

    fn try_from(text: String) -> Result<Self, NotAllowed> {
        Self::parse(&text)
    }
}

impl From<RedirectUrl> for String {
    fn from(url: RedirectUrl) -> Self {
        url.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyfobs_deep_links_and_loopback_are_allowed() {
        for text in [
            "dev.keyfob://callback",
            "dev.keyfob://callback/work",
            "dev.keyfob.debug://callback",
            "http://127.0.0.1:8395",
            "http://127.0.0.1:51234/callback",
            "http://localhost:8080",
            "http://localhost:8080/?kept=1",
            "http://[::1]:9000/callback",
            "http://[::1]",
            "http://localhost?kept=a://b:",
        ] {
            assert!(RedirectUrl::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "dev.keyfob:callback",
            "dev.keyfob://callback:",
            "dev.keyfob://callback:/work",
            "dev.keyfob://elsewhere",
            "dev.keyfob://callback.example.com",
            "dev.keyfob://callback@example.com",
            "dev.keyfob://x@callback",
            "dev.keyfob.evil://callback",
            "https://localhost:8080",
            "http://example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost@example.com",
            "http://example.com@localhost",
            "http://localhost:80\\@example.com",
            "http://localhost:8080/#here",
            "http://localhost:8080/\t",
            "http://0.0.0.0:8080",
            "http:localhost:8080/cb",
            "http:/localhost:8080/cb",
            "http:///localhost:8080/cb",
            "http://localhost:/cb",
            "http://[::1]:",
            "http://127.1:8080",
            "javascript:alert(1)",
            "//localhost",
        ] {
            assert!(RedirectUrl::parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_allowed_leads_to_keyfob_or_loopback(
            before in "(http://|dev.keyfob://|dev.keyfob.debug://)?(localhost|127.0.0.1|\\[::1\\]|callback)?",
            rest in proptest::prelude::any::<String>(),
        ) {
            let text = format!("{before}{rest}");
            if let Ok(allowed) = RedirectUrl::parse(&text) {
                let answered = Url::parse(&allowed.with_answer("c", "s", 1)).expect("still an address");
                proptest::prop_assert!(
                    ["localhost", "127.0.0.1", "[::1]", "callback"].contains(&answered.host_str().unwrap_or_default()),
                    "{}", answered
                );
                proptest::prop_assert!(answered.query().is_some_and(|query| query.ends_with("code=c&state=s&challenge_id=1")));
            }
        }
    }

    #[test]
    fn the_answer_is_appended_to_a_query_that_is_there() {
        let plain = RedirectUrl::parse("http://localhost:8080").expect("allowed");
        assert_eq!(
            plain.with_answer("c/1", "s&2", 7),
            "http://localhost:8080?code=c%2F1&state=s%262&challenge_id=7"
        );
        let with_query = RedirectUrl::parse("http://localhost:8080/?kept=1").expect("allowed");
        assert_eq!(
            with_query.with_answer("c", "s", 7),
            "http://localhost:8080/?kept=1&code=c&state=s&challenge_id=7"
        );
    }
}
