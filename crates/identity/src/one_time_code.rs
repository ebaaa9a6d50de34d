//! The six digits of a letter, and what is kept of them.
//!
//! A million codes are searched in a second, so a plain hash would hide nothing from who reads the database. What is
//! kept is made with the secret in the asking browser's cookie, which the database does not hold: without that
//! browser, neither the right code nor a guess can be recognised.

use serde::{Deserialize, Serialize};

use crate::secret::{SealingKey, random};

const DIGITS: usize = 6;

/// A code of six digits.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OneTimeCode(String);

/// What a code belongs to: one sign-in, in one browser.
#[derive(Clone, Copy)]
pub(crate) struct Seal<'a> {
    pub(crate) key: &'a SealingKey,
    /// The secret in the asking browser's cookie.
    pub(crate) browser: &'a str,
    /// What tells the sign-in from others in the same browser.
    pub(crate) sign_in: &'a str,
}

/// A code as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SealedCode(String);

impl OneTimeCode {
    /// A new code, each of the million as likely as the others.
    pub(crate) fn random() -> Self {
        loop {
            let number = u32::from_be_bytes(random());
            // Numbers from here on would make the small codes likelier.
            if number < 4_294_000_000 {
                return Self(format!("{:06}", number % 1_000_000));
            }
        }
    }

    /// The code in what somebody typed or pasted; spaces and dashes between the digits do no harm.
    pub(crate) fn typed(text: &str) -> Option<Self> {
        let is_between =
            |c: char| c.is_whitespace() || "-\u{2010}\u{2011}\u{2013}.\u{200b}".contains(c);
        let digits: String = text
            .chars()
            .filter(|c| !is_between(*c))
            .take(DIGITS + 1)
            .collect();
        let whole = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        whole.then_some(Self(digits))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn sealed(&self, seal: Seal<'_>) -> SealedCode {
        SealedCode(seal.key.derive(PURPOSE, &seal.parts(self)))
    }
}

impl SealedCode {
    /// Whether `code` is the one that was sealed, compared in constant time.
    pub(crate) fn is(&self, code: &OneTimeCode, seal: Seal<'_>) -> bool {
        seal.key.recognises(&self.0, PURPOSE, &seal.parts(code))
    }
}

const PURPOSE: &str = "one-time code";

impl<'a> Seal<'a> {
    fn parts(&self, code: &'a OneTimeCode) -> [&'a [u8]; 3] {
        [
            self.browser.as_bytes(),
            self.sign_in.as_bytes(),
            code.0.as_bytes(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> OneTimeCode {
        OneTimeCode::typed(text).expect("six digits")
    }

    #[test]
    fn a_new_code_has_six_digits_and_is_read_back_however_it_is_grouped() {
        for _ in 0..500 {
            let code = OneTimeCode::random();
            let (left, right) = code.as_str().split_at(3);
            for pasted in [
                format!("{left}{right}"),
                format!(" {left} {right}\n"),
                format!("{left}-{right}"),
                format!("{left}\u{a0}{right}"),
                format!("{left}\u{2011}{right}"),
            ] {
                assert!(
                    OneTimeCode::typed(&pasted) == Some(code.clone()),
                    "{pasted:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", "+123456"] {
            assert!(OneTimeCode::typed(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_sealed_code_is_known_only_in_its_browser_and_sign_in() {
        let key = SealingKey::from_bytes([7; 32]);
        let seal = Seal {
            key: &key,
            browser: "browser",
            sign_in: "first",
        };
        let sealed = code("012345").sealed(seal);
        assert!(sealed.is(&code("012 345"), seal));
        assert!(!sealed.is(&code("012346"), seal));
        for other in [
            Seal {
                browser: "other",
                ..seal
            },
            Seal {
                sign_in: "second",
                ..seal
            },
        ] {
            assert!(!sealed.is(&code("012345"), other));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_code_of_six_digits_or_none(text in any::<String>()) {
            if let Some(code) = OneTimeCode::typed(&text) {
                prop_assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|b| b.is_ascii_digit()));
            }
        }

        #[test]
        fn digits_with_anything_between_them_are_understood(digits in "[0-9]{6}", at in 0..6_usize, between in "[ \t\u{a0}-]{0,5}") {
            let (left, right) = digits.split_at(at);
            let pasted = [left, between.as_str(), right].concat();
            prop_assert!(OneTimeCode::typed(&pasted) == Some(OneTimeCode(digits.clone())));
        }
    }
}
