//! The waiting page, in the browser that asked: where the letter went, what to do with it, and what happens next.
//!
//! For a link it shows the two digits, for a one-time code the field to type it into.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Press, after};
use crate::browser::Browser;
use crate::challenge::{Challenge, ChallengeId, Standing, Typed};
use crate::letter::Post;
use crate::method::Method;
use crate::one_time_code::OneTimeCode;
use crate::page::Page;
use crate::provider::{Provider, Shared};
use crate::refusal::{ApiError, Fields, Notice, Part};
use crate::sending::Asked;
use crate::store::Records;

mod words;
use words::{Letters, Shown, WrongCode};

/// The query of the page after its button was pressed.
const ASKED_AGAIN: &str = "again";

pub(super) async fn page(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId>,
    RawQuery(query): RawQuery,
) -> Result<Response, Notice> {
    let (challenge, post) = provider
        .store
        .write(move |records| find(records, id)?.ok_or_else(Notice::nothing_here))
        .await?;
    if !browser.known {
        return Err(Notice::new(
            StatusCode::FORBIDDEN,
            "This page needs a cookie",
            maud::html! {
                p { "A letter is on its way, but your browser kept no cookie, so this page could not finish the sign-in." }
                p.quiet { "Allow cookies for this address, then sign in again from Keyfob." }
            },
        ));
    }
    let now = provider.clock.now();
    if challenge.seen_from(&browser.hash(), now) == Standing::Go {
        return Ok(Redirect::to(&format!("/app/return/{id}")).into_response());
    }
    let asked_again = query.as_deref() == Some(ASKED_AGAIN);
    let mut shown = shown(&provider, &browser, &challenge, post, id);
    if !asked_again {
        shown.letters.seconds_to_wait = None;
    }
    Ok(render(&shown).into_response())
}

/// A sign-in, and how its newest letter travels.
fn find(records: &Records<'_>, id: ChallengeId) -> rusqlite::Result<Option<(Challenge, Post)>> {
    let Some(challenge) = records.challenge(id)? else {
        return Ok(None);
    };
    Ok(Some((
        challenge,
        records.post_of(id)?.unwrap_or(Post::Kept),
    )))
}

/// What the page is made of, for one who has just pressed its button.
fn shown<'a>(
    provider: &Provider,
    browser: &Browser,
    challenge: &'a Challenge,
    post: Post,
    id: ChallengeId,
) -> Shown<'a> {
    let now = provider.clock.now();
    Shown {
        challenge,
        post,
        id,
        standing: challenge.seen_from(&browser.hash(), now),
        token: browser.form_token(&provider.keys.sealing),
        letters: Letters {
            sent_again_at: challenge.sent_again_at(),
            seconds_to_wait: Some(challenge.seconds_to_next_letter(now)).filter(|left| *left > 0),
        },
        wrong: None,
    }
}

fn render(shown: &Shown<'_>) -> Page {
    let standing = shown.standing;
    let content = maud::html! {
        div data-id=(shown.id) data-stage=(words::name(standing)) data-failed=(shown.post.has_failed()) { (shown.content()) }
    };
    let page = Page::new(words::title(standing), content)
        .script("waiting")
        // A page with a field is not loaded again under the hands of who types.
        .refresh_without_script(is_passing(standing).then(|| "4".to_owned()));
    if standing == Standing::Code {
        page.forms_may_lead_to(shown.challenge.attempt.redirect_url.loopback_origin())
    } else {
        page
    }
}

/// How the sign-in stands, for the page's script. What it tells is no secret, and only the asking browser is told.
pub(super) async fn state(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let (challenge, post) = provider
        .store
        .write(move |records| find(records, id)?.ok_or_else(ApiError::nothing_here))
        .await?;
    let standing = challenge.seen_from(&browser.hash(), provider.clock.now());
    Ok(Json(
        json!({ "stage": standing, "failed": post.has_failed() }),
    ))
}

/// Sends another letter for the same sign-in; with the other `method`, of the other kind.
pub(super) async fn again(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId>,
    Fields(press): Fields<Press>,
) -> Result<Response, Notice> {
    browser.must_have_sent(&press.form, &provider.keys.sealing)?;
    let hash = browser.hash();
    let asked = provider
        .at_the_desk(&browser, move |desk| {
            let challenge = desk.records.challenge(id)?;
            let challenge = challenge.ok_or_else(Notice::nothing_here)?;
            if !challenge.was_asked_by(&hash) {
                return Err(Notice::foreign_form());
            }
            let method = press.method.as_deref().and_then(Method::from_wire);
            let method = method.unwrap_or(challenge.method);
            Ok(desk.go_on(id, challenge.renew(method, desk.now))?)
        })
        .await?;
    match asked {
        // The words are below the button, which a small window has scrolled to.
        Asked::Wait(id) => {
            let address = format!("/app/wait/{id}?{ASKED_AGAIN}#said");
            Ok(Redirect::to(&address).into_response())
        }
        asked => after(asked, &browser, provider.clock.now()),
    }
}

#[derive(Deserialize)]
pub(super) struct TypedCode {
    form: String,
    code: String,
}

/// Takes the code that was typed.
pub(super) async fn type_code(
    State(provider): Shared,
    browser: Browser,
    Part(id, ..): Part<ChallengeId>,
    Fields(typed): Fields<TypedCode>,
) -> Result<Response, Notice> {
    browser.must_have_sent(&typed.form, &provider.keys.sealing)?;
    let now = provider.clock.now();
    let code = OneTimeCode::typed(&typed.code);
    let (secret, key) = (browser.secret().to_owned(), provider.keys.sealing.clone());
    let (challenge, post, outcome) = provider
        .store
        .write(move |records| {
            let (challenge, post) = find(records, id)?.ok_or_else(Notice::nothing_here)?;
            // What cannot be a code is a slip of the hand, and costs no try.
            let Some(code) = code else {
                return Ok((challenge, post, None));
            };
            let (challenge, outcome) = challenge.type_code(&code, &secret, &key, now);
            records.keep_challenge(id, &challenge, now)?;
            Ok::<_, Notice>((challenge, post, Some(outcome)))
        })
        .await?;
    let mut shown = shown(&provider, &browser, &challenge, post, id);
    let wrong = match outcome {
        Some(Typed::Right) => {
            return Ok(Redirect::to(&format!("/app/return/{id}")).into_response());
        }
        Some(Typed::Wrong { left }) if left > 0 => WrongCode::Wrong { left },
        None if shown.standing == Standing::Code => WrongCode::NotSixDigits,
        _ => return Ok(Redirect::to(&format!("/app/wait/{id}")).into_response()),
    };
    shown.letters.seconds_to_wait = None;
    shown.wrong = Some(wrong);
    let page = render(&shown).status(StatusCode::UNPROCESSABLE_ENTITY);
    Ok(page.into_response())
}

/// Whether the next stage comes without the person touching this page.
fn is_passing(standing: Standing) -> bool {
    matches!(standing, Standing::Mailed | Standing::Returning)
}
