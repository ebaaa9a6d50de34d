//! The server ends when nobody needs it, and not before.

use std::time::Duration;

use reqwest::Method;

use crate::support::{Attempt, Browser, Local, answer, client};

#[tokio::test]
async fn a_server_ends_half_an_hour_after_its_last_request() {
    let local = Local::start().await;
    let base = local.base.clone();
    for _ in 0..3 {
        local.minutes_pass(29);
        assert_eq!(local.call(Method::GET, "/health", None).await.status, 200);
    }
    local.minutes_pass(30);
    local.server.ended().await;
    assert!(client().get(format!("{base}/health")).send().await.is_err());
}

#[tokio::test]
async fn an_open_outbox_alone_does_not_keep_it_awake() {
    let local = Local::start().await;
    local.minutes_pass(29);
    let poll = client().get(format!("{}/outbox/newest", local.base));
    assert_eq!(answer(poll).await.json()["newest"], 0);
    local.minutes_pass(1);
    local.server.ended().await;
}

#[tokio::test]
async fn what_was_mailed_before_the_end_still_works_after_it() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let back = attempt.comes_back(&local, &browser).await;
    let got = local.redeem(attempt.exchange(&back)).await.json();
    let token = got["oauth_token"]["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let local = local.sleeps(Duration::from_mins(30)).await;
    assert_eq!(local.refresh(&token).await.status, 200);
}
