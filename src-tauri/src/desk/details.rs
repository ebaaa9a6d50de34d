//! What the tokens say, and what of it the last renewal has changed.

use keyfob_auth::{
    Clock, Reason,
    inspection::{Members, SessionContents, Signature, TokenContents, moment_of},
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Desk, lock, wake_local_provider, wishes::of_session};
use crate::{
    copied::{self, written},
    wire::{
        ClaimChange, ClaimValue, ClaimView, DetailsView, Problem, SignatureView, TokenKind,
        TokenParts, TokenReading,
    },
};

/// More characters of one value than this are not shown: nobody reads them, and a page is not made for them.
const LONGEST_VALUE: usize = 4000;

/// More items of one list, and more claims of one token, are not shown either.
const MOST_ITEMS: usize = 200;

/// What the tokens said, now and before the last renewal in this run.
#[derive(Default)]
pub(super) struct Readings {
    now: Option<SessionContents>,
    before: Option<SessionContents>,
}

impl Readings {
    /// Takes up what the tokens say now. What another person's tokens said is nothing to compare with.
    pub(super) fn take_up(&mut self, contents: Option<SessionContents>) {
        if contents == self.now {
            return;
        }
        let of = |contents: &Option<SessionContents>| contents.as_ref().map(|it| it.of.clone());
        let same_person = of(&contents) == of(&self.now);
        self.before = self.now.take().filter(|_| same_person);
        self.now = contents;
    }

    /// What `contents` are to be compared with. Nothing, once they are not what the tokens say now: then the page is about
    /// to ask again.
    fn before(&self, contents: &SessionContents) -> Option<&SessionContents> {
        let is_now = self.now.as_ref() == Some(contents);
        self.before.as_ref().filter(|_| is_now)
    }
}

impl Desk {
    /// What the tokens at hand say, for reading. Their signatures are checked for it.
    pub async fn token_details(&self) -> Result<DetailsView, Problem> {
        let walk = self.ready().await?;
        let mut inspected = walk.sessions.inspect().await;
        if let Ok((_, found)) = &inspected
            && is_offline(&found.access)
            && walk.is_trial()
            && wake_local_provider().await.is_ok()
        {
            inspected = walk.sessions.inspect().await;
        }
        let (now, signatures) = inspected.map_err(|error| Problem::from(&error))?;
        let mut readings = lock(&walk.readings);
        readings.take_up(walk.sessions.contents());
        let before = readings.before(&now);
        let id = now.id.as_ref().zip(signatures.id);
        Ok(DetailsView {
            access: reading(
                &now.access,
                before.map(|before| &before.access),
                signatures.access,
                &walk.clock,
            ),
            id: id.map(|(contents, signature)| {
                let before = before.and_then(|before| before.id.as_ref());
                reading(contents, before, signature, &walk.clock)
            }),
        })
    }

    /// A token itself, for the eyes of whoever holds the button down.
    pub async fn reveal_token(&self, kind: TokenKind) -> Result<Zeroizing<String>, Problem> {
        let walk = self.ready().await?;
        let fresh = of_session(&walk, |sessions| async move {
            sessions.access_token(None).await
        });
        written(&fresh.await?, copied::alone(kind))
    }
}

fn is_offline(signature: &Signature) -> bool {
    matches!(signature, Signature::Unchecked(error) if error.reason() == Reason::Offline)
}

fn reading(
    now: &TokenContents,
    before: Option<&TokenContents>,
    signature: Signature,
    clock: &Clock,
) -> TokenReading {
    let before = before.and_then(|before| before.readable.as_ref());
    let parts = now.readable.as_ref().map(|(header, claims)| TokenParts {
        header: views(header, before.map(|(header, _)| header), clock),
        claims: views(claims, before.map(|(_, claims)| claims), clock),
    });
    TokenReading {
        parts,
        signature: signature.into(),
    }
}

/// Every claim, and after them those that are gone.
fn views(now: &Members, before: Option<&Members>, clock: &Clock) -> Vec<ClaimView> {
    let here = now.iter().map(|(name, value)| {
        let change = before.and_then(|before| match before.get(name) {
            None => Some(ClaimChange::New),
            Some(old) if old != value => Some(ClaimChange::Changed),
            Some(_) => None,
        });
        (name, value, change)
    });
    let gone = before.into_iter().flatten();
    let gone = gone
        .filter(|(name, _)| !now.contains_key(*name))
        .map(|(name, value)| (name, value, Some(ClaimChange::Gone)));
    here.chain(gone)
        .take(MOST_ITEMS)
        .map(|(name, value, change)| ClaimView {
            name: shortened(name),
            value: shown(name, value, clock),
            change,
        })
        .collect()
}

fn shown(name: &str, value: &Value, clock: &Clock) -> ClaimValue {
    if let Some(moment) = moment_of(name, value) {
        let at_ms = clock.as_shown(moment).milliseconds();
        return ClaimValue::Moment { at_ms };
    }
    match value {
        Value::String(text) => ClaimValue::Text {
            text: shortened(text),
        },
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
            let texts = items.iter().filter_map(Value::as_str);
            ClaimValue::Texts {
                texts: texts.take(MOST_ITEMS).map(shortened).collect(),
            }
        }
        other => ClaimValue::Other {
            json: shortened(&other.to_string()),
        },
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl From<Signature> for SignatureView {
    fn from(signature: Signature) -> Self {
        match signature {
            Signature::By { key, issuer } => Self::By { key, issuer },
            Signature::ForItsApi => Self::ForItsApi,
            Signature::Unchecked(error) => Self::Unchecked {
                problem: (&error).into(),
            },
            Signature::Refused(error) => Self::Refused {
                problem: Problem::saying(Reason::VerificationFailed, error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use keyfob_auth::Timestamp;
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        serde_json::from_value(value).unwrap()
    }

    fn contents(subject: &str, claims: Value) -> SessionContents {
        SessionContents {
            of: (subject.to_owned(), "https://id.example.com".to_owned()),
            access: TokenContents {
                readable: Some((Members::new(), members(claims))),
            },
            id: None,
        }
    }

    fn changes(readings: &Readings) -> Vec<(String, ClaimChange)> {
        let claims = |contents: &Option<SessionContents>| {
            let readable = contents.as_ref()?.access.readable.as_ref()?;
            Some(readable.1.clone())
        };
        let before = claims(&readings.before);
        let clock = Clock::held(Timestamp::from_seconds(0));
        let views = views(&claims(&readings.now).unwrap(), before.as_ref(), &clock);
        let changed = views.into_iter();
        changed
            .filter_map(|view| Some((view.name, view.change?)))
            .collect()
    }

    #[test]
    fn what_the_last_renewal_has_changed_is_marked() {
        let mut readings = Readings::default();
        readings.take_up(Some(contents(
            "S",
            json!({"exp": 1, "plan": "free", "sub": "S"}),
        )));
        assert!(changes(&readings).is_empty(), "there was none before");
        let renewed = contents("S", json!({"exp": 2, "role": "owner", "sub": "S"}));
        let expected = [
            ("exp".to_owned(), ClaimChange::Changed),
            ("role".to_owned(), ClaimChange::New),
            ("plan".to_owned(), ClaimChange::Gone),
        ];
        for _ in 0..2 {
            readings.take_up(Some(renewed.clone()));
            assert_eq!(
                changes(&readings),
                expected,
                "however often it is looked at"
            );
        }
    }

    #[test]
    fn tokens_that_were_renewed_while_they_were_looked_at_are_not_compared_with_newer_ones() {
        let mut readings = Readings::default();
        let [first, second, third] = [1, 2, 3].map(|exp| contents("S", json!({"exp": exp})));
        readings.take_up(Some(first.clone()));
        readings.take_up(Some(second.clone()));
        assert_eq!(readings.before(&second), Some(&first));
        readings.take_up(Some(third.clone()));
        assert_eq!(readings.before(&second), None);
        assert_eq!(readings.before(&third), Some(&second));
    }

    #[test]
    fn another_person_is_not_compared_with_the_one_before() {
        let mut readings = Readings::default();
        readings.take_up(Some(contents("S", json!({"sub": "S"}))));
        readings.take_up(Some(contents("T", json!({"sub": "T"}))));
        assert!(changes(&readings).is_empty());
        readings.take_up(None);
        readings.take_up(Some(contents("T", json!({"sub": "T", "iat": 1}))));
        assert!(changes(&readings).is_empty(), "signed out in between");
    }

    #[test]
    fn values_are_told_apart_by_kind_and_kept_short() {
        let clock = Clock::held(Timestamp::from_seconds(0));
        let shown = |name, value| shown(name, &value, &clock);
        assert_eq!(shown("exp", json!(7)), ClaimValue::Moment { at_ms: 7000 });
        let text = |text: &str| ClaimValue::Text {
            text: text.to_owned(),
        };
        assert_eq!(shown("name", json!("\u{202e}ada")), text("\u{202e}ada"));
        let texts = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(shown("aud", json!(["a", "b"])), ClaimValue::Texts { texts });
        for other in [
            json!(7),
            json!(true),
            json!(null),
            json!([]),
            json!([1]),
            json!({"a": 1}),
        ] {
            let json = other.to_string();
            assert_eq!(shown("x", other), ClaimValue::Other { json });
        }
        let long = "ä".repeat(LONGEST_VALUE + 1);
        let ClaimValue::Text { text } = shown("x", json!(long)) else {
            panic!("not a text");
        };
        assert_eq!(text.chars().count(), LONGEST_VALUE + 1);
        assert!(text.ends_with('…'));
    }
}
