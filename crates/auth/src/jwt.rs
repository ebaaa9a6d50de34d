//! Judging a JSON Web Token ([RFC 7519]) before anything believes it.
//!
//! Two stages: [`UnverifiedJwt`] has a header that names a key and an algorithm, both only claims.
//! [`UnverifiedJwt::signed_by`] consumes it and gives claims that somebody with the key has made; what they must say is
//! the provider's wire to judge ([`Claims`] are Cotter's). Every refusal has a name (RFC 8725 §3 lists what goes wrong
//! otherwise).
//!
//! [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519

mod on_ring;

#[cfg(test)]
#[path = "../tests/support/issuer.rs"]
pub(crate) mod issuer;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
pub(crate) use jsonwebtoken::Algorithm;
use jsonwebtoken::{
    DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::{Timestamp, authorization::printable};

/// The algorithms whose verification needs no secret, in the order that the registry of RFC 7518 has them.
pub(crate) const ASYMMETRIC: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::EdDSA,
];

/// How far issuer and reader may disagree about the time.
const LEEWAY: Duration = Duration::from_mins(1);

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// It is not three parts of base64url with JSON in the first two.
    #[error("the token is not a JSON Web Token")]
    Malformed,
    /// It is encrypted, and this app has no key to read it with.
    #[error(
        "the token is encrypted: turn off the encryption of ID tokens for this app at the provider"
    )]
    Encrypted,
    /// The header asks for an algorithm that is not accepted, `none` for one.
    #[error("the token is signed with {0}, which is not accepted")]
    AlgorithmNotAllowed(String),
    /// An HMAC, for which both sides need one secret: a public client has none (OpenID Connect Core §10.1).
    #[error(
        "the ID token is signed with {0} and the app's secret, which an app on a desktop cannot have: \
         set the ID token's signing algorithm to RS256 at the provider"
    )]
    SignedWithSecret(String),
    /// No key of the provider has this id, not even after asking for the keys again.
    #[error("the token names the key {0}, which the provider does not have")]
    UnknownKey(String),
    /// The header names no key, and it is not clear which it must be.
    #[error("the token names no key")]
    NoKey,
    /// The provider did not hand out the keys to check the signature with.
    #[error("the provider's keys could not be had")]
    KeysUnavailable,
    /// The provider's key is made for something else than this signature.
    #[error("the provider's key is not made for this signature")]
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
    /// There is no ID token, so nobody says who signed in.
    #[error("the provider sent no ID token: it must allow this app the scope `openid`")]
    IdTokenMissing,
    /// `nonce` is missing or another: the token belongs to another sign-in (OpenID Connect Core §15.5.2).
    #[error("the token belongs to another sign-in")]
    NonceWrong,
    /// `azp` is another app, or is missing where it must be there.
    #[error("the token was issued to another app")]
    AuthorizedPartyWrong,
    /// `at_hash` does not fit the access token.
    #[error("the two tokens do not belong together")]
    AccessTokenHashWrong,
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
pub(crate) enum Audience {
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
#[derive(Clone)]
pub(crate) struct UnverifiedJwt<'a> {
    token: &'a str,
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl<'a> UnverifiedJwt<'a> {
    /// Reads the header, and refuses every algorithm but those in `accepted` before a key is even looked for.
    pub(crate) fn parse(token: &'a str, accepted: &[Algorithm]) -> Result<Self, JwtError> {
        let header = match token.split('.').collect::<Vec<_>>()[..] {
            [header, _, _] => header,
            // RFC 7516 §3.1: what is encrypted has five parts.
            [_, _, _, _, _] => return Err(JwtError::Encrypted),
            _ => return Err(JwtError::Malformed),
        };
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| JwtError::Malformed)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| JwtError::Malformed)?;
        // RFC 7515 §4.1.11: an extension that must be understood, and is not.
        if header.crit.is_some() {
            return Err(JwtError::Malformed);
        }
        match header.alg.parse() {
            Ok(algorithm) if accepted.contains(&algorithm) => Ok(Self {
                token,
                algorithm,
                key_id: header.kid,
            }),
            _ => Err(JwtError::AlgorithmNotAllowed(printable(&header.alg, 16))),
        }
    }

    /// The key that the header names, if it does.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `key` is of the kind that this signature is made with. Whether it made it is another question.
    pub(crate) fn fits(&self, key: &Jwk) -> bool {
        let right_kind = match (&key.algorithm, self.algorithm) {
            (AlgorithmParameters::EllipticCurve(point), Algorithm::ES256) => {
                point.curve == EllipticCurve::P256
            }
            (AlgorithmParameters::EllipticCurve(point), Algorithm::ES384) => {
                point.curve == EllipticCurve::P384
            }
            (AlgorithmParameters::OctetKeyPair(point), Algorithm::EdDSA) => {
                point.curve == EllipticCurve::Ed25519
            }
            (AlgorithmParameters::RSA(_), algorithm) => on_ring::RSA.contains(&algorithm),
            _ => false,
        };
        let common = &key.common;
        // RFC 7517 §4.2 to §4.4: what a key says of itself, it must keep to.
        let says =
            |algorithm: &KeyAlgorithm| algorithm.to_string() == format!("{:?}", self.algorithm);
        right_kind
            && common.key_algorithm.as_ref().is_none_or(says)
            && (common.public_key_use.as_ref())
                .is_none_or(|usage| *usage == PublicKeyUse::Signature)
            && (common.key_operations.as_ref())
                .is_none_or(|operations| operations.contains(&KeyOperations::Verify))
    }

    /// Checks the signature with `key`, and reads the claims. Nothing of what they say has been judged.
    pub(crate) fn signed_by<C: DeserializeOwned>(self, key: &Jwk) -> Result<C, JwtError> {
        if !self.fits(key) {
            return Err(JwtError::KeyNotUsable);
        }
        let key = DecodingKey::from_jwk(key).map_err(|_| JwtError::KeyNotUsable)?;
        on_ring::install();
        let mut signature_only = Validation::new(self.algorithm);
        // The library reads the system's clock; the claims are judged elsewhere, by ours.
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        signature_only.required_spec_claims.clear();
        jsonwebtoken::decode::<C>(self.token, &key, &signature_only)
            .map(|token| token.claims)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => JwtError::SignatureWrong,
                _ => JwtError::Malformed,
            })
    }
}

impl Claims {
    /// Believes `token` if `key` has signed it and every claim is as expected.
    pub(crate) fn verified(
        token: UnverifiedJwt<'_>,
        key: &Jwk,
        expected: &Expected<'_>,
    ) -> Result<Self, JwtError> {
        let claims = token.signed_by::<Self>(key)?;
        claims.judge(expected)?;
        Ok(claims)
    }

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
        in_time(
            self.iat,
            self.exp,
            expected.earliest_now,
            expected.latest_now,
        )
    }
}

/// Whether a token that was issued at `iat` and ends at `exp` may be used now, which lies between two moments.
pub(crate) fn in_time(
    iat: f64,
    exp: f64,
    earliest_now: Timestamp,
    latest_now: Timestamp,
) -> Result<(), JwtError> {
    if numeric_date(exp) + LEEWAY <= earliest_now {
        return Err(JwtError::Expired);
    }
    if numeric_date(iat) > latest_now + LEEWAY {
        return Err(JwtError::IssuedInFuture);
    }
    Ok(())
}

/// When a token says that it ends, if it says anything that can be read. Nobody has checked that: it may be shown and
/// planned by, not believed.
pub(crate) fn expiry_for_display(token: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Ends {
        exp: f64,
    }
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let Ends { exp } = serde_json::from_slice(&payload).ok()?;
    Some(numeric_date(exp))
}

/// RFC 7519 §2: seconds since 1970, possibly with a fraction.
pub(crate) fn numeric_date(seconds: f64) -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and a date beyond the year 292 million is as good as for ever"
    )]
    Timestamp::from_milliseconds((seconds * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::issuer::{AnyKey, SigningKey, sign_with_hmac};
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
            let unverified = UnverifiedJwt::parse(token, &[Algorithm::ES256])?;
            Claims::verified(unverified, &self.public, &EXPECTED)
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
            let unverified = UnverifiedJwt::parse(&token, &[Algorithm::ES256]).unwrap();
            Claims::verified(unverified, &issuer.public, &apart)
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
        let unverified = UnverifiedJwt::parse(&token, &[Algorithm::ES256]).unwrap();
        let verdict = Claims::verified(unverified, &key, &EXPECTED);
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
        let encrypted = Issuer::new().judge("e30.e30.e30.e30.e30");
        assert_eq!(encrypted.unwrap_err(), JwtError::Encrypted);
    }

    #[test]
    fn each_algorithm_is_believed_with_its_own_kind_of_key_and_no_other() {
        let keys: Vec<_> = ASYMMETRIC
            .map(|algorithm| (algorithm, AnyKey::new(&format!("{algorithm:?}"))))
            .into();
        for (algorithm, key) in &keys {
            let name = format!("{algorithm:?}");
            let token = key.sign(&json!({"alg": name, "kid": "K"}), &claims());
            let parsed = || UnverifiedJwt::parse(&token, &ASYMMETRIC).unwrap();
            for (other, other_key) in &keys {
                let public = serde_json::from_value(other_key.public("K")).unwrap();
                let verdict = parsed().signed_by::<Claims>(&public);
                assert_eq!(verdict.is_ok(), other == algorithm, "{name} by {other:?}");
            }
            let mut nameless = key.public("K");
            nameless.as_object_mut().unwrap().remove("alg");
            let public: Jwk = serde_json::from_value(nameless).unwrap();
            assert!(parsed().signed_by::<Claims>(&public).is_ok(), "{name}");

            let (rest, signature) = token.rsplit_once('.').unwrap();
            let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            signature[5] ^= 1;
            let token = format!("{rest}.{}", URL_SAFE_NO_PAD.encode(signature));
            let forged = UnverifiedJwt::parse(&token, &ASYMMETRIC).unwrap();
            let verdict = forged.signed_by::<Claims>(&public);
            assert_eq!(verdict.unwrap_err(), JwtError::SignatureWrong, "{name}");
        }
    }
}
