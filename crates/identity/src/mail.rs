//! A letter as an e-mail: plain text, and the same in HTML.
//!
//! Mail programs understand the HTML of twenty years ago: tables, and styles on the elements. The few rules in the
//! head only turn the colours round for who reads in the dark, where a program knows that much. Nothing is fetched
//! from anywhere: a picture would tell its server who has read the letter.

use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use uuid::Uuid;

use crate::letter::{Carried, Letter};

// The colours of the pages' stylesheet; a mail cannot refer to it.
const GROUND: &str = "#f6f7f6";
const CARD: &str = "#ffffff";
const LINE: &str = "#d9dddb";
const TEXT: &str = "#17201d";
const QUIET: &str = "#55605c";
const ACCENT: &str = "#0f6b5c";
const DARK: &str = "@media (prefers-color-scheme: dark) {
.ground { background: #121514 !important; }
.card { background: #1a1f1e !important; border-color: #2b3432 !important; }
.text { color: #e9efec !important; }
.quiet { color: #a3aeaa !important; }
.button { background: #5fd0b8 !important; }
.button a { color: #121514 !important; }
}";
const FONT: &str =
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Cantarell,'Noto Sans',sans-serif;";

/// The e-mail that carries `letter` from `from`.
///
/// # Errors
/// When the address is none that a mail server would take.
pub(crate) fn message(letter: &Letter, from: &Mailbox) -> Result<Message, lettre::error::Error> {
    let to = letter
        .to
        .parse()
        .map(|address| Mailbox::new(None, address))
        .map_err(|_| lettre::error::Error::EmailMissingDomain)?;
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&letter.subject)
        .date(SystemTime::from(letter.sent_at))
        .message_id(Some(format!(
            "<{}@{}>",
            Uuid::new_v4(),
            from.email.domain()
        )))
        // Vacation replies and the like must not answer (RFC 3834 §5).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .multipart(MultiPart::alternative_plain_html(
            plain(letter),
            page(letter).into_string(),
        ))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn plain(letter: &Letter) -> String {
    let carried = match &letter.carried {
        Carried::Link(link) => link,
        Carried::Code(code) => code,
    };
    format!("{}\n\n{carried}\n\n{}\n", letter.opening, letter.closing)
}

fn page(letter: &Letter) -> Markup {
    let text = |colour: &str, size: u8| {
        format!("{FONT}margin:0 0 16px;font-size:{size}px;line-height:1.5;color:{colour};")
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta http-equiv="Content-Type" content="text/html; charset=utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (letter.subject) }
                style { (PreEscaped(DARK)) }
            }
            body.ground style={ "margin:0;padding:0;background:" (GROUND) ";" } {
                table.ground role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style={ "background:" (GROUND) ";" } {
                    tr { td align="center" style="padding:32px 16px;" {
                        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:480px;" {
                            tr { td align="left" {
                                p.text style={ (text(TEXT, 17)) "font-weight:600;" } { "Keyfob" }
                            } }
                            tr { td.card align="left" style={ "padding:28px;background:" (CARD) ";border:1px solid " (LINE) ";border-radius:12px;" } {
                                p.text style=(text(TEXT, 16)) { (letter.opening) }
                                @match &letter.carried {
                                    Carried::Link(link) => (button(link)),
                                    Carried::Code(code) => p.text style={ (text(TEXT, 32)) "font-weight:bold;letter-spacing:6px;line-height:1.2;" } { (code) },
                                }
                                p.quiet style=(text(QUIET, 14)) { (letter.closing) }
                                @if let Carried::Link(link) = &letter.carried {
                                    p.quiet style={ (text(QUIET, 13)) "margin:0;word-break:break-all;" } { "Or open this address: " (link) }
                                }
                            } }
                        }
                    } }
                }
            }
        }
    }
}

fn button(link: &str) -> Markup {
    html! {
        table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px;" {
            tr { td.button align="center" bgcolor=(ACCENT) style={ "background:" (ACCENT) ";border-radius:8px;" } {
                a href=(link) style={ (FONT) "display:inline-block;padding:12px 24px;font-size:16px;font-weight:bold;color:" (CARD) ";text-decoration:none;" } { "Sign in to Keyfob" }
            } }
        }
    }
}
