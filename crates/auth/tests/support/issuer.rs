//! Who signs the tokens of the tests: by AWS-LC and by hand, so that what signs and what verifies share no mistake.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// An ES256 key that lives for one test.
pub struct SigningKey(AnyKey);

impl SigningKey {
    pub fn new() -> Self {
        Self(AnyKey::new("ES256"))
    }

    /// Its public half, as a key set has it.
    pub fn public(&self, key_id: &str) -> Value {
        self.0.public(key_id)
    }

    /// A token that it signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.0.sign(header, claims)
    }
}

/// A key for one of the algorithms of RFC 7518 and RFC 8037 that have a public half.
pub struct AnyKey {
    algorithm: String,
    pair: Pair,
}

enum Pair {
    Point(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl AnyKey {
    pub fn new(algorithm: &str) -> Self {
        let point = |curve: &'static EcdsaSigningAlgorithm| {
            Pair::Point(EcdsaKeyPair::generate(curve).unwrap())
        };
        let rsa = |encoding: &'static dyn RsaEncoding| {
            Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), encoding)
        };
        let pair = match algorithm {
            "ES256" => point(&ECDSA_P256_SHA256_FIXED_SIGNING),
            "ES384" => point(&ECDSA_P384_SHA384_FIXED_SIGNING),
            "EdDSA" => Pair::Edwards(Ed25519KeyPair::generate().unwrap()),
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            "RS512" => rsa(&RSA_PKCS1_SHA512),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "PS384" => rsa(&RSA_PSS_SHA384),
            "PS512" => rsa(&RSA_PSS_SHA512),
            other => panic!("no key signs {other}"),
        };
        Self {
            algorithm: algorithm.to_owned(),
            pair,
        }
    }

    /// Its public half, as a key set has it.
    pub fn public(&self, key_id: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match &self.pair {
            Pair::Point(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "x": text(x), "y": text(y)})
            }
            Pair::Edwards(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
            Pair::Rsa(pair, _) => {
                let public = pair.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                json!({
                    "kty": "RSA", "n": text(n.big_endian_without_leading_zero()),
                    "e": text(e.big_endian_without_leading_zero()),
                })
            }
        };
        for (name, value) in [("use", "sig"), ("alg", &self.algorithm), ("kid", key_id)] {
            key[name] = json!(value);
        }
        key
    }

    /// A token that it signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let random = SystemRandom::new();
        signed(header, claims, |message| match &self.pair {
            Pair::Point(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Edwards(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        })
    }
}

/// A token with an HMAC in place of a signature.
pub fn sign_with_hmac(secret: &[u8], header: &Value, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    signed(header, claims, |message| {
        hmac::sign(&key, message).as_ref().to_vec()
    })
}

/// RFC 7515 §3.1: three parts and two dots.
fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}
