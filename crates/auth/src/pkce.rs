//! Proof Key for Code Exchange ([RFC 7636]): what makes an intercepted code worthless.
//!
//! The browser carries the [`CodeChallenge`], a hash. Only who holds the [`CodeVerifier`] it was made from can
//! redeem the code. The method is always S256; `plain` does not exist here (RFC 9700 §2.1.1).
//!
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// The secret half, 43 characters of base64url (RFC 7636 §4.1).
#[derive(Clone, Debug)]
pub(crate) struct CodeVerifier(Secret);

impl CodeVerifier {
    /// A new one, from 256 random bits.
    pub(crate) fn random() -> Self {
        Self(Secret::random())
    }

    pub(crate) fn from_kept(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The public half: `BASE64URL(SHA256(ASCII(verifier)))` (RFC 7636 §4.2).
    pub(crate) fn challenge(&self) -> CodeChallenge {
        CodeChallenge(URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose())))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The public half, which goes into the sign-in address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeChallenge(String);

impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_rfc_7636_appendix_b_holds() {
        let verifier =
            CodeVerifier::from_kept("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(
            verifier.challenge().to_string(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_verifier_has_43_unreserved_characters_and_is_never_the_same() {
        let (one, other) = (CodeVerifier::random(), CodeVerifier::random());
        assert_eq!(one.expose().len(), 43);
        assert!(
            one.expose()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn a_verifier_does_not_print_itself() {
        let verifier = CodeVerifier::random();
        assert!(!format!("{verifier:?}").contains(verifier.expose()));
    }
}
