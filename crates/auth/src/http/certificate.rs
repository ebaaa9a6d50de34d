//! Who issued a certificate ([RFC 5280 §4.1.2.4]), read out of its bytes for a person to see.
//!
//! Nothing is believed because of it: the certificate is a stranger's, and has just been refused.
//!
//! [RFC 5280 §4.1.2.4]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4

use crate::authorization::printable;

/// The longest name that is shown, in characters.
const LONGEST_NAME: usize = 80;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const BMP_STRING: u8 = 0x1e;
/// `[0] EXPLICIT`, before the version.
const VERSION: u8 = 0xa0;

/// `id-at-commonName` and `id-at-organizationName` (X.520).
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// The issuer's common name, or else its organization.
pub(super) fn issuer(certificate: &[u8]) -> Option<String> {
    let certificate = Der(certificate).expect(SEQUENCE)?;
    let mut to_be_signed = Der(Der(certificate).expect(SEQUENCE)?);
    let (first, _) = to_be_signed.next()?;
    if first == VERSION {
        // The serial number, which was first if there was no version.
        to_be_signed.next()?;
    }
    to_be_signed.expect(SEQUENCE)?;
    let name = to_be_signed.expect(SEQUENCE)?;
    part(name, COMMON_NAME).or_else(|| part(name, ORGANIZATION))
}

fn part(name: &[u8], wanted: &[u8]) -> Option<String> {
    let mut sets = Der(name);
    while let Some(set) = sets.expect(SET) {
        let mut attributes = Der(set);
        while let Some(attribute) = attributes.expect(SEQUENCE) {
            let mut attribute = Der(attribute);
            if attribute.expect(OBJECT_IDENTIFIER)? == wanted {
                let (kind, bytes) = attribute.next()?;
                return text(kind, bytes);
            }
        }
    }
    None
}

fn text(kind: u8, bytes: &[u8]) -> Option<String> {
    let text = match kind {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING | TELETEX_STRING => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        BMP_STRING => {
            let units = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        _ => return None,
    };
    let text = printable(&text, LONGEST_NAME);
    (!text.is_empty()).then_some(text)
}

/// What is left to read of some DER (X.690): a tag, a length, a value, and again.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, length], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = if length < 0x80 {
            (usize::from(length), rest)
        } else {
            // The length's own length, in the low bits; a certificate is never longer than three bytes can say.
            let count = usize::from(length & 0x7f);
            let (digits, rest) = rest.split_at_checked(count).filter(|_| count <= 3)?;
            let length = digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            (length, rest)
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, proptest};

    use super::*;

    fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        let mut whole = vec![tag, 0x82];
        whole.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        whole.extend(value);
        whole
    }

    fn certificate(kind: u8, name: &[u8], version: &[u8]) -> Vec<u8> {
        let attribute = der(
            SEQUENCE,
            &[&der(OBJECT_IDENTIFIER, &[COMMON_NAME]), &der(kind, &[name])],
        );
        let country = der(
            SEQUENCE,
            &[
                &der(OBJECT_IDENTIFIER, &[&[0x55, 0x04, 0x06]]),
                &der(PRINTABLE_STRING, &[b"XX"]),
            ],
        );
        let name = der(
            SEQUENCE,
            &[&der(SET, &[&country]), &der(SET, &[&attribute])],
        );
        let serial = der(0x02, &[&[7]]);
        let algorithm = der(SEQUENCE, &[]);
        der(
            SEQUENCE,
            &[&der(SEQUENCE, &[version, &serial, &algorithm, &name])],
        )
    }

    #[test]
    fn the_issuers_name_is_read_in_each_of_its_spellings() {
        let version = der(VERSION, &[&der(0x02, &[&[2]])]);
        for (kind, bytes) in [
            (UTF8_STRING, &b"Corp Inspection CA"[..]),
            (PRINTABLE_STRING, b"Corp Inspection CA"),
            (
                BMP_STRING,
                b"\0C\0o\0r\0p\0 \0I\0n\0s\0p\0e\0c\0t\0i\0o\0n\0 \0C\0A",
            ),
        ] {
            for version in [&version[..], b""] {
                let name = issuer(&certificate(kind, bytes, version));
                assert_eq!(name.as_deref(), Some("Corp Inspection CA"));
            }
        }
    }

    #[test]
    fn a_name_cannot_play_tricks_on_the_reader() {
        let name = issuer(&certificate(UTF8_STRING, "a\u{202e}b\nc".as_bytes(), b""));
        assert_eq!(name.as_deref(), Some("abc"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_given_up(bytes: Vec<u8>, cut in any::<proptest::sample::Index>()) {
            let _ = issuer(&bytes);
            let whole = certificate(UTF8_STRING, &bytes, b"");
            let _ = issuer(&whole[..cut.index(whole.len())]);
        }
    }
}
