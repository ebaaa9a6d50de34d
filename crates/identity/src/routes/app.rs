//! `/app`, the hosted page: it takes an address, or has it from the client, and sends a link or a code.

use std::sync::Arc;

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
use crate::method::Method;
use crate::page::Page;
use crate::provider::{Provider, Shared};
use crate::refusal::{Fields, Notice};
use crate::sign_in_request::{BadRequest, SignInRequest};

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
    let chosen = Chosen {
        channel: request.channels[0],
        method: None,
    };
    send(&provider, &browser, request, &query, &input, chosen).await
}

/// What the person chose on the form.
struct Chosen {
    channel: Channel,
    method: Option<Method>,
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    form: String,
    input: String,
    channel: Option<String>,
    method: Option<String>,
}

/// Sends a letter to the address that was typed.
pub(super) async fn submit(
    State(provider): Shared,
    browser: Browser,
    RawQuery(query): RawQuery,
    Fields(submitted): Fields<Submitted>,
) -> Result<Response, Notice> {
    browser.must_have_sent(&submitted.form, &provider.keys.sealing)?;
    let query = query.unwrap_or_default();
    let request = accept(&query)?;
    let channel = submitted.channel.as_deref().and_then(Channel::from_wire);
    let chosen = Chosen {
        channel: channel
            .filter(|channel| request.channels.contains(channel))
            .unwrap_or(request.channels[0]),
        method: submitted.method.as_deref().and_then(Method::from_wire),
    };
    let input = &submitted.input;
    send(&provider, &browser, request, &query, input, chosen).await
}

async fn send(
    provider: &Arc<Provider>,
    browser: &Browser,
    request: SignInRequest,
    query: &str,
    input: &str,
    chosen: Chosen,
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
        channel: chosen.channel,
        browser: browser.hash(),
        agent: browser.agent.clone(),
    };
    let usual = request.method.unwrap_or(Method::usual_for(request.kind));
    let asked = provider
        .at_the_desk(browser, move |desk| -> Result<_, Notice> {
            if let Some(user) = &request.attempt.user
                && desk.records.user(user)?.is_none()
            {
                return Err(Notice::bad_request(
                    "It names a user that this provider does not know.",
                ));
            }
            Ok(desk.ask(request.attempt, asking, chosen.method, usual)?)
        })
        .await?;
    Ok(browser.keep(after(asked, browser, provider.clock.now())?))
}

fn accept(query: &str) -> Result<SignInRequest, Notice> {
    SignInRequest::parse(query).map_err(|refused| match refused {
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
    })
}

/// The one field of the page.
struct AddressForm<'a> {
    kind: IdentifierKind,
    /// The client's wish; without one, the person may choose.
    method: Option<Method>,
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
            method: request.method,
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
        let first = self.method.unwrap_or(Method::usual_for(self.kind));
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
                button.full name="method" value=(first.on_the_wire()) { "Send me a " (first.name()) }
                @if self.method.is_none() {
                    button.full.second name="method" value=(first.other().on_the_wire()) {
                        "Send me a " (first.other().name()) " instead"
                    }
                }
            }
            p.quiet { "There is no password: the letter that we send signs you in." }
        }
    }
}
