//! What the tokens of a session say, taken apart for a person to read.
//!
//! Nothing here is believed or decided by: it is for showing only. What is read is in [`TokenContents`]; whether the
//! provider has signed it, in [`Signature`]. The tokens themselves do not leave.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use serde_json::{Map, Value};

use crate::{
    Account, JwtError, ProviderError, Timestamp, TokenSet, jwks::name_of, jwt::numeric_date,
};

/// The members of a JSON object, by name.
pub type Members = Map<String, Value>;

/// What a token says, as far as it can be read. It is about a person: `Debug` tells none of it.
#[derive(Clone, Default, PartialEq)]
pub struct TokenContents {
    /// The header (RFC 7515 §4), and the claims (RFC 7519 §4); none for a token that is no JSON Web Token, which is as good
    /// a token (RFC 6749 §1.4).
    pub readable: Option<(Members, Members)>,
}

/// What both tokens of a session say. `Debug` tells none of it.
#[derive(Clone, Default, PartialEq)]
pub struct SessionContents {
    /// Who the session is of, and at which provider: `sub` and `iss`.
    pub of: (String, String),
    /// The access token.
    pub access: TokenContents,
    /// The ID token, where there is one.
    pub id: Option<TokenContents>,
}

/// Whose signature a token bears.
#[derive(Debug)]
pub enum Signature {
    /// This key's, of this issuer. Asked for now; whether the token has ended is another question.
    By {
        /// The key's id, if it has one (RFC 7517 §4.5).
        key: Option<String>,
        /// The issuer.
        issuer: String,
    },
    /// Nobody's that could be checked here: the token is for an API, which knows how (RFC 6749 §1.4).
    ForItsApi,
    /// The provider's keys could not be had.
    Unchecked(ProviderError),
    /// None that could be believed.
    Refused(JwtError),
}

/// Whose signatures the tokens of a session bear.
#[derive(Debug)]
pub struct SessionSignatures {
    /// The access token's.
    pub access: Signature,
    /// The ID token's, where there is one.
    pub id: Option<Signature>,
}

impl fmt::Debug for TokenContents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let readable = self.readable.is_some();
        write!(formatter, "TokenContents(readable: {readable})")
    }
}

impl fmt::Debug for SessionContents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut contents = formatter.debug_struct("SessionContents");
        contents.field("access", &self.access);
        contents.field("id", &self.id);
        contents.finish_non_exhaustive()
    }
}

impl SessionContents {
    pub(crate) fn of(account: &Account, tokens: &TokenSet) -> Self {
        let id = tokens.id.as_ref();
        Self {
            of: (account.subject.clone(), account.issuer.clone()),
            access: TokenContents::of(tokens.access.expose()),
            id: id.map(|id| TokenContents::of(id.expose())),
        }
    }
}

impl TokenContents {
    fn of(token: &str) -> Self {
        Self {
            readable: read(token),
        }
    }
}

impl Signature {
    pub(crate) fn found(key: Result<Option<Jwk>, ProviderError>, issuer: &str) -> Self {
        match key {
            Ok(Some(key)) => Self::By {
                key: name_of(&key),
                issuer: issuer.to_owned(),
            },
            Ok(None) => Self::ForItsApi,
            Err(ProviderError::Unverified(error)) => Self::Refused(error),
            Err(error) => Self::Unchecked(error),
        }
    }
}

/// The moment that a claim names, if it is one that does: `exp`, `iat` and their like are seconds since 1970
/// (RFC 7519 §2; OpenID Connect Core §2 and §5.1). Some providers write the number as a text.
#[must_use]
pub fn moment_of(claim: &str, value: &Value) -> Option<Timestamp> {
    if !MOMENTS.contains(&claim) {
        return None;
    }
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    seconds
        .filter(|seconds| (0.0..LATEST).contains(seconds))
        .map(numeric_date)
}

const MOMENTS: [&str; 5] = ["auth_time", "exp", "iat", "nbf", "updated_at"];

/// The end of the year 9999 in seconds since 1970: what is later is no date that anybody meant.
const LATEST: f64 = 253_402_300_800.0;

fn read(token: &str) -> Option<(Members, Members)> {
    let mut parts = token.split('.');
    let (header, claims) = (parts.next()?, parts.next()?);
    let (Some(_signature), None) = (parts.next(), parts.next()) else {
        return None;
    };
    Some((members(header)?, members(claims)?))
}

fn members(part: &str) -> Option<Members> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    #[test]
    fn a_token_is_taken_apart_into_header_and_claims() {
        let contents = TokenContents::of(&token(
            &json!({"alg": "ES256"}),
            &json!({"sub": "S", "n": [1]}),
        ));
        let (header, claims) = contents.readable.unwrap();
        assert_eq!(Value::Object(header), json!({"alg": "ES256"}));
        assert_eq!(Value::Object(claims), json!({"sub": "S", "n": [1]}));
    }

    #[test]
    fn what_is_said_of_a_person_is_not_printed() {
        let access = TokenContents::of(&token(&json!({"alg": "ES256"}), &json!({"sub": "S-1"})));
        let contents = SessionContents {
            of: ("S-1".to_owned(), "https://issuer.test".to_owned()),
            id: Some(access.clone()),
            access,
        };
        assert_eq!(
            format!("{contents:?}"),
            "SessionContents { access: TokenContents(readable: true), \
             id: Some(TokenContents(readable: true)), .. }"
        );
    }

    #[test]
    fn a_key_without_a_name_signs_all_the_same() {
        let found = |name: Value| {
            let key = json!({"kty": "oct", "k": "AA", "kid": name});
            let key = serde_json::from_value(key).unwrap();
            Signature::found(Ok(Some(key)), "https://issuer.test")
        };
        for (name, shown) in [
            (json!("K1"), Some("K1")),
            (json!(null), None),
            (json!(""), None),
            (json!("\u{202e}"), None),
        ] {
            let Signature::By { key, .. } = found(name) else {
                panic!("not signed");
            };
            assert_eq!(key.as_deref(), shown);
        }
    }

    #[test]
    fn what_is_no_json_web_token_says_nothing() {
        let encrypted = format!("{}.x.y", token(&json!({}), &json!({})));
        for text in [
            "",
            "opaque",
            "a.b",
            "a.b.c",
            "....",
            &encrypted,
            &token(&json!([]), &json!({})),
        ] {
            assert_eq!(TokenContents::of(text).readable, None, "{text:?}");
        }
    }

    #[test]
    fn only_what_is_meant_as_a_moment_is_one() {
        let noon = Timestamp::from_seconds(1_700_000_000);
        assert_eq!(moment_of("exp", &json!(1_700_000_000)), Some(noon));
        assert_eq!(moment_of("exp", &json!(1_700_000_000.0)), Some(noon));
        assert_eq!(moment_of("auth_time", &json!("1700000000")), Some(noon));
        for (claim, value) in [
            ("port", json!(1_700_000_000)),
            ("exp", json!("soon")),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
            ("exp", json!("NaN")),
            ("iat", json!([1_700_000_000])),
        ] {
            assert_eq!(moment_of(claim, &value), None, "{claim} {value}");
        }
    }
}
