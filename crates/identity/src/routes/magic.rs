//! `/magic/{token}`, the mailed link.
//!
//! Opening it only shows a page, however often and by whomever: mail scanners open links too. The button on it is
//! what signs in. In a browser that did not ask, the page says who did and when, and wants the two digits.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Press, after};
use crate::agent;
use crate::browser::Browser;
use crate::challenge::{Challenge, ChallengeId, Clicked, LinkState};
use crate::clock::time_of_day;
use crate::method::Method;
use crate::page::Page;
use crate::provider::Shared;
use crate::refusal::{Fields, Notice, Part};
use crate::secret::SecretHash;
use crate::sending::Asked;
use crate::store::Records;

pub(super) async fn page(
    State(provider): Shared,
    browser: Browser,
    Part(token, ..): Part<String>,
) -> Result<Response, Notice> {
    let link = SecretHash::of(&token);
    let (_, challenge) = provider
        .store
        .write({
            let link = link.clone();
            move |records| find(records, &link)
        })
        .await?;
    let button = Button {
        token: &token,
        form: browser.form_token(&provider.keys.sealing),
    };
    let page = match challenge.link_state(&link, provider.clock.now()) {
        LinkState::Live if challenge.was_asked_by(&browser.hash()) => button.alone(&challenge),
        LinkState::Live => button.with_number(&challenge, None),
        dead => button.dead(dead, &challenge)?,
    };
    Ok(browser.keep(page))
}

#[derive(Deserialize)]
pub(super) struct Pressed {
    form: String,
    number: Option<String>,
}

pub(super) async fn press(
    State(provider): Shared,
    browser: Browser,
    Part(token, ..): Part<String>,
    Fields(pressed): Fields<Pressed>,
) -> Result<Response, Notice> {
    browser.must_have_sent(&pressed.form, &provider.keys.sealing)?;
    let (link, hash, now) = (SecretHash::of(&token), browser.hash(), provider.clock.now());
    let (id, challenge, clicked) = provider
        .store
        .write(move |records| {
            let (id, challenge) = find(records, &link)?;
            let (challenge, clicked) =
                challenge.click(&link, &hash, pressed.number.as_deref(), now);
            records.keep_challenge(id, &challenge, now)?;
            Ok::<_, Notice>((id, challenge, clicked))
        })
        .await?;
    let button = Button {
        token: &token,
        form: pressed.form,
    };
    Ok(match clicked {
        Clicked::Here => Redirect::to(&format!("/app/return/{id}")).into_response(),
        Clicked::Elsewhere => go_back(&challenge).into_response(),
        Clicked::WrongNumber { left } => button.with_number(&challenge, Some(left)).into_response(),
        Clicked::Dead(state) => button.dead(state, &challenge)?.into_response(),
    })
}

/// A new link for the same sign-in, asked for from an old one.
pub(super) async fn again(
    State(provider): Shared,
    browser: Browser,
    Part(token, ..): Part<String>,
    Fields(press): Fields<Press>,
) -> Result<Response, Notice> {
    browser.must_have_sent(&press.form, &provider.keys.sealing)?;
    let link = SecretHash::of(&token);
    let asked = provider
        .at_the_desk(&browser, move |desk| {
            let (id, challenge) = find(desk.records, &link)?;
            // A code could be typed in the asking browser only, and this may be another.
            let again = challenge.renew(Method::MagicLink, desk.now);
            Ok::<_, Notice>(desk.go_on(id, again)?)
        })
        .await?;
    match asked {
        Asked::Wait(_) | Asked::Return(_) => Ok(Notice::new(
            StatusCode::OK,
            "A new link is on its way",
            html! {
                p { "Look for the newest letter; older links no longer work." }
                p.quiet { "If nothing arrives: every letter is in this local provider’s " a href="/outbox" { "outbox" } ", too." }
            },
        )
        .into_response()),
        refused => after(refused, &browser, provider.clock.now()),
    }
}

fn find(records: &Records<'_>, link: &SecretHash) -> Result<(ChallengeId, Challenge), Notice> {
    records.challenge_of_link(link)?.ok_or_else(|| {
        Notice::new(
            StatusCode::NOT_FOUND,
            "This link is not known here",
            html! {
                p { "It was cut short on its way, or it is older than a day." }
                p.quiet { "Open it again from the letter, or sign in again from Keyfob." }
            },
        )
    })
}

fn go_back(challenge: &Challenge) -> Page {
    Page::new(
        "Signed in",
        html! {
            h1 { "You can go back to where you started" }
            p { (agent::in_words(&challenge.asking.agent)) " goes on by itself. You may close this page." }
        },
    )
}

/// What the pages of one link share.
struct Button<'a> {
    token: &'a str,
    form: String,
}

impl Button<'_> {
    /// For the browser that asked: one button.
    fn alone(&self, challenge: &Challenge) -> Page {
        Self::page(
            challenge,
            html! {
                h1 { "Sign in to Keyfob" }
                p { "You are signing in as " strong { (challenge.asking.identifier.as_str()) } "." }
                (self.form("", &html! { button.full { "Sign in" } }))
            },
        )
    }

    /// For any other browser: who asked, and the number as the proof that it was this person.
    fn with_number(&self, challenge: &Challenge, wrong_left: Option<u8>) -> Page {
        let tries = |left: u8| if left == 1 { "one try" } else { "two tries" };
        Self::page(
            challenge,
            html! {
                h1 { "Is this you, signing in?" }
                dl.facts {
                    dt { "Signs in" } dd { (challenge.asking.identifier.as_str()) }
                    dt { "To" } dd { "Keyfob" }
                    dt { "Asked in" } dd { (agent::in_words(&challenge.asking.agent)) }
                    dt { "At" } dd { (time_of_day(challenge.asked_at)) }
                }
                (self.form("", &html! {
                    label for="number" { "Type the two-digit number that is shown there" }
                    @if let Some(left) = wrong_left {
                        p #wrong .wrong role="alert" {
                            "That is not the number. You have " (tries(left)) " left."
                        }
                    }
                    input #number .digits type="text" name="number" inputmode="numeric" pattern="[0-9]{2}" maxlength="2"
                        autocomplete="off" required autofocus
                        aria-invalid=(wrong_left.is_some()) aria-describedby=[wrong_left.map(|_| "wrong")];
                    button.full { "Sign in" }
                }))
                p.quiet { "If you did not ask for this, close this page. Nobody is signed in without the number." }
            },
        )
        .status(if wrong_left.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        })
    }

    /// For a link that does nothing any more: why, and a new one where that helps.
    fn dead(&self, state: LinkState, challenge: &Challenge) -> Result<Page, Notice> {
        let (title, why) = match state {
            LinkState::Finished => return Err(Notice::finished()),
            LinkState::Ended | LinkState::Live => return Err(Notice::ended()),
            LinkState::Expired => (
                "This link has expired",
                "A link works for fifteen minutes after it was sent.",
            ),
            LinkState::Replaced => (
                "A newer letter was sent",
                "Only the newest letter works. Use that one.",
            ),
            LinkState::Used => (
                "This link was used",
                "A link works once. If Keyfob did not notice, have a new one sent.",
            ),
        };
        let content = html! {
            h1 { (title) }
            p { (why) }
            (self.form("/again", &html! { button.full { "Send a new link" } }))
            p.quiet { "It goes to " (challenge.asking.identifier.as_str()) "." }
        };
        Ok(Page::new(title, content).status(StatusCode::GONE))
    }

    fn page(challenge: &Challenge, content: Markup) -> Page {
        Page::new("Sign in", content)
            .forms_may_lead_to(challenge.attempt.redirect_url.loopback_origin())
    }

    fn form(&self, tail: &str, fields: &Markup) -> Markup {
        html! {
            form method="post" action={ "/magic/" (self.token) (tail) } {
                input type="hidden" name="form" value=(self.form);
                (fields)
            }
        }
    }
}
