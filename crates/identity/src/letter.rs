//! The letters that prove an address: an e-mail, or a short message to a phone.
//!
//! A [`Letter`] is words, not layout. The outbox renders it as its reader would see it, [`crate::mail`] makes the
//! e-mail that leaves the computer. What it carries stands in it in plain text, because the outbox *is* the mailbox.

use jiff::Timestamp;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use crate::agent;
use crate::challenge::Challenge;
use crate::clock::time_of_day;

/// How a letter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Channel {
    Email,
    Sms,
    WhatsApp,
}

impl Channel {
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        match text {
            "SMS" => Some(Self::Sms),
            "WHATSAPP" => Some(Self::WhatsApp),
            _ => None,
        }
    }

    pub(crate) fn on_the_wire(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Sms => "SMS",
            Self::WhatsApp => "WHATSAPP",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Sms => "SMS",
            Self::WhatsApp => "WhatsApp",
        }
    }
}

/// How far a letter has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Post {
    /// It stays in the outbox: no server takes letters of its kind.
    Kept,
    Sending,
    Sent,
    /// The mail server did not take it; the reason finishes "it could not be sent: …".
    Failed(String),
}

impl Post {
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// What proves the address of a letter's reader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Carried {
    /// An address to follow.
    Link(String),
    /// Six digits.
    Code(String),
}

/// One letter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) channel: Channel,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) opening: String,
    pub(crate) carried: Carried,
    pub(crate) closing: String,
}

impl Letter {
    /// The letter that carries the proof which a sign-in waits for.
    pub(crate) fn of(challenge: &Challenge, carried: Carried, now: Timestamp) -> Self {
        let asking = &challenge.asking;
        let until = time_of_day(challenge.pending_until());
        let by_mail = asking.channel == Channel::Email;
        let who = || {
            format!(
                "Someone, hopefully you, asked at {} to sign in to Keyfob as {} ({}).",
                time_of_day(challenge.asked_at),
                asking.identifier.as_str(),
                agent::in_words(&asking.agent)
            )
        };
        let (subject, opening, closing) = match &carried {
            Carried::Link(_) if by_mail => (
                "Sign in to Keyfob".to_owned(),
                who(),
                format!(
                    "The link works once, until {until}. If it was not you, ignore this letter: \
                     nothing happens without the link."
                ),
            ),
            Carried::Code(code) if by_mail => (
                format!("{code} is your code for Keyfob"),
                format!("{} Type this code there:", who()),
                format!(
                    "It works once, until {until}. Tell it to nobody: whoever has it can sign in as you. \
                     If it was not you, ignore this letter."
                ),
            ),
            Carried::Link(_) => (
                "Sign in to Keyfob".to_owned(),
                "Sign in to Keyfob:".to_owned(),
                format!("Works once, until {until}. Not you? Ignore it."),
            ),
            Carried::Code(_) => (
                "Your code for Keyfob".to_owned(),
                "Your code for Keyfob:".to_owned(),
                format!("Works once, until {until}. Tell it to nobody."),
            ),
        };
        Self {
            channel: asking.channel,
            to: asking.identifier.as_str().to_owned(),
            subject,
            sent_at: now,
            opening,
            carried,
            closing,
        }
    }

    /// The body as its reader sees it.
    pub(crate) fn body(&self) -> Markup {
        match (self.channel, &self.carried) {
            (Channel::Email, Carried::Link(link)) => html! {
                p { (self.opening) }
                p { a.button href=(link) target="_blank" rel="noopener" { "Sign in to Keyfob" } }
                p.quiet { (self.closing) }
                p.quiet.address { "Or open this address: " (link) }
            },
            (Channel::Email, Carried::Code(code)) => html! {
                p { (self.opening) }
                p.code { (code) }
                p.quiet { (self.closing) }
            },
            (_, Carried::Link(link)) => html! {
                p.message {
                    (self.opening) " "
                    a href=(link) target="_blank" rel="noopener" { (link) }
                    " " (self.closing)
                }
            },
            (_, Carried::Code(code)) => html! {
                p.message { (self.opening) " " strong.code { (code) } ". " (self.closing) }
            },
        }
    }
}
