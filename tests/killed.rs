//! A program that is killed at any step of a refresh: the record in the keyring is whole, the next program is not kept
//! waiting, and the session goes on whenever the provider lets it.
#![cfg(target_os = "linux")]

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use harness::{Provider, Session};

/// How often a program is killed.
const ROUNDS: usize = 500;

/// The steps of a renewal, in their order.
const STEPS: [&str; 5] = ["locked", "read", "proved", "answered", "saved"];

/// A provider that forgives a refresh token that comes again, as long as its successor was not used.
const FORGIVING: &str = "[tokens]\nreuse_grace_seconds = 60\n";

async fn signed_in(configuration: &str) -> (Session, Provider) {
    let session = Session::start();
    let provider = session.provider_configured(configuration);
    session
        .signs_in_at_the_terminal(&provider, "ada@example.com")
        .await;
    (session, provider)
}

/// Starts a refresh that is killed when it reaches this step.
fn refresh_is_killed_at(session: &Session, step: &str) {
    let mut command = session.keyfob_command(&["token", "--force-refresh"]);
    let status = command
        .env("KEYFOB_KILLED_AT", step)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("keyfob can be started");
    assert_eq!(status.code(), None, "it was not killed at {step:?}");
}

#[tokio::test]
async fn killed_at_any_step_the_session_goes_on_where_the_provider_allows_it() {
    let (session, provider) = signed_in(FORGIVING).await;
    for round in 0..ROUNDS {
        let step = STEPS[round % STEPS.len()];
        refresh_is_killed_at(&session, step);
        let ran = session.keyfob(&["token", "--force-refresh"]);
        assert_eq!(
            ran.code,
            Some(0),
            "round {round}, after {step:?}: {}",
            ran.said
        );
    }
    let token = session.keyfob(&["token"]).result();
    assert!(provider.accepts(&token).await);
}

#[tokio::test]
async fn killed_at_any_step_but_one_the_session_goes_on_without_the_providers_grace() {
    for step in STEPS {
        let (session, _) = signed_in("").await;
        refresh_is_killed_at(&session, step);
        let ran = session.keyfob(&["token", "--force-refresh"]);
        // Between the answer and the save nothing in the world holds the new refresh token but the one that is killed.
        if step == "answered" {
            ran.fails(4, &["keyfob login"]);
            assert_eq!(
                session.keyring_names(),
                ["local.session"],
                "the record stays"
            );
        } else {
            ran.result();
        }
    }
}

#[tokio::test]
async fn killed_at_any_moment_the_record_is_whole() {
    let (session, _) = signed_in(FORGIVING).await;
    for round in 0..60 {
        let mut refresh = session
            .keyfob_command(&["token", "--force-refresh"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("keyfob can be started");
        thread::sleep(Duration::from_millis(round * 2));
        // It may have ended by itself.
        let _ = refresh.kill();
        refresh.wait().expect("it has ended");
        let ran = session.keyfob(&["token", "--force-refresh"]);
        assert_eq!(ran.code, Some(0), "after {} ms: {}", round * 2, ran.said);
    }
}
