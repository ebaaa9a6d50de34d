//! What answers instead of the provider: a proxy, a wall, a stranger. The request never reaches us.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Arming, Fault, Faults, Place};

const TEN_MEGABYTES: usize = 10 * 1024 * 1024;

type Answer = fn(&Arming) -> Response;

impl Faults {
    /// The answer of whoever stands in the provider's place, if one is armed.
    pub(super) fn in_the_providers_place(&self, place: Place) -> Option<Response> {
        [
            (Fault::BadGateway, bad_gateway as Answer),
            (Fault::TooManyRequests, too_many_requests),
            (Fault::HugeAnswer, huge_answer),
            (Fault::RedirectElsewhere, redirect_elsewhere),
            (Fault::Refusal, refusal),
            (Fault::CaptivePortal, captive_portal),
        ]
        .into_iter()
        .find_map(|(fault, answer)| self.strikes(fault, place).map(|arming| answer(&arming)))
    }
}

fn bad_gateway(_: &Arming) -> Response {
    let page = "<!doctype html><title>502</title><h1>Bad Gateway</h1><p>proxy.example</p>";
    (StatusCode::BAD_GATEWAY, Html(page)).into_response()
}

fn too_many_requests(arming: &Arming) -> Response {
    let body = json!({"msg": "Too many requests. Please wait.", "type": ""});
    let wait = arming.seconds_or(30).to_string();
    let headers = [(RETRY_AFTER, wait)];
    (StatusCode::TOO_MANY_REQUESTS, headers, Json(body)).into_response()
}

fn huge_answer(_: &Arming) -> Response {
    Json(json!({ "padding": "x".repeat(TEN_MEGABYTES) })).into_response()
}

fn redirect_elsewhere(arming: &Arming) -> Response {
    let to = arming.to.clone().unwrap_or_default();
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response()
}

fn refusal(arming: &Arming) -> Response {
    let status = arming.status.unwrap_or(403);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    match &arming.body {
        None => status.into_response(),
        Some(Value::String(text)) => (status, text.clone()).into_response(),
        Some(body) => (status, Json(body)).into_response(),
    }
}

fn captive_portal(_: &Arming) -> Response {
    let page = "<!doctype html><title>Welcome</title><h1>Free Wi-Fi</h1><form><button>Accept</button></form>";
    Html(page).into_response()
}
