//! Keyrings that are missing, locked, silent, or end half-way: the window says what is wrong, never takes it for
//! "signed out", signs in for this run all the same, and makes up for it when the keyring does its part.
#![cfg(target_os = "linux")]

use std::time::Duration;

use harness::{App, Browser, Services, Session, eventually};
use tokio::time::Instant;

/// The window says what is wrong within three seconds of its start. Far more is left to a test machine that does much
/// else, and starts a driver first; what it took is printed.
const SAID_WITHIN: Duration = Duration::from_secs(10);

/// Starts the app, and sees that it soon says what is wrong, and does not claim that nobody is signed in.
async fn launch_and_hear_of<'session>(session: &'session Session, reason: &str) -> App<'session> {
    let start = Instant::now();
    let app = session.launch().await;
    let mut stages = Vec::new();
    let said = eventually(async || {
        stages.extend(app.stage().await);
        app.warnings().await.contains(reason).then_some(())
    })
    .await;
    let took = start.elapsed();
    println!("{reason} was said {took:?} after the start");
    assert!(said.is_some(), "{reason} was not said");
    assert!(took < SAID_WITHIN, "{reason} was said after {took:?}");
    app.reaches("unknown").await;
    assert!(!stages.contains(&"signed_out".to_owned()), "{stages:?}");
    app
}

/// A session that an earlier run of the app has left in the keyring.
async fn keep_a_session(session: &Session, browser: &Browser, address: &str) {
    let app = session.launch().await;
    app.sign_in_by_mail(browser, address).await;
    assert_eq!(session.keyring_names(), ["local.session"]);
    app.quit().await;
}

async fn the_keyring_holds(session: &Session, names: &[&str]) {
    let holds = eventually(async || (session.keyring_names() == names).then_some(())).await;
    let now = session.keyring_names();
    assert!(holds.is_some(), "the keyring holds {now:?}");
}

async fn a_restart_shows(session: &Session, app: App<'_>, address: &str) {
    app.quit().await;
    let app = session.launch().await;
    app.reaches("signed_in").await;
    app.shows(address).await;
    app.warns_of_nothing().await;
}

#[tokio::test]
async fn without_a_keyring_one_signs_in_until_one_quits() {
    let session = Session::start_with(Services::NoKeyring);
    let provider = session.provider();
    let browser = session.browser().await;
    let app = launch_and_hear_of(&session, "keyring_unavailable").await;
    app.keep_picture("before").await;

    app.sign_in_for_now(&browser, "ada@example.com").await;

    app.shows("you are signed in until you quit").await;
    app.keep_picture("after").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    assert!(provider.accepts(&session.clipboard().text).await);
    app.press("Sign out").await;
    app.reaches("unknown").await;
}

#[tokio::test]
async fn a_keyring_that_is_started_later_keeps_the_session_after_all() {
    let session = Session::start_with(Services::NoKeyring);
    let browser = session.browser().await;
    let app = launch_and_hear_of(&session, "keyring_unavailable").await;
    app.sign_in_for_now(&browser, "ada@example.com").await;

    session.start_keyring();

    app.warns_of_nothing().await;
    the_keyring_holds(&session, &["local.session"]).await;
    a_restart_shows(&session, app, "ada@example.com").await;
}

#[tokio::test]
async fn without_a_session_bus_one_signs_in_through_the_browser_until_one_quits() {
    let session = Session::start_with(Services::NoBus);
    let browser = session.browser().await;
    let app = launch_and_hear_of(&session, "keyring_unavailable").await;
    app.warns_of("link_handler_missing").await;
    app.keep_picture("before").await;

    app.sign_in_for_now(&browser, "ada@example.com").await;

    browser.go_to_tab("/done").await;
    app.shows("ada@example.com").await;
    app.shows("you are signed in until you quit").await;
    app.keep_picture("after").await;
}

#[tokio::test]
async fn the_kept_session_appears_when_the_prompt_is_answered() {
    let session = Session::start_with(Services::KeyringThatAsks);
    let browser = session.browser().await;
    keep_a_session(&session, &browser, "ada@example.com").await;
    session.lock_keyring();
    let app = launch_and_hear_of(&session, "keyring_waiting").await;
    session.keyring_asks().await;
    session.keep_picture("asking");

    session.answer_the_prompt().await;

    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
    app.warns_of_nothing().await;
    app.shows("Verified").await;
}

#[tokio::test]
async fn a_dismissed_prompt_opens_again_at_the_press_of_a_button() {
    let session = Session::start_with(Services::KeyringThatAsks);
    let browser = session.browser().await;
    keep_a_session(&session, &browser, "ada@example.com").await;
    session.lock_keyring();
    let app = launch_and_hear_of(&session, "keyring_waiting").await;

    session.dismiss_the_prompt().await;

    app.warns_of("keyring_locked").await;
    app.reaches("unknown").await;
    app.keep_picture("dismissed").await;
    app.press("Unlock").await;
    session.answer_the_prompt().await;
    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
    app.warns_of_nothing().await;
}

#[tokio::test]
async fn who_signs_in_before_the_prompt_is_answered_stays_and_is_kept() {
    let session = Session::start_with(Services::KeyringThatAsks);
    let browser = session.browser().await;
    keep_a_session(&session, &browser, "ada@example.com").await;
    session.lock_keyring();
    let app = launch_and_hear_of(&session, "keyring_waiting").await;
    session.keyring_asks().await;

    app.sign_in_for_now(&browser, "grace@example.com").await;
    app.shows("you are signed in until you quit").await;
    session.answer_the_prompt().await;

    app.warns_of_nothing().await;
    app.shows("grace@example.com").await;
    the_keyring_holds(&session, &["local.session"]).await;
    a_restart_shows(&session, app, "grace@example.com").await;
}

#[tokio::test]
async fn a_locked_keyring_that_can_ask_nobody_is_said_to_be_locked() {
    let session = Session::start_with(Services::KeyringThatCannotAsk);
    let browser = session.browser().await;
    keep_a_session(&session, &browser, "ada@example.com").await;
    session.lock_keyring();
    let app = launch_and_hear_of(&session, "keyring_locked").await;
    app.keep_picture("before").await;

    app.sign_in_for_now(&browser, "grace@example.com").await;

    app.shows("grace@example.com").await;
    app.shows("you are signed in until you quit").await;
    app.warns_of("keyring_locked").await;
    app.keep_picture("after").await;
}

#[tokio::test]
async fn a_keyring_that_never_answers_holds_nobody_up() {
    let session = Session::start_with(Services::KeyringThatCannotAsk);
    let browser = session.browser().await;
    let keyring = session.keyring_process();
    session.freeze_keyring();
    let app = launch_and_hear_of(&session, "keyring_waiting").await;
    app.keep_picture("before").await;

    app.sign_in_for_now(&browser, "ada@example.com").await;
    app.shows("you are signed in until you quit").await;
    app.warns_of("keyring_waiting").await;
    app.keep_picture("after").await;

    session.thaw_keyring(keyring);
    app.warns_of_nothing().await;
    the_keyring_holds(&session, &["local.session"]).await;
    a_restart_shows(&session, app, "ada@example.com").await;
}

#[tokio::test]
async fn a_keyring_that_answers_late_brings_the_kept_session() {
    let session = Session::start_with(Services::KeyringThatCannotAsk);
    let browser = session.browser().await;
    keep_a_session(&session, &browser, "ada@example.com").await;
    let keyring = session.keyring_process();
    session.freeze_keyring();
    let app = launch_and_hear_of(&session, "keyring_waiting").await;

    session.thaw_keyring(keyring);

    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
    app.warns_of_nothing().await;
}

#[tokio::test]
async fn a_keyring_that_is_killed_in_the_middle_of_a_sign_in_gets_the_session_when_it_is_back() {
    let session = Session::start_with(Services::KeyringThatCannotAsk);
    let browser = session.browser().await;
    let app = session.launch().await;
    app.ask_for_a_letter(&browser, "ada@example.com").await;
    the_keyring_holds(&session, &["local.sign-in"]).await;

    session.kill_keyring();
    app.follow_the_letter(&browser, "ada@example.com").await;
    app.warns_of("keyring_unavailable").await;
    app.shows("you are signed in until you quit").await;

    session.start_keyring();
    app.warns_of_nothing().await;
    the_keyring_holds(&session, &["local.session"]).await;
    a_restart_shows(&session, app, "ada@example.com").await;
}

#[tokio::test]
async fn a_keyring_that_was_restarted_loses_no_session() {
    let session = Session::start_with(Services::KeyringThatCannotAsk);
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;

    session.kill_keyring();
    session.start_keyring();
    app.press("Refresh now").await;

    let provider = session.provider();
    let refreshed = || {
        session
            .provider_log()
            .contains("route=\"/token/{key}\" status=200")
    };
    let refreshed = eventually(async || refreshed().then_some(())).await;
    assert!(refreshed.is_some(), "no token was refreshed");
    app.warns_of_nothing().await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    assert!(provider.accepts(&session.clipboard().text).await);
    a_restart_shows(&session, app, "ada@example.com").await;
}
