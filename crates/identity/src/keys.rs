//! The provider's keys: what it signs with, and what it publishes.
//!
//! Tokens are JWTs signed with ES256 (ECDSA on P-256 with SHA-256, [RFC 7518 §3.4]): the signature is the 64 bytes of
//! r and s, not DER. The old identity token carries an Ed25519 signature. All keys are made at the first start and
//! kept in the database, so that tokens outlive a restart.
//!
//! [RFC 7518 §3.4]: https://www.rfc-editor.org/rfc/rfc7518#section-3.4

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::secret::{SealingKey, random};
use crate::store::Records;

const API_SECRET_KEY: &str = "api secret key";

/// Everything the provider can prove itself with.
#[derive(Clone)]
pub(crate) struct Keys {
    /// Behind a lock because [`crate::faults`] may replace them while the provider runs.
    for_tokens: Arc<RwLock<TokenKeys>>,
    identity_key: ed25519_dalek::SigningKey,
    pub(crate) sealing: SealingKey,
}

/// The key that signs tokens, and those that did and are still believed.
#[derive(Clone)]
struct TokenKeys {
    signing: TokenKey,
    /// The newest first. They last until the provider ends.
    before: Vec<TokenKey>,
}

/// A key for tokens, and its name.
#[derive(Clone)]
struct TokenKey {
    id: String,
    key: SigningKey,
}

impl TokenKey {
    fn load(records: &Records<'_>) -> rusqlite::Result<Self> {
        let key = loop {
            let bytes = records.setting_or("token_key", || random::<32>().to_vec())?;
            match SigningKey::from_slice(&bytes) {
                Ok(key) => break key,
                // Once in 2^32 the bytes lie outside the curve's order (or the file was damaged).
                Err(_) => records.forget_setting("token_key")?,
            }
        };
        let id = records.setting_or("token_key_id", || {
            let name = Uuid::new_v4().hyphenated().to_string().to_uppercase();
            format!("SPACE_JWT_PUBLIC:{name}").into_bytes()
        })?;
        Ok(Self {
            id: String::from_utf8_lossy(&id).into_owned(),
            key,
        })
    }

    /// A key that was never there before, in the place of the one that signs.
    fn anew(records: &Records<'_>) -> rusqlite::Result<Self> {
        records.forget_setting("token_key")?;
        records.forget_setting("token_key_id")?;
        Self::load(records)
    }

    fn published(&self) -> Value {
        let point = VerifyingKey::from(&self.key).to_sec1_point(false);
        // 0x04, then x and y of 32 bytes each (SEC 1 §2.3.3).
        let (x, y) = point.as_bytes()[1..].split_at(32);
        json!({
            "kty": "EC",
            "crv": "P-256",
            "kid": self.id,
            "use": "sig",
            "alg": "ES256",
            "x": URL_SAFE_NO_PAD.encode(x),
            "y": URL_SAFE_NO_PAD.encode(y),
        })
    }
}

impl TokenKeys {
    /// All of them, the signing one first: some clients take the first and look no further.
    fn all(&self) -> impl Iterator<Item = &TokenKey> {
        std::iter::once(&self.signing).chain(&self.before)
    }
}

impl Keys {
    /// Reads the keys, making those that are missing.
    pub(crate) fn load(records: &Records<'_>) -> rusqlite::Result<Self> {
        let identity_key = records.setting_or("identity_key", || random::<32>().to_vec())?;
        let sealing_key = records.setting_or("sealing_key", || random::<32>().to_vec())?;
        Ok(Self {
            for_tokens: Arc::new(RwLock::new(TokenKeys {
                signing: TokenKey::load(records)?,
                before: Vec::new(),
            })),
            identity_key: ed25519_dalek::SigningKey::from_bytes(&thirty_two(&identity_key)?),
            sealing: SealingKey::from_bytes(thirty_two(&sealing_key)?),
        })
    }

    /// Signs with a new key from now on, and still believes the old one.
    pub(crate) fn roll_over(&self, records: &Records<'_>) -> rusqlite::Result<()> {
        let new = TokenKey::anew(records)?;
        let mut keys = self.token_keys_mut();
        let old = std::mem::replace(&mut keys.signing, new);
        keys.before.insert(0, old);
        Ok(())
    }

    /// Signs with a new key from now on, and knows the old ones no more.
    pub(crate) fn start_over(&self, records: &Records<'_>) -> rusqlite::Result<()> {
        *self.token_keys_mut() = TokenKeys {
            signing: TokenKey::anew(records)?,
            before: Vec::new(),
        };
        Ok(())
    }

    fn token_keys(&self) -> RwLockReadGuard<'_, TokenKeys> {
        self.for_tokens
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn token_keys_mut(&self) -> RwLockWriteGuard<'_, TokenKeys> {
        self.for_tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A signed JWT with these claims.
    pub(crate) fn sign_token(&self, claims: &impl Serialize) -> String {
        let TokenKey { id, key } = &self.token_keys().signing;
        let header = json!({"alg": "ES256", "kid": id, "typ": "JWT"});
        let claims = serde_json::to_vec(claims).expect("claims are plain JSON");
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature: Signature = key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The claims of a JWT that this provider signed.
    pub(crate) fn open_token<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header["alg"] != "ES256" {
            return None;
        }
        let keys = self.token_keys();
        let TokenKey { key, .. } = keys.all().find(|key| header["kid"] == *key.id)?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        VerifyingKey::from(key)
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// The public halves of the token keys as a JWK set ([RFC 7517 §5]).
    ///
    /// [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    pub(crate) fn published(&self) -> Value {
        let keys: Vec<Value> = self.token_keys().all().map(TokenKey::published).collect();
        json!({ "keys": keys })
    }

    /// What a client's server proves itself with. It is made from the sealing key each time and stored nowhere.
    pub(crate) fn api_secret_key(&self) -> String {
        self.sealing.derive(API_SECRET_KEY, &[])
    }

    pub(crate) fn is_api_secret_key(&self, claimed: &str) -> bool {
        self.sealing.recognises(claimed, API_SECRET_KEY, &[])
    }

    /// The Ed25519 signature of the old identity token, over its fields without separators.
    pub(crate) fn sign_identity(&self, fields: &[&str]) -> String {
        let message = fields.concat();
        STANDARD.encode(self.identity_key.sign(message.as_bytes()).to_bytes())
    }

    /// The Ed25519 key that verifies [`Keys::sign_identity`].
    pub(crate) fn identity_public_key(&self) -> [u8; 32] {
        self.identity_key.verifying_key().to_bytes()
    }
}

fn thirty_two(bytes: &[u8]) -> rusqlite::Result<[u8; 32]> {
    <[u8; 32]>::try_from(bytes).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error))
    })
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Keys")
            .field("token_key", &self.token_keys().signing.id)
            .finish_non_exhaustive()
    }
}
