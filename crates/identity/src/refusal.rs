//! How the provider says no: to programs as `{"msg","type"}`, to people as a page.
//!
//! A refusal states what happened and, to people, what to do next. A failure of ours (the database, say) is logged
//! and answered with 500, which to clients means that nothing was consumed and they may ask again.

use std::marker::PhantomData;

use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use maud::{Markup, html};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::page::Page;

/// An error body of Cotter's wire. Its `type` is empty there too.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    retry_after: Option<i64>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            retry_after: None,
        }
    }

    /// Says after how many seconds it is worth to ask again.
    pub(crate) fn retry_after(self, seconds: i64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn nothing_here() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
    }

    pub(crate) fn unknown_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "The API key id is missing or unknown.",
        )
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the database failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something failed at the provider. Nothing was used up; try again.",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"msg": self.message, "type": ""});
        with_retry_after(self.retry_after, (self.status, Json(body)).into_response())
    }
}

/// A JSON body; one that cannot be read is refused in the wire's own form.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection @ JsonRejection::BytesRejection(_)) => {
                Err(ApiError::new(rejection.status(), rejection.body_text()))
            }
            Err(rejection) => Err(ApiError::bad_request(rejection.body_text())),
        }
    }
}

/// The query of a program's request; one that cannot be read is refused in the wire's own form.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::bad_request(rejection.body_text())),
        }
    }
}

/// A part of the path; one that is not of the expected kind leads nowhere, like any unknown address.
///
/// `R` is how that is said: to people as a [`Notice`], to programs as an [`ApiError`].
pub(crate) struct Part<T, R = Notice>(pub(crate) T, pub(crate) PhantomData<R>);

impl<T, R, S> FromRequestParts<S> for Part<T, R>
where
    T: DeserializeOwned + Send,
    R: From<PathRejection> + IntoResponse,
    S: Send + Sync,
{
    type Rejection = R;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, R> {
        let Path(value) = Path::from_request_parts(parts, state).await?;
        Ok(Self(value, PhantomData))
    }
}

impl From<PathRejection> for Notice {
    fn from(_: PathRejection) -> Self {
        Self::nothing_here()
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::nothing_here()
    }
}

/// The fields of a form on one of our pages.
pub(crate) struct Fields<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Fields<T> {
    type Rejection = Notice;

    async fn from_request(request: Request, state: &S) -> Result<Self, Notice> {
        let Form(fields) = Form::from_request(request, state).await?;
        Ok(Self(fields))
    }
}

impl From<FormRejection> for Notice {
    fn from(rejection: FormRejection) -> Self {
        Self::new(
            rejection.status(),
            "This form came incomplete",
            html! {
                p { "Something is missing in what your browser sent, so nothing was done." }
                p.quiet { "Open the page again and use its button." }
            },
        )
    }
}

/// A page that says what happened and what to do next.
#[derive(Debug)]
pub(crate) struct Notice {
    status: StatusCode,
    title: String,
    text: Markup,
    retry_after: Option<i64>,
}

impl Notice {
    pub(crate) fn new(status: StatusCode, title: impl Into<String>, text: Markup) -> Self {
        Self {
            status,
            title: title.into(),
            text,
            retry_after: None,
        }
    }

    /// Says after how many seconds it is worth to ask again.
    pub(crate) fn retry_after(self, seconds: i64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// A request that no client of ours should have made.
    pub(crate) fn bad_request(what: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "This sign-in address is incomplete",
            html! {
                p { (what) }
                p.quiet { "Go back to the program that opened this page and sign in again from there." }
            },
        )
    }

    pub(crate) fn nothing_here() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            html! {
                p { "To sign in, begin in Keyfob. Letters that were sent are in the " a href="/outbox" { "outbox" } "." }
            },
        )
    }

    pub(crate) fn finished() -> Self {
        Self::new(
            StatusCode::OK,
            "This sign-in is finished",
            html! {
                p { "You can close this page. To sign in again, begin in Keyfob." }
            },
        )
    }

    pub(crate) fn ended() -> Self {
        Self::new(
            StatusCode::GONE,
            "This sign-in was ended",
            html! {
                p { "Nobody was signed in. This happens after too many wrong numbers or codes, or when an answer arrived in the wrong hands." }
                p.quiet { "To sign in, begin again in Keyfob. If you did not ask for this letter, there is nothing to do." }
            },
        )
    }

    /// A form from a page that this browser was not shown.
    pub(crate) fn foreign_form() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This page cannot be used from here",
            html! {
                p { "Your browser did not send back the cookie that this page needs, so the button does nothing." }
                p.quiet { "Allow cookies for this address, then open the page again." }
            },
        )
    }
}

impl From<rusqlite::Error> for Notice {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the database failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something failed at the provider",
            html! { p { "Nothing was used up. Load this page again." } },
        )
    }
}

impl IntoResponse for Notice {
    fn into_response(self) -> Response {
        let page = Page::new(
            self.title.clone(),
            html! {
                h1 { (self.title) }
                (self.text)
            },
        );
        with_retry_after(self.retry_after, page.status(self.status).into_response())
    }
}

fn with_retry_after(seconds: Option<i64>, mut response: Response) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// Whether the answer is for somebody to read, and not for a program.
pub(crate) fn wants_pages(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
