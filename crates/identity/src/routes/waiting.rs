//! The waiting page, in the browser that asked: where the letter went, the two digits, and what happens next.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::after;
use crate::browser::Browser;
use crate::challenge::{Challenge, ChallengeId, Standing};
use crate::clock::time_of_day;
use crate::identifier::IdentifierKind;
use crate::page::Page;
use crate::provider::{Provider, Shared};
use crate::refusal::{ApiError, Fields, Notice, Part};
use crate::sending::{Asked, go_on};

/// The query of the page after its button was pressed.
const ASKED_AGAIN: &str = "again";

/// What the page is made of.
struct Shown<'a> {
    challenge: &'a Challenge,
    id: ChallengeId,
    token: &'a str,
    letters: Letters,
}

/// What there is to say about letters after the first.
#[derive(Clone, Copy)]
struct Letters {
    sent_again_at: Option<Timestamp>,
    /// Until the button sends another, for somebody who has just pressed it.
    seconds_to_wait: Option<i64>,
}

impl Letters {
    fn in_words(self) -> Option<String> {
        let sent = self
            .sent_again_at
            .map(|at| format!("Sent again at {}.", time_of_day(at)));
        let wait = self
            .seconds_to_wait
            .map(|seconds| format!("You can ask again in {seconds} s."));
        match (sent, wait) {
            (Some(sent), Some(wait)) => Some(format!("{sent} {wait}")),
            (sent, wait) => sent.or(wait),
        }
    }
}

pub(super) async fn page(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId>,
    RawQuery(query): RawQuery,
) -> Result<Response, Notice> {
    let challenge = provider
        .store
        .write(move |records| records.challenge(id))
        .await
        .map_err(|error: rusqlite::Error| Notice::from(error))?
        .ok_or_else(Notice::nothing_here)?;
    if !browser.known {
        return Err(Notice::new(
            StatusCode::FORBIDDEN,
            "This page needs a cookie",
            html! {
                p { "A link is on its way, but your browser kept no cookie, so this page could not finish the sign-in." }
                p.quiet { "Allow cookies for this address, then sign in again from Keyfob." }
            },
        ));
    }
    let now = provider.clock.now();
    let standing = challenge.seen_from(&browser.hash(), now);
    if standing == Standing::Go {
        return Ok(Redirect::to(&format!("/app/return/{id}")).into_response());
    }
    let token = browser.form_token(&provider.keys.sealing);
    let asked_again = query.as_deref() == Some(ASKED_AGAIN);
    let shown = Shown {
        challenge: &challenge,
        id,
        token: &token,
        letters: Letters {
            sent_again_at: challenge.sent_again_at(),
            seconds_to_wait: Some(challenge.seconds_to_next_letter(now))
                .filter(|seconds| asked_again && *seconds > 0),
        },
    };
    let content = html! {
        div data-id=(id) data-stage=(name(standing)) { (content(standing, &shown)) }
    };
    Ok(Page::new(title(standing), content)
        .script("waiting")
        .refresh_without_script(is_passing(standing).then(|| "4".to_owned()))
        .into_response())
}

/// How the sign-in stands, for the page's script. What it tells is no secret, and only the asking browser is told.
pub(super) async fn state(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let challenge = provider
        .store
        .write(move |records| -> Result<_, ApiError> { Ok(records.challenge(id)?) })
        .await?
        .ok_or_else(ApiError::nothing_here)?;
    let standing = challenge.seen_from(&browser.hash(), provider.clock.now());
    Ok(Json(json!({ "stage": standing })))
}

#[derive(Deserialize)]
pub(super) struct Wish {
    form: String,
}

/// Sends another letter for the same sign-in.
pub(super) async fn again(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId>,
    Fields(wish): Fields<Wish>,
) -> Result<Redirect, Notice> {
    browser.must_have_sent(&wish.form, &provider.keys.sealing)?;
    match renew(&provider, &browser, id).await? {
        // The words are below the button, which a small window has scrolled to.
        Asked::Wait(id) => Ok(Redirect::to(&format!("/app/wait/{id}?{ASKED_AGAIN}#said"))),
        asked => after(asked),
    }
}

async fn renew(provider: &Provider, browser: &Browser, id: ChallengeId) -> Result<Asked, Notice> {
    let (now, base_url, hash) = (
        provider.clock.now(),
        provider.base_url.clone(),
        browser.hash(),
    );
    provider
        .store
        .write(move |records| {
            let challenge = records.challenge(id)?.ok_or_else(Notice::nothing_here)?;
            if !challenge.was_asked_by(&hash) {
                return Err(Notice::foreign_form());
            }
            Ok(go_on(records, &base_url, id, challenge.renew(now), now)?)
        })
        .await
}

/// Whether the next stage comes without the person touching this page.
fn is_passing(standing: Standing) -> bool {
    matches!(standing, Standing::Mailed | Standing::Returning)
}

fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Mailed => "mailed",
        Standing::Go => "go",
        Standing::Returning => "returning",
        Standing::SignedIn => "signed_in",
        Standing::Expired => "expired",
        Standing::Ended => "ended",
        Standing::Elsewhere => "elsewhere",
    }
}

fn title(standing: Standing) -> &'static str {
    match standing {
        Standing::Mailed => "Check your messages",
        Standing::Go | Standing::Returning => "Going back to Keyfob",
        Standing::SignedIn => "Signed in",
        Standing::Expired => "The link has expired",
        Standing::Ended => "This sign-in was ended",
        Standing::Elsewhere => "Continued in another browser",
    }
}

fn content(standing: Standing, shown: &Shown<'_>) -> Markup {
    let Shown {
        challenge,
        id,
        token,
        letters,
    } = *shown;
    let address = challenge.asking.identifier.as_str();
    let send_again = |label: &str, class: &str| {
        html! {
            form method="post" action={ "/app/wait/" (id) "/again" } {
                input type="hidden" name="form" value=(token);
                button class=(class) { (label) }
            }
        }
    };
    match standing {
        Standing::Mailed => html! {
            h1 {
                @match challenge.asking.identifier.kind() {
                    IdentifierKind::Email => "Check your mail",
                    IdentifierKind::Phone => "Check your phone",
                }
            }
            p {
                "We sent a link to " strong { (address) } ". It works until "
                strong { (time_of_day(challenge.pending_until())) } "."
            }
            p { "Follow it in this browser, and this page has done its work." }
            div.number {
                output aria-label="Number to type in another browser" { (challenge.number) }
                span { "If you open the link in another browser or on your phone, type this number there." }
            }
            hr;
            p.quiet { "This local provider sends nothing out: the letter is in its outbox." }
            div.row {
                a.button href="/outbox" target="_blank" rel="noopener" { "Open the outbox" }
                (send_again("Send again", "second"))
            }
            p #said .quiet role="status" { @if let Some(said) = letters.in_words() { (said) } }
        },
        Standing::Go | Standing::Returning => html! {
            h1 { "Go back to Keyfob" }
            p role="status" { "The link was followed. Keyfob finishes the sign-in; if it did not open, open it from here." }
            a.button.full href={ "/app/return/" (id) } { "Go back to Keyfob" }
        },
        Standing::SignedIn => html! {
            h1 { "You are signed in" }
            p role="status" { "You may close this page." }
        },
        Standing::Expired => html! {
            h1 { "The link has expired" }
            p role="status" { "Nobody finished the sign-in with the link that we sent to " strong { (address) } " in time." }
            (send_again("Send a new link", "full"))
        },
        Standing::Ended => html! {
            h1 { "This sign-in was ended" }
            p role="status" { "Somebody typed a wrong number three times, so the link no longer works." }
            p.quiet { "To sign in, begin again in Keyfob." }
        },
        Standing::Elsewhere => html! {
            h1 { "Continued in another browser" }
            p role="status" { "This sign-in was opened in another browser since, and goes on there." }
            p.quiet { "You may close this page." }
        },
    }
}
