//! Machines that lack what a desktop usually has: no registration of links, no browser, nothing to open it with, no
//! right to write. Each is said, survived, and there is a way on.
#![cfg(target_os = "linux")]

use harness::{App, Browser, Session, built, eventually};

const ADA: &str = "ada@example.com";

/// Everything that could open an address; there need not be all of them.
const LAUNCHERS: [&str; 7] = [
    "xdg-open",
    "gio",
    "gnome-open",
    "kde-open",
    "kde-open5",
    "kde-open6",
    "wslview",
];

/// Types the address of the sign-in page into a browser that the app could not open, as the person would from the
/// clipboard, and then goes through the letter there.
async fn sign_in_by_the_copied_address(session: &Session, app: &App<'_>, browser: &Browser) {
    app.press("Copy sign-in address").await;
    let base = session.provider().base;
    let copied = eventually(async || session.clipboard_holds(&base).then_some(())).await;
    assert!(copied.is_some(), "the address is not on the clipboard");
    browser.open(&session.clipboard().text).await;
    browser.go_to_tab("/app/wait").await;
    browser.open(&format!("{base}/outbox")).await;
    browser.open_the_newest_letter(ADA).await;
    browser.press("Sign in").await;
}

async fn begin(app: &App<'_>) {
    app.reaches("signed_out").await;
    app.type_into("input", ADA).await;
    app.press("Sign in").await;
    app.reaches("signing_in").await;
}

#[tokio::test]
async fn without_xdg_mime_the_answer_comes_back_through_the_browser() {
    let mut session = Session::start();
    let browser = session.browser().await;
    session.uninstall(&["xdg-mime"]);
    let app = session.launch().await;
    app.warns_of("link_handler_missing").await;
    app.keep_picture("warned").await;

    app.sign_in_by_mail(&browser, ADA).await;

    app.shows(ADA).await;
    browser.go_to_tab("/done").await;
    assert_eq!(session.keyring_names(), ["local.session"]);
}

#[tokio::test]
async fn without_a_browser_the_address_is_there_to_be_copied() {
    let mut session = Session::start();
    let browser = session.browser_that_asks().await;
    session.uninstall(&LAUNCHERS);
    let app = session.launch().await;
    begin(&app).await;

    app.shows("Your browser could not be opened.").await;
    assert_eq!(app.problem().await.as_deref(), Some("browser_not_opened"));
    app.keep_picture("said").await;
    app.press("Copy the address").await;

    // The program that would open the link is missing as well, so that the link itself is copied back.
    sign_in_by_the_copied_address(&session, &app, &browser).await;
    browser.go_to_tab("/app/return").await;
    let copied = eventually(async || {
        // The browser asks whether it may open Keyfob. The person does not want that, and copies the link.
        session.press_keys("Escape");
        browser.press("Copy return link").await;
        session
            .clipboard_holds("dev.keyfob.debug://callback?")
            .then_some(())
    })
    .await;
    assert!(copied.is_some(), "the page copied no return link");
    app.press("Paste return link").await;
    app.reaches("signed_in").await;
    app.shows(ADA).await;
}

#[tokio::test]
async fn where_nothing_is_installed_that_opens_addresses_that_is_said() {
    let mut session = Session::start();
    session.uninstall(&[
        "chromium",
        "x-www-browser",
        "www-browser",
        "sensible-browser",
    ]);
    session.uninstall_every_desktop_file();
    let app = session.launch().await;

    begin(&app).await;

    app.shows("Your browser could not be opened.").await;
    app.press("Copy the address").await;
    let base = session.provider().base;
    let copied = eventually(async || session.clipboard_holds(&base).then_some(())).await;
    assert!(copied.is_some(), "the address is not on the clipboard");
}

/// With an `xdg-open` of this kind, no browser opens and nobody is told so.
async fn another_way_leads_on_when_opening(does: &str) {
    let mut session = Session::start();
    let browser = session.browser_that_asks().await;
    session.replace_program("xdg-open", does);
    let app = session.launch().await;
    begin(&app).await;
    app.shows("Keyfob waits until").await;
    assert_eq!(app.problem().await, None);

    // Offered once it is likely that nothing comes back.
    app.press("Try another way").await;
    let by_loopback =
        eventually(async || (!app.text().await.contains("Try another way")).then_some(()));
    assert!(by_loopback.await.is_some(), "no second attempt has begun");
    app.keep_picture("waiting").await;
    sign_in_by_the_copied_address(&session, &app, &browser).await;

    app.reaches("signed_in").await;
    app.shows(ADA).await;
    browser.go_to_tab("/done").await;
}

#[tokio::test]
async fn an_xdg_open_that_does_nothing_leaves_other_ways() {
    another_way_leads_on_when_opening("exit 0").await;
}

#[tokio::test]
async fn an_xdg_open_that_never_ends_leaves_other_ways() {
    another_way_leads_on_when_opening("exec sleep 600").await;
}

#[tokio::test]
async fn an_xdg_open_that_fails_is_made_up_for_by_the_next_launcher() {
    let mut session = Session::start();
    let browser = session.browser().await;
    session.replace_program("xdg-open", "exit 3");
    let app = session.launch().await;

    begin(&app).await;

    browser.go_to_tab("/app/wait").await;
    assert_eq!(app.problem().await, None);
}

#[tokio::test]
async fn a_home_that_cannot_be_written_leaves_a_configured_provider() {
    let mut session = Session::start();
    let elsewhere = session.root().join("elsewhere");
    let base = session.run(
        built("keyfob-identity"),
        ["--data".as_ref(), elsewhere.as_os_str(), "ensure".as_ref()],
    );
    let base = base.trim();
    session.uses_profile_at(base, base);
    let browser = session.browser_that_trusts(base).await;
    session.make_home_read_only();
    let app = session.launch().await;
    app.reaches("signed_out").await;
    app.keep_picture("before").await;

    app.type_into("input", ADA).await;
    app.press("Sign in").await;
    app.reaches("signing_in").await;
    browser.go_to_tab("/app/wait").await;
    browser.open(&format!("{base}/outbox")).await;
    browser.open_the_newest_letter(ADA).await;
    browser.press("Sign in").await;

    app.reaches("signed_in").await;
    app.shows(ADA).await;
    app.keep_picture("after").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
}

#[tokio::test]
async fn a_home_that_cannot_be_written_is_said_and_tried_again() {
    let mut session = Session::start();
    session.make_home_read_only();
    let app = session.launch().await;

    app.shows("The local provider could not be started.").await;
    app.shows("cannot be used for the local provider's data")
        .await;
    app.keep_picture("said").await;

    session.make_home_writable();
    app.press("Try again").await;
    app.reaches("signed_out").await;
    let mended = eventually(async || app.problem().await.is_none().then_some(())).await;
    assert!(mended.is_some(), "the problem stays");
}
