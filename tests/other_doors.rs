//! Ways back for when links do not open the app.
#![cfg(target_os = "linux")]

use harness::{Session, eventually};

#[tokio::test]
async fn a_pasted_return_link_signs_in() {
    let session = Session::start();
    let browser = session.browser_that_asks().await;
    let app = session.launch().await;
    app.ask_for_a_letter(&browser, "ada@example.com").await;
    app.press("Open the outbox").await;
    browser.open_the_newest_letter("ada@example.com").await;
    browser.press("Sign in").await;
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
    assert_eq!(app.stage().await.as_deref(), Some("signing_in"));

    app.press("Paste return link").await;

    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
}

#[tokio::test]
async fn another_way_back_signs_in_through_a_listener_on_this_computer() {
    let session = Session::start();
    let browser = session.browser_that_asks().await;
    let app = session.launch().await;
    app.ask_for_a_letter(&browser, "ada@example.com").await;

    app.press("Try another way").await;
    let second = eventually(async || (browser.tabs("/app/wait").await == 2).then_some(())).await;
    assert!(second.is_some(), "the browser shows no second sign-in");
    app.press("Open the outbox").await;
    browser.open_the_newest_letter("ada@example.com").await;
    browser.press("Sign in").await;

    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
    browser.go_to_tab("/done").await;
    browser.shows("Keyfob").await;
}
