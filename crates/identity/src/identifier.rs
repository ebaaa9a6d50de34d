//! An e-mail address or a phone number, parsed once where it enters.
//!
//! It is shown as it was typed; [`key_of`] is what two spellings of one address have in common.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The `type` of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum IdentifierKind {
    Email,
    Phone,
}

impl IdentifierKind {
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        match text {
            "EMAIL" => Some(Self::Email),
            "PHONE" => Some(Self::Phone),
            _ => None,
        }
    }

    pub(crate) fn on_the_wire(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
        }
    }
}

/// An e-mail address, or a phone number in E.164 form (`+` and 7 to 15 digits).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identifier {
    kind: IdentifierKind,
    text: String,
}

/// What a person typed is not an address of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidIdentifier {
    #[error("That is not an e-mail address. It looks like ada@example.com.")]
    Email,
    #[error("That is not a phone number. Begin with + and the country code, like +49 30 901820.")]
    Phone,
}

impl Identifier {
    pub(crate) fn parse(kind: IdentifierKind, text: &str) -> Result<Self, InvalidIdentifier> {
        let text = match kind {
            IdentifierKind::Email => email(text).ok_or(InvalidIdentifier::Email)?,
            IdentifierKind::Phone => phone(text).ok_or(InvalidIdentifier::Phone)?,
        };
        Ok(Self { kind, text })
    }

    pub(crate) fn kind(&self) -> IdentifierKind {
        self.kind
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

/// The spelling under which any identifier, even one that nobody has proved, is looked up.
pub(crate) fn key_of(text: &str) -> String {
    text.trim().to_lowercase()
}

fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |part: &str| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || "<>\"(),:;\\[]@".contains(c))
    };
    let labelled = domain.split('.').all(|label| !label.is_empty());
    (text.len() <= 254 && plain(local) && plain(domain) && labelled).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix('+')?;
    let digits: String = digits
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}'))
        .collect();
    let well_formed = (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    well_formed.then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: IdentifierKind, text: &str) -> Option<String> {
        Identifier::parse(kind, text).ok().map(|i| i.text)
    }

    #[test]
    fn an_address_is_kept_as_typed_and_found_in_any_case() {
        let ada =
            Identifier::parse(IdentifierKind::Email, " Ada@Example.com ").expect("an address");
        assert_eq!(ada.as_str(), "Ada@Example.com");
        assert_eq!(key_of(ada.as_str()), "ada@example.com");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_an_address_or_refused(text in proptest::prelude::any::<String>()) {
            for kind in [IdentifierKind::Email, IdentifierKind::Phone] {
                if let Some(parsed) = parse(kind, &text) {
                    proptest::prop_assert_eq!(parse(kind, &parsed), Some(parsed.clone()), "parsing again changes nothing");
                    proptest::prop_assert!(!parsed.contains(char::is_whitespace) && parsed.len() <= 254);
                }
            }
        }

        #[test]
        fn what_looks_like_an_address_is_one(text in "[a-z0-9.+_]{1,20}@[a-z0-9]{1,10}(\\.[a-z]{2,5}){1,2}") {
            proptest::prop_assert_eq!(parse(IdentifierKind::Email, &text), Some(text));
        }
    }

    #[test]
    fn what_no_mail_could_reach_is_refused() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a da@example.com",
            "ada@b@c",
            "a@b..c",
            "<a>@b",
        ] {
            assert_eq!(parse(IdentifierKind::Email, text), None, "{text:?}");
        }
    }

    #[test]
    fn a_phone_number_loses_its_decoration_and_needs_its_plus() {
        let berlin = parse(IdentifierKind::Phone, "+49 (30) 90-1820");
        assert_eq!(berlin.as_deref(), Some("+4930901820"));
        for text in [
            "4930901820",
            "+49",
            "+0123456789",
            "+49a30901820",
            "+1234567890123456",
        ] {
            assert_eq!(parse(IdentifierKind::Phone, text), None, "{text:?}");
        }
    }
}
