//! `/token/…`: refreshing, signing out, and the keys to verify with.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::provider::{API_KEY_ID, Provider, Shared, require_key};
use crate::refusal::{ApiError, Body, Part};
use crate::store::{Family, Presented, Records};
use crate::tokens::{Mint, OauthToken};

/// The public keys that verify our tokens.
pub(super) async fn key_set(State(provider): Shared) -> Json<Value> {
    Json(provider.keys.published())
}

#[derive(Deserialize)]
pub(super) struct Refresh {
    grant_type: String,
    refresh_token: String,
}

/// Exchanges a refresh token for new tokens. It is spent by that; presented again, it ends its whole family, unless
/// [`Lifetimes::reuse_grace`](crate::tokens::Lifetimes::reuse_grace) has it otherwise.
pub(super) async fn refresh(
    State(provider): Shared,
    Part(key, ..): Part<String, ApiError>,
    headers: HeaderMap,
    Body(request): Body<Refresh>,
) -> Result<Json<OauthToken>, ApiError> {
    require_same_key(&key, &headers)?;
    exchange(provider, request, |mint, records, family, token| {
        mint.rotate(records, family, token)
    })
    .await
}

/// The older address, of clients that keep the refresh token they have: new tokens, without a new refresh token.
///
/// A token that was spent at the other address does no more here than there.
pub(super) async fn refresh_in_place(
    State(provider): Shared,
    headers: HeaderMap,
    Body(request): Body<Refresh>,
) -> Result<Json<OauthToken>, ApiError> {
    require_key(&headers)?;
    exchange(provider, request, |mint, _, family, _| {
        Ok(mint.issue_beside(family))
    })
    .await
}

/// What a live refresh token of a family is worth.
type Worth = fn(&Mint<'_>, &Records<'_>, &Family, &str) -> rusqlite::Result<OauthToken>;

async fn exchange(
    provider: Arc<Provider>,
    request: Refresh,
    worth: Worth,
) -> Result<Json<OauthToken>, ApiError> {
    if request.grant_type != "refresh_token" {
        return Err(ApiError::bad_request(
            "The only grant_type here is refresh_token.",
        ));
    }
    let now = provider.clock.now();
    let tokens = provider
        .store
        .write({
            let provider = Arc::clone(&provider);
            move |records| {
                let token = request.refresh_token.as_str();
                if let Some(faults) = &provider.faults {
                    let spent = records.refresh_token_is_spent(token)?;
                    faults.refreshes.presents(spent);
                }
                let mint = provider.mint(now);
                Ok::<_, ApiError>(match live_family(&mint, records, token)? {
                    Ok(family) => Ok(worth(&mint, records, &family, token)?),
                    Err(refused) => Err(refused),
                })
            }
        })
        .await??;
    if let Some(faults) = &provider.faults {
        faults.refreshes.granted();
    }
    Ok(Json(tokens))
}

/// The family of a refresh token that is good. The inner error is a refusal that must be remembered.
pub(super) fn live_family(
    mint: &Mint<'_>,
    records: &Records<'_>,
    token: &str,
) -> rusqlite::Result<Result<Family, ApiError>> {
    // Clients look for the words "not valid": they mean that only a new sign-in helps.
    let refused = |message: &str| Ok(Err(ApiError::bad_request(message)));
    match records.present_refresh_token(token, mint.lifetimes.reuse_grace(), mint.now)? {
        Presented::Unknown => refused("The refresh token is not valid."),
        Presented::Expired => refused("The refresh token is not valid: it has expired."),
        Presented::Dead(family) => {
            records.revoke_family(&family.id)?;
            refused("The refresh token is not valid: it was used before or revoked.")
        }
        Presented::Live(family) => {
            records.settle_succession(token)?;
            Ok(Ok(family))
        }
    }
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
