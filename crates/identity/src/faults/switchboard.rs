//! The switches themselves, under `/faults`, in JSON.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /faults` | what is armed, how often each fault has struck, how far ahead the clock is |
//! | `PUT /faults/<name>` | arms a fault: `{"times", "at", "seconds", "to", "status", "body"}`, all optional |
//! | `DELETE /faults/<name>`, `DELETE /faults` | clears one, clears all |
//! | `PUT /faults/clock` | `{"ahead_seconds": 900}`: sets the provider's clock ahead of the machine's |
//! | `POST /faults/revoke` | `{"user": "ada@example.com"}`: ends all sessions of a user; answers `{"revoked": 1}` |
//! | `GET /faults/refreshes` | `{"presented", "spent_before", "granted"}`: refreshes since the start |
//! | `GET /faults/issued` | every secret that passed since the start: `[{"kind", "secret"}]` |
//!
//! Clearing leaves the clock, the counts and the witness as they are.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Arming, Fault, Faults};
use crate::provider::{Provider, Shared};
use crate::refusal::{ApiError, Body, Part};

/// The routes of the switchboard.
pub(crate) fn switchboard() -> Router<Arc<Provider>> {
    Router::new()
        .route("/faults", get(state).delete(clear_all))
        .route("/faults/clock", put(set_clock))
        .route("/faults/revoke", post(revoke))
        .route("/faults/refreshes", get(refreshes))
        .route("/faults/issued", get(issued))
        .route("/faults/{name}", put(arm).delete(clear))
}

fn open(provider: &Provider) -> Result<&Faults, ApiError> {
    provider.faults.as_ref().ok_or_else(ApiError::nothing_here)
}

async fn state(State(provider): Shared) -> Result<Json<Value>, ApiError> {
    let board = open(&provider)?.board();
    let armed: Vec<&Fault> = board.armed.keys().collect();
    Ok(Json(json!({
        "armed": armed,
        "struck": board.struck,
        "ahead_seconds": provider.clock.ahead().as_secs(),
    })))
}

async fn arm(
    State(provider): Shared,
    Part(fault, ..): Part<Fault, ApiError>,
    Body(arming): Body<Arming>,
) -> Result<Json<Value>, ApiError> {
    if arming.times == Some(0) {
        return Err(ApiError::bad_request("Nothing strikes no times."));
    }
    if arming.at.is_some_and(|at| !fault.fits(at)) {
        return Err(ApiError::bad_request("This fault does not happen there."));
    }
    if arming
        .status
        .is_some_and(|status| !(400..500).contains(&status))
    {
        return Err(ApiError::bad_request(
            "A refusal has a status from 400 to 499.",
        ));
    }
    open(&provider)?.board().armed.insert(fault, arming);
    Ok(Json(json!({})))
}

async fn clear(
    State(provider): Shared,
    Part(fault, ..): Part<Fault, ApiError>,
) -> Result<Json<Value>, ApiError> {
    open(&provider)?.board().armed.remove(&fault);
    Ok(Json(json!({})))
}

async fn clear_all(State(provider): Shared) -> Result<Json<Value>, ApiError> {
    open(&provider)?.board().armed.clear();
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct ClockSetting {
    ahead_seconds: i32,
}

async fn set_clock(
    State(provider): Shared,
    Body(setting): Body<ClockSetting>,
) -> Result<Json<Value>, ApiError> {
    let ahead = SignedDuration::from_secs(setting.ahead_seconds.into());
    provider.set_clock_ahead(ahead);
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
struct WhoseSessions {
    user: String,
}

async fn revoke(
    State(provider): Shared,
    Body(WhoseSessions { user }): Body<WhoseSessions>,
) -> Result<Json<Value>, ApiError> {
    let revoked = provider
        .store
        .write(move |records| match records.user_with_identifier(&user)? {
            Some(user) => Ok(records.revoke_families_of(&user.id)?),
            None => Err(ApiError::bad_request("Nobody has this address.")),
        })
        .await?;
    Ok(Json(json!({ "revoked": revoked })))
}

async fn refreshes(State(provider): Shared) -> Result<Json<Value>, ApiError> {
    Ok(Json(open(&provider)?.refreshes.statement()))
}

async fn issued(State(provider): Shared) -> Result<Json<Value>, ApiError> {
    Ok(Json(open(&provider)?.witness.statement()))
}
