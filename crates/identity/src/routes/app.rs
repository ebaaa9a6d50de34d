//! `/app`, the hosted page: it takes an address, or has it from the client, and sends the link.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::after;
use crate::browser::Browser;
use crate::challenge::Asking;
use crate::identifier::{Identifier, IdentifierKind, InvalidIdentifier};
use crate::letter::Channel;
use crate::page::Page;
use crate::provider::{Provider, Shared};
use crate::refusal::{Fields, Notice};
use crate::sending::ask;
use crate::sign_in_request::{BadRequest, Method, SignInRequest};

/// Shows the form, or sends at once if the client knows the address (`direct_login`).
pub(super) async fn open(
    State(provider): Shared,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Notice> {
    let query = query.unwrap_or_default();
    let request = accept(&query)?;
    if !request.direct {
        let form = AddressForm::of(&request, &query, browser.form_token(&provider.keys.sealing));
        return Ok(browser.keep(form.page()));
    }
    let input = request.input.clone().unwrap_or_default();
    let channel = request.channels[0];
    send(&provider, &browser, request, &query, &input, channel).await
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    form: String,
    input: String,
    channel: Option<String>,
}

/// Sends the link to the address that was typed.
pub(super) async fn submit(
    State(provider): Shared,
    browser: Browser,
    RawQuery(query): RawQuery,
    Fields(submitted): Fields<Submitted>,
) -> Result<Response, Notice> {
    browser.must_have_sent(&submitted.form, &provider.keys.sealing)?;
    let query = query.unwrap_or_default();
    let request = accept(&query)?;
    let chosen = submitted.channel.as_deref().and_then(Channel::from_wire);
    let channel = chosen
        .filter(|channel| request.channels.contains(channel))
        .unwrap_or(request.channels[0]);
    send(
        &provider,
        &browser,
        request,
        &query,
        &submitted.input,
        channel,
    )
    .await
}

async fn send(
    provider: &Provider,
    browser: &Browser,
    request: SignInRequest,
    query: &str,
    input: &str,
    channel: Channel,
) -> Result<Response, Notice> {
    let identifier = match Identifier::parse(request.kind, input) {
        Ok(identifier) => identifier,
        Err(wrong) => {
            let form = AddressForm {
                value: input,
                wrong: Some(wrong),
                ..AddressForm::of(&request, query, browser.form_token(&provider.keys.sealing))
            };
            return Ok(browser.keep(form.page()));
        }
    };
    let asking = Asking {
        identifier,
        channel,
        browser: browser.hash(),
        agent: browser.agent.clone(),
    };
    let (now, base_url) = (provider.clock.now(), provider.base_url.clone());
    let asked = provider
        .store
        .write(move |records| -> Result<_, Notice> {
            if let Some(user) = &request.attempt.user
                && records.user(user)?.is_none()
            {
                return Err(Notice::bad_request(
                    "It names a user that this provider does not know.",
                ));
            }
            Ok(ask(records, &base_url, request.attempt, asking, now)?)
        })
        .await?;
    Ok(browser.keep(after(asked)?))
}

fn accept(query: &str) -> Result<SignInRequest, Notice> {
    let request = SignInRequest::parse(query).map_err(|refused| match refused {
        BadRequest::Redirect(refused) => Notice::new(
            StatusCode::FORBIDDEN,
            "This program may not sign you in here",
            html! {
                p { (refused) }
                p.quiet { "Nothing was sent. You can close this page." }
            },
        ),
        BadRequest::Key => Notice::new(
            StatusCode::UNAUTHORIZED,
            "This program is not known here",
            html! {
                p { (BadRequest::Key) }
                p.quiet { "Check the provider's address and key in the program that opened this page." }
            },
        ),
        other => Notice::bad_request(&other.to_string()),
    })?;
    if request.method == Method::OneTimeCode {
        return Err(Notice::new(
            StatusCode::BAD_REQUEST,
            "This provider sends links only, for now",
            html! {
                p { "The program that opened this page asked for a one-time code (" code { "auth_method=OTP" } ")." }
                p.quiet { "Ask for a link there (" code { "MAGIC_LINK" } "), then sign in again." }
            },
        ));
    }
    Ok(request)
}

/// The one field of the page.
struct AddressForm<'a> {
    kind: IdentifierKind,
    channels: &'a [Channel],
    query: &'a str,
    value: &'a str,
    wrong: Option<InvalidIdentifier>,
    token: String,
}

impl<'a> AddressForm<'a> {
    fn of(request: &'a SignInRequest, query: &'a str, token: String) -> Self {
        Self {
            kind: request.kind,
            channels: &request.channels,
            query,
            value: request.input.as_deref().unwrap_or_default(),
            wrong: None,
            token,
        }
    }

    fn page(&self) -> Response {
        let status = if self.wrong.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        Page::new("Sign in", self.markup())
            .status(status)
            .into_response()
    }

    fn markup(&self) -> Markup {
        let (label, field, complete) = match self.kind {
            IdentifierKind::Email => ("E-mail address", "email", "email"),
            IdentifierKind::Phone => ("Phone number, beginning with +", "tel", "tel"),
        };
        html! {
            h1 { "Sign in to Keyfob" }
            form method="post" action={ "/app?" (self.query) } novalidate {
                input type="hidden" name="form" value=(self.token);
                label for="input" { (label) }
                @if let Some(wrong) = &self.wrong {
                    p #wrong .wrong role="alert" { (wrong) }
                }
                input #input type=(field) name="input" value=(self.value) autocomplete=(complete) required autofocus
                    aria-invalid=(self.wrong.is_some()) aria-describedby=[self.wrong.as_ref().map(|_| "wrong")];
                @if self.channels.len() > 1 {
                    fieldset {
                        legend { "Send it by" }
                        @for (place, channel) in self.channels.iter().enumerate() {
                            label {
                                input type="radio" name="channel" value=(channel.on_the_wire()) checked[place == 0];
                                (channel.name())
                            }
                        }
                    }
                }
                button.full { "Send me a link" }
            }
            p.quiet { "We send a link that signs you in. There is no password." }
        }
    }
}
