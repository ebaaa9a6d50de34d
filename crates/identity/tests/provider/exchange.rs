//! The code and its exchange: once, in time, by its owner.

use keyfob_identity::API_KEY_ID;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Attempt, Browser, Local};

/// A provider, and what a client would present to it.
async fn ready() -> (Local, Value) {
    let local = Local::start().await;
    let attempt = Attempt::new("state");
    let back = attempt.comes_back(&local, &Browser::new()).await;
    let exchange = attempt.exchange(&back);
    (local, exchange)
}

fn changed(exchange: &Value, field: &str, value: Value) -> Value {
    let mut exchange = exchange.clone();
    exchange[field] = value;
    exchange
}

fn granted(answer: &Answer) -> bool {
    answer.status == 200 && answer.json()["oauth_token"]["access_token"].is_string()
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_its_reuse_ends_what_came_of_it() {
    let (local, exchange) = ready().await;
    let first = local.redeem(exchange.clone()).await;
    assert!(granted(&first), "{}", first.body);

    local.redeem(exchange).await.refusal(400);

    let token = first.json()["oauth_token"]["refresh_token"].clone();
    let refused = local.refresh(token.as_str().unwrap()).await.refusal(400);
    assert!(refused.contains("not valid"), "{refused}");
}

#[tokio::test]
async fn a_code_lives_for_five_minutes() {
    let (local, exchange) = ready().await;
    local.seconds_pass(5 * 60);
    let refused = local.redeem(exchange).await.refusal(400);
    assert!(refused.contains("expired"), "{refused}");

    let (local, exchange) = ready().await;
    local.seconds_pass(5 * 60 - 1);
    assert!(granted(&local.redeem(exchange).await));
}

#[tokio::test]
async fn a_wrong_verifier_consumes_the_code() {
    let (local, exchange) = ready().await;
    local
        .redeem(changed(&exchange, "code_verifier", json!("guess")))
        .await
        .refusal(400);
    local.redeem(exchange).await.refusal(400);
}

#[tokio::test]
async fn another_allowed_redirect_url_consumes_the_code() {
    let (local, exchange) = ready().await;
    local
        .redeem(changed(
            &exchange,
            "redirect_url",
            json!("dev.keyfob.debug://callback"),
        ))
        .await
        .refusal(400);
    local.redeem(exchange).await.refusal(400);
}

#[tokio::test]
async fn a_redirect_url_outside_the_list_is_refused_in_the_documented_words() {
    let (local, exchange) = ready().await;
    let elsewhere = changed(&exchange, "redirect_url", json!("https://example.com/"));
    assert_eq!(
        local.redeem(elsewhere).await.refusal(403),
        "The redirect URL https://example.com/ or the parent origin :// is not in the list of allowed URLs. \
         Please contact the site owner."
    );
    assert!(granted(&local.redeem(exchange).await));
}

#[tokio::test]
async fn a_code_belongs_to_its_challenge_whose_id_is_a_number() {
    let (local, exchange) = ready().await;
    let id = exchange["challenge_id"].as_i64().unwrap();
    local
        .redeem(changed(&exchange, "challenge_id", json!(id + 1)))
        .await
        .refusal(400);
    local
        .redeem(changed(&exchange, "challenge_id", json!(id.to_string())))
        .await
        .refusal(400);
    assert!(granted(&local.redeem(exchange).await));
}

#[tokio::test]
async fn a_failure_of_ours_consumes_nothing() {
    let (local, exchange) = ready().await;
    let database = local.database();
    database
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON refresh_token
             BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        )
        .unwrap();
    local.redeem(exchange.clone()).await.refusal(500);
    database.execute_batch("DROP TRIGGER full").unwrap();

    assert!(granted(&local.redeem(exchange).await));
}

#[tokio::test]
async fn tokens_come_only_when_asked_for() {
    let (local, exchange) = ready().await;
    let answer = local
        .call(Method::POST, "/verify/get_identity", Some(exchange))
        .await;
    assert_eq!(answer.status, 200);
    let keys: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["identifier", "token", "user"]);
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let (local, exchange) = ready().await;
    for (method, path, body) in [
        (
            Method::POST,
            "/verify/get_identity?oauth_token=true",
            Some(exchange),
        ),
        (
            Method::POST,
            "/token/another-key",
            Some(json!({"grant_type": "refresh_token", "refresh_token": "1:a"})),
        ),
        (Method::DELETE, "/token/another-key", None),
        (
            Method::POST,
            "/user/create",
            Some(json!({"identifier": "x"})),
        ),
        (Method::GET, "/user?identifier=x", None),
        (Method::GET, "/user/x", None),
    ] {
        let refused = local.call_with_key("another-key", method, path, body).await;
        assert!(refused.refusal(401).contains("API key"), "{path}");
    }
    let contradiction = local
        .call_with_key(
            "another-key",
            Method::DELETE,
            &format!("/token/{API_KEY_ID}"),
            None,
        )
        .await;
    contradiction.refusal(401);
}

#[tokio::test]
async fn a_body_that_is_not_the_wires_is_refused_in_the_wires_form() {
    let local = Local::start().await;
    local
        .redeem(json!({"authorization_code": "x"}))
        .await
        .refusal(400);
    local.redeem(json!("x".repeat(100_000))).await.refusal(413);
}

#[tokio::test]
async fn a_verifier_outside_rfc_7636s_alphabet_is_taken() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let verifier = "ab+/cd+/ab+/cd+/ab+/cd+/ab+/cd+/ab+/cd+/abc=";
    let challenge =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier));
    let local = Local::start().await;
    let attempt = Attempt::new("state");
    let browser = Browser::new();
    let plain = attempt.address(&local);
    let usual = crate::support::between(&plain, "code_challenge=", "&").unwrap();
    browser
        .get(&plain.replace(usual, &challenge))
        .await
        .location();
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    let page = browser
        .get(&format!("{}{}", local.base, pressed.location()))
        .await;
    let mut exchange = attempt.exchange(&attempt.back_from(&page));
    exchange["code_verifier"] = json!(verifier);
    assert!(granted(&local.redeem(exchange).await));
}
