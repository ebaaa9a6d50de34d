//! What becomes of a session: kept, refreshed once, never lost, ended when asked.

#![allow(clippy::unwrap_used, reason = "a test that meets none has failed")]

mod support;

use std::time::Duration;

use keyfob_auth::{
    Clock, Reason, SessionStatus, SignedIn, StoreError,
    inspection::{SessionContents, Signature},
};
use support::{Answer, App, Keyring, NOON, Peer};

const HOUR: Duration = Duration::from_hours(1);

async fn signed_in() -> (Peer, Keyring, App) {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let app = App::signed_in(&peer, &keyring).await;
    (peer, keyring, app)
}

/// Signed in over a keyring that takes nothing; and what was said about that.
async fn signed_in_without_a_keyring() -> (App, StoreError) {
    let broken = Keyring::new();
    broken.break_it();
    signed_in_over(&Peer::start().await, &broken).await
}

/// A session that a keyring does not take.
async fn signed_in_over(peer: &Peer, broken: &Keyring) -> (App, StoreError) {
    let donor = App::start(peer, &Keyring::new());
    let address = donor.begin().await;
    peer.will_answer([peer.identity("R1")]);
    let session = donor.finish(&address).await.unwrap();
    let app = App::start(peer, broken);
    let error = app.sessions.adopt(session).await.unwrap_err();
    (app, error)
}

fn shown(app: &App) -> SignedIn {
    match app.sessions.watch().borrow().clone() {
        SessionStatus::SignedIn(signed_in) => signed_in,
        SessionStatus::SignedOut => panic!("nobody is signed in"),
    }
}

/// What the provider was asked for after the sign-in itself.
fn refresh_tokens_spent(peer: &Peer) -> Vec<String> {
    let asked = peer.asked();
    asked[1..]
        .iter()
        .map(|request| {
            request["body"]["refresh_token"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_token_that_lives_is_handed_out_without_asking() {
    let (peer, _, app) = signed_in().await;
    app.wait(HOUR.saturating_sub(Duration::from_secs(61)));
    app.sessions.access_token(None).await.unwrap();
    assert!(refresh_tokens_spent(&peer).is_empty());
}

#[tokio::test]
async fn a_token_with_less_than_a_minute_left_is_renewed() {
    let (peer, _, app) = signed_in().await;
    app.wait(HOUR.saturating_sub(Duration::from_secs(59)));
    peer.will_answer([peer.refreshed("R2")]);
    app.sessions.access_token(None).await.unwrap();
    assert_eq!(refresh_tokens_spent(&peer), ["R1"]);
}

#[tokio::test]
async fn many_at_once_cause_one_refresh() {
    let (peer, _, app) = signed_in().await;
    app.wait(HOUR);
    peer.will_answer([peer.refreshed("R2")]);
    let asking = (0..100).map(|_| {
        let sessions = app.sessions.clone();
        tokio::spawn(async move { sessions.access_token(None).await.map(drop) })
    });
    for answer in asking.collect::<Vec<_>>() {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(refresh_tokens_spent(&peer), ["R1"]);
}

#[tokio::test]
async fn a_caller_who_goes_away_loses_no_rotated_token() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    let gate = peer.hold_back();
    peer.will_answer([peer.refreshed("R2")]);
    let sessions = app.sessions.clone();
    let asking = tokio::spawn(async move { sessions.access_token(None).await.map(drop) });
    while refresh_tokens_spent(&peer).is_empty() {
        tokio::task::yield_now().await;
    }
    asking.abort();
    gate.notify_one();
    app.sessions.idle().await;

    let next = app.another_process(&keyring).await;
    peer.will_answer([peer.refreshed("R3")]);
    gate.notify_one();
    next.sessions.refresh().await.unwrap();
    assert_eq!(refresh_tokens_spent(&peer), ["R1", "R2"]);
}

#[tokio::test]
async fn a_refresh_token_that_does_not_come_back_stays() {
    let (peer, _, app) = signed_in().await;
    let mut tokens = peer.tokens("-");
    tokens.as_object_mut().unwrap().remove("refresh_token");
    peer.will_answer([Answer::json(&tokens), peer.refreshed("R2")]);
    app.sessions.refresh().await.unwrap();
    app.sessions.refresh().await.unwrap();
    assert_eq!(refresh_tokens_spent(&peer), ["R1", "R1"]);
}

#[tokio::test]
async fn a_failing_provider_costs_nothing_while_the_token_lives() {
    let (peer, _, app) = signed_in().await;
    app.wait(HOUR.saturating_sub(Duration::from_secs(30)));
    peer.will_answer([Answer::html(502)]);
    app.sessions.access_token(None).await.unwrap();
    peer.will_answer([Answer::html(502)]);
    let wish = app
        .sessions
        .access_token(Some(Duration::from_mins(5)))
        .await;
    assert_eq!(wish.unwrap_err().reason(), Reason::ProviderBroken);

    app.wait(Duration::from_secs(30));
    peer.will_answer([Answer::html(502)]);
    let error = app.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderBroken);
    peer.will_answer([peer.refreshed("R2")]);
    app.sessions.access_token(None).await.unwrap();
}

#[tokio::test]
async fn trouble_with_renewing_ahead_is_over_when_nobody_tries_any_more() {
    let (peer, _, app) = signed_in().await;
    app.wait(HOUR.saturating_sub(Duration::from_secs(30)));
    peer.will_answer([Answer::html(502)]);
    let sessions = app.sessions.clone();
    let staying = tokio::spawn(async move { sessions.stay_fresh(|| async {}).await });
    let mut status = app.sessions.watch();
    let is_in_trouble = |status: &SessionStatus| match status {
        SessionStatus::SignedIn(signed_in) => signed_in.trouble.is_some(),
        SessionStatus::SignedOut => false,
    };
    status.wait_for(is_in_trouble).await.unwrap();
    staying.abort();
    status.wait_for(|now| !is_in_trouble(now)).await.unwrap();
    shown(&app);
}

#[tokio::test]
async fn the_providers_own_no_means_sign_in_again_and_deletes_nothing() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    peer.will_answer([Answer::error(400, "refresh token is not valid")]);
    let error = app.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::SignInNeeded);

    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    assert_eq!(shown(&next).account.subject, "user-1");
}

#[tokio::test]
async fn no_refresh_token_is_spent_while_no_key_is_known_and_none_can_be_had() {
    let (peer, keyring, _) = signed_in().await;
    keyring.edit_record(|record| {
        record.as_object_mut().unwrap().remove("provider").unwrap();
    });
    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    peer.withhold_keys(true);
    let error = next.sessions.refresh().await.unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderBroken);
    assert!(refresh_tokens_spent(&peer).is_empty());

    peer.withhold_keys(false);
    peer.will_answer([peer.refreshed("R2")]);
    next.sessions.refresh().await.unwrap();
}

#[tokio::test]
async fn a_refresh_by_the_next_process_is_one_request() {
    let (peer, keyring, _) = signed_in().await;
    let keys_asked = peer.keys_asked();
    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    peer.will_answer([peer.refreshed("R2")]);
    next.sessions.refresh().await.unwrap();
    assert_eq!(shown(&next).verified_by.as_deref(), Some("K1"));
    assert_eq!(peer.keys_asked(), keys_asked);
}

#[tokio::test]
async fn another_persons_tokens_are_not_taken() {
    let (peer, _, app) = signed_in().await;
    let mut claims = peer.claims("access_token");
    claims["sub"] = "user-2".into();
    let mut tokens = peer.tokens("R2");
    tokens["access_token"] = peer.sign("K1", &claims).into();
    tokens.as_object_mut().unwrap().remove("id_token");
    peer.will_answer([Answer::json(&tokens)]);
    let error = app.sessions.refresh().await.unwrap_err();
    assert_eq!(error.reason(), Reason::VerificationFailed);
    assert_eq!(shown(&app).account.subject, "user-1");
}

#[tokio::test]
async fn a_session_is_there_at_the_next_start_and_checked_again() {
    let (peer, keyring, app) = signed_in().await;
    let before = shown(&app);
    assert_eq!(before.verified_by.as_deref(), Some("K1"));

    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    let after = shown(&next);
    assert_eq!(
        (after.account, after.expires_at),
        (before.account, before.expires_at)
    );
    assert!(after.kept);
    assert_eq!(after.verified_by, None);
    next.sessions.verify().await.unwrap();
    assert_eq!(shown(&next).verified_by.as_deref(), Some("K1"));
}

#[tokio::test]
async fn a_renewal_meanwhile_does_not_put_one_tokens_signature_over_another_ones_contents() {
    let (peer, keyring, _) = signed_in().await;
    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    let gate = peer.hold_back_keys();
    let keys_asked = peer.keys_asked();
    let sessions = next.sessions.clone();
    let inspecting = tokio::spawn(async move { sessions.inspect().await });
    while peer.keys_asked() == keys_asked {
        tokio::task::yield_now().await;
    }
    let mut claims = peer.claims("access_token");
    claims["plan"] = "pro".into();
    let mut tokens = peer.tokens("R2");
    tokens["access_token"] = peer.sign("K1", &claims).into();
    peer.will_answer([Answer::json(&tokens)]);
    next.sessions.refresh().await.unwrap();
    gate.notify_one();

    let says_plan = |contents: &SessionContents| {
        let (_, claims) = contents.access.readable.as_ref().unwrap();
        claims.contains_key("plan")
    };
    let (before, signatures) = inspecting.await.unwrap().unwrap();
    assert!(!says_plan(&before));
    let signed = |signature: &Signature| {
        matches!(signature, Signature::By { key: Some(key), issuer }
            if key == "K1" && issuer == peer.base())
    };
    assert!(signed(&signatures.access) && signed(&signatures.id.unwrap()));
    let (after, _) = next.sessions.inspect().await.unwrap();
    assert!(says_plan(&after));
    assert_eq!(next.sessions.contents(), Some(after));
}

#[tokio::test]
async fn without_a_keyring_a_session_lives_as_long_as_the_process() {
    let (app, error) = signed_in_without_a_keyring().await;
    assert_eq!(error.reason(), Reason::KeyringUnavailable);
    assert!(!shown(&app).kept);
    app.sessions.access_token(None).await.unwrap();
}

#[tokio::test]
async fn a_session_for_this_run_ends_with_it_and_nobody_complains() {
    let (peer, this_run) = (Peer::start().await, Keyring::for_this_run());
    let app = App::signed_in(&peer, &this_run).await;
    peer.will_answer([peer.refreshed("R2")]);
    let fresh = app.sessions.refresh().await.unwrap();
    assert!(fresh.refreshed && fresh.warning.is_none());
    assert!(!shown(&app).kept);
    assert!(!app.sessions.is_owed_by_the_keyring());
    app.sessions.settle_with_keyring().await.unwrap();

    // The window has been at another profile meanwhile.
    let again = App::start(&peer, &this_run);
    again.sessions.restore().await.unwrap();
    assert!(!shown(&again).kept);
    peer.will_answer([peer.refreshed("R3")]);
    again.sessions.refresh().await.unwrap();
    assert_eq!(refresh_tokens_spent(&peer), ["R1", "R2"]);

    let next_run = App::start(&peer, &Keyring::for_this_run());
    next_run.sessions.restore().await.unwrap();
    assert_eq!(next_run.sessions.status(), SessionStatus::SignedOut);
}

#[tokio::test]
async fn a_session_for_this_run_can_be_signed_out_before_it_ends() {
    let (peer, this_run) = (Peer::start().await, Keyring::for_this_run());
    let app = App::signed_in(&peer, &this_run).await;
    app.sessions.sign_out().await.unwrap();
    assert_eq!(app.sessions.status(), SessionStatus::SignedOut);
    assert!(!app.sessions.is_owed_by_the_keyring());
    let again = App::start(&peer, &this_run);
    again.sessions.restore().await.unwrap();
    assert_eq!(again.sessions.status(), SessionStatus::SignedOut);
}

#[tokio::test]
async fn a_keyring_that_comes_back_is_given_the_session() {
    let (peer, keyring) = (Peer::start().await, Keyring::new());
    keyring.break_it();
    let (app, _) = signed_in_over(&peer, &keyring).await;
    app.sessions.settle_with_keyring().await.unwrap_err();
    assert!(!shown(&app).kept);

    keyring.mend_it();
    app.sessions.settle_with_keyring().await.unwrap();

    assert!(shown(&app).kept);
    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    assert_eq!(shown(&next).account, shown(&app).account);
}

#[tokio::test]
async fn who_signed_in_while_the_keyring_was_away_is_newer_than_what_it_holds() {
    let (peer, keyring, _) = signed_in().await;
    keyring.break_it();
    let (app, _) = signed_in_over(&peer, &keyring).await;
    app.wait(Duration::from_secs(1));
    keyring.mend_it();

    app.sessions.restore().await.unwrap();
    assert!(!shown(&app).kept, "the session of this run stays in use");
    app.sessions.settle_with_keyring().await.unwrap();

    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    assert_eq!(shown(&next).expires_at, shown(&app).expires_at);
}

#[tokio::test]
async fn a_keyring_that_was_never_read_is_not_written_to() {
    let (peer, keyring, _) = signed_in().await;
    keyring.break_it();
    let app = App::start(&peer, &keyring);
    app.sessions.restore().await.unwrap_err();
    keyring.mend_it();
    app.sessions.settle_with_keyring().await.unwrap();
    app.sessions.restore().await.unwrap();
    shown(&app);
}

#[tokio::test]
async fn what_was_signed_out_while_the_keyring_was_away_does_not_come_back() {
    let (peer, keyring, _) = signed_in().await;
    keyring.break_it();
    let (app, _) = signed_in_over(&peer, &keyring).await;
    app.sessions.sign_out().await.unwrap();
    keyring.mend_it();

    app.sessions.restore().await.unwrap();
    assert_eq!(*app.sessions.watch().borrow(), SessionStatus::SignedOut);
    app.sessions.settle_with_keyring().await.unwrap();

    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    assert_eq!(*next.sessions.watch().borrow(), SessionStatus::SignedOut);
}

#[tokio::test]
async fn a_keyring_that_cannot_be_asked_is_not_signed_out() {
    let peer = Peer::start().await;
    let broken = Keyring::new();
    broken.break_it();
    let error = App::start(&peer, &broken)
        .sessions
        .restore()
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Reason::KeyringUnavailable);
}

#[tokio::test]
async fn signing_out_leaves_nothing() {
    let (peer, keyring, app) = signed_in().await;
    app.sessions.sign_out().await.unwrap();
    assert_eq!(*app.sessions.watch().borrow(), SessionStatus::SignedOut);
    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    assert_eq!(*next.sessions.watch().borrow(), SessionStatus::SignedOut);
}

#[tokio::test]
async fn a_refresh_under_way_does_not_bring_back_what_was_signed_out() {
    let (peer, keyring, app) = signed_in().await;
    let gate = peer.hold_back();
    peer.will_answer([peer.refreshed("R2")]);
    let sessions = app.sessions.clone();
    let refreshing = tokio::spawn(async move { sessions.refresh().await });
    while refresh_tokens_spent(&peer).is_empty() {
        tokio::task::yield_now().await;
    }
    app.sessions.sign_out().await.unwrap();
    gate.notify_one();
    assert!(refreshing.await.unwrap().is_err());
    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    assert_eq!(*next.sessions.watch().borrow(), SessionStatus::SignedOut);
}

#[tokio::test]
async fn a_token_is_over_when_either_clock_says_so() {
    let (peer, keyring, app) = signed_in().await;
    // Time ran on between two processes: a session out of the keyring knows only the wall clock.
    app.wait(HOUR);
    let next = App::start_at(&peer, &keyring, Clock::held(NOON + HOUR));
    next.sessions.restore().await.unwrap();
    peer.will_answer([peer.refreshed("R2")]);
    next.sessions.access_token(None).await.unwrap();
    assert_eq!(refresh_tokens_spent(&peer), ["R1"]);

    // The wall clock was set back; the process's own clock was not.
    app.clock.set_wall(NOON);
    peer.will_answer([peer.refreshed("R3")]);
    app.sessions.access_token(None).await.unwrap();
    assert_eq!(refresh_tokens_spent(&peer).len(), 2);
}

#[tokio::test]
async fn a_session_that_no_keyring_holds_can_be_signed_out() {
    let (app, _) = signed_in_without_a_keyring().await;
    app.sessions.sign_out().await.unwrap();
    assert_eq!(*app.sessions.watch().borrow(), SessionStatus::SignedOut);
}

#[tokio::test]
async fn a_rotated_refresh_token_outlives_a_failed_check() {
    let (peer, keyring, app) = signed_in().await;
    let mut tokens = peer.tokens("R2");
    tokens["access_token"] = peer.sign("K9", &peer.claims("access_token")).into();
    peer.will_answer([Answer::json(&tokens), peer.refreshed("R3")]);
    let error = app.sessions.refresh().await.unwrap_err();
    assert_eq!(error.reason(), Reason::VerificationFailed);
    app.sessions.access_token(None).await.unwrap();

    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    next.sessions.refresh().await.unwrap();
    assert_eq!(refresh_tokens_spent(&peer), ["R1", "R2"]);
}

#[tokio::test]
async fn a_kept_token_that_fails_its_check_is_replaced_and_not_handed_out() {
    let (peer, keyring, _) = signed_in().await;
    peer.change_key_id("K2");
    let next = App::start(&peer, &keyring);
    next.sessions.restore().await.unwrap();
    let error = next.sessions.verify().await.unwrap_err();
    assert_eq!(error.reason(), Reason::VerificationFailed);

    peer.will_answer([Answer::html(502)]);
    let error = next.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderBroken);
    peer.change_key_id("K1");
    next.wait(Duration::from_mins(1));
    peer.will_answer([peer.refreshed("R2")]);
    next.sessions.access_token(None).await.unwrap();
}

#[tokio::test]
async fn tokens_go_to_no_other_provider() {
    let (_, keyring, _) = signed_in().await;
    let other = Peer::start().await;
    let app = App::start(&other, &keyring);
    app.sessions.restore().await.unwrap();
    assert_eq!(*app.sessions.watch().borrow(), SessionStatus::SignedOut);
    assert!(other.asked().is_empty());
}
