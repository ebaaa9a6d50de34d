//! Signing out: the session ends here first, then the provider is told, now or later.

use std::time::Duration;

use keyfob_auth::{SessionStatus, Vault};
use serde_json::json;

use crate::{
    peer::{OidcPeer, Said, sign, token_answer},
    walk::Walk,
};

const A_WEEK: Duration = Duration::from_hours(7 * 24);

/// Signed in at a provider that takes revocations.
async fn signed_in() -> Walk {
    let walk = Walk::at(peer().await, |_| {});
    walk.signed_in().await;
    walk
}

/// The same, but nothing of it outlives the program.
async fn signed_in_for_this_run() -> Walk {
    let walk = Walk::over(Vault::for_this_run("test"), peer().await, |_| {});
    walk.signed_in().await;
    walk
}

async fn peer() -> OidcPeer {
    let peer = OidcPeer::start().await;
    let endpoint = format!("{}/revoke", peer.issuer());
    peer.describe(|said| said["revocation_endpoint"] = json!(endpoint));
    peer
}

/// The tokens that were to be revoked, in order.
fn revoked(walk: &Walk) -> Vec<String> {
    let asked = walk.peer.asked_at("revoke");
    asked.iter().map(|it| it.form["token"].clone()).collect()
}

fn waits(walk: &Walk) -> bool {
    walk.sessions.unrevoked().borrow().is_some()
}

#[tokio::test]
async fn the_provider_is_told_which_token_is_no_longer_wanted() {
    let walk = signed_in().await;
    walk.peer.will_say("revoke", Said::text(200, ""));
    walk.sessions.sign_out().await.unwrap();
    assert_eq!(walk.sessions.status(), SessionStatus::SignedOut);
    walk.sessions.idle().await;
    assert_eq!(revoked(&walk), ["R1"]);
    assert!(!waits(&walk));
}

#[tokio::test]
async fn a_provider_that_cannot_be_told_now_is_told_later() {
    let walk = signed_in().await;
    walk.peer.will_say("revoke", Said::text(503, ""));
    walk.sessions.sign_out().await.unwrap();
    walk.sessions.idle().await;
    assert_eq!(walk.sessions.status(), SessionStatus::SignedOut);
    assert!(waits(&walk));

    walk.peer.will_say("revoke", Said::text(503, ""));
    walk.sessions.deliver_outbox().await.unwrap_err();
    assert!(waits(&walk));
    walk.peer.will_say("revoke", Said::text(200, ""));
    walk.sessions.deliver_outbox().await.unwrap();
    assert!(!waits(&walk));
    walk.sessions.deliver_outbox().await.unwrap();
    assert_eq!(revoked(&walk), ["R1", "R1", "R1"]);
}

#[tokio::test]
async fn after_a_week_the_provider_is_left_alone() {
    let walk = signed_in().await;
    walk.peer.will_say("revoke", Said::text(503, ""));
    walk.sessions.sign_out().await.unwrap();
    walk.sessions.idle().await;
    walk.clock.advance(A_WEEK);
    walk.sessions.deliver_outbox().await.unwrap();
    assert!(!waits(&walk));
    assert_eq!(revoked(&walk).len(), 1);
}

#[tokio::test]
async fn a_providers_own_no_is_the_end_of_it() {
    let walk = signed_in().await;
    let no = json!({"error": "unsupported_token_type"});
    walk.peer.will_say("revoke", Said::json(400, &no));
    walk.sessions.sign_out().await.unwrap();
    walk.sessions.idle().await;
    assert!(!waits(&walk));
}

#[tokio::test]
async fn tokens_that_came_while_the_person_signed_out_are_revoked_too() {
    let walk = signed_in().await;
    let gate = walk.peer.hold_back("token");
    let mut tokens = token_answer(&sign(&walk.peer.claims("unasked")));
    tokens["refresh_token"] = json!("R2");
    tokens.as_object_mut().unwrap().remove("id_token");
    walk.peer.will_say("token", Said::json(200, &tokens));
    for _ in 0..2 {
        walk.peer.will_say("revoke", Said::text(200, ""));
    }
    let sessions = walk.sessions.clone();
    let refreshing = tokio::spawn(async move { sessions.refresh().await });
    while walk.peer.asked_at("token").len() < 2 {
        tokio::task::yield_now().await;
    }
    walk.sessions.sign_out().await.unwrap();
    gate.notify_one();
    refreshing.await.unwrap().unwrap_err();
    walk.sessions.idle().await;
    let mut revoked = revoked(&walk);
    revoked.sort();
    assert_eq!(revoked, ["R1", "R2"]);
}

#[tokio::test]
async fn a_session_that_ends_with_the_program_ends_at_the_provider() {
    let walk = signed_in_for_this_run().await;
    walk.peer.will_say("revoke", Said::text(200, ""));
    walk.sessions.idle().await;
    assert_eq!(revoked(&walk), ["R1"]);
}

#[tokio::test]
async fn a_session_that_outlives_the_program_does_not_end_with_it() {
    let walk = signed_in().await;
    walk.sessions.idle().await;
    assert!(revoked(&walk).is_empty());
}

#[tokio::test]
async fn a_sign_out_of_this_run_is_told_once_more_before_it_ends() {
    let walk = signed_in_for_this_run().await;
    walk.peer.will_say("revoke", Said::text(503, ""));
    walk.sessions.sign_out().await.unwrap();
    while !waits(&walk) {
        tokio::task::yield_now().await;
    }
    walk.peer.will_say("revoke", Said::text(200, ""));
    walk.sessions.idle().await;
    assert_eq!(revoked(&walk), ["R1", "R1"]);
    assert!(!waits(&walk));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_does_not_keep_the_program_from_ending() {
    let walk = signed_in_for_this_run().await;
    let _closed = walk.peer.hold_back("revoke");
    // From here on it is only waited.
    tokio::time::pause();
    let idle = walk.sessions.idle();
    let ended = tokio::time::timeout(Duration::from_secs(6), idle).await;
    assert!(ended.is_ok());
}
