//! What the app does and says when the provider, the network or the way back is broken, and that nothing is lost.
//!
//! | fault | what the app does | what it says |
//! |---|---|---|
//! | 500, then 200 on the exchange | asks again by itself; the code is still good | nothing |
//! | 500 on the exchange that stays | keeps the answer for "Try again" | the provider is having trouble (HTTP 500) |
//! | HTML 502 | the same | … (HTTP 502) |
//! | 429 with `Retry-After` | the same | the provider asks to wait, and how long |
//! | 10 MB body | reads 256 KiB, then the same | … the answer is too large |
//! | redirect to another host | does not follow it, then the same | … (HTTP 307) |
//! | answer delayed beyond 15 s | the same | the provider cannot be reached |
//! | answer of the exchange lost | "Try again" finds the code spent: a new link is needed | that link was used before |
//! | missing `user` | needs none: the tokens say who it is | nothing |
//! | key rollover | asks for the keys once more | nothing |
//! | skewed `Date` | goes on by the clock that the tokens allow | the clock of this computer is wrong |
//! | no rotated token | keeps the one it has | nothing |
//! | any of these on a refresh | keeps session and refresh token, still copies the token at hand | the same |
//! | answer of a refresh lost or cut after rotation | keeps the session's record and the token at hand | the provider has ended the session |
//! | `error` redirect | ends the attempt | the sign-in was declined |
//! | wrong state | waits on | that link belongs to another sign-in |
//! | missing or duplicate state, non-numeric `challenge_id` | waits on | the link that came back is damaged |
#![cfg(target_os = "linux")]

use std::net::TcpListener;

use harness::{App, Browser, Provider, Session, eventually};

const TROUBLE: &str = "The provider is having trouble and gave no usable answer.";
const WAIT: &str = "The provider asks you to wait a moment.";
const UNREACHABLE: &str = "The provider cannot be reached.";
const ENDED: &str = "The provider has ended your session.";
const USED: &str = "That link was used before or is too old.";
const DECLINED: &str = "The sign-in was declined.";
const FOREIGN: &str = "That link belongs to another sign-in.";
const DAMAGED: &str = "The link that came back is damaged.";
const CLOCK: &str = "The clock of this computer is wrong.";

const ADA: &str = "ada@example.com";

/// Somebody else's host: a listener that no request may reach.
struct Elsewhere(TcpListener);

impl Elsewhere {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener
            .set_nonblocking(true)
            .expect("a listener can be asked without waiting");
        Self(listener)
    }

    fn address(&self) -> String {
        let address = self.0.local_addr().expect("a bound listener");
        format!("http://{address}/token")
    }

    fn was_asked(&self) -> bool {
        self.0.accept().is_ok()
    }
}

/// Presses a button and waits for the problem that follows, in the window's words and the provider's.
async fn meets(app: &App<'_>, button: &str, reason: &str, words: &[&str]) {
    app.press(button).await;
    says(app, reason, words).await;
}

async fn says(app: &App<'_>, reason: &str, words: &[&str]) {
    for text in words {
        app.shows(text).await;
    }
    assert_eq!(app.problem().await.as_deref(), Some(reason));
}

async fn says_no_longer(app: &App<'_>, words: &str) {
    let gone = eventually(async || (!app.text().await.contains(words)).then_some(()));
    assert!(gone.await.is_some(), "the window still says {words:?}");
}

/// The token at hand is copied, and the provider takes it.
async fn still_serves(session: &Session, app: &App<'_>, provider: &Provider) {
    app.press("Copy access token").await;
    app.shows("Copied").await;
    assert!(provider.accepts(&session.clipboard().text).await);
}

/// A refresh that succeeds, as the provider counts it, and that the window ends without a word. A verb's button is
/// busy from the press to the end, and a problem comes with that end.
async fn refreshes(session: &Session, app: &App<'_>) {
    let done = || {
        let refreshed = "route=\"/token/{key}\" status=200";
        session.provider_log().matches(refreshed).count()
    };
    let before = done();
    app.press("Refresh now").await;
    let quiet = eventually(async || {
        let busy = app.attribute("main [aria-busy=true]", "class").await;
        let over = done() > before && busy.is_none();
        (over && app.problem().await.is_none()).then_some(())
    });
    assert!(
        quiet.await.is_some(),
        "the refresh met {:?}",
        app.problem().await
    );
}

/// The app after it was closed and opened again.
async fn restarted<'session>(session: &'session Session, app: App<'session>) -> App<'session> {
    app.quit().await;
    let app = session.launch().await;
    app.reaches("signed_in").await;
    app.shows(ADA).await;
    app
}

async fn follow_the_letter(app: &App<'_>, browser: &Browser) {
    app.press("Open the outbox").await;
    browser.open_the_newest_letter(ADA).await;
    browser.press("Sign in").await;
}

/// The whole way again, by the button beside the problem.
async fn start_again(app: &App<'_>, browser: &Browser) {
    browser.close_tabs().await;
    app.press("Start again").await;
    browser.go_to_tab("/app/wait").await;
    browser.shows(ADA).await;
    follow_the_letter(app, browser).await;
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn one_answer_survives_all_that_can_happen_to_its_exchange() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;
    let elsewhere = Elsewhere::open();
    app.ask_for_a_letter(&browser, ADA).await;

    provider.fault("exchange_fails").until_healed().await;
    follow_the_letter(&app, &browser).await;
    says(&app, "provider_broken", &["HTTP 500", TROUBLE]).await;
    assert_eq!(app.stage().await.as_deref(), Some("signing_in"));
    provider.heal().await;

    let exchange = |name| provider.fault(name).at("exchange");
    exchange("bad_gateway").until_healed().await;
    meets(&app, "Try again", "provider_broken", &["HTTP 502", TROUBLE]).await;
    provider.heal().await;
    exchange("too_many_requests").seconds(30).once().await;
    meets(&app, "Try again", "provider_busy", &["for 30 s", WAIT]).await;
    exchange("huge_answer").once().await;
    meets(
        &app,
        "Try again",
        "provider_broken",
        &["too large", TROUBLE],
    )
    .await;
    exchange("redirect_elsewhere")
        .to(&elsewhere.address())
        .once()
        .await;
    meets(&app, "Try again", "provider_broken", &["HTTP 307", TROUBLE]).await;
    assert!(!elsewhere.was_asked(), "the code went to another host");
    exchange("delayed_answer").seconds(20).once().await;
    meets(&app, "Try again", "offline", &[UNREACHABLE]).await;

    app.press("Try again").await;
    app.reaches("signed_in").await;
    assert_eq!(app.problem().await, None);
    still_serves(&session, &app, &provider).await;
    assert_eq!(session.keyring_names(), ["local.session"]);
}

#[tokio::test]
async fn a_refresh_that_fails_keeps_the_session_and_the_token_at_hand() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;
    let elsewhere = Elsewhere::open();
    app.sign_in_by_mail(&browser, ADA).await;

    let refresh = |name| provider.fault(name).at("refresh");
    refresh("bad_gateway").once().await;
    meets(
        &app,
        "Refresh now",
        "provider_broken",
        &["HTTP 502", TROUBLE],
    )
    .await;
    still_serves(&session, &app, &provider).await;
    refresh("too_many_requests").seconds(600).once().await;
    meets(&app, "Refresh now", "provider_busy", &["for 10 min", WAIT]).await;
    refresh("huge_answer").once().await;
    meets(
        &app,
        "Refresh now",
        "provider_broken",
        &["too large", TROUBLE],
    )
    .await;
    refresh("redirect_elsewhere")
        .to(&elsewhere.address())
        .once()
        .await;
    meets(
        &app,
        "Refresh now",
        "provider_broken",
        &["HTTP 307", TROUBLE],
    )
    .await;
    assert!(
        !elsewhere.was_asked(),
        "the refresh token went to another host"
    );
    assert_eq!(app.stage().await.as_deref(), Some("signed_in"));

    refreshes(&session, &app).await;
    provider.fault("bad_gateway").at("keys").once().await;
    let app = restarted(&session, app).await;
    assert_eq!(
        app.problem().await,
        None,
        "keys that cannot be had now are no news"
    );
    refreshes(&session, &app).await;
    app.shows("Verified").await;
    still_serves(&session, &app, &provider).await;
}

#[tokio::test]
async fn an_answer_that_is_lost_after_it_was_given_costs_no_more_than_itself() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;

    app.ask_for_a_letter(&browser, ADA).await;
    provider.fault("lost_answer").at("exchange").once().await;
    follow_the_letter(&app, &browser).await;
    says(&app, "offline", &[UNREACHABLE]).await;
    meets(&app, "Try again", "code_refused", &[USED]).await;
    start_again(&app, &browser).await;

    for fault in ["lost_answer", "cut_answer"] {
        refreshes(&session, &app).await;
        provider.fault(fault).at("refresh").once().await;
        meets(&app, "Refresh now", "sign_in_needed", &[ENDED]).await;
        assert_eq!(app.stage().await.as_deref(), Some("signed_in"));
        still_serves(&session, &app, &provider).await;
        assert_eq!(session.keyring_names(), ["local.session"]);
        meets(&app, "Refresh now", "sign_in_needed", &[ENDED]).await;
        app.press("Sign in again").await;
        browser.close_tabs().await;
        app.sign_in_by_mail(&browser, ADA).await;
    }
    assert_eq!(app.problem().await, None);
}

#[tokio::test]
async fn what_a_provider_may_leave_out_or_change_is_not_even_noticed() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;

    provider.fault("exchange_fails").once().await;
    provider.fault("no_user").once().await;
    app.sign_in_by_mail(&browser, ADA).await;
    app.shows(ADA).await;
    provider.fault("key_rollover").once().await;
    refreshes(&session, &app).await;
    app.shows("Verified").await;
    provider.fault("no_rotated_token").times(2).await;
    refreshes(&session, &app).await;
    refreshes(&session, &app).await;
    let app = restarted(&session, app).await;
    refreshes(&session, &app).await;

    for fault in [
        "exchange_fails",
        "no_user",
        "key_rollover",
        "no_rotated_token",
    ] {
        assert!(provider.struck(fault).await > 0, "{fault} has not struck");
    }
    still_serves(&session, &app, &provider).await;
}

#[tokio::test]
async fn a_date_that_is_hours_off_is_said_and_stops_nothing() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;

    provider
        .fault("skewed_date")
        .at("exchange")
        .seconds(-7200)
        .once()
        .await;
    app.sign_in_by_mail(&browser, ADA).await;
    app.shows(CLOCK).await;
    app.shows("It is 120 min fast").await;
    app.shows("Verified").await;
    refreshes(&session, &app).await;
    says_no_longer(&app, CLOCK).await;
    provider
        .fault("skewed_date")
        .at("refresh")
        .seconds(7200)
        .once()
        .await;
    refreshes(&session, &app).await;
    app.shows("It is 120 min slow").await;
    still_serves(&session, &app, &provider).await;
    refreshes(&session, &app).await;
    says_no_longer(&app, CLOCK).await;
}

#[tokio::test]
async fn a_way_back_that_was_spoilt_leaves_the_sign_in_waiting_for_the_right_one() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.ask_for_a_letter(&browser, ADA).await;

    provider.fault("wrong_state").once().await;
    follow_the_letter(&app, &browser).await;
    says(&app, "link_foreign", &[FOREIGN]).await;
    browser.go_to_tab("/app/return").await;
    for (fault, detail) in [
        ("missing_state", "incomplete"),
        ("duplicate_state", "names a parameter twice"),
        ("challenge_id_not_a_number", "not a number"),
    ] {
        provider.fault(fault).once().await;
        browser.reload().await;
        browser.press("Open Keyfob").await;
        says(&app, "link_malformed", &[detail, DAMAGED]).await;
        assert_eq!(
            app.attribute("main", "data-step").await.as_deref(),
            Some("waiting")
        );
    }
    browser.reload().await;
    browser.press("Open Keyfob").await;
    app.reaches("signed_in").await;
    assert_eq!(app.problem().await, None);

    app.press("Sign out").await;
    browser.close_tabs().await;
    app.ask_for_a_letter(&browser, ADA).await;
    provider.fault("error_redirect").once().await;
    follow_the_letter(&app, &browser).await;
    app.reaches("signed_out").await;
    says(&app, "sign_in_denied", &[DECLINED, "access_denied"]).await;
    start_again(&app, &browser).await;
    still_serves(&session, &app, &provider).await;
}
