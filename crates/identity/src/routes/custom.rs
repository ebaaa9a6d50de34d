//! `/token/custom`: a client's server adds claims of its own to somebody's tokens.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::token::live_family;
use crate::provider::{Shared, require_secret};
use crate::refusal::{ApiError, Body};
use crate::tokens::{Claims, reserved_among};

/// In bytes of JSON: tokens travel in headers, and a keyring's entry is small.
const LARGEST: usize = 1024;

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// An access or an ID token.
    token: String,
    custom_attributes: Map<String, Value>,
    refresh_token: Option<String>,
}

/// Answers the token with the claims added. With a refresh token, a new one comes with it, whose tokens and whose
/// successors' tokens carry the claims; the one that was presented goes on without them, because the answer may never
/// reach the app that holds it.
pub(super) async fn add(
    State(provider): Shared,
    headers: HeaderMap,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Value>, ApiError> {
    require_secret(&headers, &provider.keys)?;
    if let Some(name) = reserved_among(&wanted.custom_attributes) {
        return Err(ApiError::bad_request(format!(
            "The claim {name} is reserved; choose another name."
        )));
    }
    let now = provider.clock.now();
    let live = Claims::of_live(&provider.keys, &provider.base_url, &wanted.token, now);
    let Some(claims) = live else {
        return Err(ApiError::bad_request(
            "The token is not one of this provider's, or it has expired.",
        ));
    };
    let owner = claims.sub.clone();
    let claims = claims.with(wanted.custom_attributes.clone());
    must_be_small(claims.custom())?;
    let mut answer = json!({"token": provider.keys.sign_token(&claims)});
    if let Some(token) = wanted.refresh_token {
        let custom = wanted.custom_attributes;
        let store = provider.store.clone();
        let refresh_token = store
            .write(move |records| -> Result<_, ApiError> {
                let family = match live_family(&provider.mint(now), records, &token)? {
                    Ok(family) => family,
                    Err(refused) => return Ok(Err(refused)),
                };
                if family.user != owner {
                    return Ok(Err(ApiError::bad_request(
                        "The token and the refresh token are of different users.",
                    )));
                }
                let branch = records.branch_family(&family, custom)?;
                must_be_small(&branch.custom)?;
                Ok(Ok(provider
                    .mint(now)
                    .new_refresh_token(records, &branch)?))
            })
            .await??;
        answer["refresh_token"] = json!(refresh_token);
    }
    Ok(Json(answer))
}

fn must_be_small(custom: &Map<String, Value>) -> Result<(), ApiError> {
    if Value::from(custom.clone()).to_string().len() > LARGEST {
        return Err(ApiError::bad_request(format!(
            "All custom claims together must not be larger than {LARGEST} bytes of JSON."
        )));
    }
    Ok(())
}
