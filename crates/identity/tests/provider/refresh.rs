//! Refresh tokens rotate, die together, and are not kept readable.

use std::time::Duration;

use keyfob_identity::API_KEY_ID;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Attempt, Browser, Local, decoded};

fn refresh_token(oauth: &Value) -> String {
    oauth["refresh_token"].as_str().unwrap().to_owned()
}

fn not_valid(answer: &Answer) {
    let refused = answer.refusal(400);
    assert!(refused.contains("not valid"), "{refused}");
}

#[tokio::test]
async fn a_refresh_answers_bare_tokens_and_replaces_the_refresh_token() {
    let local = Local::start().await;
    let first = local.signed_in().await["oauth_token"].clone();
    let local = local.sleeps(Duration::from_mins(50)).await;

    let second = local.refresh(&refresh_token(&first)).await.json();

    let names: Vec<_> = second.as_object().unwrap().keys().cloned().collect();
    let expected: Vec<_> = first.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, expected);
    assert_ne!(refresh_token(&first), refresh_token(&second));
    let before = decoded(first["id_token"].as_str().unwrap()).1;
    let after = decoded(second["id_token"].as_str().unwrap()).1;
    assert_eq!(after["auth_time"], before["auth_time"]);
    assert_eq!(
        after["iat"].as_i64().unwrap() - before["iat"].as_i64().unwrap(),
        50 * 60
    );
    assert_ne!(after["jti"], before["jti"]);

    let third = local.refresh(&refresh_token(&second)).await;
    assert_eq!(third.status, 200);
}

#[tokio::test]
async fn the_older_address_leaves_the_refresh_token_as_it_is() {
    let local = Local::start().await;
    let first = local.signed_in().await["oauth_token"].clone();
    let token = refresh_token(&first);
    let local = local.sleeps(Duration::from_mins(50)).await;
    for _ in 0..2 {
        let got = local.refresh_in_place(&token).await.json();
        assert!(got.get("refresh_token").is_none(), "{got}");
        assert_eq!(got["expires_in"], 3600);
        let claims = decoded(got["access_token"].as_str().unwrap()).1;
        let before = decoded(first["access_token"].as_str().unwrap()).1;
        assert_eq!(
            claims["exp"].as_i64(),
            before["exp"].as_i64().map(|exp| exp + 50 * 60)
        );
        assert_eq!(claims["sub"], before["sub"]);
    }
    let rotated = refresh_token(&local.refresh(&token).await.json());
    not_valid(&local.refresh_in_place(&token).await);
    not_valid(&local.refresh_in_place(&rotated).await);
    local
        .call_with_key(
            "another-key",
            Method::POST,
            "/token",
            Some(json!({"grant_type": "refresh_token", "refresh_token": rotated})),
        )
        .await
        .refusal(401);
    let password = json!({"grant_type": "password", "refresh_token": rotated});
    local
        .call(Method::POST, "/token", Some(password))
        .await
        .refusal(400);
}

#[tokio::test]
async fn a_spent_refresh_token_ends_its_family_but_no_other() {
    let local = Local::start().await;
    let first = local.signed_in().await["oauth_token"].clone();
    let second = local.refresh(&refresh_token(&first)).await.json();

    not_valid(&local.refresh(&refresh_token(&first)).await);
    not_valid(&local.refresh(&refresh_token(&second)).await);

    local.seconds_pass(30);
    let attempt = Attempt::new("another");
    let back = attempt.comes_back(&local, &Browser::new()).await;
    let other = local.redeem(attempt.exchange(&back)).await.json();
    let other = refresh_token(&other["oauth_token"]);
    assert_eq!(local.refresh(&other).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_lives_for_thirty_days() {
    let local = Local::start().await;
    let first = refresh_token(&local.signed_in().await["oauth_token"]);
    let almost = Duration::from_hours(30 * 24) - Duration::from_secs(1);
    let local = local.sleeps(almost).await;
    let second = refresh_token(&local.refresh(&first).await.json());

    let local = local.sleeps(Duration::from_hours(30 * 24)).await;
    not_valid(&local.refresh(&second).await);
}

#[tokio::test]
async fn what_was_never_a_refresh_token_is_not_valid() {
    let local = Local::start().await;
    let real = refresh_token(&local.signed_in().await["oauth_token"]);
    let (number, secret) = real.split_once(':').unwrap();
    for token in [
        "",
        ":",
        "x",
        "1:",
        "99:abc",
        secret,
        &format!("{number}:{}", secret.to_lowercase()),
    ] {
        not_valid(&local.refresh(token).await);
    }
    let path = format!("/token/{API_KEY_ID}");
    let other_grant = json!({"grant_type": "password", "refresh_token": real});
    local
        .call(Method::POST, &path, Some(other_grant))
        .await
        .refusal(400);
    assert_eq!(local.refresh(&real).await.status, 200);
}

#[tokio::test]
async fn signing_out_revokes_nothing_as_documented() {
    let local = Local::start().await;
    let token = refresh_token(&local.signed_in().await["oauth_token"]);
    let answer = local
        .call(Method::DELETE, &format!("/token/{API_KEY_ID}"), None)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(local.refresh(&token).await.status, 200);
}

#[tokio::test]
async fn the_database_holds_no_code_link_or_refresh_token() {
    let local = Local::start().await;
    let attempt = Attempt::new("state");
    let back = attempt.comes_back(&local, &Browser::new()).await;
    let oauth = local.redeem(attempt.exchange(&back)).await.json()["oauth_token"].clone();
    let link = local.newest_link().await;
    let link = link.rsplit('/').next().unwrap().to_owned();
    let refresh = refresh_token(&oauth);
    // The letters are the mailbox, and are left out.
    local
        .database()
        .execute_batch("DELETE FROM letter; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();

    let mut files = Vec::new();
    for file in ["identity.db", "identity.db-wal"] {
        files.extend(std::fs::read(local.folder.path().join(file)).unwrap_or_default());
    }
    let holds = |secret: &str| {
        files
            .windows(secret.len())
            .any(|bytes| bytes == secret.as_bytes())
    };
    assert!(holds("ada@example.com"), "the files were read");
    for secret in [&back.code, &link, refresh.split_once(':').unwrap().1] {
        assert!(!holds(secret));
    }
    for token in ["access_token", "id_token"] {
        assert!(!holds(oauth[token].as_str().unwrap()));
    }
}
