//! Cotter's passwordless wire: a hosted page, a code exchange with PKCE, rotating refresh tokens, ES256 tokens.
//!
//! The API is undocumented in places and unmaintained; where its own clients disagree, this accepts what any of
//! them has seen. Every address is configuration.

use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{ProviderError, Redeemed, RefreshError};
use crate::{
    AccessToken, Account, Clock, IdToken, RefreshToken, Timestamp, TokenSet,
    authorization::{AuthorizationGrant, PendingAuthorization, RedirectUri, printable},
    http::{Http, Reply},
    identifier::Identifier,
    jwks::{self, Jwks, JwksError, Remembered},
    jwt::{Algorithm, Claims, Expected, JwtError, UnverifiedJwt},
    profile::CotterConfig,
};

/// The longest provider message that is shown, in characters.
const LONGEST_MESSAGE: usize = 200;

/// A client of Cotter's API for one API key.
#[derive(Debug)]
pub struct Cotter {
    config: CotterConfig,
    http: Http,
    jwks: Jwks,
    remembered: Remembered,
    clock: Clock,
}

#[derive(Serialize)]
struct CodeExchange<'a> {
    code_verifier: &'a str,
    authorization_code: &'a str,
    /// A JSON number, though it arrived as text.
    challenge_id: i64,
    redirect_url: &'a str,
}

#[derive(Serialize)]
struct TokenRefresh<'a> {
    grant_type: &'static str,
    refresh_token: &'a str,
}

/// The answer to a code exchange. Its `identifier`, `token` and `user` are not needed: the tokens say who signed in.
#[derive(Deserialize)]
struct Identity {
    oauth_token: OAuthToken,
}

#[derive(Deserialize)]
struct OAuthToken {
    access_token: String,
    id_token: Option<String>,
    refresh_token: Option<String>,
    /// Seconds.
    expires_in: u32,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    msg: String,
}

impl Cotter {
    pub(super) fn new(config: CotterConfig, clock: &Clock) -> Self {
        let http = Http::new(clock.clone(), &config.api_base);
        let remembered = Remembered::default();
        let jwks = Jwks::new(
            http.clone(),
            below(&config.api_base, &["token", "jwks"]),
            clock.clone(),
            remembered.clone(),
        );
        Self {
            config,
            http,
            jwks,
            remembered,
            clock: clock.clone(),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    pub(super) fn sign_in_page(&self) -> &Url {
        &self.config.sign_in_page
    }

    /// The hosted page with everything it needs. Without an identifier the page asks for an e-mail address.
    pub(super) fn begin(
        &self,
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
        now: Timestamp,
    ) -> PendingAuthorization {
        let redirect_text = redirect_uri.as_str().to_owned();
        PendingAuthorization::new(
            identifier,
            redirect_uri,
            &self.config.issuer,
            now,
            |state, verifier| {
                let mut page = self.config.sign_in_page.clone();
                let mut query = page.query_pairs_mut();
                query
                    .append_pair("api_key", &self.config.api_key_id)
                    .append_pair("redirect_url", &redirect_text)
                    .append_pair("state", state)
                    .append_pair("code_challenge", &verifier.challenge().to_string());
                match identifier {
                    Some(Identifier::Email(_)) => query
                        .append_pair("type", "EMAIL")
                        .append_pair("auth_method", "MAGIC_LINK"),
                    // A message is read on the phone, from where a link would not lead back to this computer.
                    Some(Identifier::Phone(_)) => query
                        .append_pair("type", "PHONE")
                        .append_pair("auth_method", "OTP")
                        .append_pair("use_channel", "SMS"),
                    // The page asks, for the address and for the method.
                    None => query.append_pair("type", "EMAIL"),
                };
                if let Some(identifier) = identifier {
                    query
                        .append_pair("direct_login", "true")
                        .append_pair("input", identifier.as_str());
                }
                drop(query);
                page
            },
        )
    }

    pub(super) async fn redeem(
        &self,
        grant: &AuthorizationGrant,
    ) -> Result<Redeemed, ProviderError> {
        let exchange = CodeExchange {
            code_verifier: grant.verifier().expose(),
            authorization_code: grant.code.expose(),
            challenge_id: grant
                .challenge_id
                .expect("`can_redeem` was asked before the answer was accepted"),
            redirect_url: grant.redirect_uri().as_str(),
        };
        self.jwks.ready().await?;
        let mut address = below(&self.config.api_base, &["verify", "get_identity"]);
        address.set_query(Some("oauth_token=true"));
        let reply = self
            .http
            .post(address, &self.config.api_key_id, &exchange)
            .await?;
        let reply = success(reply, |message, status| match status {
            400 | 404 | 422 => ProviderError::CodeRefused { message },
            _ => ProviderError::Refused { message, status },
        })?;
        let answer = reply.json::<Identity>()?.oauth_token;
        let (tokens, claims) = self.verified(answer).await?;
        Ok(Redeemed {
            tokens,
            account: Account {
                subject: claims.sub,
                issuer: self.config.issuer.clone(),
                identifier: printable(&claims.identifier, 254),
                name: None,
                picture: None,
            },
        })
    }

    pub(super) async fn refresh(
        &self,
        token: &RefreshToken,
        account: &Account,
    ) -> Result<TokenSet, RefreshError> {
        let request = TokenRefresh {
            grant_type: "refresh_token",
            refresh_token: token.expose(),
        };
        let address = below(&self.config.api_base, &["token", &self.config.api_key_id]);
        let reply = self
            .http
            .post(address, &self.config.api_key_id, &request)
            .await?;
        let reply = success(reply, |message, status| {
            // The one fragment that Cotter's own clients take for final. No status is: which one means what is not
            // documented, so that every other no is only doubted.
            if message.contains("not valid") {
                ProviderError::SessionEnded { message }
            } else {
                ProviderError::Refused { message, status }
            }
        })?;
        let answer = reply.json::<OAuthToken>()?;
        let rotated = answer.refresh_token.clone().map(RefreshToken::new);
        match self.verified(answer).await {
            Ok((tokens, claims)) if claims.sub == account.subject => Ok(tokens),
            // Somebody else's tokens, the refresh token included.
            Ok(_) => Err(JwtError::SubjectWrong.into()),
            Err(error) => Err(RefreshError {
                error: error.into(),
                rotated,
            }),
        }
    }

    pub(super) async fn verify_access_token(
        &self,
        token: &AccessToken,
    ) -> Result<String, ProviderError> {
        let unverified = named(token.expose())?;
        let key = self.jwks.key_of_this_run(&unverified).await?;
        Claims::verified(unverified, &key, &self.expected("access_token"))?;
        Ok(name_of(&key))
    }

    /// The key that has signed `token`, whatever that says.
    pub(super) async fn signer(&self, token: &str) -> Result<Jwk, ProviderError> {
        Ok(self.jwks.signer(named(token)?).await?)
    }

    /// Has at hand what is needed to believe an answer.
    pub(super) async fn ready(&self) -> Result<(), ProviderError> {
        Ok(self.jwks.ready().await?)
    }

    /// The public key that was last used, for the next process.
    pub(super) fn memory(&self) -> Option<Value> {
        serde_json::to_value(self.remembered.get()?).ok()
    }

    /// Believes what an earlier process was told.
    pub(super) fn recall(&self, memory: &Value) {
        self.remembered.set(Jwk::deserialize(memory).ok());
    }

    /// Believes nothing of `answer` until both tokens are verified and are about the same person.
    ///
    /// What was spent to get it is gone, so keys that cannot be had are a failed check here, not a reason to ask again.
    async fn verified(&self, answer: OAuthToken) -> Result<(TokenSet, Claims), JwtError> {
        let access = AccessToken::new(answer.access_token);
        let (claims, key) = self
            .verify(access.expose(), "access_token")
            .await
            .map_err(spent)?;
        let id = answer.id_token.map(IdToken::new);
        if let Some(id) = &id {
            let (of_id_token, _) = self.verify(id.expose(), "id_token").await.map_err(spent)?;
            if of_id_token.sub != claims.sub {
                return Err(JwtError::SubjectWrong);
            }
        }
        let tokens = TokenSet {
            access,
            id,
            refresh: answer.refresh_token.map(RefreshToken::new),
            lifetime: Duration::from_secs(answer.expires_in.into()),
            verified_by: Some(name_of(&key)),
        };
        Ok((tokens, claims))
    }

    async fn verify(&self, token: &str, kind: &str) -> Result<(Claims, Jwk), JwksError> {
        let unverified = named(token)?;
        let key = self.jwks.key(&unverified).await?;
        let claims = Claims::verified(unverified, &key, &self.expected(kind))?;
        Ok((claims, key))
    }

    fn expected<'a>(&'a self, kind: &'a str) -> Expected<'a> {
        Expected {
            issuer: &self.config.issuer,
            audience: &self.config.api_key_id,
            kind,
            earliest_now: self.clock.now().min(self.clock.wall()),
            latest_now: self.clock.now().max(self.clock.wall()),
        }
    }
}

/// A token that names its key, as all of Cotter's do.
fn named(token: &str) -> Result<UnverifiedJwt<'_>, JwtError> {
    let unverified = UnverifiedJwt::parse(token, &[Algorithm::ES256])?;
    unverified.key_id().ok_or(JwtError::NoKey)?;
    Ok(unverified)
}

/// The name of a key that a token has named.
fn name_of(key: &Jwk) -> String {
    jwks::name_of(key).unwrap_or_default()
}

fn spent(error: JwksError) -> JwtError {
    match error {
        JwksError::Http(_) => JwtError::KeysUnavailable,
        JwksError::Jwt(error) => error,
    }
}

/// An address below `base`, whatever slash `base` ends in.
fn below(base: &Url, segments: &[&str]) -> Url {
    let mut address = base.clone();
    address
        .path_segments_mut()
        .expect("a profile's addresses are http or https")
        .pop_if_empty()
        .extend(segments);
    address
}

/// Only 200 is success (all of Cotter's own clients agree). A status that may pass is [`ProviderError::Broken`],
/// so is every body that is not Cotter's error shape; what a real no means is for `refusal` to say.
fn success(
    reply: Reply,
    refusal: impl FnOnce(String, u16) -> ProviderError,
) -> Result<Reply, ProviderError> {
    let status = reply.status.as_u16();
    match status {
        200 => return Ok(reply),
        408 | 425 | 429 => {
            return Err(ProviderError::Busy {
                wait: reply.retry_after,
            });
        }
        400..=499 => {}
        _ => {
            return Err(ProviderError::Broken {
                what: "it answered with an error of its own",
                status,
            });
        }
    }
    let message = printable(&reply.json::<ErrorBody>()?.msg, LONGEST_MESSAGE);
    if message.contains("is not in the list of allowed URLs") {
        return Err(ProviderError::RedirectNotAllowed);
    }
    Err(refusal(message, status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cotter() -> Cotter {
        let config = CotterConfig {
            api_key_id: "KEY".to_owned(),
            api_base: "https://api.test/api/v0/".parse().unwrap(),
            sign_in_page: "https://js.test/app".parse().unwrap(),
            issuer: "https://api.test".to_owned(),
        };
        Cotter::new(config, &Clock::held(Timestamp::from_seconds(1_700_000_000)))
    }

    fn begin(identifier: Option<&str>) -> std::collections::BTreeMap<String, String> {
        let identifier = identifier.map(|text| text.parse().unwrap());
        let redirect_uri = RedirectUri::new("dev.keyfob://callback".parse().unwrap());
        let attempt = cotter().begin(
            identifier.as_ref(),
            redirect_uri,
            Timestamp::from_seconds(1_700_000_000),
        );
        attempt
            .request()
            .address
            .query_pairs()
            .into_owned()
            .collect()
    }

    #[test]
    fn an_address_goes_straight_to_the_mail() {
        let query = begin(Some("ada+tag@example.com"));
        assert_eq!(query["input"], "ada+tag@example.com");
        assert_eq!(query["direct_login"], "true");
        assert_eq!(query["type"], "EMAIL");
        assert_eq!(query["redirect_url"], "dev.keyfob://callback");
        assert_eq!(query["auth_method"], "MAGIC_LINK");
        assert_eq!(query["state"].len(), 43);
        assert_eq!(query["code_challenge"].len(), 43);
        assert!(!query.contains_key("code_challenge_method"));
    }

    #[test]
    fn a_phone_number_keeps_its_plus() {
        let query = begin(Some("+442079460958"));
        assert_eq!(query["input"], "+442079460958");
        assert_eq!(query["type"], "PHONE");
        assert_eq!(query["auth_method"], "OTP");
    }

    #[test]
    fn without_an_identifier_the_page_asks() {
        let query = begin(None);
        for left_open in ["input", "direct_login", "auth_method"] {
            assert!(!query.contains_key(left_open), "{left_open}");
        }
    }

    #[test]
    fn two_attempts_share_nothing() {
        let (one, other) = (begin(None), begin(None));
        assert_ne!(one["state"], other["state"]);
        assert_ne!(one["code_challenge"], other["code_challenge"]);
    }

    #[test]
    fn addresses_are_built_below_a_base_with_or_without_a_slash() {
        let with: Url = "https://api.test/api/v0/".parse().unwrap();
        let without: Url = "https://api.test/api/v0".parse().unwrap();
        assert_eq!(
            below(&with, &["token", "jwks"]),
            below(&without, &["token", "jwks"])
        );
        assert_eq!(
            below(&with, &["token", "a/b"]).as_str(),
            "https://api.test/api/v0/token/a%2Fb"
        );
    }
}
