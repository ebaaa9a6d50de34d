//! What a person signs in with: an e-mail address or a phone number.
//!
//! Parsed once, where it is typed. Inside, an [`Identifier`] that exists is valid, has no spaces and can be put
//! into a query.

use std::{fmt, str::FromStr};

/// An e-mail address or an international phone number.
///
/// # Examples
///
/// ```
/// use keyfob_auth::Identifier;
///
/// let ada: Identifier = " ada@example.com ".parse()?;
/// assert_eq!(ada.as_str(), "ada@example.com");
///
/// let phone: Identifier = "+44 20 7946 0958".parse()?;
/// assert_eq!(phone.as_str(), "+442079460958");
/// # Ok::<(), keyfob_auth::IdentifierError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// An e-mail address, as the HTML standard's `input type=email` accepts it, with a dot in its domain or not.
    Email(String),
    /// A phone number in E.164 form: `+`, then 7 to 15 digits, the first of them not 0.
    Phone(String),
}

/// Why a text is no [`Identifier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// There was nothing but white space.
    #[error("nothing was typed")]
    Empty,
    /// It begins with a digit or `+`, but is no E.164 number.
    #[error("a phone number begins with + and its country code, and has 7 to 15 digits")]
    NotAPhoneNumber,
    /// It is no e-mail address.
    #[error("this is not an e-mail address")]
    NotAnEmailAddress,
}

impl Identifier {
    /// The canonical text: the address as typed, without the white space around it; the number without separators.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Phone(text) => text,
        }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    fn from_str(typed: &str) -> Result<Self, IdentifierError> {
        let text = typed.trim();
        if text.is_empty() {
            Err(IdentifierError::Empty)
        } else if text.contains('@') {
            email(text)
        } else if text.starts_with(|first: char| first == '+' || first.is_ascii_digit()) {
            phone(text)
        } else {
            Err(IdentifierError::NotAnEmailAddress)
        }
    }
}

/// The rule of the HTML standard, "valid e-mail address", with the lengths of RFC 5321 §4.5.3.1.
fn email(text: &str) -> Result<Identifier, IdentifierError> {
    let valid_local = |local: &str| {
        (1..=64).contains(&local.len())
            && local
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
    };
    let valid_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match text.split_once('@') {
        Some((local, domain))
            if text.len() <= 254 && valid_local(local) && domain.split('.').all(valid_label) =>
        {
            Ok(Identifier::Email(text.to_owned()))
        }
        _ => Err(IdentifierError::NotAnEmailAddress),
    }
}

/// ITU-T E.164 §6: at most 15 digits, beginning with a country code. Separators people write are dropped.
fn phone(text: &str) -> Result<Identifier, IdentifierError> {
    let number = text
        .strip_prefix('+')
        .ok_or(IdentifierError::NotAPhoneNumber)?;
    let mut digits = String::with_capacity(16);
    for character in number.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}' => {}
            _ => return Err(IdentifierError::NotAPhoneNumber),
        }
    }
    if (7..=15).contains(&digits.len()) && !digits.starts_with('0') {
        Ok(Identifier::Phone(format!("+{digits}")))
    } else {
        Err(IdentifierError::NotAPhoneNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_it_was_typed() {
        for address in [
            "ada@example.com",
            "a+tag@b.co",
            "o'neil@localhost",
            "A.B@xn--bcher-kva.example",
        ] {
            assert_eq!(address.parse(), Ok(Identifier::Email(address.to_owned())));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "ada@",
            "@example.com",
            "a b@example.com",
            "ada@exa mple.com",
            "ada@-a.com",
            "a@b..c",
            "ada",
            "a@b@c",
            "ada@example.com\nBcc: x@y.z",
        ] {
            assert_eq!(
                text.parse::<Identifier>(),
                Err(IdentifierError::NotAnEmailAddress),
                "{text:?}"
            );
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert!(long.parse::<Identifier>().is_err());
    }

    #[test]
    fn a_phone_number_loses_its_separators() {
        assert_eq!(
            "+49 (30) 901820-0".parse(),
            Ok(Identifier::Phone("+49309018200".to_owned()))
        );
    }

    #[test]
    fn a_national_short_or_long_number_is_refused() {
        for text in [
            "030 901820",
            "+123456",
            "+1234567890123456",
            "+0123456789",
            "+49 30 CALLME",
        ] {
            assert_eq!(
                text.parse::<Identifier>(),
                Err(IdentifierError::NotAPhoneNumber),
                "{text:?}"
            );
        }
    }

    #[test]
    fn white_space_alone_is_nothing() {
        assert_eq!(" \t ".parse::<Identifier>(), Err(IdentifierError::Empty));
    }
}
