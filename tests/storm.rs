//! Very many programs want a token of one session at once: each gets one, and no refresh token is presented twice.
#![cfg(target_os = "linux")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use harness::{Provider, Refreshes, Session};

/// How many programs ask at once, and how often each does.
const PROGRAMS: usize = 50;
const ROUNDS: usize = 40;

/// Tokens that live so short that they end many times over within one storm.
const LIFETIME: Duration = Duration::from_secs(10);
const SHORT_LIVED: &str = "[tokens]\naccess_token_seconds = 10\n";

/// A program that is not driven asks again once this much of a token's life is left, at most.
const LEAD: Duration = Duration::from_secs(2);

/// The storm itself; gives how long it took.
fn storm(session: &Session) -> Duration {
    let failed = AtomicUsize::new(0);
    let begun = session.uptime();
    thread::scope(|scope| {
        for _ in 0..PROGRAMS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let ran = session.keyfob(&["token"]);
                    if ran.code != Some(0) || ran.out.trim().split('.').count() != 3 {
                        eprintln!("{:?}: {}", ran.code, ran.said);
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 0, "calls that got no token");
    session.uptime().saturating_sub(begun)
}

/// Holds the refreshes against what the tokens' lifetimes explain.
async fn refreshed_as_seldom_as_can_be(provider: &Provider, before: Refreshes, took: Duration) {
    let after = provider.refreshes().await;
    assert_eq!(after.spent_before, 0, "a refresh token was presented twice");
    assert_eq!(after.presented, after.granted, "a refresh was refused");
    let refreshes = after.granted - before.granted;
    let most = took.as_secs() / LIFETIME.saturating_sub(LEAD).as_secs() + 2;
    assert!(refreshes > 1, "the tokens ended within the storm");
    assert!(
        refreshes <= most,
        "{refreshes} refreshes within {took:?}: some token was not worn out yet"
    );
}

#[tokio::test]
async fn fifty_terminals_at_once_never_present_a_refresh_token_twice() {
    let session = Session::start();
    let provider = session.provider_configured(SHORT_LIVED);
    session
        .signs_in_at_the_terminal(&provider, "ada@example.com")
        .await;
    let before = provider.refreshes().await;
    let took = storm(&session);
    refreshed_as_seldom_as_can_be(&provider, before, took).await;
}

#[tokio::test]
async fn fifty_terminals_and_the_window_never_present_a_refresh_token_twice() {
    let session = Session::start();
    let provider = session.provider_configured(SHORT_LIVED);
    let app = session.launch().await;
    app.reaches("signed_out").await;
    session
        .signs_in_at_the_terminal(&provider, "ada@example.com")
        .await;
    app.reaches("signed_in").await;
    let before = provider.refreshes().await;
    let took = storm(&session);
    refreshed_as_seldom_as_can_be(&provider, before, took).await;
    assert_eq!(app.stage().await.as_deref(), Some("signed_in"));
    assert_eq!(app.problem().await, None);
}
