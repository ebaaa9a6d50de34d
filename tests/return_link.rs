//! The link that leads back to the app: too late, a second time, somebody else's, forged, among other arguments.
//!
//! Whatever comes, a sign-in that waits goes on waiting, and a session stays.
#![cfg(target_os = "linux")]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use harness::{App, Browser, Session, built, eventually, follow_the_mail};

const ADA: &str = "ada@example.com";

/// A sign-in that waits, and the link that would end it, which nobody has opened yet.
async fn answered(session: &Session, app: &App<'_>, browser: &Browser) -> String {
    app.ask_for_a_letter(browser, ADA).await;
    let page = session.kept_sign_in_page();
    let last_page = follow_the_mail(&session.provider().base, &page).await;
    last_page.return_link()
}

/// What a desktop does with a link while the app runs.
fn open_link(session: &Session, link: &str) {
    let ended = session.spawn_app(&[link]).ends();
    assert!(ended.success(), "the second start ended with {ended}");
}

/// Waits until the window says `reason`, and nothing else is different.
async fn says(app: &App<'_>, stage: &str, reason: &str) {
    let said = eventually(async || (app.problem().await? == reason).then_some(())).await;
    assert!(said.is_some(), "it says {:?}", app.problem().await);
    assert_eq!(app.stage().await.as_deref(), Some(stage));
}

/// Waits until the window, which was away, is in front, and has said nothing.
async fn comes_and_says_nothing(session: &Session, app: &App<'_>, stage: &str) {
    session.comes_to_the_front("Keyfob").await;
    assert_eq!(app.stage().await.as_deref(), Some(stage));
    assert_eq!(app.problem().await, None);
}

async fn goes_away(session: &Session) {
    session.comes_to_the_front("Keyfob").await;
    session.minimise_focused_window();
    let away = eventually(async || (session.focused_window()? != "Keyfob").then_some(())).await;
    assert!(away.is_some(), "the window still has the focus");
}

#[tokio::test]
async fn the_answer_to_a_sign_in_that_was_cancelled_brings_the_window_and_nothing_else() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = answered(&session, &app, &browser).await;

    app.press("Cancel").await;
    app.reaches("signed_out").await;
    assert_eq!(session.keyring_names(), [""; 0]);
    open_link(&session, &link);

    comes_and_says_nothing(&session, &app, "signed_out").await;
    assert_eq!(session.keyring_names(), [""; 0]);
    // What was typed is still there.
    app.press("Sign in").await;
    app.reaches("signing_in").await;
}

#[tokio::test]
async fn an_answer_after_fifteen_minutes_is_called_late_and_another_sign_in_can_begin() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = answered(&session, &app, &browser).await;
    app.quit().await;
    session.kept_attempts_grow_older(Duration::from_secs(15 * 60 + 1));

    let app = session.launch().await;
    app.reaches("signed_out").await;
    assert_eq!(session.keyring_names(), [""; 0]);
    for _ in 0..2 {
        open_link(&session, &link);
        says(&app, "signed_out", "sign_in_expired").await;
    }
    app.press("Start again").await;
    browser.open("about:blank").await;
    let link = answered(&session, &app, &browser).await;
    open_link(&session, &link);
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn a_second_answer_brings_the_window_and_nothing_else() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = answered(&session, &app, &browser).await;
    open_link(&session, &link);
    app.reaches("signed_in").await;
    let log = session.provider_log();

    goes_away(&session).await;
    open_link(&session, &link);
    comes_and_says_nothing(&session, &app, "signed_in").await;

    // Nor is it news to an app that was started since, and has forgotten the sign-in.
    app.quit().await;
    let app = session.launch().await;
    app.reaches("signed_in").await;
    goes_away(&session).await;
    open_link(&session, &link);
    comes_and_says_nothing(&session, &app, "signed_in").await;
    assert_eq!(exchanges(&session.provider_log()), exchanges(&log));
    assert_eq!(session.keyring_names(), ["local.session"]);
}

#[tokio::test]
async fn the_link_of_another_installation_is_refused_and_the_right_one_still_signs_in() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = answered(&session, &app, &browser).await;
    let (start, _state) = link.rsplit_once("state=").expect("a state");

    open_link(&session, &format!("{start}state=of-another-installation"));
    says(&app, "signing_in", "link_foreign").await;
    open_link(
        &session,
        "dev.keyfob.debug://callback?error=access_denied&state=guessed",
    );
    says(&app, "signing_in", "link_foreign").await;
    open_link(&session, &link.replace("://callback", "://callback/work"));
    says(&app, "signing_in", "link_foreign").await;
    open_link(&session, "dev.keyfob.debug://callback?code=1");
    says(&app, "signing_in", "link_malformed").await;
    assert_eq!(exchanges(&session.provider_log()), 0);

    open_link(&session, &link);
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn a_storm_of_forged_links_is_nothing_to_who_is_signed_in() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, ADA).await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    let kept = session.keyring_entries();
    let exchanged = exchanges(&session.provider_log());

    for links in forged_links().chunks(8) {
        let mut starts: Vec<_> = links
            .iter()
            .map(|link| session.spawn_app(&[link]))
            .collect();
        for start in &mut starts {
            let ended = start.ends();
            assert!(ended.success(), "a second start ended with {ended}");
        }
    }

    session.comes_to_the_front("Keyfob").await;
    assert_eq!(app.stage().await.as_deref(), Some("signed_in"));
    assert_eq!(app.problem().await, None);
    app.shows(ADA).await;
    assert_eq!(session.keyring_entries(), kept);
    assert_eq!(exchanges(&session.provider_log()), exchanged);
    app.press("Refresh now").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    assert!(provider.accepts(&session.clipboard().text).await);
}

#[tokio::test]
async fn a_link_is_found_among_other_arguments_whatever_they_are() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = answered(&session, &app, &browser).await;
    let not_text = OsString::from_vec(vec![b'-', 0xff, 0xfe, b'x']);

    let mut start = session.command(built("keyfob-desktop"));
    start
        .args(["--hidden", "-", "", "--", "file:///etc/passwd"])
        .arg(not_text);
    start.args([
        &format!(" {link}\n"),
        "dev.keyfob://callback?code=1&state=2",
        "🔑",
    ]);
    let output = start.output().expect("the app starts");

    assert!(output.status.success(), "it ended with {}", output.status);
    app.reaches("signed_in").await;
    assert_eq!(app.problem().await, None);
}

/// How often a code was presented to the provider.
fn exchanges(log: &str) -> usize {
    let exchange = |line: &&str| line.contains("/verify/get_identity");
    log.lines().filter(exchange).count()
}

/// Links of our scheme that a page, a mail or a program of somebody else may make up.
fn forged_links() -> Vec<String> {
    let queries = [
        "code=1&state=2&challenge_id=3",
        "error=access_denied&state=2",
        "code=1&state=2&challenge_id=99999999999999999999",
        "code=1&state=%00%ff%fe&challenge_id=-1",
        "code[]=1&state[]=2",
        "state=%3Cscript%3Ealert(1)%3C%2Fscript%3E&error=%E2%80%AEdenied",
        "code=%0d%0aLocation:%20http://127.0.0.1/&state=a%0d%0ab",
        "access_token=eyJhbGciOiJub25lIn0.e30.&state=2",
        "",
    ];
    let targets = [
        "dev.keyfob.debug://callback",
        "dev.keyfob.debug:callback",
        "dev.keyfob.debug:///callback",
        "dev.keyfob.debug://user:password@callback:1",
        "DEV.KEYFOB.DEBUG://CALLBACK/",
        "dev.keyfob.debug://[::1]/../callback",
        "dev.keyfob.debug://callback/../../tauri.localhost",
        "dev.keyfob.debug://\u{202e}kcabllac",
    ];
    let mut links: Vec<String> = targets
        .iter()
        .flat_map(|target| queries.map(|query| format!("{target}?{query}#{query}")))
        .collect();
    links.extend(
        (1..=40).map(|number| format!("dev.keyfob.debug://callback?state={number}&code=C")),
    );
    links.extend((0..16).map(|power| {
        let long = "a".repeat(1 << power);
        format!("dev.keyfob.debug://callback?code={long}&state={long}")
    }));
    links
}
