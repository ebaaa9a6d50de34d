//! Several programs that share one session: whatever they do at once, no refresh token is spent twice, and none is lost.

#![allow(clippy::unwrap_used, reason = "a test that meets none has failed")]

mod support;

use std::{collections::BTreeSet, fs::File, time::Duration};

use keyfob_auth::{Reason, SessionStatus, Warning};
use serde_json::Value;
use support::{Answer, App, Keyring, Peer};

const HOUR: Duration = Duration::from_hours(1);
const HALF_A_MINUTE: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(10);

async fn signed_in() -> (Peer, Keyring, App) {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let app = App::signed_in(&peer, &keyring).await;
    (peer, keyring, app)
}

/// The refresh tokens that were presented.
fn spent(peer: &Peer) -> Vec<String> {
    let asked = peer.asked();
    let tokens = asked
        .iter()
        .map(|request| &request["body"]["refresh_token"]);
    tokens
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect()
}

fn is_signed_in(app: &App) -> bool {
    app.sessions.status() != SessionStatus::SignedOut
}

/// Waits until it is so, which may take another program's look.
async fn eventually(is_so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(SOON, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap();
}

#[tokio::test]
async fn what_another_program_refreshed_is_adopted_and_nothing_spent() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    let other = app.another_process(&keyring).await;
    peer.will_answer([peer.refreshed("R2")]);
    assert!(other.sessions.access_token(None).await.unwrap().refreshed);

    let adopted = app.sessions.access_token(None).await.unwrap();
    assert!(!adopted.refreshed);
    assert_eq!(spent(&peer), ["R1"]);
    peer.will_answer([peer.refreshed("R3")]);
    app.sessions.refresh().await.unwrap();
    assert_eq!(spent(&peer), ["R1", "R2"]);
}

#[tokio::test]
async fn of_many_programs_at_once_one_refreshes() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    peer.will_answer([peer.refreshed("R2")]);
    let mut asking = Vec::new();
    for _ in 0..20 {
        let process = app.another_process(&keyring).await;
        asking.push(tokio::spawn(async move {
            let fresh = process.sessions.access_token(None).await.unwrap();
            fresh.refreshed
        }));
    }
    let mut refreshed = 0;
    for asked in asking {
        refreshed += usize::from(asked.await.unwrap());
    }
    assert_eq!((refreshed, spent(&peer)), (1, vec!["R1".to_owned()]));
}

#[tokio::test]
async fn callers_that_wait_share_a_failure_too() {
    let (peer, _, app) = signed_in().await;
    app.wait(HOUR);
    peer.will_answer((0..100).map(|_| Answer::html(502)));
    let asking = (0..100).map(|_| {
        let sessions = app.sessions.clone();
        tokio::spawn(async move { sessions.access_token(None).await })
    });
    for asked in asking.collect::<Vec<_>>() {
        let error = asked.await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Reason::ProviderBroken);
    }
    assert_eq!(spent(&peer).len(), 1);
}

#[tokio::test]
async fn a_holder_that_never_finishes_makes_the_others_busy_and_not_signed_out() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR.saturating_sub(HALF_A_MINUTE));
    let holder = File::open(keyring.lock_file()).unwrap();
    holder.lock().unwrap();
    tokio::time::pause();
    let at_hand = app.sessions.access_token(None).await.unwrap();
    assert!(
        matches!(at_hand.warning, Some(Warning::NotRefreshed(ref why)) if why.reason() == Reason::Busy)
    );
    app.wait(HALF_A_MINUTE);
    let error = app.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::Busy);
    assert!(is_signed_in(&app));
    assert!(spent(&peer).is_empty());

    tokio::time::resume();
    drop(holder);
    peer.will_answer([peer.refreshed("R2")]);
    app.sessions.access_token(None).await.unwrap();
}

#[tokio::test]
async fn who_takes_the_token_at_hand_gets_it_while_it_is_still_of_use() {
    let (_, keyring, app) = signed_in().await;
    app.wait(HOUR.saturating_sub(HALF_A_MINUTE));
    let holder = File::open(keyring.lock_file()).unwrap();
    holder.lock().unwrap();
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let at_hand = app.sessions.access_token(None).await.unwrap();
    assert!(matches!(at_hand.warning, Some(Warning::NotRefreshed(_))));
    assert!(begun.elapsed() < HALF_A_MINUTE);

    let begun = tokio::time::Instant::now();
    let more = Some(HALF_A_MINUTE * 2);
    app.sessions.access_token(more).await.unwrap_err();
    assert!(begun.elapsed() >= HALF_A_MINUTE, "it is no use to this one");
}

#[tokio::test]
async fn without_a_lock_file_nothing_is_spent_and_the_token_at_hand_is_handed_out() {
    let (peer, keyring, app) = signed_in().await;
    keyring.lose_folder();
    app.wait(HOUR.saturating_sub(HALF_A_MINUTE));
    let at_hand = app.sessions.access_token(None).await.unwrap();
    assert!(matches!(at_hand.warning, Some(Warning::NotRefreshed(_))));
    let error = app.sessions.refresh().await.unwrap_err();
    assert_eq!(error.reason(), Reason::StateFolderUnusable);
    assert!(spent(&peer).is_empty());
}

#[tokio::test]
async fn a_keyring_that_cannot_be_written_is_found_out_before_anything_is_spent() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    keyring.make_read_only();
    let error = app.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::KeyringLocked);
    assert!(spent(&peer).is_empty());

    keyring.relent();
    peer.will_answer([peer.refreshed("R2")]);
    app.sessions.access_token(None).await.unwrap();
}

#[tokio::test]
async fn tokens_that_could_not_be_saved_are_used_and_guarded_until_they_are() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    let other = app.another_process(&keyring).await;
    // The rewrite that proves that it can be written is the one that still works.
    keyring.fail_after_writes(keyring.session_entries());
    peer.will_answer([peer.refreshed("R2")]);
    let fresh = app.sessions.access_token(None).await.unwrap();
    assert!(fresh.refreshed && matches!(fresh.warning, Some(Warning::NotKept)));
    keyring.relent();

    // The keyring holds the old refresh token: nobody else gets to spend it.
    tokio::time::pause();
    let error = other.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::Busy);
    tokio::time::resume();

    app.sessions.settle_with_keyring().await.unwrap();
    assert!(!other.sessions.access_token(None).await.unwrap().refreshed);
    assert_eq!(spent(&peer), ["R1"]);
}

#[tokio::test]
async fn tokens_that_could_not_be_saved_stay_guarded_when_the_next_refresh_fails() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    let other = app.another_process(&keyring).await;
    keyring.fail_after_writes(keyring.session_entries());
    peer.will_answer([peer.refreshed("R2"), Answer::html(502)]);
    app.sessions.access_token(None).await.unwrap();
    app.sessions.refresh().await.unwrap_err();
    tokio::time::pause();
    let error = other.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::Busy);
}

#[tokio::test]
async fn what_a_keyring_did_not_keep_is_not_kept_over_a_sign_out_elsewhere() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    let other = app.another_process(&keyring).await;
    keyring.fail_after_writes(keyring.session_entries());
    peer.will_answer([peer.refreshed("R2")]);
    app.sessions.access_token(None).await.unwrap();
    keyring.relent();
    other.sessions.sign_out().await.unwrap();

    app.sessions.settle_with_keyring().await.unwrap();
    assert!(!is_signed_in(&app));
    assert_eq!(keyring.session_entries(), 0);
}

#[tokio::test]
async fn what_a_keyring_did_not_forget_is_not_forgotten_over_a_sign_in_elsewhere() {
    let (peer, keyring, _) = signed_in().await;
    let app = App::start(&peer, &keyring);
    keyring.break_it();
    app.sessions.sign_out().await.unwrap();
    keyring.mend_it();
    let terminal = App::signed_in(&peer, &keyring).await;
    app.sessions.settle_with_keyring().await.unwrap();
    assert!(is_signed_in(&app));
    assert!(is_signed_in(&terminal.another_process(&keyring).await));
}

#[tokio::test]
async fn a_program_that_ends_gives_the_keyring_what_it_did_not_keep() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    keyring.fail_after_writes(keyring.session_entries());
    peer.will_answer([peer.refreshed("R2")]);
    app.sessions.access_token(None).await.unwrap();
    assert!(app.sessions.is_owed_by_the_keyring());
    keyring.relent();
    app.sessions.idle().await;
    assert_eq!(keyring.record()["refresh_token"], "R2");
}

#[tokio::test]
async fn an_old_record_that_comes_back_is_replaced_by_the_tokens_that_work() {
    let (peer, keyring, app) = signed_in().await;
    let old = keyring.record();
    peer.will_answer([peer.refreshed("R2"), peer.refreshed("R3")]);
    app.sessions.refresh().await.unwrap();
    keyring.edit_record(|record| *record = old);

    app.sessions.refresh().await.unwrap();
    assert_eq!(spent(&peer), ["R1", "R2"]);
    assert_eq!(keyring.record()["refresh_token"], "R3");
}

#[tokio::test]
async fn a_wish_as_long_as_a_whole_life_is_met_by_a_new_token() {
    let (peer, _, app) = signed_in().await;
    app.wait(HALF_A_MINUTE);
    peer.will_answer([peer.refreshed("R2")]);
    let fresh = app.sessions.access_token(Some(HOUR)).await.unwrap();
    assert!(fresh.refreshed);
}

#[tokio::test]
async fn without_a_refresh_token_the_last_minute_of_a_token_is_handed_out() {
    let (_, keyring, app) = signed_in().await;
    keyring.edit_record(|record| record["refresh_token"] = Value::Null);
    app.wait(HOUR.saturating_sub(HALF_A_MINUTE));
    let next = app.another_process(&keyring).await;
    let fresh = next.sessions.access_token(None).await.unwrap();
    assert!(matches!(fresh.warning, Some(Warning::NotRefreshed(_))));
    app.wait(HALF_A_MINUTE);
    let error = app
        .another_process(&keyring)
        .await
        .sessions
        .access_token(None)
        .await;
    assert_eq!(error.unwrap_err().reason(), Reason::SignInNeeded);
}

#[tokio::test]
async fn a_minted_refresh_token_stays_where_the_provider_does_not_rotate() {
    let (peer, keyring, app) = signed_in().await;
    let mut tokens = peer.tokens("-");
    tokens.as_object_mut().unwrap().remove("refresh_token");
    peer.will_answer([Answer::json(&tokens)]);
    app.sessions.update_with_refresh_token("M1").await.unwrap();
    assert_eq!(keyring.record()["refresh_token"], "M1");
}

#[tokio::test]
async fn signing_out_ends_the_session_for_every_program_within_a_second() {
    let (_, keyring, app) = signed_in().await;
    let window = app.another_process(&keyring).await;
    let sessions = window.sessions.clone();
    let following = tokio::spawn(async move { sessions.follow().await });
    tokio::task::yield_now().await;

    app.sessions.sign_out().await.unwrap();
    eventually(|| !is_signed_in(&window)).await;
    following.abort();
}

#[tokio::test]
async fn a_sign_in_and_a_refresh_elsewhere_are_followed() {
    let peer = Peer::start().await;
    let keyring = Keyring::new();
    let window = App::start(&peer, &keyring);
    let sessions = window.sessions.clone();
    let following = tokio::spawn(async move { sessions.follow().await });
    tokio::task::yield_now().await;

    let terminal = App::signed_in(&peer, &keyring).await;
    eventually(|| is_signed_in(&window)).await;
    let before = window.sessions.status();
    terminal.wait(HOUR);
    peer.will_answer([peer.refreshed("R2")]);
    terminal.sessions.access_token(None).await.unwrap();
    eventually(|| window.sessions.status() != before).await;
    following.abort();
}

#[tokio::test]
async fn what_was_signed_out_during_another_programs_exchange_does_not_come_back() {
    let (peer, keyring, app) = signed_in().await;
    let other = app.another_process(&keyring).await;
    let gate = peer.hold_back();
    peer.will_answer([peer.refreshed("R2")]);
    let sessions = other.sessions.clone();
    let refreshing = tokio::spawn(async move { sessions.refresh().await });
    eventually(|| !spent(&peer).is_empty()).await;

    app.sessions.sign_out().await.unwrap();
    gate.notify_one();
    let error = refreshing.await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Reason::SignInNeeded);
    app.sessions.idle().await;
    assert_eq!(keyring.session_entries(), 0);
    assert!(!is_signed_in(&other));
}

#[tokio::test]
async fn who_signs_in_anew_during_another_programs_exchange_stays_signed_in() {
    let (peer, keyring, app) = signed_in().await;
    let other = app.another_process(&keyring).await;
    let address = app.begin().await;
    peer.will_answer([peer.identity("N1")]);
    let anew = app.finish(&address).await.unwrap();
    let gate = peer.hold_back();
    peer.will_answer([peer.refreshed("R2")]);
    let sessions = other.sessions.clone();
    let refreshing = tokio::spawn(async move { sessions.refresh().await });
    eventually(|| spent(&peer) == ["R1"]).await;

    let sessions = app.sessions.clone();
    let adopting = tokio::spawn(async move { sessions.adopt(anew).await });
    tokio::task::yield_now().await;
    gate.notify_one();
    refreshing.await.unwrap().unwrap();
    adopting.await.unwrap().unwrap();
    assert_eq!(keyring.record()["refresh_token"], "N1");
}

#[tokio::test]
async fn another_no_is_doubted_once_and_believed_half_a_minute_later_by_every_program() {
    let (peer, keyring, app) = signed_in().await;
    app.wait(HOUR);
    peer.will_answer([Answer::error(403, "no"), Answer::error(403, "no")]);
    for _ in 0..2 {
        let error = app.sessions.access_token(None).await.unwrap_err();
        assert_eq!(error.reason(), Reason::ProviderRefused);
    }
    app.wait(HALF_A_MINUTE);
    let other = app.another_process(&keyring).await;
    peer.will_answer([Answer::error(403, "no")]);
    let error = other.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::SignInNeeded);

    // Nobody asks again by itself; the person may, and the provider may have changed its mind.
    let error = app.sessions.access_token(None).await.unwrap_err();
    assert_eq!(error.reason(), Reason::SignInNeeded);
    assert_eq!(spent(&peer).len(), 3);
    assert_eq!(keyring.record()["refresh_token"], "R1");
    peer.will_answer([peer.refreshed("R2")]);
    app.sessions.refresh().await.unwrap();
    assert_eq!(keyring.record().get("refusal"), None);
}

#[tokio::test]
async fn between_two_doubts_a_success_clears_the_first() {
    let (peer, _, app) = signed_in().await;
    peer.will_answer([Answer::error(403, "no"), peer.refreshed("R2")]);
    app.sessions.refresh().await.unwrap_err();
    app.sessions.refresh().await.unwrap();
    app.wait(HALF_A_MINUTE);
    peer.will_answer([Answer::error(403, "no")]);
    let error = app.sessions.refresh().await.unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderRefused);
}

#[tokio::test]
async fn a_wish_that_no_new_token_meets_spends_nothing() {
    let (peer, _, app) = signed_in().await;
    let wish = app.sessions.access_token(Some(HOUR * 2)).await;
    assert_eq!(wish.unwrap_err().reason(), Reason::TokenTooShort);
    assert!(spent(&peer).is_empty());
}

#[tokio::test]
async fn a_new_token_that_falls_short_is_an_error_to_who_asked_and_a_warning_to_who_did_not() {
    let (peer, _, app) = signed_in().await;
    let short = |token: &str| {
        let mut tokens = peer.tokens(token);
        tokens["expires_in"] = 5.into();
        Answer::json(&tokens)
    };
    app.wait(HOUR.saturating_sub(HALF_A_MINUTE));
    peer.will_answer([short("R2")]);
    let wish = app
        .sessions
        .access_token(Some(Duration::from_mins(5)))
        .await;
    assert_eq!(wish.unwrap_err().reason(), Reason::TokenTooShort);
    app.sessions.access_token(None).await.unwrap();

    let (peer, _, app) = signed_in().await;
    app.wait(HOUR);
    let mut tokens = peer.tokens("R2");
    tokens["expires_in"] = 5.into();
    peer.will_answer([Answer::json(&tokens)]);
    let fresh = app.sessions.access_token(None).await.unwrap();
    assert!(matches!(fresh.warning, Some(Warning::ShortLived)));
}

#[tokio::test]
async fn a_minted_refresh_token_takes_the_place_of_the_old_one() {
    let (peer, keyring, app) = signed_in().await;
    peer.will_answer([peer.refreshed("M2")]);
    let answer = r#"{"token":"T","refresh_tokenn":"M1"}"#;
    app.sessions
        .update_with_refresh_token(answer)
        .await
        .unwrap();
    assert_eq!(spent(&peer), ["M1"]);
    assert_eq!(keyring.record()["refresh_token"], "M2");
}

#[tokio::test]
async fn a_minted_refresh_token_that_is_refused_costs_the_session_nothing() {
    let (peer, keyring, app) = signed_in().await;
    peer.will_answer([Answer::error(400, "not valid")]);
    let error = app
        .sessions
        .update_with_refresh_token("M1")
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Reason::ProviderRefused);
    let error = app
        .sessions
        .update_with_refresh_token("{}")
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Reason::NothingToAdopt);
    let record = keyring.record();
    assert_eq!(record["refresh_token"], "R1");
    assert_eq!(record.get("refusal"), None);
    app.sessions.access_token(None).await.unwrap();
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end_and_not_before() {
    let (peer, _, app) = signed_in().await;
    let lead = Duration::from_mins(5);
    app.wait(HOUR.saturating_sub(lead));
    let sessions = app.sessions.clone();
    let staying = tokio::spawn(async move { sessions.stay_fresh(|| async {}).await });
    tokio::task::yield_now().await;
    assert!(spent(&peer).is_empty());
    staying.abort();

    app.wait(Duration::from_secs(1));
    peer.will_answer([peer.refreshed("R2")]);
    let sessions = app.sessions.clone();
    let staying = tokio::spawn(async move { sessions.stay_fresh(|| async {}).await });
    eventually(|| spent(&peer) == ["R1"]).await;
    staying.abort();
}

/// A step of the wall clock between two processes: whatever it is, the next one hands out only tokens that the provider
/// takes, refreshes at most once for it, and the one after that not at all.
#[tokio::test]
async fn a_wall_clock_that_steps_costs_at_most_one_refresh_and_never_a_dead_token() {
    let mut seen = BTreeSet::new();
    for seconds in [1, 5, 60, 600, 3 * 3600, 86_400_i64]
        .into_iter()
        .flat_map(|by| [by, -by])
    {
        for age in [Duration::from_mins(10), HOUR + HALF_A_MINUTE] {
            let (peer, keyring, app) = signed_in().await;
            app.wait(age);
            let wall = app.clock.wall();
            let by = Duration::from_secs(seconds.unsigned_abs());
            app.clock
                .set_wall(if seconds > 0 { wall + by } else { wall - by });
            peer.will_answer([peer.refreshed("R2"), peer.refreshed("R3")]);

            let next = app.another_process(&keyring).await;
            let fresh = next.sessions.access_token(None).await.unwrap();
            assert!(fresh.refreshed || age < HOUR, "{seconds} s: a dead token");
            let cost = spent(&peer).len();
            assert!(cost <= 1, "{seconds} s cost {cost}");
            seen.insert(fresh.refreshed);

            let after = app.another_process(&keyring).await;
            let fresh = after.sessions.access_token(None).await.unwrap();
            assert!(
                !fresh.refreshed,
                "{seconds} s: a good token is not believed"
            );
        }
    }
    assert_eq!(seen.len(), 2, "both were seen");
}

#[tokio::test]
async fn a_computer_that_slept_past_the_end_of_a_token_hands_out_a_new_one() {
    let (peer, _, app) = signed_in().await;
    app.clock.sleep(HOUR * 3);
    peer.will_answer([peer.refreshed("R2")]);
    assert!(app.sessions.access_token(None).await.unwrap().refreshed);
}
