//! The tokens of a signed-in user: signed claims for an hour, and a refresh token for thirty days, if nothing else is set.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::configuration::Within;
use crate::keys::Keys;
use crate::provider::API_KEY_ID;
use crate::store::{Family, Records};

const ACCESS: &str = "access_token";
const ID: &str = "id_token";

/// How long what a token stands for holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Lifetimes {
    /// Of ID tokens as well.
    access_token_seconds: Within<1, 86_400>,
    refresh_token_days: Within<1, 365>,
    reuse_grace_seconds: Within<0, 60>,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token_seconds: const { Within::new(3600) },
            refresh_token_days: const { Within::new(30) },
            reuse_grace_seconds: const { Within::new(0) },
        }
    }
}

impl Lifetimes {
    fn of_access_tokens(self) -> Duration {
        Duration::from_secs(self.access_token_seconds.get())
    }

    fn of_refresh_tokens(self) -> Duration {
        Duration::from_hours(24 * self.refresh_token_days.get())
    }

    /// For how long a refresh token that was spent is answered again.
    pub(crate) fn reuse_grace(self) -> Duration {
        Duration::from_secs(self.reuse_grace_seconds.get())
    }
}

/// The `oauth_token` of the wire.
#[derive(Debug, Serialize)]
pub(crate) struct OauthToken {
    access_token: String,
    id_token: String,
    /// Absent where refreshing does not replace it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds.
    expires_in: u64,
    token_type: &'static str,
    auth_method: String,
}

/// The claims of both kinds of token; an absent one is left out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    aud: String,
    pub(crate) sub: String,
    /// Deprecated on the wire; the same as `sub`.
    client_user_id: String,
    iss: String,
    /// Seconds since 1970, as all times here.
    iat: i64,
    exp: i64,
    jti: String,
    identifier: String,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// When the person signed in. A string on the wire, unlike `iat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<String>,
    /// What a client's server added, at the top level; never a name of the above.
    #[serde(flatten)]
    custom: Map<String, Value>,
}

/// Names that stand for something here or in a standard: nobody may give them another meaning.
const RESERVED: [&str; 19] = [
    "aud",
    "sub",
    "client_user_id",
    "iss",
    "iat",
    "exp",
    "nbf",
    "jti",
    "identifier",
    "type",
    "authentication_method",
    "scope",
    "auth_time",
    "nonce",
    "at_hash",
    "azp",
    "acr",
    "amr",
    "cnf",
];

/// The reserved name among these claims, if there is one.
pub(crate) fn reserved_among(custom: &Map<String, Value>) -> Option<&str> {
    custom
        .keys()
        .map(String::as_str)
        .find(|name| RESERVED.contains(name))
}

/// What makes tokens: the issuer's name, key and rules, at one moment.
pub(crate) struct Mint<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) issuer: &'a str,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) now: Timestamp,
}

impl Mint<'_> {
    /// The first tokens of a family.
    pub(crate) fn issue(
        &self,
        records: &Records<'_>,
        family: &Family,
    ) -> rusqlite::Result<OauthToken> {
        Ok(OauthToken {
            refresh_token: Some(self.new_refresh_token(records, family)?),
            ..self.issue_beside(family)
        })
    }

    /// New tokens of a family for its refresh token, which is spent by that.
    pub(crate) fn rotate(
        &self,
        records: &Records<'_>,
        family: &Family,
        refresh_token: &str,
    ) -> rusqlite::Result<OauthToken> {
        let tokens = self.issue(records, family)?;
        if let Some(successor) = &tokens.refresh_token {
            records.replace_refresh_token(refresh_token, successor, self.now)?;
        }
        Ok(tokens)
    }

    /// New tokens of a family, beside the refresh token that its owner has and keeps.
    pub(crate) fn issue_beside(&self, family: &Family) -> OauthToken {
        let claims = |kind: &str| Claims {
            aud: API_KEY_ID.to_owned(),
            sub: family.user.clone(),
            client_user_id: family.user.clone(),
            iss: self.issuer.to_owned(),
            iat: self.now.as_second(),
            exp: (self.now + self.lifetimes.of_access_tokens()).as_second(),
            jti: Uuid::new_v4().to_string(),
            identifier: family.identifier.clone(),
            r#type: kind.to_owned(),
            authentication_method: None,
            scope: None,
            auth_time: None,
            custom: family.custom.clone(),
        };
        let access = Claims {
            authentication_method: Some(family.method.clone()),
            scope: Some("access".to_owned()),
            ..claims(ACCESS)
        };
        let id = Claims {
            auth_time: Some(family.signed_in.as_second().to_string()),
            ..claims(ID)
        };
        OauthToken {
            access_token: self.keys.sign_token(&access),
            id_token: self.keys.sign_token(&id),
            refresh_token: None,
            expires_in: self.lifetimes.access_token_seconds.get(),
            token_type: "Bearer",
            auth_method: family.method.clone(),
        }
    }

    pub(crate) fn new_refresh_token(
        &self,
        records: &Records<'_>,
        family: &Family,
    ) -> rusqlite::Result<String> {
        records.add_refresh_token(family, self.now + self.lifetimes.of_refresh_tokens())
    }
}

impl Claims {
    /// The claims of a token, of either kind, that we signed for our clients and that still lives.
    pub(crate) fn of_live(keys: &Keys, issuer: &str, token: &str, now: Timestamp) -> Option<Self> {
        keys.open_token::<Self>(token).filter(|claims| {
            claims.aud == API_KEY_ID
                && claims.iss == issuer
                && claims.iat <= now.as_second()
                && now.as_second() < claims.exp
        })
    }

    pub(crate) fn custom(&self) -> &Map<String, Value> {
        &self.custom
    }

    /// The same token with more claims. It is one of its own, and ends with the first.
    pub(crate) fn with(mut self, custom: Map<String, Value>) -> Self {
        self.custom.extend(custom);
        self.jti = Uuid::new_v4().to_string();
        self
    }
}

/// Whether this is an access token that we signed, for our clients, and that still lives.
pub(crate) fn is_live_access_token(keys: &Keys, issuer: &str, token: &str, now: Timestamp) -> bool {
    Claims::of_live(keys, issuer, token, now).is_some_and(|claims| claims.r#type == ACCESS)
}
