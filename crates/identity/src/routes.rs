//! All addresses of the provider.
//!
//! For people: `/`, `/app…`, `/magic/…`, `/outbox`. For programs: the rest, in JSON.

mod app;
mod custom;
mod health;
mod magic;
mod outbox;
mod returning;
mod token;
mod user;
mod verify;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use maud::html;

use crate::browser::Browser;
use crate::faults;
use crate::guard::guard;
use crate::limits::{Crowd, TooMany};
use crate::page::Asset;
use crate::provider::Provider;
use crate::refusal::{ApiError, Notice, Part, wants_pages};
use crate::sending::Asked;

/// The largest request that is read, in bytes.
pub(crate) const LARGEST_BODY: usize = 64 * 1024;

pub(crate) fn router(provider: Arc<Provider>) -> Router {
    let router = Router::new()
        .route("/", get(outbox::home))
        .route("/assets/{name}", get(asset))
        .route("/health", get(health::health))
        .route("/control/stop", post(health::stop))
        // A GET that does something answers HEAD separately: looking must stay without effect.
        .route("/app", get(app::open).head(nothing).post(app::submit))
        .route("/app/wait/{id}", get(waiting::page))
        .route("/app/wait/{id}/state", get(waiting::state))
        .route("/app/wait/{id}/again", post(waiting::again))
        .route("/app/wait/{id}/code", post(waiting::type_code))
        .route("/app/return/{id}", get(returning::page).head(nothing))
        .route("/magic/{token}", get(magic::page).post(magic::press))
        .route("/magic/{token}/again", post(magic::again))
        .route("/outbox", get(outbox::page))
        .route("/outbox/newest", get(outbox::newest))
        .route("/verify", post(verify::check))
        .route("/verify/get_identity", post(verify::get_identity))
        .route("/token/jwks", get(token::key_set))
        .route("/token", post(token::refresh_in_place))
        .route("/token/custom", post(custom::add))
        .route("/token/{key}", post(token::refresh).delete(token::sign_out))
        .route("/user", get(user::by_identifier))
        .route("/user/list", get(user::list))
        .route("/user/create", post(user::create))
        .route("/user/{id}", get(user::by_id));
    let tested = provider.faults.is_some();
    let router = if tested {
        router.merge(faults::switchboard())
    } else {
        router
    };
    let router = router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&provider),
            guard,
        ));
    let router = if tested {
        // Outermost: what breaks an answer breaks it as the network would, after everything of ours.
        let state = Arc::clone(&provider);
        router.layer(axum::middleware::from_fn_with_state(
            state,
            faults::on_the_wire,
        ))
    } else {
        router
    };
    router.with_state(provider)
}

async fn nothing() {}

async fn asset(Part(name, ..): Part<String, ApiError>) -> Result<Asset, ApiError> {
    Asset::named(&name).ok_or_else(ApiError::nothing_here)
}

async fn unknown(headers: HeaderMap) -> Response {
    if wants_pages(&headers) {
        Notice::nothing_here().into_response()
    } else {
        ApiError::nothing_here().into_response()
    }
}

async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This address does not take that method.",
    )
}

/// What a form with nothing but its button sends.
#[derive(serde::Deserialize)]
struct Press {
    form: String,
    /// What the letter shall carry, on a button that leaves the choice.
    method: Option<String>,
}

/// Sends a browser that asked for a letter where it can follow what becomes of it.
fn after(asked: Asked, browser: &Browser, now: Timestamp) -> Result<Response, Notice> {
    let go_to = |address: String| Ok(Redirect::to(&address).into_response());
    match asked {
        Asked::Wait(id) => go_to(format!("/app/wait/{id}")),
        Asked::Return(id) => go_to(format!("/app/return/{id}")),
        Asked::Finished => Err(Notice::finished()),
        Asked::Ended => Err(Notice::ended()),
        Asked::TooMany(too_many) => Ok(crowded(too_many, browser, now)),
    }
}

fn crowded(too_many: TooMany, browser: &Browser, now: Timestamp) -> Response {
    const STATUS: StatusCode = StatusCode::TOO_MANY_REQUESTS;
    let (until, seconds) = (too_many.said(), too_many.seconds_from(now));
    let why = match too_many.of {
        Crowd::Address => "Too many letters to this address.",
        Crowd::Browser => "Too many letters asked for in this browser.",
        Crowd::All => "Too many letters asked for on this computer.",
    };
    if !browser.wants_pages {
        let message = format!("{why} Try again in {seconds} seconds.");
        return ApiError::new(STATUS, message)
            .retry_after(seconds)
            .into_response();
    }
    Notice::new(
        STATUS,
        "Nothing was sent, for now",
        html! {
            p { (why) " Try again at " strong { (until) } "." }
            p.quiet { "If you were sent a letter before, the newest one still works." }
        },
    )
    .retry_after(seconds)
    .into_response()
}
