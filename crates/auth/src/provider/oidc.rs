//! Any OpenID Connect provider ([Core], [Discovery]), as a public client with PKCE.
//!
//! What a verb needs to know of the provider it asks [`discovery`] for first; nothing is asked twice that is known.
//! The ID token says who signed in and is [verified](id_token) before anything is believed. The access token is
//! opaque: it is for an API, and what is in it is none of our business (RFC 9068 §6).
//!
//! Servers differ. What is accepted of them, and how their refusals are told apart, is in [`answer`].
//!
//! [Core]: https://openid.net/specs/openid-connect-core-1_0.html
//! [Discovery]: https://openid.net/specs/openid-connect-discovery-1_0.html

mod answer;
pub(crate) mod device;
mod discovery;
mod id_token;
mod logout;
mod person;
pub(crate) mod picture;
mod pushed;
mod revocation;

use std::{sync::Arc, time::Duration};

use jsonwebtoken::jwk::Jwk;
use serde_json::Value;
use url::Url;

use super::{ProviderError, Redeemed, RefreshError, Tried};
use crate::{
    AccessToken, Account, Clock, IdToken, RefreshToken, TokenSet,
    authorization::{AuthorizationGrant, PendingAuthorization, RedirectUri},
    http::{Form, Http},
    identifier::Identifier,
    jwt::{ASYMMETRIC, JwtError, UnverifiedJwt, expiry_for_display},
    profile::{DEFAULT_SCOPES, OidcConfig},
    secret::Secret,
};
use answer::Tokens;
use discovery::{Discovery, Known};
use id_token::IdTokenClaims;

/// How long an access token is taken to live whose provider does not say.
const UNSAID_LIFETIME: Duration = Duration::from_mins(5);

/// A client of one OpenID Connect provider.
#[derive(Debug)]
pub struct Oidc {
    config: OidcConfig,
    issuer: Url,
    http: Http,
    discovery: Discovery,
    clock: Clock,
}

impl Oidc {
    pub(super) fn new(config: OidcConfig, clock: &Clock) -> Self {
        let issuer = Url::parse(&config.issuer).expect("a profile's issuer is an address");
        let http = Http::new(clock.clone(), &issuer).trusting(config.ca_file.clone());
        Self {
            discovery: Discovery::new(&config, &issuer, http.clone(), clock.clone()),
            config,
            issuer,
            http,
            clock: clock.clone(),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        self.config.expected_issuer()
    }

    pub(super) fn sign_in_page(&self) -> &Url {
        &self.issuer
    }

    /// Has at hand what an exchange needs: where the endpoints are, and the keys to check what comes.
    pub(super) async fn ready(&self) -> Result<Arc<Known>, ProviderError> {
        let known = self.discovery.known().await?;
        known.jwks.ready().await?;
        Ok(known)
    }

    /// What the next process is to be told.
    pub(super) fn memory(&self) -> Option<Value> {
        self.discovery.memory()
    }

    /// Goes by what an earlier process was told.
    pub(super) fn recall(&self, memory: &Value) {
        self.discovery.recall(memory);
    }

    /// A new attempt, its request pushed first where the provider takes it (RFC 9126).
    pub(super) async fn begin(
        &self,
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
    ) -> Result<PendingAuthorization, ProviderError> {
        let known = self.discovery.known().await?;
        let attempt = self.request(&known, identifier, redirect_uri);
        let attempt = self.pushed(&known, attempt).await?;
        let keys = Arc::clone(&known.jwks);
        // While the person is in the browser: the answer then waits for nothing but the exchange. Whether it worked is
        // asked again before a code is spent.
        tokio::spawn(async move { drop(keys.ready().await) });
        Ok(attempt)
    }

    /// Asks for all that can be known before anybody signs in.
    pub(super) async fn try_out(&self, redirect_uri: RedirectUri) -> Result<Tried, ProviderError> {
        let known = self.ready().await?;
        let attempt = self.request(&known, None, redirect_uri);
        self.try_pushing(&known, attempt).await
    }

    /// The authorization request (Core §3.1.2.1).
    fn request(
        &self,
        known: &Known,
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
    ) -> PendingAuthorization {
        let nonce = Secret::random();
        let redirect_text = redirect_uri.as_str().to_owned();
        let attempt = PendingAuthorization::new(
            identifier,
            redirect_uri,
            self.issuer(),
            self.clock.wall(),
            |state, verifier| {
                let mut page = known.metadata.authorization_endpoint.clone();
                let mut query = page.query_pairs_mut();
                query
                    .append_pair("response_type", "code")
                    .append_pair("client_id", &self.config.client_id)
                    .append_pair("redirect_uri", &redirect_text)
                    .append_pair("scope", &self.scope(known))
                    .append_pair("state", state)
                    .append_pair("nonce", nonce.expose())
                    .append_pair("code_challenge", &verifier.challenge().to_string())
                    .append_pair("code_challenge_method", "S256");
                if let Some(prompt) = self.prompt() {
                    query.append_pair("prompt", prompt);
                }
                if let Some(identifier) = identifier {
                    query.append_pair("login_hint", identifier.as_str());
                }
                for (name, value) in [
                    ("audience", &self.config.audience),
                    ("acr_values", &self.config.acr_values),
                ] {
                    if let Some(value) = value {
                        query.append_pair(name, value);
                    }
                }
                for resource in &self.config.resource {
                    query.append_pair("resource", resource.as_str());
                }
                query.extend_pairs(&self.config.parameters);
                drop(query);
                page
            },
        );
        attempt.expecting(nonce, known.metadata.names_itself_in_answers)
    }

    /// What is asked for. Of the usual scopes only those that the provider has, if it says: some refuse all for one.
    fn scope(&self, known: &Known) -> String {
        let offered = &known.metadata.scopes;
        let usual = self.config.scopes == DEFAULT_SCOPES;
        let scopes = self.config.scopes.iter().map(String::as_str);
        let asked: Vec<_> = scopes
            .filter(|scope| {
                !usual
                    || *scope == "openid"
                    || offered.is_empty()
                    || offered.iter().any(|known| known == scope)
            })
            .collect();
        asked.join(" ")
    }

    /// Core §11: without consent there is no offline access, unless the profile knows better.
    fn prompt(&self) -> Option<&str> {
        match self.config.prompt.as_deref() {
            Some("") => None,
            Some(prompt) => Some(prompt),
            None if self.config.asks_for_offline_access() => Some("consent"),
            None => None,
        }
    }

    /// A form for the token endpoint, which tells a public client by its name alone (RFC 6749 §3.2.1).
    fn form(&self, grant_type: &str) -> Form {
        Form::new()
            .with("grant_type", grant_type)
            .with("client_id", &self.config.client_id)
            .with_each("resource", self.config.resource.iter().map(Url::as_str))
    }

    pub(super) async fn redeem(
        &self,
        grant: &AuthorizationGrant,
    ) -> Result<Redeemed, ProviderError> {
        let known = self.ready().await?;
        let form = self
            .form("authorization_code")
            .with("code", grant.code.expose())
            .with("redirect_uri", grant.redirect_uri().as_str())
            .with("code_verifier", grant.verifier().expose());
        let endpoint = known.metadata.token_endpoint.clone();
        let reply = self.http.post_form(endpoint, form).await?;
        let tokens = Tokens::read(&reply, |refusal| {
            let sent = [grant.code.expose(), grant.verifier().expose()];
            refusal.without(&sent).of_a_code()
        })?;
        self.signed_in(&known, tokens, grant.nonce()).await
    }

    /// Believes the ID token, then asks who that is if it does not say.
    async fn signed_in(
        &self,
        known: &Known,
        tokens: Tokens,
        nonce: Option<&Secret>,
    ) -> Result<Redeemed, ProviderError> {
        let id = tokens.id.as_ref().ok_or(JwtError::IdTokenMissing)?;
        let claims = self.verified(known, id, &tokens.access, nonce).await?;
        let account = self.account(known, claims, &tokens.access).await?;
        Ok(Redeemed {
            tokens: self.token_set(tokens),
            account,
        })
    }

    pub(super) async fn refresh(
        &self,
        token: &RefreshToken,
        account: &Account,
    ) -> Result<TokenSet, RefreshError> {
        let known = self.ready().await?;
        let form = self
            .form("refresh_token")
            .with("refresh_token", token.expose());
        let endpoint = known.metadata.token_endpoint.clone();
        let reply = self.http.post_form(endpoint, form).await?;
        let tokens = Tokens::read(&reply, |refusal| {
            refusal.without(&[token.expose()]).of_a_refresh()
        })?;
        if let Some(id) = &tokens.id {
            // Core §12.2: the same issuer, audience and person as before; it has no nonce of its own.
            match self.verified(&known, id, &tokens.access, None).await {
                Ok(claims) if claims.sub == account.subject => {}
                // Somebody else's tokens, the refresh token included.
                Ok(_) => return Err(JwtError::SubjectWrong.into()),
                Err(error) => {
                    return Err(RefreshError {
                        error: error.into(),
                        rotated: tokens.refresh,
                    });
                }
            }
        }
        Ok(self.token_set(tokens))
    }

    /// The key that has signed an ID token, whatever that says.
    pub(super) async fn signer(&self, token: &IdToken) -> Result<Jwk, ProviderError> {
        let known = self.ready().await?;
        let unverified = UnverifiedJwt::parse(token.expose(), &ASYMMETRIC)?;
        Ok(known.jwks.signer(unverified).await?)
    }

    /// What was spent to get it is gone, so keys that cannot be had are a failed check here, not a reason to ask again.
    async fn verified(
        &self,
        known: &Known,
        token: &IdToken,
        access: &AccessToken,
        nonce: Option<&Secret>,
    ) -> Result<IdTokenClaims, JwtError> {
        id_token::verified(
            &known.jwks,
            token,
            &id_token::Expected {
                issuer: self.issuer(),
                client_id: &self.config.client_id,
                access,
                nonce,
                clock: &self.clock,
            },
        )
        .await
    }

    fn token_set(&self, tokens: Tokens) -> TokenSet {
        let lifetime = tokens.lifetime.unwrap_or_else(|| {
            expiry_for_display(tokens.access.expose())
                .map_or(UNSAID_LIFETIME, |end| end.since(self.clock.now()))
        });
        TokenSet {
            access: tokens.access,
            refresh: tokens.refresh,
            id: tokens.id,
            lifetime,
            // Opaque: the provider does not define how.
            verified_by: None,
        }
    }
}

#[cfg(test)]
mod tests;
