//! Texts that must not be seen: they cannot be printed, compared by accident or serialised, and are wiped when
//! dropped. `expose` is the one opening; search for it to see every place that looks inside.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that is wiped on drop and shows nothing of itself.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// 256 random bits as 43 characters of base64url, the form that RFC 7636 §4.1 recommends.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give, which no program can make up for.
    pub(crate) fn random() -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut_slice())
            .expect("the operating system gives randomness once it has started");
        Self::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Equality that takes the same time wherever the texts differ.
    pub(crate) fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
