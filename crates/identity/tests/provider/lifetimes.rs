//! What `[tokens]` in `identity.toml` changes: how long tokens live, and how long a spent one is forgiven.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Answer, Local, decoded};

/// A provider with this grace, and the refresh token of somebody who has just signed in.
async fn with_grace(seconds: u64) -> (Local, String) {
    let local = Local::configured(&format!("[tokens]\nreuse_grace_seconds = {seconds}")).await;
    let first = refresh_token(&local.signed_in().await["oauth_token"]);
    (local, first)
}

fn refresh_token(oauth: &Value) -> String {
    oauth["refresh_token"].as_str().unwrap().to_owned()
}

/// The refresh token that a successful refresh brings.
async fn refreshed(local: &Local, token: &str) -> String {
    let answer = local.refresh(token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    refresh_token(&answer.json())
}

fn not_valid(answer: &Answer) {
    let refused = answer.refusal(400);
    assert!(refused.contains("used before or revoked"), "{refused}");
}

#[tokio::test]
async fn access_and_id_tokens_live_as_long_as_is_set() {
    let local = Local::configured("[tokens]\naccess_token_seconds = 90").await;
    let first = local.signed_in().await["oauth_token"].clone();
    let second = local.refresh(&refresh_token(&first)).await.json();
    for oauth in [first, second] {
        assert_eq!(oauth["expires_in"], 90);
        for kind in ["access_token", "id_token"] {
            let claims = decoded(oauth[kind].as_str().unwrap()).1;
            let lives = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
            assert_eq!(lives, 90, "{kind}");
        }
    }
}

#[tokio::test]
async fn refresh_tokens_live_as_long_as_is_set() {
    let local = Local::configured("[tokens]\nrefresh_token_days = 2").await;
    let first = refresh_token(&local.signed_in().await["oauth_token"]);
    let almost = Duration::from_hours(48) - Duration::from_secs(1);
    let local = local.sleeps(almost).await;
    let second = refreshed(&local, &first).await;
    let local = local.sleeps(Duration::from_hours(48)).await;
    let refused = local.refresh(&second).await.refusal(400);
    assert!(refused.contains("expired"), "{refused}");
}

#[tokio::test]
async fn a_grace_of_nothing_forgives_nothing() {
    let (local, first) = with_grace(0).await;
    let second = refreshed(&local, &first).await;
    not_valid(&local.refresh(&first).await);
    not_valid(&local.refresh(&second).await);
}

#[tokio::test]
async fn within_the_grace_a_spent_token_is_answered_with_new_ones() {
    let (local, first) = with_grace(10).await;
    let lost = refreshed(&local, &first).await;
    let local = local.sleeps(Duration::from_secs(9)).await;
    let second = refreshed(&local, &first).await;
    assert!(lost != second && second != first);
    refreshed(&local, &second).await;
}

#[tokio::test]
async fn the_grace_counts_from_the_first_use_and_then_the_family_ends() {
    let (local, first) = with_grace(10).await;
    refreshed(&local, &first).await;
    local.seconds_pass(9);
    let second = refreshed(&local, &first).await;
    local.seconds_pass(1);
    not_valid(&local.refresh(&first).await);
    not_valid(&local.refresh(&second).await);
}

#[tokio::test]
async fn a_spent_token_whose_successor_was_used_ends_the_family() {
    let (local, first) = with_grace(10).await;
    let second = refreshed(&local, &first).await;
    let third = refreshed(&local, &second).await;
    not_valid(&local.refresh(&first).await);
    not_valid(&local.refresh(&third).await);
}

#[tokio::test]
async fn a_use_at_the_older_address_ends_the_grace_as_well() {
    let (local, first) = with_grace(10).await;
    let second = refreshed(&local, &first).await;
    assert_eq!(local.refresh_in_place(&second).await.status, 200);
    not_valid(&local.refresh(&first).await);
}

#[tokio::test]
async fn the_first_successor_that_is_used_is_the_only_one() {
    let (local, first) = with_grace(10).await;
    let one = refreshed(&local, &first).await;
    let other = refreshed(&local, &first).await;
    let next = refreshed(&local, &one).await;
    not_valid(&local.refresh(&other).await);
    not_valid(&local.refresh(&next).await);
}

#[tokio::test]
async fn each_rotation_has_a_grace_of_its_own() {
    let (local, first) = with_grace(10).await;
    let second = refreshed(&local, &first).await;
    local.seconds_pass(60);
    refreshed(&local, &second).await;
    local.seconds_pass(9);
    let third = refreshed(&local, &second).await;
    refreshed(&local, &third).await;
}
