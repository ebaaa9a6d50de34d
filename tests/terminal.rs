//! `keyfob` in a terminal, beside the window and without it.
#![cfg(target_os = "linux")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use harness::{Session, Visitor, eventually};
use serde_json::{Value, json};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn a_sign_in_at_the_terminal_is_a_token_there_and_in_the_window() {
    let session = Session::start();
    let provider = session.provider();
    let app = session.launch().await;
    app.reaches("signed_out").await;
    session
        .keyfob(&["token"])
        .fails(4, &["nobody is signed in", "keyfob login"]);

    session.signs_in_at_the_terminal(&provider, ADA).await;

    let token = session.keyfob(&["token"]).result();
    assert!(provider.accepts(&token).await);
    app.reaches("signed_in").await;
    app.shows(ADA).await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    assert_eq!(session.clipboard().text, token);

    session.keyfob(&["logout"]).result();
    app.reaches("signed_out").await;
    session
        .keyfob(&["status"])
        .fails(4, &["nobody is signed in"]);
    assert!(session.keyring_names().is_empty());
}

#[tokio::test]
async fn what_is_said_as_json_is_what_is_documented() {
    let session = Session::start();
    let provider = session.provider();
    session.signs_in_at_the_terminal(&provider, ADA).await;

    let printed: Value = serde_json::from_str(&session.keyfob(&["token", "--json"]).result())
        .expect("it prints JSON");
    let names: Vec<_> = printed.as_object().expect("an object").keys().collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "access_token",
            "account",
            "expires_at",
            "expires_in",
            "issuer",
            "profile",
            "refreshed",
            "source",
            "subject",
            "token_type",
            "v"
        ]
    );
    assert_eq!(printed["v"], 1);
    assert_eq!(printed["account"], ADA);
    assert_eq!(printed["issuer"], provider.base);
    assert_eq!(printed["source"], "keyring");
    let expires_in = printed["expires_in"].as_u64().expect("seconds");
    assert!((3500..=3600).contains(&expires_in), "{expires_in}");

    let forced: Value = serde_json::from_str(
        &session
            .keyfob(&["token", "--json", "--force-refresh"])
            .result(),
    )
    .expect("it prints JSON");
    assert_eq!(
        (&forced["refreshed"], &forced["source"]),
        (&true.into(), &"provider".into())
    );
    assert_ne!(forced["access_token"], printed["access_token"]);
}

#[tokio::test]
async fn every_form_of_a_token_does_what_it_is_for() {
    let session = Session::start();
    let provider = session.provider();
    session.signs_in_at_the_terminal(&provider, ADA).await;
    let token = session.keyfob(&["print-access-token"]).result();
    assert_eq!(session.keyfob(&["auth", "token"]).result(), token);
    assert_eq!(
        session.keyfob(&["token", "--format", "header"]).result(),
        format!("Authorization: Bearer {token}")
    );
    let set = session.keyfob(&["token", "--format", "env"]).result();
    let seen = session.run("sh", ["-c", &format!("{set}; printf %s \"$KEYFOB_TOKEN\"")]);
    assert_eq!(seen, token);
    let run = [
        "exec",
        "--env",
        "T",
        "--",
        "sh",
        "-c",
        "printf %s \"$T\"; exit 7",
    ];
    let ran = session.keyfob(&run);
    assert_eq!((ran.code, ran.out), (Some(7), token.clone()));
    let id_token = session.keyfob(&["token", "--id-token"]).result();
    assert_ne!(id_token, token);
    assert_eq!(id_token.split('.').count(), 3);
}

#[tokio::test]
async fn an_address_that_a_browser_ended_on_is_pasted() {
    let session = Session::start();
    let provider = session.provider();
    let mut login = session.keyfob_login(&[ADA, "--no-browser"]);
    login.types("what is this?");
    let browser = Visitor::elsewhere(&provider.base);
    browser.open(login.address.as_str()).await;
    let ended_on = browser.follow_the_newest_link().await;
    login.types(ended_on.address.as_str());
    login.ends().result();
    session.keyfob(&["token"]).result();
}

#[tokio::test]
async fn a_sign_in_that_is_interrupted_leaves_nothing() {
    let session = Session::start();
    session.provider();
    let login = session.keyfob_login(&[ADA]);
    login.is_interrupted();
    let ran = login.ends();
    assert_eq!(ran.code, Some(2), "{}", ran.said);
    let emptied = eventually(async || session.keyring_names().is_empty().then_some(()));
    assert!(emptied.await.is_some());
}

#[tokio::test]
async fn a_hundred_calls_without_a_session_open_no_browser() {
    let mut session = Session::start();
    session.provider();
    session.replace_program("xdg-open", "touch \"$HOME/a-browser-was-opened\"");
    for _ in 0..100 {
        session.keyfob(&["token"]).fails(4, &["keyfob login"]);
    }
    assert!(!session.home().join("a-browser-was-opened").exists());
}

#[tokio::test]
async fn a_refresh_token_with_custom_claims_is_adopted() {
    let session = Session::start();
    let provider = session.provider();
    session.signs_in_at_the_terminal(&provider, ADA).await;
    let secret_key = session.run(session.program("keyfob-identity"), ["secret"]);
    let token = session.keyfob(&["token"]).result();
    let refresh_token = session.kept_refresh_token();
    let plan = json!({ "plan": "pro" });
    let answer = provider
        .adds_claims(secret_key.trim(), plan, &token, &refresh_token)
        .await;
    assert_eq!(claims(&token)["plan"], Value::Null);

    session
        .keyfob_reads(&["refresh", "--adopt", "-"], &answer)
        .result();

    let adopted = session.keyfob(&["token"]).result();
    let refreshed = session.keyfob(&["token", "--force-refresh"]).result();
    assert_ne!(refreshed, adopted);
    for token in [adopted, refreshed] {
        assert_eq!(claims(&token)["plan"], "pro");
        assert_eq!(claims(&token)["identifier"], ADA);
    }
    let counted = provider.refreshes().await;
    assert_eq!((counted.granted, counted.spent_before), (2, 0));
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_leaves_the_session_its_own() {
    let session = Session::start();
    let provider = session.provider();
    session.signs_in_at_the_terminal(&provider, ADA).await;
    session
        .keyfob_reads(&["refresh", "--adopt", "-"], "812:nonsense")
        .fails(1, &["refused"]);
    session.keyfob(&["token", "--force-refresh"]).result();
}

/// What a token says, unverified.
fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("a token has three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
    serde_json::from_slice(&claims).expect("JSON")
}
