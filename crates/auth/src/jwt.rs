//! Judging a JSON Web Token ([RFC 7519]) before anything believes it.
//!
//! Two stages: [`UnverifiedJwt`] has a header that names a key and an algorithm, both only claims.
//! [`UnverifiedJwt::verify`] consumes it and gives [`Claims`] that may be believed. Every refusal has a name
//! (RFC 8725 §3 lists what goes wrong otherwise).
//!
//! [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519

mod on_ring;

#[cfg(test)]
#[path = "../tests/support/issuer.rs"]
mod issuer;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{Timestamp, authorization::printable};

/// How far issuer and reader may disagree about the time.
const LEEWAY: Duration = Duration::from_mins(1);

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// It is not three parts of base64url with JSON in the first two.
    #[error("the token is not a JSON Web Token")]
    Malformed,
    /// The header asks for an algorithm that is not accepted: `none`, HMAC, or any but ES256.
    #[error("the token is signed with {0}, only ES256 is accepted")]
    AlgorithmNotAllowed(String),
    /// No key of the provider has this id, not even after asking for the keys again.
    #[error("the token names the key {0}, which the provider does not have")]
    UnknownKey(String),
    /// The header names no key.
    #[error("the token names no key")]
    NoKey,
    /// The provider did not hand out the keys to check the signature with.
    #[error("the provider's keys could not be had")]
    KeysUnavailable,
    /// The provider's key is not made for ES256 signatures.
    #[error("the provider's key is not an ES256 key")]
    KeyNotUsable,
    /// The signature does not fit the content.
    #[error("the token's signature is wrong")]
    SignatureWrong,
    /// `iss` is another provider.
    #[error("the token comes from another provider")]
    IssuerWrong,
    /// `aud` is another app.
    #[error("the token is meant for another app")]
    AudienceWrong,
    /// `type` is another kind of token.
    #[error("the token is of another kind")]
    TypeWrong,
    /// `sub` is another person than before.
    #[error("the token is about another person")]
    SubjectWrong,
    /// `exp` is past.
    #[error("the token has expired")]
    Expired,
    /// `iat` is still to come.
    #[error("the token was issued in the future")]
    IssuedInFuture,
}

/// What the claims must say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    /// Cotter's `type` claim: `access_token` or `id_token`.
    pub(crate) kind: &'a str,
    /// The two differ when this computer's clock and the provider's do, and nobody can say which is wrong. A token is
    /// refused only if both would refuse it: how long it is used is not decided here.
    pub(crate) earliest_now: Timestamp,
    pub(crate) latest_now: Timestamp,
}

/// The claims this crate reads (Cotter's §4.3). Others, custom ones included, are left alone.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: Audience,
    #[serde(rename = "type")]
    kind: String,
    pub(crate) sub: String,
    #[serde(default)]
    pub(crate) identifier: String,
    iat: f64,
    exp: f64,
}

/// RFC 7519 §4.1.3: one text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// A token whose signature nobody has checked.
pub(crate) struct UnverifiedJwt<'a> {
    token: &'a str,
    key_id: String,
}

impl<'a> UnverifiedJwt<'a> {
    /// Reads the header, and refuses every algorithm but ES256 before a key is even looked for.
    pub(crate) fn parse(token: &'a str) -> Result<Self, JwtError> {
        let mut parts = token.split('.');
        let (Some(header), Some(_), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwtError::Malformed);
        };
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| JwtError::Malformed)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| JwtError::Malformed)?;
        // RFC 7515 §4.1.11: an extension that must be understood, and is not.
        if header.crit.is_some() {
            return Err(JwtError::Malformed);
        }
        if header.alg != "ES256" {
            return Err(JwtError::AlgorithmNotAllowed(printable(&header.alg, 16)));
        }
        let key_id = header.kid.ok_or(JwtError::NoKey)?;
        Ok(Self { token, key_id })
    }

    /// The key that the header names.
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks the signature with `key`, then every claim.
    pub(crate) fn verify(self, key: &Jwk, expected: &Expected<'_>) -> Result<Claims, JwtError> {
        let key = es256_key(key)?;
        on_ring::install();
        let mut signature_only = Validation::new(Algorithm::ES256);
        // The library reads the system's clock; the claims are judged below, by ours.
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        signature_only.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Claims>(self.token, &key, &signature_only)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => JwtError::SignatureWrong,
                _ => JwtError::Malformed,
            })?
            .claims;
        claims.judge(expected)?;
        Ok(claims)
    }
}

impl Claims {
    fn judge(&self, expected: &Expected<'_>) -> Result<(), JwtError> {
        // Cotter's own verifier forgives one slash at the end of the issuer.
        if self.iss.strip_suffix('/').unwrap_or(&self.iss) != expected.issuer {
            return Err(JwtError::IssuerWrong);
        }
        let meant_for_us = match &self.aud {
            Audience::One(audience) => audience == expected.audience,
            Audience::Several(audiences) => audiences == &[expected.audience],
        };
        if !meant_for_us {
            return Err(JwtError::AudienceWrong);
        }
        if self.kind != expected.kind {
            return Err(JwtError::TypeWrong);
        }
        if numeric_date(self.exp) + LEEWAY <= expected.earliest_now {
            return Err(JwtError::Expired);
        }
        if numeric_date(self.iat) > expected.latest_now + LEEWAY {
            return Err(JwtError::IssuedInFuture);
        }
        Ok(())
    }
}

/// RFC 7519 §2: seconds since 1970, possibly with a fraction.
fn numeric_date(seconds: f64) -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and a date beyond the year 292 million is as good as for ever"
    )]
    Timestamp::from_milliseconds((seconds * 1000.0) as i64)
}

fn es256_key(key: &Jwk) -> Result<DecodingKey, JwtError> {
    let right_curve = matches!(
        &key.algorithm,
        AlgorithmParameters::EllipticCurve(parameters) if parameters.curve == EllipticCurve::P256
    );
    let right_use =
        !matches!(&key.common.public_key_use, Some(usage) if *usage != PublicKeyUse::Signature);
    let right_algorithm =
        !matches!(&key.common.key_algorithm, Some(algorithm) if *algorithm != KeyAlgorithm::ES256);
    if !(right_curve && right_use && right_algorithm) {
        return Err(JwtError::KeyNotUsable);
    }
    DecodingKey::from_jwk(key).map_err(|_| JwtError::KeyNotUsable)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::issuer::{SigningKey, sign_with_hmac};
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://issuer.test",
        audience: "app",
        kind: "access_token",
        earliest_now: NOW,
        latest_now: NOW,
    };

    struct Issuer {
        signing: SigningKey,
        public: Jwk,
    }

    impl Issuer {
        fn new() -> Self {
            let signing = SigningKey::new();
            let public = serde_json::from_value(signing.public("K")).unwrap();
            Self { signing, public }
        }

        fn sign(&self, claims: &Value) -> String {
            self.signing
                .sign(&json!({"alg": "ES256", "kid": "K"}), claims)
        }

        fn judge(&self, token: &str) -> Result<Claims, JwtError> {
            UnverifiedJwt::parse(token)?.verify(&self.public, &EXPECTED)
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://issuer.test", "aud": "app", "sub": "S", "type": "access_token",
            "identifier": "ada@example.com", "iat": 1_699_999_990, "exp": 1_700_003_590,
            "auth_time": "1699999990", "plan": {"custom": true},
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn unsigned(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(header), part(claims))
    }

    #[test]
    fn a_good_token_is_believed() {
        let issuer = Issuer::new();
        let claims = issuer.judge(&issuer.sign(&claims())).unwrap();
        assert_eq!(claims.sub, "S");
        assert_eq!(claims.identifier, "ada@example.com");
    }

    #[test]
    fn an_extension_that_must_be_understood_is_refused() {
        let issuer = Issuer::new();
        let header = json!({"alg": "ES256", "kid": "K", "crit": ["b64"]});
        let token = issuer.signing.sign(&header, &claims());
        assert_eq!(issuer.judge(&token).unwrap_err(), JwtError::Malformed);
    }

    #[test]
    fn a_key_that_is_no_point_of_two_coordinates_believes_nothing() {
        let mut issuer = Issuer::new();
        let token = issuer.sign(&claims());
        let AlgorithmParameters::EllipticCurve(point) = &mut issuer.public.algorithm else {
            panic!("not an elliptic curve");
        };
        point.x.truncate(40);
        assert_eq!(issuer.judge(&token).unwrap_err(), JwtError::SignatureWrong);
    }

    #[test]
    fn each_wrong_claim_is_refused_by_name() {
        let issuer = Issuer::new();
        let minute_ago = 1_699_999_939;
        for (name, value, why) in [
            ("iss", json!("https://other.test"), JwtError::IssuerWrong),
            ("iss", json!("https://issuer.test//"), JwtError::IssuerWrong),
            ("aud", json!("other"), JwtError::AudienceWrong),
            ("aud", json!(["app", "other"]), JwtError::AudienceWrong),
            ("type", json!("id_token"), JwtError::TypeWrong),
            ("exp", json!(minute_ago), JwtError::Expired),
            ("iat", json!(1_700_000_061), JwtError::IssuedInFuture),
            ("exp", json!("soon"), JwtError::Malformed),
            ("sub", Value::Null, JwtError::Malformed),
        ] {
            let token = issuer.sign(&with(name, value));
            assert_eq!(issuer.judge(&token).unwrap_err(), why, "{name}");
        }
    }

    #[test]
    fn a_time_that_one_of_two_clocks_allows_is_not_held_against_a_token() {
        let issuer = Issuer::new();
        let two_hours = Duration::from_hours(2);
        let apart = Expected {
            earliest_now: NOW - two_hours,
            latest_now: NOW + two_hours,
            ..EXPECTED
        };
        let judged = |name, value| {
            let token = issuer.sign(&with(name, json!(value)));
            let unverified = UnverifiedJwt::parse(&token).unwrap();
            unverified.verify(&issuer.public, &apart)
        };
        for (name, good, bad, why) in [
            ("exp", 1_699_993_000, 1_699_992_000, JwtError::Expired),
            (
                "iat",
                1_700_007_000,
                1_700_008_000,
                JwtError::IssuedInFuture,
            ),
        ] {
            assert!(judged(name, good).is_ok(), "{name}");
            assert_eq!(judged(name, bad).unwrap_err(), why);
        }
    }

    #[test]
    fn a_slash_after_the_issuer_is_forgiven() {
        let issuer = Issuer::new();
        let token = issuer.sign(&with("iss", json!("https://issuer.test/")));
        assert!(issuer.judge(&token).is_ok());
    }

    #[test]
    fn the_algorithm_none_is_refused() {
        for none in ["none", "None", "NONE", "nOnE"] {
            let token = unsigned(&json!({"alg": none, "kid": "K"}), &claims());
            assert_eq!(
                Issuer::new().judge(&token).unwrap_err(),
                JwtError::AlgorithmNotAllowed(none.to_owned())
            );
        }
    }

    #[test]
    fn an_hmac_keyed_with_the_public_key_is_refused() {
        let issuer = Issuer::new();
        let public = serde_json::to_vec(&issuer.public).unwrap();
        let header = json!({"alg": "HS256", "kid": "K"});
        let token = sign_with_hmac(&public, &header, &claims());
        assert_eq!(
            issuer.judge(&token).unwrap_err(),
            JwtError::AlgorithmNotAllowed("HS256".to_owned())
        );
    }

    #[test]
    fn another_issuers_signature_is_refused() {
        let token = Issuer::new().sign(&claims());
        assert_eq!(
            Issuer::new().judge(&token).unwrap_err(),
            JwtError::SignatureWrong
        );
    }

    #[test]
    fn a_changed_payload_is_refused() {
        let issuer = Issuer::new();
        let token = issuer.sign(&claims());
        let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else {
            panic!("not three parts");
        };
        let other = URL_SAFE_NO_PAD.encode(with("sub", json!("T")).to_string());
        assert_eq!(
            issuer
                .judge(&format!("{header}.{other}.{signature}"))
                .unwrap_err(),
            JwtError::SignatureWrong
        );
    }

    #[test]
    fn a_key_for_something_else_is_not_used() {
        let issuer = Issuer::new();
        let token = issuer.sign(&claims());
        let mut key = issuer.public.clone();
        key.common.public_key_use = Some(PublicKeyUse::Encryption);
        let verdict = UnverifiedJwt::parse(&token)
            .unwrap()
            .verify(&key, &EXPECTED);
        assert_eq!(verdict.unwrap_err(), JwtError::KeyNotUsable);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", ".", "..", "a.b.c", "a.b.c.d", "e30.e30.", "ééé.é.é"] {
            assert_eq!(
                Issuer::new().judge(text).unwrap_err(),
                JwtError::Malformed,
                "{text:?}"
            );
        }
        let no_key = unsigned(&json!({"alg": "ES256"}), &claims());
        assert_eq!(Issuer::new().judge(&no_key).unwrap_err(), JwtError::NoKey);
    }
}
