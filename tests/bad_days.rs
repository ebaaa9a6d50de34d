//! Bad days of a session: whatever breaks between a terminal and its tokens is said by its own name, the token at hand
//! is handed out for as long as it lives, and once it is mended, the session goes on.
//!
//! The provider is one that nobody wakes: the profile in use is called `work`, and asks at an address.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::Duration;

use harness::{
    FullDisk, Impostor, Provider, Services, Session, eventually, on_a_system_of_its_own,
};
use serde_json::{Value, json};

const ADA: &str = "ada@example.com";

/// How old a token of an hour is that has half a minute left: less than whoever asks for none in particular gets.
const WORN_OUT: Duration = Duration::from_secs(3570);
const A_MINUTE: Duration = Duration::from_mins(1);
const TWO_HOURS: Duration = Duration::from_hours(2);

/// More than a worn-out token can give.
const FIVE_MINUTES: [&str; 3] = ["token", "--min-valid", "5m"];
const FORCED: [&str; 2] = ["token", "--force-refresh"];

/// A provider that forgives a refresh token that comes again, as long as its successor was not used.
const FORGIVING: &str = "[tokens]\nreuse_grace_seconds = 60\n";

async fn signed_in_with(services: Services, configuration: &str) -> (Session, Provider) {
    let session = Session::start_with(services);
    let provider = session.provider_configured(configuration);
    session.uses_profile_at(&provider.base, &provider.base);
    session.signs_in_at_the_terminal(&provider, ADA).await;
    (session, provider)
}

async fn signed_in() -> (Session, Provider) {
    signed_in_with(Services::Usual, "").await
}

/// While there are no new tokens, for this reason: the one at hand is handed out with a warning; who asks for more than
/// it can give, or when it has ended, gets an error of this exit code.
fn is_outlived(session: &Session, code: i32, words: &[&str]) {
    let at_hand = session.keyfob(&["token"]).result();
    session.kept_tokens_grow_older(WORN_OUT);
    let token = session.keyfob(&["token"]).warns(words);
    assert_eq!(token, at_hand);
    session.keyfob(&FIVE_MINUTES).fails(code, words);
    session.kept_tokens_grow_older(A_MINUTE);
    session.keyfob(&["token"]).fails(code, words);
}

/// Nothing was lost: there is a new token, another one after it, and no refresh token was presented twice.
async fn goes_on(session: &Session, provider: &Provider) {
    let token = session.keyfob(&["token"]).result();
    assert!(provider.accepts(&token).await);
    let next = session.keyfob(&FORCED).result();
    assert_ne!(next, token);
    assert_eq!(provider.refreshes().await.spent_before, 0);
}

/// Starts a refresh whose answer is two seconds late, and gives it once the provider has been asked.
async fn refresh_that_waits(session: &Session, provider: &Provider) -> harness::Running {
    let late = provider.fault("delayed_answer").at("refresh").seconds(2);
    late.once().await;
    let refresh = session.keyfob_started(&FORCED);
    let asked = async || (provider.struck("delayed_answer").await > 0).then_some(());
    assert!(eventually(asked).await.is_some(), "it has not asked");
    refresh
}

async fn is_granted(provider: &Provider) {
    let granted = async || (provider.refreshes().await.granted > 0).then_some(());
    assert!(eventually(granted).await.is_some(), "no answer has come");
}

/// The word for programs, of a call that failed with this exit code.
fn reason(session: &Session, code: i32) -> String {
    let ran = session.keyfob(&["token", "--json"]);
    ran.fails(code, &[]);
    let said: Value = serde_json::from_str(&ran.said).expect("an error is JSON, too");
    said["error"]["reason"].as_str().expect("a word").to_owned()
}

// The provider and the way to it.

#[tokio::test]
async fn a_provider_that_is_down() {
    let (session, _) = signed_in().await;
    session.provider_goes_to_sleep();
    is_outlived(&session, 5, &["the provider cannot be reached"]);
    let provider = session.provider();
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_name_that_leads_nowhere() {
    let (session, provider) = signed_in().await;
    session.uses_profile_at("https://provider.keyfob.invalid", &provider.base);
    is_outlived(&session, 5, &["the provider cannot be reached"]);
    session.uses_profile_at(&provider.base, &provider.base);
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for() {
    let (session, provider) = signed_in().await;
    let impostor = Impostor::with_a_certificate_of_its_own();
    session.uses_profile_at(&impostor.base, &provider.base);
    let words = ["the provider cannot be reached", "certificate"];
    is_outlived(&session, 5, &words);
    impostor.was_never_asked();
    session.uses_profile_at(&provider.base, &provider.base);
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_provider_that_asks_to_be_left_alone() {
    let (session, provider) = signed_in().await;
    let busy = provider.fault("too_many_requests").at("refresh");
    busy.seconds(7).until_healed().await;
    let words = [
        "the provider asks to be asked later",
        "it asks to wait for 7 s",
    ];
    is_outlived(&session, 1, &words);
    provider.heal().await;
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_provider_that_is_broken() {
    let (session, provider) = signed_in().await;
    let json = json!({ "content-type": "application/json" });
    let broken = Impostor::answers(500, &json, r#"{"msg": "The token is not valid"}"#);
    session.uses_profile_at(&broken.base, &provider.base);
    is_outlived(
        &session,
        1,
        &["the provider gave no usable answer", "HTTP 500"],
    );
    broken.was_asked();
    session.uses_profile_at(&provider.base, &provider.base);
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_network_that_answers_in_the_providers_place() {
    let (session, provider) = signed_in().await;
    let page = "<!doctype html><title>Welcome</title><h1>Free Wi-Fi</h1>";
    for (status, header) in [
        (200, json!({ "content-type": "text/html" })),
        (302, json!({ "location": "http://portal.invalid/" })),
        (511, json!({ "content-type": "text/html" })),
    ] {
        let portal = Impostor::answers(status, &header, page);
        session.uses_profile_at(&portal.base, &provider.base);
        let said = format!("HTTP {status}");
        is_outlived(&session, 1, &["the provider gave no usable answer", &said]);
        portal.was_asked();
        session.uses_profile_at(&provider.base, &provider.base);
        goes_on(&session, &provider).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_where_the_provider_forgives() {
    let (session, provider) = signed_in_with(Services::Usual, FORGIVING).await;
    for fault in ["lost_answer", "cut_answer"] {
        session.kept_tokens_grow_older(WORN_OUT);
        provider.fault(fault).at("refresh").once().await;
        session
            .keyfob(&["token"])
            .warns(&["the provider cannot be reached"]);
        let token = session.keyfob(&["token"]).result();
        assert!(provider.accepts(&token).await);
    }
    session.keyfob(&FORCED).result();
    let refreshes = provider.refreshes().await;
    assert_eq!(refreshes.spent_before, 2, "once for each lost answer");
}

#[tokio::test]
async fn an_answer_that_is_lost_ends_the_session_where_the_provider_does_not_forgive() {
    let (session, provider) = signed_in().await;
    session.kept_tokens_grow_older(WORN_OUT);
    provider.fault("lost_answer").at("refresh").once().await;
    session
        .keyfob(&["token"])
        .warns(&["the provider cannot be reached"]);
    for _ in 0..2 {
        session
            .keyfob(&["token"])
            .fails(4, &["the session has ended", "keyfob login"]);
    }
    let refreshes = provider.refreshes().await;
    assert_eq!(refreshes.presented, 2, "its final word is asked for once");
    assert_eq!(session.keyring_names(), ["work.session"]);
    session.signs_in_at_the_terminal(&provider, ADA).await;
    session.keyfob(&FORCED).result();
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere() {
    let (session, provider) = signed_in().await;
    provider.revokes_the_sessions_of(ADA).await;
    session.keyfob(&["token"]).result();
    session.kept_tokens_grow_older(WORN_OUT);
    for _ in 0..2 {
        session
            .keyfob(&["token"])
            .fails(4, &["the session has ended", "keyfob login"]);
    }
    assert_eq!(provider.refreshes().await.presented, 1);
    assert_eq!(session.keyring_names(), ["work.session"]);
    session.signs_in_at_the_terminal(&provider, ADA).await;
    goes_on(&session, &provider).await;
}

// The keyring.

#[tokio::test]
async fn a_keyring_that_is_locked_between_two_calls() {
    let (session, provider) = signed_in_with(Services::KeyringThatCannotAsk, "").await;
    session.lock_keyring();
    for call in [&["token"][..], &FIVE_MINUTES, &FORCED] {
        session.keyfob(call).fails(6, &["the keyring is locked"]);
    }
    session.restart_keyring();
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_keyring_that_asks_for_its_password() {
    let (session, provider) = signed_in_with(Services::KeyringThatAsks, "").await;
    session.lock_keyring();
    session
        .keyfob(&["token"])
        .fails(6, &["it may be asking for its password"]);
    let call = session.keyfob_started(&["token"]);
    session.answer_the_prompt().await;
    // The call may have given up just before.
    call.ends();
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_keyring_that_is_locked_while_the_provider_answers_gets_the_tokens_when_it_is_unlocked() {
    let (session, provider) = signed_in_with(Services::KeyringThatCannotAsk, "").await;
    let refresh = refresh_that_waits(&session, &provider).await;
    session.lock_keyring();
    is_granted(&provider).await;
    session.replace_keyring();
    let token = refresh.ends().result();
    assert_eq!(session.keyfob(&["token"]).result(), token);
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_keyring_that_stays_locked_costs_no_token_and_that_is_said() {
    let (session, provider) = signed_in_with(Services::KeyringThatCannotAsk, FORGIVING).await;
    let refresh = refresh_that_waits(&session, &provider).await;
    session.lock_keyring();
    let token = refresh
        .ends()
        .warns(&["the new tokens are not kept", "the keyring is locked"]);
    assert!(provider.accepts(&token).await);
    session.restart_keyring();
    session.keyfob(&FORCED).result();
}

#[tokio::test]
async fn a_keyring_that_is_killed_and_started_between_two_calls() {
    let (session, provider) = signed_in_with(Services::KeyringThatCannotAsk, "").await;
    session.kill_keyring();
    session
        .keyfob(&["token"])
        .fails(6, &["there is no keyring that works"]);
    session.start_keyring();
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_keyring_that_is_killed_while_the_provider_answers_gets_the_tokens_when_it_is_back() {
    let (session, provider) = signed_in_with(Services::KeyringThatCannotAsk, "").await;
    let refresh = refresh_that_waits(&session, &provider).await;
    session.kill_keyring();
    is_granted(&provider).await;
    session.start_keyring();
    let token = refresh.ends().result();
    assert_eq!(session.keyfob(&["token"]).result(), token);
    goes_on(&session, &provider).await;
}

// The disk.

#[tokio::test]
async fn a_home_that_cannot_be_written_leaves_the_lock_of_the_login_session() {
    let (mut session, provider) = signed_in().await;
    let [of_the_person, of_the_login] = session.lock_folders();
    fs::remove_dir_all(&of_the_person).expect("it was there");
    fs::remove_dir_all(&of_the_login).expect("it was there");
    session.make_home_read_only();
    for others in [".local/share/keyrings", ".local/state/keyfob-identity"] {
        session.make_writable_in_home(others);
    }
    session.keyfob(&["token"]).result();
    session.kept_tokens_grow_older(TWO_HOURS);

    let before = provider.refreshes().await;
    let calls: Vec<_> = (0..8).map(|_| session.keyfob_started(&["token"])).collect();
    for call in calls {
        call.ends().result();
    }

    assert_eq!(provider.refreshes().await.granted, before.granted + 1);
    assert!(of_the_login.join("work.lock").exists());
    assert!(!of_the_person.exists());
    goes_on(&session, &provider).await;
}

#[test]
fn a_disk_that_is_full() {
    on_a_system_of_its_own("a_disk_that_is_full", || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(no_file_can_be_made());
    });
}

async fn no_file_can_be_made() {
    let (session, provider) = signed_in().await;
    let [of_the_person, of_the_login] = session.lock_folders();
    let home = FullDisk::over(of_the_person);
    session.keyfob(&FORCED).result();

    let login = FullDisk::over(of_the_login.clone());
    is_outlived(&session, 1, &["no lock file can be made", "No space left"]);

    drop(login);
    // What lies there already is locked without writing anything.
    assert!(of_the_login.join("work.lock").exists());
    goes_on(&session, &provider).await;
    drop(home);
    goes_on(&session, &provider).await;
}

// The clock.

#[tokio::test]
async fn a_wall_clock_that_is_set_costs_no_refresh_that_it_need_not() {
    const HOUR: i64 = 3600;
    let (mut session, provider) = signed_in().await;
    let clock = session.wall_clock();
    let mut refreshes = 0;
    for off_by in [1, -1, 60, -60, 600, -600, -HOUR, -3 * HOUR, -24 * HOUR] {
        clock.is_off_by(off_by);
        session.keyfob(&["token"]).result();
        let asked = provider.refreshes().await.presented;
        assert_eq!(asked, refreshes, "a clock {off_by} s off");
    }
    for off_by in [HOUR, 3 * HOUR, 24 * HOUR] {
        clock.is_off_by(off_by);
        let said = format!("the clock of this computer is {} min fast", off_by / 60);
        let token = session.keyfob(&["token"]).warns(&[&said]);
        assert!(provider.accepts(&token).await, "a clock {off_by} s off");
        refreshes += 1;
        // Found out once, and known to the next call; that goes for a clock that is set right again, too.
        session.keyfob(&["token"]).result();
        clock.is_off_by(0);
        session.keyfob(&["token"]).result();
        let asked = provider.refreshes().await.presented;
        assert_eq!(asked, refreshes, "a clock {off_by} s off");
    }
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_wall_clock_that_was_set_back_does_not_make_an_old_token_young() {
    let (mut session, provider) = signed_in().await;
    let clock = session.wall_clock();
    for hours in [3, 24] {
        session.kept_tokens_grow_older(TWO_HOURS);
        clock.is_off_by(-hours * 3600);
        let at_hand = session.keyfob(&["token", "--json"]).result();
        let at_hand: Value = serde_json::from_str(&at_hand).expect("it prints JSON");
        assert_eq!(at_hand["refreshed"], true, "{hours} h");
    }
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_computer_that_slept_for_three_hours_gets_a_token_that_is_good_now() {
    let (mut session, provider) = signed_in().await;
    let clock = session.wall_clock();
    let before = session.keyfob(&["token"]).result();
    clock.is_off_by(3 * 3600);
    provider.is_ahead_by(3 * 3600).await;
    let ran = session.keyfob(&["token"]);
    assert!(!ran.said.contains("clock"), "{}", ran.said);
    let token = ran.result();
    assert_ne!(token, before);
    assert!(provider.accepts(&token).await);
    goes_on(&session, &provider).await;
}

#[tokio::test]
async fn a_window_that_slept_for_three_hours_gives_a_token_that_is_good_now() {
    let (mut session, provider) = signed_in().await;
    let clock = session.wall_clock();
    let app = session.launch().await;
    app.reaches("signed_in").await;
    let before = session.keyfob(&["token"]).result();

    clock.is_off_by(3 * 3600);
    provider.is_ahead_by(3 * 3600).await;
    app.press("Copy access token").await;
    app.shows("Copied").await;

    let token = session.clipboard().text;
    assert_ne!(token, before);
    assert!(provider.accepts(&token).await);
    app.warns_of_nothing().await;
    assert_eq!(session.keyfob(&["token"]).result(), token);
    goes_on(&session, &provider).await;
}

// All of them.

#[tokio::test]
async fn no_outcome_is_taken_for_another() {
    let (mut session, provider) = signed_in_with(Services::KeyringThatCannotAsk, "").await;
    session.keyfob(&["token"]).result();

    session.kept_tokens_grow_older(WORN_OUT);
    let holder = session.somebody_locks("work");
    let at_hand = session.keyfob_started(&["token"]);
    let longer = session.keyfob_started(&FIVE_MINUTES);
    at_hand
        .ends()
        .warns(&["another program is refreshing this session"]);
    longer
        .ends()
        .fails(7, &["another program is refreshing this session"]);
    drop(holder);

    session.kept_tokens_grow_older(A_MINUTE);
    let refusal = provider.fault("refusal").at("refresh").status(403);
    refusal.body(json!({ "msg": "No." })).until_healed().await;
    assert_eq!(reason(&session, 1), "provider_refused");
    provider.heal().await;

    session.provider_goes_to_sleep();
    assert_eq!(reason(&session, 5), "offline");
    let provider = session.provider();

    let keyring = session.keyring_process();
    session.freeze_keyring();
    assert_eq!(reason(&session, 6), "keyring_waiting");
    session.thaw_keyring(keyring);
    session.lock_keyring();
    assert_eq!(reason(&session, 6), "keyring_locked");
    session.kill_keyring();
    assert_eq!(reason(&session, 6), "keyring_unavailable");
    session.start_keyring();

    let clock = session.wall_clock();
    clock.is_off_by(3 * 3600);
    session
        .keyfob(&["token"])
        .warns(&["the clock of this computer is 180 min fast"]);
    clock.is_off_by(0);
    goes_on(&session, &provider).await;

    session.keyfob(&["logout"]).result();
    assert_eq!(reason(&session, 4), "sign_in_needed");
}
