//! Starts of the app that are not the person's first: by a link while it is closed, and once more while it runs.
#![cfg(target_os = "linux")]

use harness::{Session, eventually};

#[tokio::test]
async fn a_link_that_finds_the_app_closed_starts_it_and_completes_the_sign_in() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.ask_for_a_letter(&browser, "ada@example.com").await;
    app.press("Open the outbox").await;
    browser.open_the_newest_letter("ada@example.com").await;
    app.quit().await;
    assert_eq!(session.keyring_names(), ["local.sign-in"]);

    browser.press("Sign in").await;

    // The one who answers now is nobody's child of ours, and nobody drives it.
    let kept =
        eventually(async || (session.keyring_names() == ["local.session"]).then_some(())).await;
    assert!(
        kept.is_some(),
        "the keyring holds {:?}",
        session.keyring_names()
    );
    let exchanges = session
        .provider_log()
        .lines()
        .filter(|line| line.contains("/verify/get_identity") && line.contains("status=200"))
        .count();
    assert_eq!(exchanges, 1);
    session.comes_to_the_front("Keyfob").await;
    session.focused_window_is_painted().await;
    session.keep_picture("started-by-the-link");

    session.close_window("Keyfob");
    let app = session.launch().await;
    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
}

#[tokio::test]
async fn a_second_start_shows_the_window_that_is_there_and_ends() {
    let session = Session::start();
    let app = session.launch().await;
    app.reaches("signed_out").await;
    session.comes_to_the_front("Keyfob").await;
    session.minimise_focused_window();
    let away = eventually(async || session.focused_window().is_none().then_some(())).await;
    assert!(away.is_some(), "the window still has the focus");

    let mut second = session.spawn_app(&[]);

    let ended = second.ends();
    assert!(ended.success(), "it ended with {ended}");
    session.comes_to_the_front("Keyfob").await;
    assert_eq!(app.stage().await.as_deref(), Some("signed_out"));
}
