//! The way back: the one page that redirects to the client, and offers the same link for the hand.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use crate::browser::Browser;
use crate::challenge::{ChallengeId, Standing};
use crate::page::Page;
use crate::provider::Shared;
use crate::refusal::{Notice, Part};

/// Redirects when it is first shown. Shown again, it leaves the redirect to a press.
pub(super) async fn page(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId>,
) -> Result<Response, Notice> {
    let now = provider.clock.now();
    let key = provider.keys.sealing.clone();
    let (secret, hash) = (browser.secret().to_owned(), browser.hash());
    let answer = provider
        .store
        .write(move |records| {
            let challenge = records.challenge(id)?.ok_or_else(Notice::nothing_here)?;
            let standing = challenge.seen_from(&hash, now);
            let Some(answer) = challenge.answer(id, &secret, &key, now) else {
                return Err(too_late(standing, id));
            };
            records.keep_challenge(id, &answer.challenge, now)?;
            Ok(answer)
        })
        .await?;
    let redirect_url = &answer.challenge.attempt.redirect_url;
    let state = &answer.challenge.attempt.state;
    let link = redirect_url.with_answer(&answer.code, state, id);
    let link = provider
        .faults
        .iter()
        .fold(link, |link, faults| faults.on_the_way_back(link));
    if answer.first && redirect_url.loopback_origin().is_some() {
        return Ok(Redirect::to(&link).into_response());
    }
    let content = html! {
        h1 { "Back to Keyfob" }
        @if answer.first {
            p { "Your browser is opening Keyfob. It may ask you first: allow it." }
        } @else {
            p { "Keyfob was opened from here before. If it did not notice, open it again." }
        }
        p {
            a #return-link .button .full href=(link) data-go=[answer.first.then_some("now")] { "Open Keyfob" }
        }
        hr;
        p.quiet {
            "Nothing happened? Copy the return link and paste it into Keyfob, under "
            "“Paste return link”. It works once, for five minutes."
        }
        div.row { button #copy .second type="button" hidden { "Copy return link" } }
        p #said .quiet role="status" {}
    };
    Ok(Page::new("Back to Keyfob", content)
        .script("returning")
        .refresh_without_script(answer.first.then(|| format!("0;url={link}")))
        .into_response())
}

fn too_late(standing: Standing, id: ChallengeId) -> Notice {
    match standing {
        Standing::Ended => Notice::ended(),
        Standing::SignedIn => Notice::finished(),
        Standing::Expired => Notice::new(
            StatusCode::GONE,
            "This came too late",
            html! {
                p { "A letter works for some minutes, and the way back that it opens for five. Nobody was signed in." }
                p { a href={ "/app/wait/" (id) } { "Have a new letter sent" } }
            },
        ),
        _ => Notice::new(
            StatusCode::NOT_FOUND,
            "Not signed in yet",
            html! {
                p { "The letter was not used yet, or it was asked for in another browser." }
                p { a href={ "/app/wait/" (id) } { "See how the sign-in stands" } }
            },
        ),
    }
}
