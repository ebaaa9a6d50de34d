//! What a server may answer, as long as it answers.

use keyfob_auth::{Reason, SessionStatus};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    Change, any_change, any_json, holds, runtime,
    support::{Answer, App, Keyring, Peer},
};

/// What comes in the place of a good answer.
#[derive(Clone, Debug)]
enum Said {
    Bytes(Vec<u8>),
    Json(Value),
    /// The good one, one or two members of which are others.
    Changed(Vec<Change>),
}

/// Any answer, with a status that ends the exchange: after a 5xx it would be tried again, which takes its time.
fn any_answer() -> impl Strategy<Value = (u16, Said)> {
    let said = prop_oneof![
        vec(any::<u8>(), 0..100).prop_map(Said::Bytes),
        any_json().prop_map(Said::Json),
        vec(any_change(), 1..3).prop_map(Said::Changed),
    ];
    (
        select(
            &[
                200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 422, 429,
            ][..],
        ),
        said,
    )
}

fn answer(status: u16, said: &Said, mut good: Value) -> Answer {
    let body = match said {
        Said::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Said::Json(json) => json.to_string(),
        Said::Changed(changes) => {
            for change in changes {
                change.of(&mut good);
            }
            good.to_string()
        }
    };
    Answer { status, body }
}

const EXCHANGE_REASONS: &[Reason] = &[
    Reason::ProviderBroken,
    Reason::ProviderBusy,
    Reason::ProviderRefused,
    Reason::RedirectNotAllowed,
    Reason::CodeRefused,
    Reason::VerificationFailed,
];

#[test]
fn any_answer_to_an_exchange_is_a_session_or_has_a_name() {
    let runtime = runtime();
    let peer = runtime.block_on(Peer::start());
    let app = App::start(&peer, &Keyring::new());
    holds(400, any_answer(), |(status, said)| {
        runtime.block_on(async {
            let link = app.begin().await;
            let good = json!({"oauth_token": peer.tokens("R1"), "user": {"ID": "user-1"}});
            peer.will_answer([answer(status, &said, good)]);
            match app.finish(&link).await {
                Ok(session) => prop_assert_eq!(session.account.subject, "user-1"),
                Err(error) => {
                    prop_assert!(EXCHANGE_REASONS.contains(&error.reason()), "{}", error);
                    let waits = app.sign_in.newest().await.is_some();
                    prop_assert_eq!(waits, error.is_transient());
                }
            }
            app.sign_in.settle().await.unwrap();
            Ok(())
        })
    });
}

#[test]
fn any_answer_to_a_refresh_leaves_the_session_unless_it_says_that_it_is_over() {
    let runtime = runtime();
    let (peer, keyring) = (runtime.block_on(Peer::start()), Keyring::new());
    let app = runtime.block_on(App::signed_in(&peer, &keyring));
    holds(400, any_answer(), |(status, said)| {
        runtime.block_on(async {
            peer.will_answer([answer(status, &said, peer.tokens("R2"))]);
            let refreshed = app.sessions.refresh().await;
            let reason = refreshed.err().map(|error| error.reason());
            let is_in = matches!(*app.sessions.watch().borrow(), SessionStatus::SignedIn(_));
            prop_assert!(
                is_in || reason == Some(Reason::SignInNeeded),
                "lost after {:?}",
                reason
            );
            let token = app.sessions.access_token(None).await;
            prop_assert!(
                token.is_ok(),
                "the token that lives is handed out: {:?}",
                token.err()
            );
            Ok(())
        })
    });
}

#[test]
fn any_keys_verify_or_refuse_and_never_spend_a_code_in_vain() {
    let runtime = runtime();
    let peer = runtime.block_on(Peer::start());
    let good = peer.keys();
    let keys = prop_oneof![
        any_json().prop_map(Said::Json),
        vec(any_change(), 1..3).prop_map(Said::Changed),
    ];
    holds(100, keys, |said| {
        runtime.block_on(async {
            let app = App::start(&peer, &Keyring::new());
            let body = answer(200, &said, good.clone()).body;
            peer.hand_out(serde_json::from_str(&body).unwrap());
            let link = app.begin().await;
            let asked = peer.asked().len();
            peer.will_answer([peer.identity("R1")]);
            let finished = app.finish(&link).await;
            if let Err(error) = finished {
                prop_assert!(EXCHANGE_REASONS.contains(&error.reason()), "{}", error);
                if error.is_transient() {
                    prop_assert_eq!(peer.asked().len(), asked, "no code was spent");
                    peer.hand_out(good.clone());
                    prop_assert!(app.finish(&link).await.is_ok());
                }
            }
            Ok(())
        })
    });
}
