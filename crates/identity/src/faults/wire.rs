//! The wire, spoilt: a layer around everything else that keeps requests from the provider or spoils its answers.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use std::{io, mem};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use serde_json::Value;

use super::{Fault, Faults, Place};
use crate::keys::Keys;
use crate::provider::{Provider, Shared};
use crate::refusal::ApiError;
use crate::store::Records;

/// Passes a request on, unless a fault that is armed has it otherwise.
pub(crate) async fn on_the_wire(
    State(provider): Shared,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let Some(faults) = &provider.faults else {
        return next.run(request).await;
    };
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    if route.starts_with("/faults") {
        return next.run(request).await;
    }
    let place = Place::of(request.method(), route);
    let (request, asked) = match witnessed(faults, request).await {
        Ok(both) => both,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(place) = place else {
        return seen(faults, next.run(request).await).await.0;
    };
    if let Some(arming) = faults.strikes(Fault::DelayedAnswer, place) {
        let late = arming.seconds_or(20).unsigned_abs();
        tokio::time::sleep(Duration::from_secs(late.into())).await;
    }
    if let Some(answer) = faults.in_the_providers_place(place) {
        return answer;
    }
    for (fault, change) in [
        (Fault::KeyRollover, Keys::start_over as KeyChange),
        (Fault::PlannedRollover, Keys::roll_over),
    ] {
        if faults.strikes(fault, place).is_some()
            && let Err(error) = change_keys(&provider, change).await
        {
            return error.into_response();
        }
    }
    let (answer, body) = seen(faults, next.run(request).await).await;
    let answer = without_members(&provider, faults, place, &asked, answer, &body).await;
    on_the_way_out(faults, place, answer).await
}

impl Place {
    fn of(method: &Method, route: &str) -> Option<Self> {
        match (method, route) {
            (&Method::POST, "/verify/get_identity") => Some(Self::Exchange),
            (&Method::POST, "/token/{key}") => Some(Self::Refresh),
            (&Method::GET, "/token/jwks") => Some(Self::Keys),
            _ => None,
        }
    }
}

/// The request whole, and its body, whose secrets the witness has seen.
async fn witnessed(faults: &Faults, request: Request) -> Result<(Request, Bytes), ApiError> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, crate::routes::LARGEST_BODY)
        .await
        .map_err(|error| ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
    faults.witness.saw_json(&body);
    Ok((Request::from_parts(parts, Body::from(body.clone())), body))
}

/// The answer whole, and its body, whose secrets the witness has seen.
async fn seen(faults: &Faults, answer: Response) -> (Response, Bytes) {
    let (parts, body) = answer.into_parts();
    let body = whole(body).await;
    if is_json(&parts.headers) {
        faults.witness.saw_json(&body);
    }
    (Response::from_parts(parts, Body::from(body.clone())), body)
}

async fn whole(body: Body) -> Bytes {
    to_bytes(body, usize::MAX)
        .await
        .expect("our own answers are made whole before they are sent")
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

type KeyChange = fn(&Keys, &Records<'_>) -> rusqlite::Result<()>;

async fn change_keys(provider: &Provider, change: KeyChange) -> Result<(), ApiError> {
    let keys = provider.keys.clone();
    provider
        .store
        .write(move |records| Ok(change(&keys, records)?))
        .await
}

/// The answer without what the armed faults leave out of it.
async fn without_members(
    provider: &Provider,
    faults: &Faults,
    place: Place,
    asked: &Bytes,
    answer: Response,
    body: &Bytes,
) -> Response {
    let mut left_out = Vec::new();
    if answer.status() == StatusCode::OK {
        if faults.strikes(Fault::NoUser, place).is_some() {
            left_out.push("user");
        }
        if faults.strikes(Fault::NoRotatedToken, place).is_some() {
            left_out.push("refresh_token");
            // The provider has rotated; taken back, the token that was presented is as good as before.
            if let Err(error) = unspend(provider, asked).await {
                return error.into_response();
            }
        }
    }
    let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else {
        return answer;
    };
    if left_out.is_empty() {
        return answer;
    }
    members.retain(|name, _| !left_out.contains(&name.as_str()));
    let (mut parts, _) = answer.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Value::Object(members).to_string()))
}

async fn unspend(provider: &Provider, asked: &Bytes) -> Result<(), ApiError> {
    let asked: Value = serde_json::from_slice(asked).unwrap_or_default();
    let token = asked["refresh_token"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    provider
        .store
        .write(move |records| Ok(records.unspend_refresh_token(&token)?))
        .await
}

async fn on_the_way_out(faults: &Faults, place: Place, mut answer: Response) -> Response {
    if let Some(arming) = faults.strikes(Fault::SkewedDate, place) {
        skew(answer.headers_mut(), arming.seconds_or(720));
    }
    if faults.strikes(Fault::LostAnswer, place).is_some() {
        // Ends the connection's task, and with it the connection, without a byte and without a word of a panic.
        resume_unwind(Box::new("the answer is lost, as armed"));
    }
    if faults.strikes(Fault::CutAnswer, place).is_some() {
        return cut(answer).await;
    }
    answer
}

fn skew(headers: &mut HeaderMap, seconds: i32) {
    let said = headers
        .get(DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let by = Duration::from_secs(seconds.unsigned_abs().into());
    let skewed = if seconds < 0 { said - by } else { said + by };
    let skewed = httpdate::fmt_http_date(skewed);
    headers.insert(
        DATE,
        HeaderValue::from_str(&skewed).expect("a date is plain ASCII"),
    );
}

/// Promises the whole answer and breaks off after half of it.
async fn cut(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let body = whole(body).await;
    parts
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = body.slice(..body.len() / 2);
    Response::from_parts(parts, Body::from_stream(BreakingOff::Half(half)))
}

/// A body that breaks off.
enum BreakingOff {
    Half(Bytes),
    /// Half of it is under way: the server sends it while it waits for more.
    Sending,
    Over,
}

impl Stream for BreakingOff {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match mem::replace(&mut *self, Self::Over) {
            Self::Half(bytes) => {
                *self = Self::Sending;
                Poll::Ready(Some(Ok(bytes)))
            }
            Self::Sending => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Over => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }
}
