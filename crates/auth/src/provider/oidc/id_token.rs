//! The ID token, judged by [OpenID Connect Core §3.1.3.7]: every rule of it has a test by its number.
//!
//! [OpenID Connect Core §3.1.3.7]: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    AccessToken, Clock, IdToken,
    jwks::{Jwks, JwksError},
    jwt::{ASYMMETRIC, Algorithm, Audience, JwtError, UnverifiedJwt, in_time},
    secret::Secret,
};

/// What the claims must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// The access token that came with it.
    pub(super) access: &'a AccessToken,
    /// What the request said; none for a token that no browser was asked for.
    pub(super) nonce: Option<&'a Secret>,
    pub(super) clock: &'a Clock,
}

/// The claims, believed.
#[derive(Deserialize)]
pub(super) struct IdTokenClaims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    pub(super) sub: String,
    iat: f64,
    exp: f64,
    nonce: Option<String>,
    at_hash: Option<String>,
    /// What the provider says of the person, in any type.
    #[serde(flatten)]
    pub(super) person: Map<String, Value>,
}

/// Believes `token` if the provider signed it and every claim is as expected.
pub(super) async fn verified(
    jwks: &Jwks,
    token: &IdToken,
    expected: &Expected<'_>,
) -> Result<IdTokenClaims, JwtError> {
    let unverified = UnverifiedJwt::parse(token.expose(), &ASYMMETRIC).map_err(in_words)?;
    let algorithm = unverified.algorithm();
    let key = jwks.key(&unverified).await.map_err(|error| match error {
        JwksError::Http(_) => JwtError::KeysUnavailable,
        JwksError::Jwt(error) => error,
    })?;
    let claims = unverified.signed_by::<IdTokenClaims>(&key)?;
    claims.judge(algorithm, expected)?;
    Ok(claims)
}

/// The provider's own default may be an HMAC, whose key is the app's secret: a setting of the console.
fn in_words(error: JwtError) -> JwtError {
    match error {
        JwtError::AlgorithmNotAllowed(name) if name.starts_with("HS") => {
            JwtError::SignedWithSecret(name)
        }
        other => other,
    }
}

impl IdTokenClaims {
    fn judge(&self, algorithm: Algorithm, expected: &Expected<'_>) -> Result<(), JwtError> {
        // Rule 2.
        if self.iss != expected.issuer {
            return Err(JwtError::IssuerWrong);
        }
        // Rules 3 to 5. Others may be meant too only if the token says that it was issued to us.
        let ours = |audience: &String| audience == expected.client_id;
        let (meant_for_us, for_others) = match &self.aud {
            Audience::One(audience) => (ours(audience), false),
            Audience::Several(all) => (all.iter().any(ours), !all.iter().all(ours)),
        };
        if !meant_for_us {
            return Err(JwtError::AudienceWrong);
        }
        match &self.azp {
            Some(party) if party != expected.client_id => {
                return Err(JwtError::AuthorizedPartyWrong);
            }
            None if for_others => return Err(JwtError::AuthorizedPartyWrong),
            _ => {}
        }
        // Rules 9 and 10.
        let (now, wall) = (expected.clock.now(), expected.clock.wall());
        in_time(self.iat, self.exp, now.min(wall), now.max(wall))?;
        // Rule 11.
        if let Some(nonce) = expected.nonce
            && !self.nonce.as_ref().is_some_and(|said| nonce.matches(said))
        {
            return Err(JwtError::NonceWrong);
        }
        // Core §2: whoever has no subject is nobody.
        if self.sub.is_empty() {
            return Err(JwtError::Malformed);
        }
        // Core §3.1.3.8.
        if let Some(hash) = &self.at_hash
            && *hash != access_token_hash(algorithm, expected.access)
        {
            return Err(JwtError::AccessTokenHashWrong);
        }
        Ok(())
    }
}

/// The left half of the access token's hash, by the hash of the ID token's own signature.
fn access_token_hash(algorithm: Algorithm, access: &AccessToken) -> String {
    let hash = match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &digest::SHA384,
        // Ed25519 hashes with SHA-512 inside (RFC 8032 §5.1).
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &digest::SHA512,
        _ => &digest::SHA256,
    };
    let whole = digest::digest(hash, access.expose().as_bytes());
    let (left, _) = whole.as_ref().split_at(whole.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_the_specifications_example_holds() {
        // Core §A.3.
        let access = AccessToken::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        assert_eq!(
            access_token_hash(Algorithm::RS256, &access),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
