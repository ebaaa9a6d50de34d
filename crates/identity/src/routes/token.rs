//! `/token/…`: refreshing, signing out, and the keys to verify with.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::provider::{API_KEY_ID, Shared, require_key};
use crate::refusal::{ApiError, Body, Part};
use crate::store::Presented;
use crate::tokens::{self, OauthToken};

/// The public keys that verify our tokens.
pub(super) async fn key_set(State(provider): Shared) -> Json<Value> {
    Json(provider.keys.published())
}

#[derive(Deserialize)]
pub(super) struct Refresh {
    grant_type: String,
    refresh_token: String,
}

/// Exchanges a refresh token for new tokens. It is spent by that; presented again, it ends its whole family.
pub(super) async fn refresh(
    State(provider): Shared,
    Part(key, ..): Part<String, ApiError>,
    headers: HeaderMap,
    Body(request): Body<Refresh>,
) -> Result<Json<OauthToken>, ApiError> {
    require_same_key(&key, &headers)?;
    if request.grant_type != "refresh_token" {
        return Err(ApiError::bad_request(
            "The only grant_type here is refresh_token.",
        ));
    }
    let now = provider.clock.now();
    provider
        .store
        .write({
            let provider = provider.clone();
            move |records| {
                let token = request.refresh_token.as_str();
                // Clients look for the words "not valid": they mean that only a new sign-in helps.
                let refused = |message: &str| Ok(Err(ApiError::bad_request(message)));
                match records.present_refresh_token(token, now)? {
                    Presented::Unknown => refused("The refresh token is not valid."),
                    Presented::Expired => {
                        refused("The refresh token is not valid: it has expired.")
                    }
                    Presented::Dead(family) => {
                        records.revoke_family(&family.id)?;
                        refused("The refresh token is not valid: it was used before or revoked.")
                    }
                    Presented::Live(family) => {
                        records.spend_refresh_token(token)?;
                        let (keys, issuer) = (&provider.keys, &provider.base_url);
                        let token = tokens::issue(records, keys, issuer, &family, now)?;
                        Ok::<_, ApiError>(Ok(Json(token)))
                    }
                }
            }
        })
        .await?
}

/// Cotter clears the browser's refresh cookie here and revokes nothing. We hand out no such cookie, so there is
/// nothing to clear: a native client signs out by forgetting its tokens.
pub(super) async fn sign_out(
    Part(key, ..): Part<String, ApiError>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    require_same_key(&key, &headers)?;
    Ok(Json(json!({})))
}

fn require_same_key(key: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    if key != API_KEY_ID {
        return Err(ApiError::unknown_key());
    }
    // The key is in the path; a header is not needed, but must not contradict it.
    if headers.contains_key("api_key_id") {
        require_key(headers)?;
    }
    Ok(())
}
