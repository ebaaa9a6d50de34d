//! What becomes of an attempt, whatever link and whatever provider it meets.

mod support;

use std::time::Duration;

use keyfob_auth::{FinishError, JwtError, ProviderError, Reason, Return, SignIn};
use serde_json::{Value, json};
use support::{Answer, App, KEY, Keyring, Peer};

async fn ready() -> (Peer, App, String) {
    let peer = Peer::start().await;
    let app = App::start(&peer, &Keyring::new());
    let address = app.begin().await;
    (peer, app, address)
}

#[tokio::test]
async fn the_exchange_carries_exactly_what_the_wire_asks_for() {
    let (peer, app, address) = ready().await;
    peer.will_answer([peer.identity("R1")]);
    let session = app.finish(&address).await.unwrap();
    assert_eq!(session.account.subject, "user-1");
    assert_eq!(session.account.identifier, "ada@example.com");

    let asked = &peer.asked()[0];
    assert_eq!(asked["path"], "/verify/get_identity?oauth_token=true");
    assert_eq!(asked["key"], KEY);
    let body = asked["body"].as_object().unwrap();
    assert_eq!(body.len(), 4);
    assert_eq!(body["authorization_code"], "CODE");
    assert_eq!(body["challenge_id"], json!(4711));
    assert_eq!(body["redirect_url"], "dev.keyfob://callback");
    assert_eq!(body["code_verifier"].as_str().unwrap().len(), 43);
}

#[tokio::test]
async fn a_server_error_is_met_with_patience() {
    let (peer, app, address) = ready().await;
    peer.will_answer([
        Answer::html(502),
        Answer::error(500, "oops"),
        peer.identity("R1"),
    ]);
    assert!(app.finish(&address).await.is_ok());
    assert_eq!(peer.asked().len(), 3);
}

#[tokio::test]
async fn after_a_lasting_server_error_the_same_link_works_again() {
    let (peer, app, address) = ready().await;
    peer.will_answer((0..3).map(|_| Answer::html(502)));
    let error = app.finish(&address).await.unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderBroken);
    assert!(error.is_transient());
    peer.will_answer([peer.identity("R1")]);
    assert!(app.finish(&address).await.is_ok());
}

#[tokio::test]
async fn no_code_is_spent_while_the_keys_cannot_be_had() {
    let (peer, app, address) = ready().await;
    peer.withhold_keys(true);
    assert!(app.finish(&address).await.unwrap_err().is_transient());
    assert!(peer.asked().is_empty());
    peer.withhold_keys(false);
    peer.will_answer([peer.identity("R1")]);
    assert!(app.finish(&address).await.is_ok());
}

#[tokio::test]
async fn a_refused_code_ends_the_attempt() {
    let (peer, app, address) = ready().await;
    peer.will_answer([Answer::error(400, "the code was used")]);
    let error = app.finish(&address).await.unwrap_err();
    assert_eq!(error.reason(), Reason::CodeRefused);
    assert_eq!(error.detail().as_deref(), Some("the code was used"));
    assert_eq!(app.sign_in.newest().await, None);
}

#[tokio::test]
async fn whose_answer_it_is_is_told_without_asking_or_changing_anything() {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let app = App::start(&peer, &keyring);
    let address = app.begin().await;
    let elsewhere = address.replace("://callback", "://callback/other");
    let before = keyring.everything();
    for (profile, address, awaited) in [
        ("work", &address, true),
        ("work", &elsewhere, false),
        ("work", &address.replace("state=", "state=x"), false),
        ("work", &"no address".to_owned(), false),
        ("home", &address, false),
    ] {
        let found = SignIn::is_awaited(&keyring.vault(), profile, address).await;
        assert_eq!(found.unwrap(), awaited, "{profile} {address}");
        if profile == "work" {
            assert_eq!(app.sign_in.awaits(address).await, awaited, "{address}");
        }
    }
    assert_eq!(keyring.everything(), before);
    peer.will_answer([peer.identity("R1")]);
    assert!(app.finish(&address).await.is_ok());
    assert!(!app.sign_in.awaits(&address).await);
}

#[tokio::test]
async fn every_answer_that_is_not_one_has_a_name() {
    let not_allowed =
        "The redirect URL x or the parent origin y is not in the list of allowed URLs.";
    for (answer, reason) in [
        (Answer::error(403, not_allowed), Reason::RedirectNotAllowed),
        (Answer::error(401, "wrong key"), Reason::ProviderRefused),
        (Answer::html(404), Reason::ProviderBroken),
        (Answer::error(429, "slow down"), Reason::ProviderBusy),
        (
            Answer {
                status: 307,
                body: String::new(),
            },
            Reason::ProviderBroken,
        ),
        (
            Answer {
                status: 200,
                body: String::new(),
            },
            Reason::ProviderBroken,
        ),
        (
            Answer::json(&json!({"oauth_token": {}})),
            Reason::ProviderBroken,
        ),
        (Answer::json(&json!([])), Reason::ProviderBroken),
        (
            Answer {
                status: 200,
                body: "x".repeat(10_000_000),
            },
            Reason::ProviderBroken,
        ),
    ] {
        let (peer, app, address) = ready().await;
        let status = answer.status;
        peer.will_answer((0..3).map(|_| answer.clone()));
        let error = app.finish(&address).await.unwrap_err();
        assert_eq!(error.reason(), reason, "{status}");
    }
}

#[tokio::test]
async fn a_provider_that_hangs_up_keeps_the_attempt() {
    let (peer, app, address) = ready().await;
    peer.hang_up();
    let error = app.finish(&address).await.unwrap_err();
    assert_eq!(error.reason(), Reason::Offline);
    assert!(app.sign_in.newest().await.is_some());
}

#[tokio::test]
async fn a_token_that_does_not_verify_is_thrown_away_by_name() {
    type Change = fn(&Peer) -> Value;
    let cases: [(Change, JwtError); 7] = [
        (
            |peer| with(peer, "access_token", "iss", json!("http://other")),
            JwtError::IssuerWrong,
        ),
        (
            |peer| with(peer, "access_token", "aud", json!("other")),
            JwtError::AudienceWrong,
        ),
        (
            |peer| with(peer, "access_token", "type", json!("id_token")),
            JwtError::TypeWrong,
        ),
        (
            |peer| with(peer, "access_token", "exp", json!(1_699_990_000)),
            JwtError::Expired,
        ),
        (
            |peer| with(peer, "access_token", "iat", json!(1_700_009_999)),
            JwtError::IssuedInFuture,
        ),
        (
            |peer| with(peer, "id_token", "sub", json!("user-2")),
            JwtError::SubjectWrong,
        ),
        (
            |peer| {
                let mut tokens = peer.tokens("R1");
                tokens["access_token"] = json!(peer.sign("K9", &peer.claims("access_token")));
                tokens
            },
            JwtError::UnknownKey("K9".to_owned()),
        ),
    ];
    for (change, why) in cases {
        let (peer, app, address) = ready().await;
        peer.will_answer([Answer::json(&json!({"oauth_token": change(&peer)}))]);
        match app.finish(&address).await.unwrap_err() {
            FinishError::Provider(ProviderError::Unverified(error)) => assert_eq!(error, why),
            other => panic!("{why:?} became {other:?}"),
        }
    }
}

fn with(peer: &Peer, token: &str, claim: &str, value: Value) -> Value {
    let mut claims = peer.claims(token);
    claims[claim] = value;
    let mut tokens = peer.tokens("R1");
    tokens[token] = json!(peer.sign("K1", &claims));
    tokens
}

/// A good answer but for the key that its tokens name.
fn signed_with(peer: &Peer, key_id: &str) -> Answer {
    let mut tokens = peer.tokens("R1");
    for token in ["access_token", "id_token"] {
        tokens[token] = json!(peer.sign(key_id, &peer.claims(token)));
    }
    Answer::json(&json!({ "oauth_token": tokens }))
}

#[tokio::test]
async fn keys_that_rolled_over_a_moment_ago_are_asked_for_once_more() {
    let (peer, app, address) = ready().await;
    peer.will_answer([peer.identity("R1")]);
    app.finish(&address).await.unwrap();
    assert_eq!(peer.keys_asked(), 1);

    peer.change_key_id("K2");
    let address = app.begin().await;
    peer.will_answer([signed_with(&peer, "K2")]);
    app.finish(&address).await.unwrap();
    assert_eq!(peer.keys_asked(), 2);
}

#[tokio::test]
async fn made_up_keys_do_not_make_us_hammer() {
    let (peer, app, _) = ready().await;
    for _ in 0..3 {
        let address = app.begin().await;
        peer.will_answer([signed_with(&peer, "K9")]);
        app.finish(&address).await.unwrap_err();
    }
    assert_eq!(peer.keys_asked(), 2, "at first, and for the first of them");
    app.wait(Duration::from_mins(1));
    let address = app.begin().await;
    peer.will_answer([signed_with(&peer, "K9")]);
    app.finish(&address).await.unwrap_err();
    assert_eq!(peer.keys_asked(), 3);
}

#[tokio::test]
async fn a_foreign_or_forged_link_asks_nobody_and_changes_nothing() {
    let (peer, app, address) = ready().await;
    for link in [
        "dev.keyfob://callback?code=X&state=forged&challenge_id=1",
        "dev.keyfob://callback?error=access_denied&state=forged",
        &address.replace("dev.keyfob://callback", "dev.keyfob://callback/work"),
        &address.replace("dev.keyfob://callback", "http://127.0.0.1:1/callback"),
        &format!("{address}&state=again"),
        "not a link",
    ] {
        let error = app.finish(link).await.unwrap_err();
        assert!(
            matches!(error.reason(), Reason::LinkForeign | Reason::LinkMalformed),
            "{link}: {error}"
        );
    }
    assert!(peer.asked().is_empty());
    peer.will_answer([peer.identity("R1")]);
    assert!(app.finish(&address).await.is_ok());
}

#[tokio::test]
async fn a_second_answer_is_no_news() {
    let (peer, app, address) = ready().await;
    peer.will_answer([peer.identity("R1")]);
    app.finish(&address).await.unwrap();
    app.sign_in.settle().await.unwrap();
    assert!(matches!(
        app.sign_in.judge(&address).await,
        Ok(Return::AlreadyAnswered)
    ));
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn an_answer_after_fifteen_minutes_is_late() {
    let (peer, app, address) = ready().await;
    app.wait(keyfob_auth::ATTEMPT_LIFETIME + Duration::from_secs(1));
    let error = app.finish(&address).await.unwrap_err();
    assert_eq!(error.reason(), Reason::SignInExpired);
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn a_late_answer_is_called_late_however_often_it_comes() {
    let (_, app, address) = ready().await;
    app.wait(keyfob_auth::ATTEMPT_LIFETIME + Duration::from_secs(1));
    for _ in 0..2 {
        let error = app.finish(&address).await.unwrap_err();
        assert_eq!(error.reason(), Reason::SignInExpired);
    }
}

#[tokio::test]
async fn a_no_that_comes_twice_is_no_news() {
    let (_, app, address) = ready().await;
    let no = address.replace("code=CODE&challenge_id=4711", "error=access_denied");
    let error = app.finish(&no).await.unwrap_err();
    assert_eq!(error.reason(), Reason::SignInDenied);
    assert!(matches!(
        app.sign_in.judge(&no).await,
        Ok(Return::AlreadyAnswered)
    ));
}

#[tokio::test]
async fn an_attempt_outlives_the_process_that_began_it() {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let address = App::start(&peer, &keyring).begin().await;

    let next = App::start(&peer, &keyring);
    assert!(next.sign_in.restore().await.unwrap().is_some());
    peer.will_answer([peer.identity("R1")]);
    assert!(next.finish(&address).await.is_ok());
    next.sign_in.settle().await.unwrap();

    let after = App::start(&peer, &keyring);
    assert_eq!(after.sign_in.restore().await.unwrap(), None);
}

#[tokio::test]
async fn a_second_attempt_leaves_the_first_valid_and_success_ends_both() {
    let (peer, app, first) = ready().await;
    let second = app.begin().await;
    peer.will_answer([peer.identity("R1")]);
    app.finish(&first).await.unwrap();
    app.sign_in.settle().await.unwrap();
    assert!(matches!(
        app.sign_in.judge(&second).await,
        Ok(Return::AlreadyAnswered)
    ));
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn what_was_cancelled_during_the_exchange_stays_cancelled() {
    for answers in [vec![], vec![Answer::html(502); 3]] {
        let (peer, app, address) = ready().await;
        let gate = peer.hold_back();
        peer.will_answer(if answers.is_empty() {
            vec![peer.identity("R1")]
        } else {
            answers
        });
        let Ok(Return::Answer(grant)) = app.sign_in.judge(&address).await else {
            panic!("not accepted");
        };
        let cancelling = async {
            while peer.asked().is_empty() {
                tokio::task::yield_now().await;
            }
            app.sign_in.settle().await.unwrap();
            for _ in 0..3 {
                gate.notify_one();
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
        };
        let (redeemed, ()) = tokio::join!(app.sign_in.redeem(grant), cancelling);
        assert!(redeemed.unwrap().is_none());
        assert!(matches!(
            app.sign_in.judge(&address).await,
            Ok(Return::AlreadyAnswered)
        ));
        assert_eq!(app.sign_in.newest().await, None);
    }
}

#[tokio::test]
async fn a_link_that_was_cut_short_leaves_the_whole_one_good() {
    let (peer, app, address) = ready().await;
    let cut = address.replace("&challenge_id=4711", "");
    let error = app.finish(&cut).await.unwrap_err();
    assert_eq!(error.reason(), Reason::LinkMalformed);
    peer.will_answer([peer.identity("R1")]);
    assert!(app.finish(&address).await.is_ok());
}

#[tokio::test]
async fn a_wrong_clock_ends_no_attempt() {
    let (peer, app, address) = ready().await;
    app.clock.learn(support::NOON + Duration::from_hours(1));
    peer.will_answer([peer.identity("R1")]);
    assert!(app.finish(&address).await.is_ok());
}

#[tokio::test]
async fn an_attempt_that_is_too_old_leaves_the_keyring_and_is_still_called_late() {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let app = App::start(&peer, &keyring);
    let address = app.begin().await;
    app.wait(keyfob_auth::ATTEMPT_LIFETIME + Duration::from_secs(1));
    assert_eq!(app.sign_in.newest().await, None);
    let error = app.finish(&address).await.unwrap_err();
    assert_eq!(error.reason(), Reason::SignInExpired);
    // A process whose clock stands earlier would still find it.
    assert_eq!(
        App::start(&peer, &keyring).sign_in.restore().await.unwrap(),
        None
    );
}

#[tokio::test]
async fn an_attempt_is_answered_at_the_provider_it_was_begun_at() {
    let (peer, other) = (Peer::start().await, Peer::start().await);
    let keyring = Keyring::new();
    App::start(&peer, &keyring).begin().await;
    let app = App::start(&other, &keyring);
    assert_eq!(app.sign_in.restore().await.unwrap(), None);
}

#[tokio::test]
async fn attempts_of_two_runs_wait_together_once_the_keyring_is_back() {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let first = App::start(&peer, &keyring).begin().await;
    keyring.break_it();
    let app = App::start(&peer, &keyring);
    app.sign_in.restore().await.unwrap_err();
    let redirect_uri = keyfob_auth::RedirectUri::new("dev.keyfob://callback".parse().unwrap());
    let (second, kept) = app.sign_in.begin(None, redirect_uri).await.unwrap();
    kept.unwrap_err();
    keyring.mend_it();

    let newest = app.sign_in.restore().await.unwrap();
    assert_eq!(newest, Some(second.clone()));

    let next = App::start(&peer, &keyring);
    assert_eq!(next.sign_in.restore().await.unwrap(), Some(second));
    peer.will_answer([peer.identity("R1")]);
    assert!(next.finish(&first).await.is_ok());
}

#[tokio::test]
async fn an_attempt_never_writes_over_one_that_was_not_read() {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let first = App::start(&peer, &keyring).begin().await;

    // Begun without having asked the keyring what it holds.
    App::start(&peer, &keyring).begin().await;

    let next = App::start(&peer, &keyring);
    next.sign_in.restore().await.unwrap();
    peer.will_answer([peer.identity("R1")]);
    assert!(next.finish(&first).await.is_ok());
}

#[tokio::test]
async fn without_a_keyring_an_attempt_lives_as_long_as_the_process() {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    keyring.break_it();
    let app = App::start(&peer, &keyring);
    let redirect_uri = keyfob_auth::RedirectUri::new("dev.keyfob://callback".parse().unwrap());
    let (attempt, kept) = app.sign_in.begin(None, redirect_uri).await.unwrap();
    assert_eq!(kept.unwrap_err().reason(), Reason::KeyringUnavailable);
    let address = attempt.request.address;
    let (_, state) = address
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap();
    peer.will_answer([peer.identity("R1")]);
    let link = format!("dev.keyfob://callback?code=C&challenge_id=1&state={state}");
    assert!(app.finish(&link).await.is_ok());
}
