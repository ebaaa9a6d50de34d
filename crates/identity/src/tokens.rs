//! The tokens of a signed-in user: signed claims for an hour, and a refresh token for thirty days.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::keys::Keys;
use crate::provider::API_KEY_ID;
use crate::store::{Family, Records};

const LIFETIME: Duration = Duration::from_hours(1);
const REFRESH_LIFETIME: Duration = Duration::from_hours(30 * 24);
const ACCESS: &str = "access_token";
const ID: &str = "id_token";

/// The `oauth_token` of the wire.
#[derive(Debug, Serialize)]
pub(crate) struct OauthToken {
    access_token: String,
    id_token: String,
    refresh_token: String,
    /// Seconds.
    expires_in: u64,
    token_type: &'static str,
    auth_method: String,
}

/// The claims of both kinds of token; an absent one is left out.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    aud: String,
    sub: String,
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
}

/// New tokens of a family. Its refresh token is the only one that works from now on.
pub(crate) fn issue(
    records: &Records<'_>,
    keys: &Keys,
    issuer: &str,
    family: &Family,
    now: Timestamp,
) -> rusqlite::Result<OauthToken> {
    let claims = |kind: &str| Claims {
        aud: API_KEY_ID.to_owned(),
        sub: family.user.clone(),
        client_user_id: family.user.clone(),
        iss: issuer.to_owned(),
        iat: now.as_second(),
        exp: (now + LIFETIME).as_second(),
        jti: Uuid::new_v4().to_string(),
        identifier: family.identifier.clone(),
        r#type: kind.to_owned(),
        authentication_method: None,
        scope: None,
        auth_time: None,
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
    Ok(OauthToken {
        access_token: keys.sign_token(&access),
        id_token: keys.sign_token(&id),
        refresh_token: records.add_refresh_token(family, now + REFRESH_LIFETIME)?,
        expires_in: LIFETIME.as_secs(),
        token_type: "Bearer",
        auth_method: family.method.clone(),
    })
}

/// Whether this is an access token that we signed, for our clients, and that still lives.
pub(crate) fn is_live_access_token(keys: &Keys, issuer: &str, token: &str, now: Timestamp) -> bool {
    keys.open_token::<Claims>(token).is_some_and(|claims| {
        claims.r#type == ACCESS
            && claims.aud == API_KEY_ID
            && claims.iss == issuer
            && claims.iat <= now.as_second()
            && now.as_second() < claims.exp
    })
}
