//! Custom claims: added by a client's server, kept by the successors of one refresh token.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Attempt, Browser, Local, decoded};

async fn add(local: &Local, body: Value) -> Answer {
    let path = "/token/custom";
    local
        .call_with_secret(&local.secret(), Method::POST, path, Some(body))
        .await
}

fn plan(token: &Value) -> Value {
    decoded(token.as_str().unwrap()).1["plan"].clone()
}

#[tokio::test]
async fn a_token_comes_back_with_the_claims_and_is_still_one_of_ours() {
    let local = Local::start().await;
    let oauth = local.signed_in().await["oauth_token"].clone();
    for kind in ["access_token", "id_token"] {
        let custom = json!({"plan": "pro", "age": 3});
        let got = add(
            &local,
            json!({"token": oauth[kind], "custom_attributes": custom}),
        )
        .await;
        let got = got.json();
        assert!(got.get("refresh_token").is_none());
        let mut before = decoded(oauth[kind].as_str().unwrap()).1;
        let mut after = decoded(got["token"].as_str().unwrap()).1;
        assert_eq!(after["plan"], "pro");
        assert_eq!(after["age"], 3);
        for name in ["plan", "age", "jti"] {
            before.as_object_mut().unwrap().remove(name);
            after.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(before, after);
        let body = json!({"oauth_token": {"access_token": got["token"]}});
        let checked = local.call(Method::POST, "/verify", Some(body)).await.json();
        assert_eq!(checked["success"], kind == "access_token");
    }
    let refreshed = local
        .refresh(oauth["refresh_token"].as_str().unwrap())
        .await;
    assert_eq!(plan(&refreshed.json()["access_token"]), Value::Null);
}

#[tokio::test]
async fn the_new_refresh_token_and_its_successors_keep_the_claims_and_new_sign_ins_do_not() {
    let local = Local::start().await;
    let oauth = local.signed_in().await["oauth_token"].clone();
    let old = oauth["refresh_token"].as_str().unwrap();
    let got = add(
        &local,
        json!({"token": oauth["access_token"], "custom_attributes": {"plan": "pro"}, "refresh_token": old}),
    )
    .await
    .json();
    let mut token = got["refresh_token"].as_str().unwrap().to_owned();
    let mut local = local;
    for _ in 0..3 {
        local = local.sleeps(Duration::from_mins(50)).await;
        let refreshed = local.refresh(&token).await.json();
        assert_eq!(plan(&refreshed["access_token"]), "pro");
        assert_eq!(plan(&refreshed["id_token"]), "pro");
        token = refreshed["refresh_token"].as_str().unwrap().to_owned();
    }
    let in_place = local.refresh_in_place(&token).await.json();
    assert_eq!(plan(&in_place["access_token"]), "pro");

    let more = add(
        &local,
        json!({"token": in_place["id_token"], "custom_attributes": {"plan": "max", "seats": [1, 2]}, "refresh_token": token}),
    )
    .await
    .json();
    let refreshed = local.refresh(more["refresh_token"].as_str().unwrap()).await;
    let refreshed = decoded(refreshed.json()["access_token"].as_str().unwrap()).1;
    assert_eq!(refreshed["plan"], "max");
    assert_eq!(refreshed["seats"], json!([1, 2]));

    let kept = local.refresh(old).await;
    assert_eq!(kept.status, 200, "the app still holds it");
    assert_eq!(plan(&kept.json()["access_token"]), Value::Null);
    let attempt = Attempt::new("anew");
    let back = attempt.comes_back(&local, &Browser::new()).await;
    let anew = local.redeem(attempt.exchange(&back)).await.json();
    assert_eq!(plan(&anew["oauth_token"]["access_token"]), Value::Null);
}

#[tokio::test]
async fn a_reserved_name_is_refused_by_name() {
    let local = Local::start().await;
    let oauth = local.signed_in().await["oauth_token"].clone();
    let token = oauth["access_token"].as_str().unwrap();
    let claims = decoded(token).1;
    let reserved = claims.as_object().unwrap().keys().map(String::as_str);
    for name in reserved.chain(["nbf", "nonce", "auth_time"]) {
        let body = json!({"token": token, "custom_attributes": {"plan": "pro", name: "x"}});
        let refused = add(&local, body).await.refusal(400);
        assert_eq!(
            refused,
            format!("The claim {name} is reserved; choose another name.")
        );
    }
    let large = json!({"token": token, "custom_attributes": {"plan": "x".repeat(1100)}});
    let refused = add(&local, large).await.refusal(400);
    assert!(refused.contains("1024 bytes"), "{refused}");
}

#[tokio::test]
async fn only_who_has_the_secret_key_may_add_claims() {
    let local = Local::start().await;
    let oauth = local.signed_in().await["oauth_token"].clone();
    let body =
        || Some(json!({"token": oauth["access_token"], "custom_attributes": {"plan": "pro"}}));
    local
        .call(Method::POST, "/token/custom", body())
        .await
        .refusal(401);
    let wrong = local.secret().to_lowercase();
    for secret in ["", "guess", &wrong] {
        local
            .call_with_secret(secret, Method::POST, "/token/custom", body())
            .await
            .refusal(401);
    }
    assert_ne!(
        Local::start().await.secret(),
        local.secret(),
        "each installation has its own"
    );
    let secret = local.secret();
    let local = local.restart().await;
    assert_eq!(local.secret(), secret);
}

#[tokio::test]
async fn claims_go_only_to_live_tokens_of_one_user() {
    let local = Local::start().await;
    let ada = local.signed_in().await["oauth_token"].clone();
    let attempt = Attempt::new("eve");
    let browser = Browser::new();
    let eve = attempt.address(&local).replace("ada%40", "eve%40");
    browser.get(&eve).await.location();
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    let page = browser
        .get(&format!("{}{}", local.base, pressed.location()))
        .await;
    let eve = local
        .redeem(attempt.exchange(&attempt.back_from(&page)))
        .await
        .json();
    let eve = eve["oauth_token"]["refresh_token"].clone();
    let custom = json!({"plan": "pro"});
    let mixed =
        json!({"token": ada["access_token"], "custom_attributes": custom, "refresh_token": eve});
    let refused = add(&local, mixed).await.refusal(400);
    assert!(refused.contains("different users"), "{refused}");
    let unknown =
        json!({"token": ada["access_token"], "custom_attributes": custom, "refresh_token": "1:x"});
    assert!(
        add(&local, unknown)
            .await
            .refusal(400)
            .contains("not valid")
    );
    for token in ["", "a.b.c"] {
        add(&local, json!({"token": token, "custom_attributes": custom}))
            .await
            .refusal(400);
    }
    let local = local.sleeps(Duration::from_hours(1)).await;
    let late = json!({"token": ada["access_token"], "custom_attributes": custom});
    let refused = add(&local, late).await.refusal(400);
    assert!(refused.contains("has expired"), "{refused}");
}

#[tokio::test]
async fn users_are_listed_for_a_server_fifty_to_a_page_newest_first() {
    let local = Local::start().await;
    for number in 0..52 {
        let body = json!({"identifier": format!("user{number}@example.com")});
        local.call(Method::POST, "/user/create", Some(body)).await;
        local.seconds_pass(1);
    }
    let list = async |page: &str| {
        let path = format!("/user/list{page}");
        local
            .call_with_secret(&local.secret(), Method::GET, &path, None)
            .await
    };
    let first = list("?page=0").await.json();
    assert_eq!(first.as_array().unwrap().len(), 50);
    assert_eq!(first[0]["identifier"], "user51@example.com");
    let second = list("?page=1").await.json();
    assert_eq!(second.as_array().unwrap().len(), 2);
    assert_eq!(list("").await.json(), first);
    list("?page=x").await.refusal(400);
    local
        .call(Method::GET, "/user/list", None)
        .await
        .refusal(401);
}
