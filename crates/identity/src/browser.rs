//! One browser, recognised by a cookie.
//!
//! The cookie holds 256 random bits; the provider stores their hash with a sign-in, and so knows the browser that
//! asked. It is sent to `/app` and `/magic` only: cookies do not know ports, and a client's own listener on the same
//! loopback address has no business with it. [`Browser::form_token`] ties a form to the browser it was shown in, so
//! that no other site can press its button.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::refusal::{Notice, wants_pages};
use crate::secret::{SealingKey, SecretHash, random_text};

const COOKIE_NAME: &str = "keyfob-identity-browser";
const COOKIE_PATHS: [&str; 2] = ["/app", "/magic"];
const COOKIE_SECONDS: u32 = 24 * 60 * 60;

/// The browser behind a request; one that brought no cookie gets a new secret.
pub(crate) struct Browser {
    secret: String,
    /// Whether the browser kept the cookie that it was given before.
    pub(crate) known: bool,
    /// Its `User-Agent`; empty if it sent none.
    pub(crate) agent: String,
    /// Whether it wants pages, as what people use does.
    pub(crate) wants_pages: bool,
}

impl Browser {
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.secret)
    }

    /// What a form must carry to be accepted from this browser.
    pub(crate) fn form_token(&self, key: &SealingKey) -> String {
        key.derive("form", &[self.secret.as_bytes()])
    }

    /// Refuses a form that did not come from a page which this browser was shown.
    pub(crate) fn must_have_sent(&self, token: &str, key: &SealingKey) -> Result<(), Notice> {
        if key.recognises(token, "form", &[self.secret.as_bytes()]) {
            Ok(())
        } else {
            Err(Notice::foreign_form())
        }
    }

    /// The response, with the cookie that makes the browser known next time.
    pub(crate) fn keep(&self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        for path in COOKIE_PATHS {
            let cookie = format!(
                "{COOKIE_NAME}={}; Path={path}; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax",
                self.secret
            );
            let value = HeaderValue::from_str(&cookie).expect("the secret is base64url");
            response.headers_mut().append(SET_COOKIE, value);
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let brought = secret_in(&parts.headers);
        Ok(Self {
            known: brought.is_some(),
            secret: brought.unwrap_or_else(random_text),
            agent: parts
                .headers
                .get(USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            wants_pages: wants_pages(&parts.headers),
        })
    }
}

fn secret_in(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| {
            *name == COOKIE_NAME
                && value.len() == 43
                && value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        .map(|(_, value)| value.to_owned())
}
