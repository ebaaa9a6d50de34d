//! Users: created, found, and recognised by any spelling of their address.

use reqwest::Method;
use serde_json::json;

use crate::support::{Attempt, Browser, Local};

#[tokio::test]
async fn a_created_user_is_found_by_identifier_and_by_id() {
    let local = Local::start().await;
    let body = json!({"identifier": "Jo@peer.test"});
    let created = local
        .call(Method::POST, "/user/create", Some(body.clone()))
        .await;
    assert_eq!(created.status, 200);
    let created = created.json();
    let by_name = local
        .call(Method::GET, "/user?identifier=jo%40PEER.test", None)
        .await;
    assert_eq!(by_name.json(), created);
    let id = created["ID"].as_str().unwrap();
    let by_id = local.call(Method::GET, &format!("/user/{id}"), None).await;
    assert_eq!(by_id.json(), created);

    let twice = local.call(Method::POST, "/user/create", Some(body)).await;
    assert_eq!(twice.refusal(400), "User already exists");
    for path in ["/user?identifier=nobody", "/user/nobody"] {
        local.call(Method::GET, path, None).await.refusal(404);
    }
    local.call(Method::GET, "/user", None).await.refusal(400);
    let empty = json!({"identifier": " "});
    local
        .call(Method::POST, "/user/create", Some(empty))
        .await
        .refusal(400);
}

#[tokio::test]
async fn creating_a_user_hands_out_no_tokens() {
    let local = Local::start().await;
    let body = json!({"identifier": "jo@peer.test"});
    let path = "/user/create?oauth_token=true";
    let created = local.call(Method::POST, path, Some(body)).await.json();
    assert!(created.get("oauth_token").is_none());
}

#[tokio::test]
async fn a_second_sign_in_is_the_same_user() {
    let local = Local::start().await;
    let first = local.signed_in().await;
    local.minutes_pass(1);
    let attempt = Attempt::new("second");
    let browser = Browser::new();
    let shouted = attempt.address(&local).replace("ada%40", "ADA%40");
    browser.get(&shouted).await.location();
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    let page = browser
        .get(&format!("{}{}", local.base, pressed.location()))
        .await;
    let second = local
        .redeem(attempt.exchange(&attempt.back_from(&page)))
        .await
        .json();
    assert_eq!(first["user"]["ID"], second["user"]["ID"]);
}

#[tokio::test]
async fn a_named_user_is_given_the_proved_address() {
    let local = Local::start().await;
    let body = json!({"identifier": "jo@peer.test"});
    let jo = local
        .call(Method::POST, "/user/create", Some(body))
        .await
        .json();
    let id = jo["ID"].as_str().unwrap();
    let attempt = Attempt::new("attach");
    let browser = Browser::new();
    let address = format!("{}&cotter_user_id={id}", attempt.address(&local));
    browser.get(&address).await.location();
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    let page = browser
        .get(&format!("{}{}", local.base, pressed.location()))
        .await;
    let got = local
        .redeem(attempt.exchange(&attempt.back_from(&page)))
        .await
        .json();
    assert_eq!(got["user"]["ID"], id);
    let ada = local
        .call(Method::GET, "/user?identifier=ada%40example.com", None)
        .await;
    assert_eq!(ada.json()["ID"], id);
}
