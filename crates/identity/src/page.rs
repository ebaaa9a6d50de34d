//! The frame around every page: head, glyph, headers.
//!
//! Pages work without script; the few scripts are files of ours that spare a reload. The policy allows nothing else,
//! so that even a page that echoed markup by mistake could not run it.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// A page, ready to be sent.
pub(crate) struct Page {
    status: StatusCode,
    title: String,
    main: Markup,
    wide: bool,
    script: Option<&'static str>,
    refresh_without_script: Option<String>,
    forms_may_lead_to: Option<String>,
}

/// A stylesheet, script or picture, compiled in.
pub(crate) struct Asset {
    media_type: &'static str,
    text: &'static str,
}

impl Page {
    pub(crate) fn new(title: impl Into<String>, main: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.into(),
            main,
            wide: false,
            script: None,
            refresh_without_script: None,
            forms_may_lead_to: None,
        }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// Adds the script `/assets/<name>.js`.
    pub(crate) fn script(self, name: &'static str) -> Self {
        Self {
            script: Some(name),
            ..self
        }
    }

    /// What a browser without script does by itself: `4` loads the page again after four seconds, `0;url=…` goes on.
    pub(crate) fn refresh_without_script(self, content: Option<String>) -> Self {
        Self {
            refresh_without_script: content,
            ..self
        }
    }

    /// Allows the page's form to end, through redirects, at another origin: browsers hold `form-action` against
    /// the whole chain.
    pub(crate) fn forms_may_lead_to(self, origin: Option<&str>) -> Self {
        Self {
            forms_may_lead_to: origin.map(str::to_owned),
            ..self
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
            self.forms_may_lead_to.as_deref().unwrap_or_default()
        );
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Keyfob" }
                    link rel="icon" type="image/svg+xml" href="/assets/fob.svg";
                    link rel="stylesheet" href="/assets/page.css";
                    @if let Some(name) = self.script {
                        script src={ "/assets/" (name) ".js" } defer {}
                    }
                    @if let Some(content) = self.refresh_without_script {
                        noscript { meta http-equiv="refresh" content=(content); }
                    }
                }
                body.wide[self.wide] {
                    header.brand { (glyph()) span { "Keyfob" } }
                    main { (self.main) }
                    footer {
                        "Local identity provider, for trying things out · "
                        a href="/outbox" target="_blank" rel="noopener" { "Outbox" }
                    }
                }
            }
        };
        let policy = HeaderValue::from_str(&policy).expect("an origin is plain ASCII");
        (self.status, [(CONTENT_SECURITY_POLICY, policy)], markup).into_response()
    }
}

impl Asset {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (media_type, text) = match name {
            "page.css" => ("text/css", include_str!("assets/page.css")),
            "fob.svg" => ("image/svg+xml", include_str!("assets/fob.svg")),
            "waiting.js" => ("text/javascript", include_str!("assets/waiting.js")),
            "returning.js" => ("text/javascript", include_str!("assets/returning.js")),
            "outbox.js" => ("text/javascript", include_str!("assets/outbox.js")),
            _ => return None,
        };
        Some(Self { media_type, text })
    }
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let headers: [(HeaderName, String); 1] =
            [(CONTENT_TYPE, format!("{}; charset=utf-8", self.media_type))];
        (headers, self.text).into_response()
    }
}

/// The key fob, as in the program's icon: a drop with the hole for its ring, and a keyhole.
fn glyph() -> Markup {
    html! {
        svg width="28" height="28" viewBox="32 32 448 448" aria-hidden="true" {
            path fill="currentColor" fill-rule="evenodd"
                d="M256 32H404a76 76 0 0 1 76 76V256a224 224 0 1 1-224-224zM396 66a50 50 0 1 0 0 100 50 50 0 0 0 0-100z" {}
            path.keyhole
                d="M256 164a70 70 0 0 0-40 127l-20 83a16 16 0 0 0 16 20h88a16 16 0 0 0 16-20l-20-83a70 70 0 0 0-40-127z" {}
        }
    }
}
