//! The letters that carry a link: an e-mail, or a short message to a phone.
//!
//! A [`Letter`] is words, not layout. The outbox renders it as the mail program of its reader would; the link stands
//! in it in plain text, because the outbox *is* the mailbox.

use jiff::Timestamp;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use crate::agent;
use crate::challenge::{Challenge, LINK_LIFETIME};
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

/// One letter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) channel: Channel,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) sent_at: Timestamp,
    opening: String,
    link: String,
    closing: String,
}

impl Letter {
    /// The letter that carries the link of a sign-in.
    pub(crate) fn with_link(challenge: &Challenge, link: String, now: Timestamp) -> Self {
        let asking = &challenge.asking;
        let until = time_of_day(now + LINK_LIFETIME);
        let (from, opening, closing) = match asking.channel {
            Channel::Email => (
                "Keyfob <keyfob@localhost>",
                format!(
                    "Someone, hopefully you, asked at {} to sign in to Keyfob as {} ({}).",
                    time_of_day(challenge.asked_at),
                    asking.identifier.as_str(),
                    agent::in_words(&asking.agent)
                ),
                format!(
                    "The link works once, until {until}. If it was not you, ignore this letter: \
                     nothing happens without the link."
                ),
            ),
            Channel::Sms | Channel::WhatsApp => (
                "Keyfob",
                "Sign in to Keyfob:".to_owned(),
                format!("Works once, until {until}. Not you? Ignore it."),
            ),
        };
        Self {
            channel: asking.channel,
            from: from.to_owned(),
            to: asking.identifier.as_str().to_owned(),
            subject: "Sign in to Keyfob".to_owned(),
            sent_at: now,
            opening,
            link,
            closing,
        }
    }

    /// The body as its reader sees it.
    pub(crate) fn body(&self) -> Markup {
        match self.channel {
            Channel::Email => html! {
                p { (self.opening) }
                p { a.button href=(self.link) target="_blank" rel="noopener" { "Sign in to Keyfob" } }
                p.quiet { (self.closing) }
                p.quiet.address { "Or open this address: " (self.link) }
            },
            Channel::Sms | Channel::WhatsApp => html! {
                p.message {
                    (self.opening) " "
                    a href=(self.link) target="_blank" rel="noopener" { (self.link) }
                    " " (self.closing)
                }
            },
        }
    }
}
