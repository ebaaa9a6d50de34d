//! What the token endpoint says ([RFC 6749 §5]), in all the ways that servers say it.
//!
//! A good answer is read leniently: `expires_in` or `expire_in`, as a number or as text, at the top or below `data`. A
//! refusal is told by its name where it has one, by its status where it has not, and keeps the server's words.
//!
//! [RFC 6749 §5]: https://www.rfc-editor.org/rfc/rfc6749#section-5

use std::time::Duration;

use serde_json::{Map, Value};

use super::super::ProviderError;
use crate::{AccessToken, IdToken, RefreshToken, authorization::printable, http::Reply};

/// The longest message of a provider that is shown, in characters.
const LONGEST_MESSAGE: usize = 200;

/// What servers call a refresh token that is no longer good. The first is the specification's, the others were seen.
const ENDED: [&str; 10] = [
    "invalid_grant",
    "bad_refresh_token",
    "consent_required",
    "expired_token",
    "interaction_required",
    "invalid_refresh_token",
    "invalid_token",
    "login_required",
    "token_expired",
    "token_revoked",
];

/// A good answer. Nothing of it has been verified.
pub(super) struct Tokens {
    pub(super) access: AccessToken,
    pub(super) refresh: Option<RefreshToken>,
    pub(super) id: Option<IdToken>,
    /// None when the server does not say.
    pub(super) lifetime: Option<Duration>,
}

/// What a server said instead of what it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The specification's `error`; empty when there is none.
    pub(super) code: String,
    /// Its own words, made fit to show.
    pub(super) words: String,
    pub(super) status: u16,
}

impl Tokens {
    /// Reads the answer to an exchange; what a refusal means is for `refused` to say.
    pub(super) fn read(
        reply: &Reply,
        refused: impl FnOnce(Refusal) -> ProviderError,
    ) -> Result<Self, ProviderError> {
        let mut answer = success(reply, refused)?;
        if !answer.contains_key("access_token")
            && let Some(Value::Object(data)) = answer.remove("data")
        {
            answer = data;
        }
        let status = reply.status.as_u16();
        // RFC 6749 §7.1: the type says how to use it, in any case. Some leave it out.
        let kind = text(&answer, "token_type");
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(ProviderError::Broken {
                what: "it hands out tokens of another kind than Bearer",
                status,
            });
        }
        let Some(access) = text(&answer, "access_token") else {
            return Err(ProviderError::Broken {
                what: "the answer has no access token",
                status,
            });
        };
        Ok(Self {
            access: AccessToken::new(access),
            refresh: text(&answer, "refresh_token").map(RefreshToken::new),
            id: text(&answer, "id_token").map(IdToken::new),
            lifetime: ["expires_in", "expire_in"]
                .iter()
                .find_map(|name| seconds(answer.get(*name)?)),
        })
    }
}

/// The JSON object of a success. A status that may pass is [`ProviderError::Broken`], so is a page where JSON was asked
/// for: it comes from somebody in between.
pub(super) fn success(
    reply: &Reply,
    refused: impl FnOnce(Refusal) -> ProviderError,
) -> Result<Map<String, Value>, ProviderError> {
    let status = reply.status.as_u16();
    let broken = |what| Err(ProviderError::Broken { what, status });
    match status {
        200..=299 => {
            let answer = reply.json::<Map<String, Value>>()?;
            match Refusal::despite_success(&answer) {
                Some(refusal) => Err(refused(refusal)),
                None => Ok(answer),
            }
        }
        300..=399 => broken("it redirects, which no endpoint may"),
        408 | 425 | 429 => Err(ProviderError::Busy {
            wait: reply.retry_after,
        }),
        400..=499 if reply.bytes().trim_ascii_start().starts_with(b"<") => {
            broken("it answered with a page")
        }
        400..=499 => Err(refused(Refusal::read(reply.bytes(), status))),
        _ => broken("it answered with an error of its own"),
    }
}

impl Refusal {
    /// RFC 6749 §5.2 and what else is seen in its place, down to nothing at all.
    pub(super) fn read(body: &[u8], status: u16) -> Self {
        match serde_json::from_slice(body) {
            Ok(Value::Object(answer)) => Self::of(&answer, status),
            Ok(Value::String(words)) => Self::saying("", &words, status),
            _ => Self::saying("", &String::from_utf8_lossy(body), status),
        }
    }

    /// Some answer 200, and say no in the body.
    fn despite_success(answer: &Map<String, Value>) -> Option<Self> {
        let said = answer.get("statusCode").and_then(Value::as_u64);
        if let Some(status @ 400..) = said.and_then(|said| u16::try_from(said).ok()) {
            return Some(Self::of(answer, status));
        }
        let is_one = text(answer, "error").is_some() || answer.get("error")?.is_object();
        is_one.then(|| Self::of(answer, 200))
    }

    fn of(answer: &Map<String, Value>, status: u16) -> Self {
        let words = |answer: &Map<String, Value>| {
            [
                "error_description",
                "message",
                "msg",
                "detail",
                "title",
                "errorSummary",
            ]
            .iter()
            .find_map(|name| text(answer, name).map(str::to_owned))
            .unwrap_or_default()
        };
        match answer.get("error") {
            // As Google's other interfaces have it.
            Some(Value::Object(inner)) => {
                let code = text(inner, "code").or(text(inner, "status"));
                Self::saying(code.unwrap_or_default(), &words(inner), status)
            }
            Some(Value::String(code)) => Self::saying(code, &words(answer), status),
            _ => {
                let code = text(answer, "errorCode").or(text(answer, "code"));
                Self::saying(code.unwrap_or_default(), &words(answer), status)
            }
        }
    }

    fn saying(code: &str, words: &str, status: u16) -> Self {
        let (code, words) = (code.trim(), words.trim());
        let said = match (code, words) {
            ("", "") => "it gave no reason".to_owned(),
            ("", words) => words.to_owned(),
            (code, "") => code.to_owned(),
            (code, words) => format!("{code}: {words}"),
        };
        Self {
            code: code.to_ascii_lowercase(),
            words: printable(&said, usize::MAX),
            status,
        }
    }

    /// The same without what was sent, which some servers repeat to whoever reads their message.
    pub(super) fn without(mut self, secrets: &[&str]) -> Self {
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            self.words = self.words.replace(secret, "…");
        }
        self
    }

    /// Its words, short enough to show. Cut last: half a secret would not be found.
    fn shown(&self) -> String {
        self.words.chars().take(LONGEST_MESSAGE).collect()
    }

    /// What it means for a code.
    pub(super) fn of_a_code(self) -> ProviderError {
        match self.code.as_str() {
            "invalid_grant" => ProviderError::CodeRefused {
                message: self.shown(),
            },
            _ => self.of_anything(),
        }
    }

    /// What it means for a refresh token.
    pub(super) fn of_a_refresh(self) -> ProviderError {
        if ENDED.contains(&self.code.as_str()) {
            ProviderError::SessionEnded {
                message: self.shown(),
            }
        } else {
            self.of_anything()
        }
    }

    /// What it means whatever was asked.
    pub(super) fn of_anything(self) -> ProviderError {
        let (message, status) = (self.shown(), self.status);
        match self.code.as_str() {
            // The words name the setting: a public client shows nothing that could be wrong.
            "invalid_client" | "unauthorized_client" => ProviderError::ClientRefused {
                message: format!(
                    "{message}. Check the client id, and set the app's authentication at the token endpoint to \"none\" \
                     (a public or native client)"
                ),
                status,
            },
            "invalid_redirect_uri" | "redirect_uri_mismatch" => ProviderError::RedirectNotAllowed,
            _ => ProviderError::Refused { message, status },
        }
    }
}

/// A text that is there and not empty.
pub(super) fn text<'a>(answer: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = answer.get(name)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

/// A number of seconds, as JSON has numbers or as text. Zero says nothing: what lives so long could not be used.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let longest = f64::from(u32::MAX);
    (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(longest)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        let name = prop_oneof![
            Just("error".to_owned()),
            Just("error_description".to_owned()),
            Just("code".to_owned()),
            Just("statusCode".to_owned()),
            Just("message".to_owned()),
            ".{0,6}",
        ];
        leaf.prop_recursive(3, 16, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_refusal_has_words_that_fit_on_a_line(body in any_json(), status in 400_u16..500) {
            let refusal = Refusal::read(body.to_string().as_bytes(), status);
            prop_assert!(!refusal.words.contains(char::is_control));
            prop_assert!(refusal.shown().chars().count() <= LONGEST_MESSAGE);
            prop_assert!(!refusal.of_a_refresh().is_transient());
        }

        #[test]
        fn any_bytes_are_a_refusal_without_a_name(body: Vec<u8>) {
            let refusal = Refusal::read(&body, 400);
            prop_assert!(refusal.shown().chars().count() <= LONGEST_MESSAGE);
        }

        #[test]
        fn any_lifetime_is_a_duration_or_unsaid(value in any_json()) {
            if let Some(lifetime) = seconds(&value) {
                prop_assert!(lifetime <= Duration::from_secs(u32::MAX.into()));
            }
        }
    }
}
