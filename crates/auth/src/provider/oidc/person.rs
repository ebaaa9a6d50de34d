//! Who signed in: what the ID token says, and what the provider's `UserInfo` adds ([OpenID Connect Core §5.3]).
//!
//! All of it is for people to read. Servers send null, numbers where texts belong, and times as text; what cannot be
//! used is as if it were not there.
//!
//! [OpenID Connect Core §5.3]: https://openid.net/specs/openid-connect-core-1_0.html#UserInfo

use serde_json::{Map, Value};
use url::Url;

use super::{
    Oidc,
    answer::{Refusal, success, text},
    discovery::Known,
    id_token::IdTokenClaims,
};
use crate::{
    AccessToken, Account,
    address::{is_loopback, is_secure},
    authorization::printable,
    jwt::JwtError,
    provider::ProviderError,
};

/// The longest name or identifier that is shown, in characters.
const LONGEST: usize = 254;

impl Oidc {
    /// Who the ID token is about. `UserInfo` is asked only when the token does not say; it may stay silent.
    pub(super) async fn account(
        &self,
        known: &Known,
        claims: IdTokenClaims,
        access: &AccessToken,
    ) -> Result<Account, ProviderError> {
        let mut person = claims.person;
        if identifier(&person).is_none() || name(&person).is_none() {
            match self.userinfo(known, access, &claims.sub).await {
                Ok(more) => person.extend(more),
                Err(error @ ProviderError::Unverified(_)) => return Err(error),
                Err(error) => tracing::info!(reason = ?error.reason(), "nobody says who that is"),
            }
        }
        Ok(Account {
            subject: claims.sub,
            issuer: self.issuer().to_owned(),
            identifier: identifier(&person).unwrap_or_default(),
            name: name(&person),
            picture: self.picture_address(&person),
        })
    }

    /// What the provider says about the person; nothing when it has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`JwtError::SubjectWrong`] when it speaks of somebody else, whose words may then not be used (Core §5.3.2).
    async fn userinfo(
        &self,
        known: &Known,
        access: &AccessToken,
        subject: &str,
    ) -> Result<Map<String, Value>, ProviderError> {
        let Some(endpoint) = known.metadata.userinfo_endpoint.clone() else {
            return Ok(Map::new());
        };
        let reply = self.http.get_with(endpoint, access.expose()).await?;
        let mut answer = success(&reply, Refusal::of_anything)?;
        if text(&answer, "sub") != Some(subject) {
            return Err(JwtError::SubjectWrong.into());
        }
        // What is null here does not undo what the ID token said.
        answer.retain(|_, value| !value.is_null());
        Ok(answer)
    }

    fn picture_address(&self, person: &Map<String, Value>) -> Option<String> {
        let address = Url::parse(text(person, "picture")?).ok()?;
        self.may_ask(&address).then(|| address.to_string())
    }

    /// Whether a picture may lie at `address`: on this computer only for a provider that is there too.
    pub(super) fn may_ask(&self, address: &Url) -> bool {
        is_secure(address) && (is_loopback(&self.issuer) || !is_loopback(address))
    }
}

/// What a person would call their account, the most telling first.
fn identifier(person: &Map<String, Value>) -> Option<String> {
    ["email", "preferred_username", "username", "phone_number"]
        .iter()
        .find_map(|claim| shown(person, claim))
}

fn name(person: &Map<String, Value>) -> Option<String> {
    let both = || match (shown(person, "given_name"), shown(person, "family_name")) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (one, other) => one.or(other),
    };
    shown(person, "name")
        .or_else(both)
        .or_else(|| shown(person, "nickname"))
}

fn shown(person: &Map<String, Value>, claim: &str) -> Option<String> {
    let text = printable(text(person, claim)?.trim(), LONGEST);
    (!text.is_empty()).then_some(text)
}
