//! The way back that always works: an address that the person copied.

use url::Url;

use crate::door::deep_link::is_of_scheme;

/// The longest clipboard text that is looked at, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

/// What a pasted text turned out to be.
#[derive(Clone, PartialEq, Eq)]
pub enum Pasted {
    /// A return address: of our scheme, or of a listener on this computer. To be judged.
    ReturnAddress(String),
    /// The link out of the mail. To be opened in the browser, never fetched: only the person may follow it.
    MailLink(Url),
    /// Neither.
    Neither,
}

/// Tells what `text` is, given our `scheme` and the provider's `sign_in_page`.
pub fn read(text: &str, scheme: &str, sign_in_page: &Url) -> Pasted {
    if text.len() > LONGEST_TEXT {
        return Pasted::Neither;
    }
    for word in text.split_whitespace() {
        let word = word.trim_matches(['"', '\'', '<', '>']);
        if is_of_scheme(scheme, word) || is_loopback_answer(word) {
            return Pasted::ReturnAddress(word.to_owned());
        }
        if let Ok(address) = Url::parse(word)
            && address.origin().is_tuple()
            && address.origin() == sign_in_page.origin()
        {
            return Pasted::MailLink(address);
        }
    }
    Pasted::Neither
}

fn is_loopback_answer(word: &str) -> bool {
    let Ok(address) = Url::parse(word) else {
        return false;
    };
    let names = |wanted: &str| address.query_pairs().any(|(name, _)| name == wanted);
    address.scheme() == "http"
        && crate::address::is_loopback(&address)
        && names("state")
        && (names("code") || names("error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_here(text: &str) -> Pasted {
        let page = "http://127.0.0.1:4100/app".parse().unwrap();
        read(text, "dev.keyfob", &page)
    }

    fn is_return(text: &str, address: &str) -> bool {
        read_here(text) == Pasted::ReturnAddress(address.to_owned())
    }

    #[test]
    fn a_return_address_is_found_among_what_came_with_it() {
        let deep = "dev.keyfob://callback?code=C&state=S";
        assert!(is_return(deep, deep));
        assert!(is_return(&format!("\n Return link: <{deep}>\n"), deep));
        let loopback = "http://127.0.0.1:5000/callback?code=C&state=S";
        assert!(is_return(loopback, loopback));
    }

    #[test]
    fn a_mail_link_of_the_provider_is_for_the_browser() {
        let link = "http://127.0.0.1:4100/magic/abc";
        assert!(read_here(link) == Pasted::MailLink(link.parse().unwrap()));
    }

    #[test]
    fn other_text_is_neither() {
        for text in [
            "",
            "hello",
            "https://elsewhere.test/magic/abc",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "http://10.0.0.1/callback?code=C&state=S",
        ] {
            assert!(read_here(text) == Pasted::Neither, "{text}");
        }
        let long = format!("{} dev.keyfob://callback", "a".repeat(LONGEST_TEXT));
        assert!(read_here(&long) == Pasted::Neither);
    }
}
