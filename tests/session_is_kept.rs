//! What stays when the app ends, and what goes when the person signs out.
#![cfg(target_os = "linux")]

use harness::{Session, eventually};

#[tokio::test]
async fn a_restart_keeps_the_session() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;

    app.quit().await;
    let app = session.launch().await;

    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    assert!(provider.accepts(&session.clipboard().text).await);
}

#[tokio::test]
async fn signing_out_leaves_no_entry_in_the_keyring() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;
    assert_eq!(session.keyring_names(), ["local.session"]);

    app.press("Sign out").await;
    app.reaches("signed_out").await;

    let emptied = eventually(async || session.keyring_names().is_empty().then_some(())).await;
    assert!(
        emptied.is_some(),
        "the keyring holds {:?}",
        session.keyring_names()
    );
    app.quit().await;
    let app = session.launch().await;
    app.reaches("signed_out").await;
}

#[tokio::test]
async fn a_local_provider_that_went_to_sleep_is_woken() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;
    session.provider_goes_to_sleep();

    app.press("Refresh now").await;

    let refreshed = || {
        session
            .provider_log()
            .contains("route=\"/token/{key}\" status=200")
    };
    assert!(
        eventually(async || refreshed().then_some(()))
            .await
            .is_some(),
        "no token was refreshed"
    );
    assert_eq!(app.problem().await, None);
}
