//! The outbox: the mailbox of everybody who signs in here, and the front page that leads to it.

use axum::Json;
use axum::extract::State;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::clock::time_of_day;
use crate::letter::{Channel, Letter, Post};
use crate::page::Page;
use crate::provider::Shared;
use crate::refusal::{ApiError, Notice};

pub(super) async fn home() -> Page {
    Page::new(
        "Local identity provider",
        html! {
            h1 { "Keyfob’s local identity provider" }
            p { "It runs on this computer, so that you can try Keyfob without an account anywhere. To sign in, begin in Keyfob." }
            p { a.button href="/outbox" { "Open the outbox" } }
        },
    )
}

pub(super) async fn page(State(provider): Shared) -> Result<Page, Notice> {
    let now = provider.clock.now();
    let (letters, newest) = provider
        .store
        .write(move |records| -> Result<_, Notice> {
            records.tidy(now)?;
            Ok((records.letters()?, records.newest_letter()?))
        })
        .await?;
    let content = html! {
        h1 { "Outbox" }
        p.quiet {
            @if provider.postman.is_some() {
                "What this provider sends is kept here for a day, newest first. Messages to phones go nowhere else."
            } @else {
                "This provider sends nothing out. What it would send is kept here for a day, newest first."
            }
        }
        div #letters data-newest=(newest) aria-live="polite" {
            @if letters.is_empty() {
                p.empty { "No letters yet. Sign in from Keyfob, and yours appears here." }
            }
            ol.letters { @for (number, letter, post) in &letters { li data-letter=(number) { (show(letter, post)) } } }
        }
    };
    Ok(Page::new("Outbox", content).wide().script("outbox"))
}

/// The number of the newest letter, for the page's script.
pub(super) async fn newest(State(provider): Shared) -> Result<Json<Value>, ApiError> {
    let newest = provider
        .store
        .write(|records| -> Result<_, ApiError> { Ok(records.newest_letter()?) })
        .await?;
    Ok(Json(json!({ "newest": newest })))
}

fn show(letter: &Letter, post: &Post) -> Markup {
    html! {
        article.letter data-to=(letter.to) data-channel=(letter.channel.on_the_wire()) {
            header {
                h2 {
                    @match letter.channel {
                        Channel::Email => (letter.subject),
                        Channel::Sms | Channel::WhatsApp => (letter.channel.name()),
                    }
                }
                time datetime=(letter.sent_at) { (time_of_day(letter.sent_at)) }
            }
            p.route { "From Keyfob · to " (letter.to) @if *post == Post::Sent { " · sent" } }
            @if let Post::Failed(why) = post {
                p.wrong { "It could not be sent: " (why) "." }
            }
            div.body { (letter.body()) }
        }
    }
}
