//! The search for secrets that ends every session, held to finding them.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "in a test, a panic is how a failure is said"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use harness::{Leak, Provider, Session};
use serde_json::json;

const SECRET: &str = "n0tHiNgBuTaSeCrEtThAtNoFiLeMaYhOlD0123456789abcdef";

/// Lets the secret pass at the provider, which refuses it and remembers it.
async fn present(provider: &Provider) {
    let key = "0197f2b6-6c0e-7b5a-9d43-6b6579666f62";
    let answer = reqwest::Client::new()
        .post(format!("{}/token/{key}", provider.base))
        .json(&json!({"grant_type": "refresh_token", "refresh_token": format!("1:{SECRET}")}))
        .send();
    assert_eq!(answer.await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_planted_secret_is_found_and_its_file_is_named() {
    let session = Session::start();
    present(&session.provider()).await;
    assert_eq!(session.leaks().len(), 0);

    let planted = session.home().join(".local/state/keyfob/app.log");
    fs::create_dir_all(planted.parent().unwrap()).unwrap();
    fs::write(&planted, format!("refreshing with 1%3A{SECRET}\n")).unwrap();

    let leak = Leak {
        file: planted.clone(),
        kind: "refresh_token".to_owned(),
        form: "plain",
    };
    assert_eq!(session.leaks().into_iter().collect::<Vec<_>>(), [leak]);
    fs::remove_file(planted).unwrap();
}

#[tokio::test]
async fn a_session_that_leaves_a_secret_behind_fails_without_saying_it() {
    let session = Session::start();
    present(&session.provider()).await;
    // The provider goes, and with it what it knew; the session has asked it before.
    session.provider_goes_to_sleep();
    fs::write(session.home().join("left-behind"), SECRET).unwrap();

    let failed = catch_unwind(AssertUnwindSafe(|| drop(session))).unwrap_err();

    let said = failed.downcast::<String>().unwrap();
    assert!(
        said.contains("left-behind holds a refresh_token in plain"),
        "{said}"
    );
    assert!(!said.contains(SECRET));
}

#[tokio::test]
async fn after_a_whole_walk_every_kind_of_secret_is_looked_for_and_none_is_found() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    app.quit().await;

    let kinds = session.kinds_of_secrets();

    let expected = [
        "access_token",
        "authorization_code",
        "code_verifier",
        "id_token",
        "refresh_token",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(session.leaks().len(), 0);
}

#[tokio::test]
async fn what_only_the_browser_keeps_is_not_ours() {
    let session = Session::start();
    present(&session.provider()).await;
    let profile = session.home().join("browser");
    fs::create_dir_all(&profile).unwrap();
    fs::write(profile.join("History"), SECRET).unwrap();
    assert_eq!(session.leaks().len(), 0);
}
