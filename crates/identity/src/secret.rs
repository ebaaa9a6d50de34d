//! Random secrets, and what is stored instead of them.
//!
//! Every secret is 256 bits from the operating system. The database keeps its SHA-256 only: with that much entropy a
//! plain hash cannot be searched, so who reads the file can present nothing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// `N` random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system hands out random bytes");
    bytes
}

/// 256 random bits in 43 characters that need no escaping in an address.
pub(crate) fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// `length` random characters of `A-Z a-z 0-9`.
pub(crate) fn random_alphanumerics(length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let [byte] = random::<1>();
        // Bytes from 248 on would make the first eight letters likelier than the others.
        if byte < 248 {
            text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
        }
    }
    text
}

/// A number of two digits, 10 to 99, each as likely as the others.
pub(crate) fn random_two_digits() -> u8 {
    loop {
        let [byte] = random::<1>();
        if byte < 180 {
            return 10 + byte % 90;
        }
    }
}

/// The SHA-256 of a secret: what is kept so that the secret itself need not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SecretHash(String);

impl SecretHash {
    pub(crate) fn of(secret: impl AsRef<[u8]>) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(secret)))
    }
}

impl ToSql for SecretHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for SecretHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        String::column_result(value).map(Self)
    }
}

/// The provider's own key for values that it must recognise or make again, but does not store.
#[derive(Clone)]
pub(crate) struct SealingKey([u8; 32]);

impl SealingKey {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A value of 43 characters that only this key makes from these `parts`; `purpose` keeps its uses apart.
    pub(crate) fn derive(&self, purpose: &str, parts: &[&[u8]]) -> String {
        let tag = self.mac(purpose, parts).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(tag)
    }

    /// Whether `claimed` is what [`SealingKey::derive`] makes, compared in constant time.
    pub(crate) fn recognises(&self, claimed: &str, purpose: &str, parts: &[&[u8]]) -> bool {
        URL_SAFE_NO_PAD
            .decode(claimed)
            .is_ok_and(|tag| self.mac(purpose, parts).verify_slice(&tag).is_ok())
    }

    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        for part in parts {
            // With its length in front, no two lists of parts read the same.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_value_belongs_to_its_purpose_and_parts() {
        let key = SealingKey::from_bytes([7; 32]);
        let value = key.derive("code", &[b"ab", b"c"]);
        assert!(key.recognises(&value, "code", &[b"ab", b"c"]));
        assert!(!key.recognises(&value, "code", &[b"a", b"bc"]));
        assert!(!key.recognises(&value, "form", &[b"ab", b"c"]));
        assert!(!SealingKey::from_bytes([8; 32]).recognises(&value, "code", &[b"ab", b"c"]));
    }

    #[test]
    fn the_number_has_two_digits() {
        assert!((0..500).all(|_| (10..=99).contains(&random_two_digits())));
    }
}
