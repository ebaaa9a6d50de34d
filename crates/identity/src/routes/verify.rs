//! `/verify/get_identity`, where a code becomes tokens, and `/verify`, where anybody may have a token checked.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::user::on_the_wire;
use crate::challenge::{Challenge, ChallengeId, Judged, Redemption};
use crate::provider::{API_KEY_ID, Provider, Shared, require_key};
use crate::redirect::RedirectUrl;
use crate::refusal::{ApiError, Body, Parameters};
use crate::store::{Records, User};
use crate::tokens::is_live_access_token;

const IDENTITY_LIFETIME: std::time::Duration = std::time::Duration::from_hours(30 * 24);

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// `true` adds the `oauth_token` to the answer.
    oauth_token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Exchange {
    code_verifier: String,
    authorization_code: String,
    challenge_id: ChallengeId,
    redirect_url: String,
}

/// Exchanges a code and its verifier for an identity.
///
/// One transaction: when anything of ours fails, the code is as good as before. A refusal is remembered, though.
pub(super) async fn get_identity(
    State(provider): Shared,
    headers: HeaderMap,
    Parameters(wanted): Parameters<Wanted>,
    Body(exchange): Body<Exchange>,
) -> Result<Json<Value>, ApiError> {
    require_key(&headers)?;
    RedirectUrl::parse(&exchange.redirect_url)
        .map_err(|refused| ApiError::new(StatusCode::FORBIDDEN, refused.to_string()))?;
    let with_tokens = wanted.oauth_token.as_deref() == Some("true");
    let now = provider.clock.now();
    provider
        .store
        .write({
            let provider = provider.clone();
            move |records| redeem(&provider, records, &exchange, with_tokens, now)
        })
        .await?
        .map(Json)
}

/// The outer error undoes everything, the inner one is a refusal that is kept.
fn redeem(
    provider: &Provider,
    records: &Records<'_>,
    exchange: &Exchange,
    with_tokens: bool,
    now: Timestamp,
) -> Result<Result<Value, ApiError>, ApiError> {
    let id = exchange.challenge_id;
    let redemption = Redemption {
        code: &exchange.authorization_code,
        verifier: &exchange.code_verifier,
        redirect_url: &exchange.redirect_url,
    };
    let refused = |message: &str| Ok(Err(ApiError::bad_request(message)));
    let Some(challenge) = records.challenge(id)? else {
        return refused("The authorization code is invalid.");
    };
    let proved = match challenge.judge(&redemption, now) {
        Judged::Granted(proved) => proved,
        Judged::Unknown => return refused("The authorization code is invalid."),
        Judged::Late => return refused("The authorization code has expired."),
        Judged::Refused(challenge, why) => {
            records.keep_challenge(id, &challenge, now)?;
            return refused(why);
        }
        Judged::Reused { family } => {
            // Two have held this code: what the first got may be a thief's (RFC 6749 §4.1.2).
            records.revoke_family(&family)?;
            return refused("The authorization code was used before.");
        }
    };
    let user = user_of(records, proved.challenge(), now)?;
    let identifier = proved.challenge().asking.identifier.as_str();
    let method = proved.challenge().method.on_the_wire();
    let family = records.add_family(&user.id, identifier, method, now)?;
    let mut answer = identity(provider, records, proved.challenge(), now)?;
    answer["user"] = on_the_wire(&user);
    if with_tokens {
        let token = provider.mint(now).issue(records, &family)?;
        answer["oauth_token"] = json!(token);
    }
    records.keep_challenge(id, &proved.redeemed_for(family.id), now)?;
    if let Some(faults) = &provider.faults {
        faults.fail_the_exchange()?;
    }
    Ok(Ok(answer))
}

/// Whose address this is: somebody's, the named user's from now on, or a new user's.
///
/// Adding an address to a user whom the client merely names is what the wire asks for. It is acceptable here because
/// whoever reaches this provider can read its outbox, and so sign in as anybody.
fn user_of(records: &Records<'_>, challenge: &Challenge, now: Timestamp) -> rusqlite::Result<User> {
    let identifier = challenge.asking.identifier.as_str();
    if let Some(user) = records.user_with_identifier(identifier)? {
        return Ok(user);
    }
    if let Some(named) = &challenge.attempt.user
        && let Some(user) = records.user(named)?
    {
        records.attach_identifier(identifier, &user.id, now)?;
        return Ok(user);
    }
    records.add_user(identifier, now)
}

/// The `identifier` and the old, signed `token` of an answer.
fn identity(
    provider: &Provider,
    records: &Records<'_>,
    challenge: &Challenge,
    now: Timestamp,
) -> rusqlite::Result<Value> {
    let address = &challenge.asking.identifier;
    let (text, kind) = (address.as_str(), address.kind().on_the_wire());
    let (id, created_at) = records.identifier(text)?;
    let expiry = now + IDENTITY_LIFETIME;
    let expire_at = expiry.as_second().to_string();
    let signature = provider
        .keys
        .sign_identity(&[text, kind, API_KEY_ID, &expire_at]);
    Ok(json!({
        "identifier": {
            "ID": id,
            "created_at": precise(created_at),
            // The wire really spells it without its d.
            "update_at": precise(now),
            "deleted_at": null,
            "device_type": "BROWSER",
            "device_name": challenge.asking.agent,
            "identifier": text,
            "identifier_type": kind,
            // Cotter's page keeps a key pair in the browser; ours recognises it by a cookie and has none to show.
            "public_key": "",
            "timestamp": precise(now),
            "expiry": precise(expiry),
        },
        "token": {
            "identifier": text,
            "identifier_id": id,
            "identifier_type": kind,
            "receiver": API_KEY_ID,
            "timestamp": now.as_second().to_string(),
            "expire_at": expire_at,
            "signature": signature,
        },
    }))
}

/// RFC 3339 with six digits of the second.
pub(super) fn precise(when: Timestamp) -> String {
    format!("{when:.6}")
}

/// Whether an access token is one of ours and alive. The verdict is in the body; the status is always 200.
pub(super) async fn check(
    State(provider): Shared,
    body: Result<Json<Value>, JsonRejection>,
) -> Json<Value> {
    let token = body
        .as_ref()
        .ok()
        .and_then(|Json(body)| body["oauth_token"]["access_token"].as_str());
    let now = provider.clock.now();
    let live = token
        .is_some_and(|token| is_live_access_token(&provider.keys, &provider.base_url, token, now));
    Json(if live {
        json!({"success": true})
    } else {
        json!({"success": false, "reason": "Error: Invalid JWT token"})
    })
}
