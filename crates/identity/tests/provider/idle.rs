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
    let attempt = Attempt::new("mailed");
    attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;

    let local = local.sleeps(Duration::from_mins(14)).await;
    let pressed = browser.press(&link, &[]).await;
    let page = browser
        .get(&format!("{}{}", local.base, pressed.location()))
        .await;
    let exchange = attempt.exchange(&attempt.back_from(&page));
    assert_eq!(local.redeem(exchange).await.status, 200);
    assert_eq!(local.refresh(&token).await.status, 200);
}

#[tokio::test]
async fn sign_ins_of_another_builds_form_are_dropped_and_who_is_signed_in_stays_so() {
    let local = Local::start().await;
    let got = local.signed_in().await;
    let keys = local.call(Method::GET, "/token/jwks", None).await.body;
    let (attempt, browser) = (Attempt::new("mailed"), Browser::new());
    attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    local
        .database()
        .execute_batch(
            "UPDATE challenge SET record = '{}'; UPDATE letter SET record = '{}'; PRAGMA user_version = 999",
        )
        .unwrap();

    let local = local.restart().await;
    assert_eq!(local.outbox().await.0, 0);
    assert_eq!(browser.get(&link).await.status, 404);
    let token = got["oauth_token"]["refresh_token"].as_str().unwrap();
    assert_eq!(local.refresh(token).await.status, 200);
    let kept = local.call(Method::GET, "/token/jwks", None).await.body;
    assert_eq!(kept, keys);
    let user = "/user?identifier=ada%40example.com";
    let user = local.call(Method::GET, user, None).await.json();
    assert_eq!(user["ID"], got["user"]["ID"]);

    attempt.asks(&local, &browser).await;
    let local = local.restart().await;
    assert_eq!(local.outbox().await.0, 1, "its own form stays");
}
