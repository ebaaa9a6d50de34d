//! What holds for every request: who may ask, what every answer carries, and what is written down.
//!
//! A server on loopback is reachable from every page in the person's browser. The `Host` header must be a loopback
//! name, or a page could point its own name at us (DNS rebinding); a request that changes something must not come
//! from another origin. Forms carry a token of their own besides ([`crate::browser`]).

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, DATE, HOST, HeaderName, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::clock::Stopwatch;
use crate::provider::{Provider, Shared};
use crate::refusal::ApiError;

const EVERY_ANSWER: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Routes that open pages ask by themselves: a forgotten tab neither keeps the server awake nor fills the log.
const POLLED: [&str; 2] = ["/app/wait/{id}/state", "/outbox/newest"];

pub(crate) async fn guard(
    State(provider): Shared,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let stopwatch = Stopwatch::start();
    let method = request.method().clone();
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let polled = POLLED.contains(&route);
    let mut response = match admit(&provider, &request) {
        Ok(()) => {
            if !polled {
                provider.touch();
            }
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in EVERY_ANSWER {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    headers.insert(DATE, date(&provider));
    if polled && response.status() == StatusCode::OK {
        return response;
    }
    tracing::info!(
        %method,
        route,
        status = response.status().as_u16(),
        milliseconds = stopwatch.elapsed().as_millis(),
    );
    response
}

fn admit(provider: &Arc<Provider>, request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    if !headers.get(HOST).is_some_and(is_loopback) {
        return Err(ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "This provider answers to 127.0.0.1, localhost and [::1] only.",
        ));
    }
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if changes && is_foreign(headers, provider) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "This request comes from a page of another origin.",
        ));
    }
    Ok(())
}

fn is_loopback(host: &HeaderValue) -> bool {
    let Ok(host) = host.to_str() else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

fn is_foreign(headers: &HeaderMap, provider: &Provider) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        // A program, or a browser too old to say; its forms still need their token.
        return false;
    };
    let port = provider.base_url.rsplit(':').next().unwrap_or_default();
    let ours = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| origin == format!("http://{name}:{port}").as_str());
    // With `no-referrer`, browsers send our own forms with the origin `null`, and say the truth here.
    let site = headers.get("sec-fetch-site");
    let nameless = origin == "null" && site.is_none_or(|site| site == "same-origin");
    !ours && !nameless
}

/// The provider's own time: clients learn from it how wrong their clock is.
fn date(provider: &Provider) -> HeaderValue {
    let now = std::time::SystemTime::from(provider.clock.now());
    HeaderValue::from_str(&httpdate::fmt_http_date(now)).expect("a date is plain ASCII")
}
