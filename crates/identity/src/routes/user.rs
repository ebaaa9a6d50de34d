//! `/user…`: creating and finding users.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::verify::precise;
use crate::provider::{API_KEY_ID, Shared, require_key, require_secret};
use crate::refusal::{ApiError, Body, Parameters, Part};
use crate::store::User;

#[derive(Deserialize)]
pub(super) struct New {
    identifier: String,
}

/// Creates a user for any identifier. Nothing is proved by that, so no tokens are handed out: the wire's
/// `oauth_token=true` is ignored here.
pub(super) async fn create(
    State(provider): Shared,
    headers: HeaderMap,
    Body(new): Body<New>,
) -> Result<Json<Value>, ApiError> {
    require_key(&headers)?;
    let identifier = new.identifier.trim().to_owned();
    if identifier.is_empty() || identifier.len() > 254 {
        return Err(ApiError::bad_request(
            "The identifier must have 1 to 254 characters.",
        ));
    }
    let now = provider.clock.now();
    let user = provider
        .store
        .write(move |records| {
            if records.user_with_identifier(&identifier)?.is_some() {
                return Err(ApiError::bad_request("User already exists"));
            }
            Ok(records.add_user(&identifier, now)?)
        })
        .await?;
    Ok(Json(on_the_wire(&user)))
}

#[derive(Deserialize)]
pub(super) struct Sought {
    identifier: Option<String>,
}

pub(super) async fn by_identifier(
    State(provider): Shared,
    headers: HeaderMap,
    Parameters(sought): Parameters<Sought>,
) -> Result<Json<Value>, ApiError> {
    require_key(&headers)?;
    let Some(identifier) = sought.identifier else {
        return Err(ApiError::bad_request(
            "The parameter identifier is missing.",
        ));
    };
    let user = provider
        .store
        .write(move |records| -> Result<_, ApiError> {
            Ok(records.user_with_identifier(&identifier)?)
        })
        .await?;
    found(user.as_ref())
}

pub(super) async fn by_id(
    State(provider): Shared,
    headers: HeaderMap,
    Part(id, ..): Part<String, ApiError>,
) -> Result<Json<Value>, ApiError> {
    require_key(&headers)?;
    let user = provider
        .store
        .write(move |records| -> Result<_, ApiError> { Ok(records.user(&id)?) })
        .await?;
    found(user.as_ref())
}

#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(default)]
    page: u32,
}

/// All users, fifty to a page, the newest first; for a client's server only.
pub(super) async fn list(
    State(provider): Shared,
    headers: HeaderMap,
    Parameters(listed): Parameters<Listed>,
) -> Result<Json<Value>, ApiError> {
    require_secret(&headers, &provider.keys)?;
    let users = provider
        .store
        .write(move |records| -> Result<_, ApiError> { Ok(records.users(listed.page)?) })
        .await?;
    Ok(Json(users.iter().map(on_the_wire).collect()))
}

fn found(user: Option<&User>) -> Result<Json<Value>, ApiError> {
    user.map(|user| Json(on_the_wire(user)))
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "There is no such user."))
}

/// The user object of the wire.
pub(super) fn on_the_wire(user: &User) -> Value {
    json!({
        "ID": user.id,
        "issuer": API_KEY_ID,
        "client_user_id": "",
        "identifier": user.identifier,
        "identifiers": null,
        "enrolled": null,
        "default_method": "",
        "created_at": precise(user.created_at),
        "update_at": precise(user.updated_at),
        // Go's zero time: the original's way to say "not deleted".
        "deleted_at": "0001-01-01T00:00:00Z",
    })
}
