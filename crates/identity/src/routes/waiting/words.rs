//! What the waiting page says, at every standing of a sign-in.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::challenge::{Challenge, ChallengeId, Standing};
use crate::clock::time_of_day;
use crate::identifier::IdentifierKind;
use crate::letter::{Channel, Post};

/// What the page is made of.
pub(super) struct Shown<'a> {
    pub(super) challenge: &'a Challenge,
    /// How the newest letter travels.
    pub(super) post: Post,
    pub(super) id: ChallengeId,
    pub(super) standing: Standing,
    /// What a form of this page must carry.
    pub(super) token: String,
    pub(super) letters: Letters,
    /// Why the code that was just typed did not do.
    pub(super) wrong: Option<WrongCode>,
}

/// What there is to say about letters after the first.
pub(super) struct Letters {
    pub(super) sent_again_at: Option<Timestamp>,
    /// Until the button sends another, for somebody who has just pressed it.
    pub(super) seconds_to_wait: Option<i64>,
}

#[derive(Clone, Copy)]
pub(super) enum WrongCode {
    NotSixDigits,
    Wrong { left: u8 },
}

pub(super) fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Mailed => "mailed",
        Standing::Code => "code",
        Standing::Go => "go",
        Standing::Returning => "returning",
        Standing::SignedIn => "signed_in",
        Standing::Expired => "expired",
        Standing::Ended => "ended",
        Standing::Elsewhere => "elsewhere",
    }
}

pub(super) fn title(standing: Standing) -> &'static str {
    match standing {
        Standing::Mailed => "Check your messages",
        Standing::Code => "Type your code",
        Standing::Go | Standing::Returning => "Going back to Keyfob",
        Standing::SignedIn => "Signed in",
        Standing::Expired => "This came too late",
        Standing::Ended => "This sign-in was ended",
        Standing::Elsewhere => "Continued in another browser",
    }
}

impl Letters {
    fn in_words(&self) -> Option<String> {
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

impl Shown<'_> {
    pub(super) fn content(&self) -> Markup {
        let address = self.challenge.asking.identifier.as_str();
        let thing = self.challenge.method.name();
        match self.standing {
            Standing::Mailed => self.link_is_out(),
            Standing::Code => self.code_is_out(),
            Standing::Go | Standing::Returning => html! {
                h1 { "Go back to Keyfob" }
                p role="status" { "Your address is proved. Keyfob finishes the sign-in; if it did not open, open it from here." }
                a.button.full href={ "/app/return/" (self.id) } { "Go back to Keyfob" }
            },
            Standing::SignedIn => html! {
                h1 { "You are signed in" }
                p role="status" { "You may close this page." }
            },
            Standing::Expired => html! {
                h1 { "The " (thing) " has expired" }
                p role="status" { "Nobody finished the sign-in with the " (thing) " that we sent to " strong { (address) } " in time." }
                (self.send_again(&format!("Send a new {thing}"), "full"))
            },
            Standing::Ended => html! {
                h1 { "This sign-in was ended" }
                p role="status" { "A wrong number or code was typed too often, so the letter no longer works. Nobody was signed in." }
                p.quiet { "To sign in, begin again in Keyfob." }
            },
            Standing::Elsewhere => html! {
                h1 { "Continued in another browser" }
                p role="status" { "This sign-in was opened in another browser since, and goes on there." }
                p.quiet { "You may close this page." }
            },
        }
    }

    fn link_is_out(&self) -> Markup {
        html! {
            (self.heading())
            (self.what_was_sent())
            p { "Follow it in this browser, and this page has done its work." }
            div.number {
                output aria-label="Number to type in another browser" { (self.challenge.number) }
                span { "If you open the link in another browser or on your phone, type this number there." }
            }
            (self.other_ways())
        }
    }

    fn code_is_out(&self) -> Markup {
        let wrong = self.wrong.map(|wrong| match wrong {
            WrongCode::NotSixDigits => "The code has six digits.".to_owned(),
            WrongCode::Wrong { left } => {
                let tries = if left == 1 {
                    "1 try"
                } else {
                    &format!("{left} tries")
                };
                match self.letters.sent_again_at {
                    Some(at) => {
                        let at = time_of_day(at);
                        format!(
                            "That is not the code of the newest letter, sent at {at}. {tries} left."
                        )
                    }
                    None => format!("That is not the code. {tries} left."),
                }
            }
        });
        html! {
            (self.heading())
            (self.what_was_sent())
            form method="post" action={ "/app/wait/" (self.id) "/code" } novalidate {
                input type="hidden" name="form" value=(self.token);
                label for="code" { "Six-digit code" }
                @if let Some(wrong) = &wrong {
                    p #wrong .wrong role="alert" { (wrong) }
                }
                input #code .digits .six type="text" name="code" inputmode="numeric" autocomplete="one-time-code"
                    required autofocus aria-invalid=(wrong.is_some()) aria-describedby=[wrong.as_ref().map(|_| "wrong")];
                button.full { "Sign in" }
            }
            (self.other_ways())
        }
    }

    fn what_was_sent(&self) -> Markup {
        let thing = self.challenge.method.name();
        let address = self.challenge.asking.identifier.as_str();
        let until = time_of_day(self.challenge.pending_until());
        html! {
            @if let Post::Failed(why) = &self.post {
                p.wrong role="alert" { "The letter to " strong { (address) } " could not be sent: " (why) "." }
                p { "Its " (thing) " works all the same, until " strong { (until) } ": the letter is in the outbox." }
            } @else {
                p {
                    "We sent a " (thing) " to " strong { (address) } (self.by()) ". It works until "
                    strong { (until) } "."
                }
            }
        }
    }

    fn heading(&self) -> Markup {
        html! {
            h1 {
                @if self.post.has_failed() { "The mail was not sent" } @else { @match self.challenge.asking.identifier.kind() {
                    IdentifierKind::Email => "Check your mail",
                    IdentifierKind::Phone => "Check your phone",
                } }
            }
        }
    }

    fn by(&self) -> &'static str {
        match self.challenge.asking.channel {
            Channel::Email => "",
            Channel::Sms => " by SMS",
            Channel::WhatsApp => " by WhatsApp",
        }
    }

    /// Below the rule: the outbox, another letter, the other kind of letter.
    fn other_ways(&self) -> Markup {
        let other = self.challenge.method.other();
        html! {
            hr;
            p.quiet {
                @match self.post {
                    Post::Kept => "This local provider sends nothing out: the letter is in its outbox.",
                    Post::Sending | Post::Sent => "Nothing arrived? Look among the spam. The letter is in the outbox, too.",
                    Post::Failed(_) => "Once the mail server can be reached, send it again.",
                }
            }
            div.row {
                // Where there is a field, its button is the one that stands out.
                a.button.second[self.standing == Standing::Code] href="/outbox" target="_blank" rel="noopener" {
                    "Open the outbox"
                }
                (self.send_again("Send again", "second"))
            }
            form method="post" action={ "/app/wait/" (self.id) "/again" } {
                input type="hidden" name="form" value=(self.token);
                button.plain name="method" value=(other.on_the_wire()) { "Send a " (other.name()) " instead" }
            }
            p #said .quiet role="status" { @if let Some(said) = self.letters.in_words() { (said) } }
        }
    }

    fn send_again(&self, label: &str, class: &str) -> Markup {
        html! {
            form method="post" action={ "/app/wait/" (self.id) "/again" } {
                input type="hidden" name="form" value=(self.token);
                button class=(class) { (label) }
            }
        }
    }
}
