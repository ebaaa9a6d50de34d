//! `/health` and `/control/stop`: how `ensure` knows a server of its own, and ends one.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::provider::Shared;
use crate::refusal::ApiError;
use crate::secret::SecretHash;

pub(super) async fn health(State(provider): Shared) -> Json<Value> {
    let mut health = json!({
        "program": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "build": provider.build,
    });
    if provider.faults.is_some() {
        health["faults"] = json!(true);
    }
    Json(health)
}

/// Ends the server, for whoever can read the note in its state folder.
pub(super) async fn stop(
    State(provider): Shared,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let entitled = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .is_some_and(|secret| SecretHash::of(secret) == provider.control);
    if !entitled {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "Only the owner of this provider may end it.",
        ));
    }
    provider.stop.send_replace(true);
    Ok(Json(json!({})))
}
