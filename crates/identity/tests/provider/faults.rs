//! The switchboard: each fault strikes where and as often as it was armed, and the provider behind stays whole.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Attempt, Back, Browser, Local, answer, client, decoded};

impl Local {
    async fn arm(&self, fault: &str, arming: Value) {
        let path = format!("/faults/{fault}");
        let armed = self.call(Method::PUT, &path, Some(arming)).await;
        assert_eq!(armed.status, 200, "{}", armed.body);
    }

    async fn issued(&self) -> Vec<(String, String)> {
        let statement = self.call(Method::GET, "/faults/issued", None).await.json();
        let entries = statement.as_array().unwrap().iter();
        entries
            .map(|entry| {
                let text = |name: &str| entry[name].as_str().unwrap().to_owned();
                (text("kind"), text("secret"))
            })
            .collect()
    }

    async fn comes_back(&self) -> (Attempt, Back) {
        let attempt = Attempt::new("state");
        let back = attempt.comes_back(self, &Browser::new()).await;
        (attempt, back)
    }

    /// A refresh whose answer need not come whole.
    async fn refresh_anyhow(&self, token: &str) -> reqwest::Result<String> {
        let body = json!({"grant_type": "refresh_token", "refresh_token": token});
        let path = format!("{}/token/{}", self.base, keyfob_identity::API_KEY_ID);
        let response = client().post(path).json(&body).send().await?;
        response.text().await
    }
}

fn refresh_token(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().unwrap()
}

/// Where the browser is sent when it comes back with this fault armed.
async fn way_back(fault: &str) -> Vec<(String, String)> {
    let local = Local::start_with_faults().await;
    let attempt = Attempt::returning_to("http://127.0.0.1:9/callback", "abc");
    let browser = Browser::new();
    attempt.asks(&local, &browser).await;
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    local.arm(fault, json!({"times": 1})).await;
    let page = format!("{}{}", local.base, pressed.location());
    let back = browser.get(&page).await;
    let address = url::Url::parse(back.location()).unwrap();
    address.query_pairs().into_owned().collect()
}

fn values<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let of_that_name = pairs.iter().filter(|(other, _)| other == name);
    of_that_name.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn without_the_flag_there_is_no_switchboard() {
    let local = Local::start().await;
    for path in ["/faults", "/faults/issued", "/faults/refreshes"] {
        assert_eq!(local.call(Method::GET, path, None).await.status, 404);
    }
    for path in ["/faults/clock", "/faults/bad_gateway"] {
        let told = local.call(Method::PUT, path, Some(json!({}))).await;
        assert_eq!(told.status, 404);
    }
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_was_armed() {
    let local = Local::start_with_faults().await;
    local.arm("bad_gateway", json!({"times": 2})).await;
    let keys = async || local.call(Method::GET, "/token/jwks", None).await.status;
    assert_eq!([keys().await, keys().await, keys().await], [502, 502, 200]);
    let state = local.call(Method::GET, "/faults", None).await.json();
    assert_eq!(state["struck"]["bad_gateway"], 2);
    assert_eq!(state["armed"], json!([]));
}

#[tokio::test]
async fn a_fault_strikes_only_where_it_was_armed_and_until_it_is_cleared() {
    let local = Local::start_with_faults().await;
    local
        .arm("too_many_requests", json!({"at": "refresh", "seconds": 7}))
        .await;
    assert_eq!(
        local.call(Method::GET, "/token/jwks", None).await.status,
        200
    );
    for _ in 0..2 {
        let refused = local.refresh("whatever").await;
        assert_eq!(
            (refused.status.as_u16(), &refused.headers["retry-after"]),
            (429, &"7".parse().unwrap())
        );
    }
    local
        .call(Method::DELETE, "/faults/too_many_requests", None)
        .await;
    local.refresh("whatever").await.refusal(400);
}

#[tokio::test]
async fn what_cannot_be_armed_is_refused() {
    let local = Local::start_with_faults().await;
    for (fault, arming) in [
        ("no_such_fault", json!({})),
        ("bad_gateway", json!({"times": 0})),
        ("bad_gateway", json!({"tiems": 1})),
        ("no_user", json!({"at": "refresh"})),
        ("refusal", json!({"status": 200})),
        ("refusal", json!({"status": 500})),
    ] {
        let told = local
            .call(Method::PUT, &format!("/faults/{fault}"), Some(arming))
            .await;
        assert!(told.status.is_client_error(), "{fault}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_can_arm_nothing() {
    let local = Local::start_with_faults().await;
    let request = client()
        .put(format!("{}/faults/bad_gateway", local.base))
        .header("Origin", "http://example.com")
        .json(&json!({}));
    assert_eq!(answer(request).await.status, 403);
}

#[tokio::test]
async fn an_exchange_that_fails_inside_has_consumed_nothing() {
    let local = Local::start_with_faults().await;
    let (attempt, back) = local.comes_back().await;
    local.arm("exchange_fails", json!({"times": 2})).await;
    local.redeem(attempt.exchange(&back)).await.refusal(500);
    local.redeem(attempt.exchange(&back)).await.refusal(500);
    assert_eq!(local.redeem(attempt.exchange(&back)).await.status, 200);
    local.redeem(attempt.exchange(&back)).await.refusal(400);
}

#[tokio::test]
async fn a_lost_answer_has_rotated_the_refresh_token() {
    let local = Local::start_with_faults().await;
    let tokens = &local.signed_in().await["oauth_token"];
    local.arm("lost_answer", json!({"times": 1})).await;
    local
        .refresh_anyhow(refresh_token(tokens))
        .await
        .unwrap_err();
    let refused = local.refresh(refresh_token(tokens)).await.refusal(400);
    assert!(refused.contains("used before"), "{refused}");
}

#[tokio::test]
async fn a_cut_answer_breaks_off_in_the_middle() {
    let local = Local::start_with_faults().await;
    local
        .arm("cut_answer", json!({"times": 1, "at": "keys"}))
        .await;
    let keys = format!("{}/token/jwks", local.base);
    let mut response = client().get(&keys).send().await.unwrap();
    let promised = response.content_length().unwrap();
    let came = response.chunk().await.unwrap().unwrap();
    assert_eq!(came.len() as u64, promised / 2);
    response.chunk().await.unwrap_err();
    assert_eq!(answer(client().get(&keys)).await.status, 200);
}

#[tokio::test]
async fn without_rotation_the_same_refresh_token_goes_on() {
    let local = Local::start_with_faults().await;
    let tokens = local.signed_in().await["oauth_token"].clone();
    local.arm("no_rotated_token", json!({"times": 2})).await;
    for _ in 0..2 {
        let fresh = local.refresh(refresh_token(&tokens)).await.json();
        assert_eq!(fresh.get("refresh_token"), None);
        assert!(fresh["access_token"].is_string());
    }
    let fresh = local.refresh(refresh_token(&tokens)).await.json();
    assert_ne!(refresh_token(&fresh), refresh_token(&tokens));
}

#[tokio::test]
async fn an_identity_can_come_without_its_user() {
    let local = Local::start_with_faults().await;
    local.arm("no_user", json!({"times": 1})).await;
    let without = local.signed_in().await;
    assert_eq!(without.get("user"), None);
    assert!(without["oauth_token"]["access_token"].is_string());
    let (attempt, back) = local.comes_back().await;
    let with = local.redeem(attempt.exchange(&back)).await.json();
    assert!(with["user"].is_object());
}

#[tokio::test]
async fn after_a_rollover_tokens_name_the_one_key_that_is_published() {
    let local = Local::start_with_faults().await;
    let key_ids = async || {
        let set = local.call(Method::GET, "/token/jwks", None).await.json();
        set["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["kid"].clone())
            .collect::<Vec<_>>()
    };
    let tokens = local.signed_in().await["oauth_token"].clone();
    let before = key_ids().await;
    local.arm("key_rollover", json!({"times": 1})).await;
    let fresh = local.refresh(refresh_token(&tokens)).await.json();
    let (header, _) = decoded(fresh["access_token"].as_str().unwrap());
    assert_ne!(key_ids().await, before);
    assert_eq!(key_ids().await, [header["kid"].clone()]);
}

#[tokio::test]
async fn answers_in_the_providers_place_are_what_their_names_say() {
    let local = Local::start_with_faults().await;
    let keys = async || local.call(Method::GET, "/token/jwks", None).await;

    local.arm("bad_gateway", json!({"times": 1})).await;
    let Answer { headers, .. } = keys().await;
    assert!(
        headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );

    local.arm("huge_answer", json!({"times": 1})).await;
    assert!(keys().await.body.len() > 10 * 1024 * 1024);

    let elsewhere = "http://127.0.0.1:9/keys";
    local
        .arm("redirect_elsewhere", json!({"times": 1, "to": elsewhere}))
        .await;
    let Answer {
        status, headers, ..
    } = keys().await;
    assert_eq!(
        (status.as_u16(), headers["location"].to_str().unwrap()),
        (307, elsewhere)
    );
}

#[tokio::test]
async fn a_refusal_has_the_status_and_the_body_that_were_asked_for() {
    let local = Local::start_with_faults().await;
    let refused = async |arming: Value| {
        local.arm("refusal", arming).await;
        let refused = local.refresh("whatever").await;
        let kind = refused.headers.get("content-type").cloned();
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
        (refused.status.as_u16(), kind, refused.body)
    };
    let json = Some("application/json".to_owned());
    let text = Some("text/plain; charset=utf-8".to_owned());

    let body = json!({"msg": "You may not."});
    let arming = json!({"times": 1, "at": "refresh", "body": body});
    assert_eq!(refused(arming).await, (403, json, body.to_string()));
    let arming = json!({"times": 1, "status": 410, "body": "Gone fishing"});
    assert_eq!(
        refused(arming).await,
        (410, text, "Gone fishing".to_owned())
    );
    let arming = json!({"times": 1, "status": 404});
    assert_eq!(refused(arming).await, (404, None, String::new()));
    local.refresh("whatever").await.refusal(400);
}

#[tokio::test]
async fn a_captive_portal_answers_with_a_page_as_if_all_were_well() {
    let local = Local::start_with_faults().await;
    let token = refresh_token(&local.signed_in().await["oauth_token"]).to_owned();
    local.arm("captive_portal", json!({"times": 1})).await;
    let page = local.refresh(&token).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.has("<h1>Free Wi-Fi</h1>"));
    assert_eq!(local.refresh(&token).await.status, 200, "it was not spent");
}

#[tokio::test]
async fn refreshes_are_counted_inside_the_provider() {
    let local = Local::start_with_faults().await;
    let counted = async || {
        local
            .call(Method::GET, "/faults/refreshes", None)
            .await
            .json()
    };
    let first = refresh_token(&local.signed_in().await["oauth_token"]).to_owned();
    assert_eq!(
        counted().await,
        json!({"presented": 0, "spent_before": 0, "granted": 0})
    );

    local.arm("bad_gateway", json!({"times": 1})).await;
    local.refresh(&first).await;
    let fresh = local.refresh(&first).await.json();
    local.refresh_in_place(refresh_token(&fresh)).await;
    local.arm("lost_answer", json!({"times": 1})).await;
    local
        .refresh_anyhow(refresh_token(&fresh))
        .await
        .unwrap_err();
    assert_eq!(
        counted().await,
        json!({"presented": 3, "spent_before": 0, "granted": 3})
    );

    local.refresh(&first).await.refusal(400);
    local.refresh("1:never-issued").await.refusal(400);
    assert_eq!(
        counted().await,
        json!({"presented": 5, "spent_before": 1, "granted": 3})
    );
}

#[tokio::test]
async fn a_users_sessions_can_be_ended_and_nobody_elses() {
    let local = Local::start_with_faults().await;
    let adas = refresh_token(&local.signed_in().await["oauth_token"]).to_owned();
    let attempt = Attempt::new("grace");
    let browser = Browser::new();
    let page = "&type=EMAIL&direct_login=true&input=grace%40example.com";
    browser.get(&attempt.address_with(&local, page)).await;
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    let page = format!("{}{}", local.base, pressed.location());
    let back = attempt.back_from(&browser.get(&page).await);
    let others = local.redeem(attempt.exchange(&back)).await.json()["oauth_token"].clone();

    let revoke = async |user: &str| {
        let user = json!({ "user": user });
        local.call(Method::POST, "/faults/revoke", Some(user)).await
    };
    assert_eq!(
        revoke("Ada@Example.com").await.json(),
        json!({"revoked": 1})
    );

    let refused = local.refresh(&adas).await.refusal(400);
    assert!(refused.contains("revoked"), "{refused}");
    assert_eq!(local.refresh(refresh_token(&others)).await.status, 200);
    assert_eq!(
        revoke("ada@example.com").await.json(),
        json!({"revoked": 0})
    );
    revoke("eve@example.com").await.refusal(400);
}

#[tokio::test]
async fn a_date_is_skewed_by_what_was_asked_for() {
    let local = Local::start_with_faults().await;
    let date = async || {
        let answer = local.call(Method::GET, "/token/jwks", None).await;
        httpdate::parse_http_date(answer.headers["date"].to_str().unwrap()).unwrap()
    };
    let right = date().await;
    local
        .arm("skewed_date", json!({"times": 1, "seconds": -3600}))
        .await;
    assert_eq!(right.duration_since(date().await).unwrap().as_secs(), 3600);
}

#[tokio::test]
async fn the_way_back_is_spoilt_as_armed() {
    let pairs = way_back("error_redirect").await;
    assert_eq!(values(&pairs, "error"), ["access_denied"]);
    assert_eq!(values(&pairs, "state"), ["abc"]);
    assert!(values(&pairs, "code").is_empty());

    assert_eq!(values(&way_back("wrong_state").await, "state"), ["cba"]);
    assert!(values(&way_back("missing_state").await, "state").is_empty());
    assert_eq!(
        values(&way_back("duplicate_state").await, "state"),
        ["abc", "abc"]
    );
    let pairs = way_back("challenge_id_not_a_number").await;
    assert_eq!(values(&pairs, "challenge_id"), ["forty-two"]);
}

#[tokio::test]
async fn a_clock_set_ahead_ends_what_ages_and_not_the_server() {
    let local = Local::start_with_faults().await;
    let (attempt, back) = local.comes_back().await;
    let ahead = json!({"ahead_seconds": 3600});
    local.call(Method::PUT, "/faults/clock", Some(ahead)).await;
    let refused = local.redeem(attempt.exchange(&back)).await.refusal(400);
    assert_eq!(refused, "The authorization code has expired.");
    let state = local.call(Method::GET, "/faults", None).await.json();
    assert_eq!(state["ahead_seconds"], 3600);
}

#[tokio::test]
async fn the_witness_names_every_secret_that_passed() {
    let local = Local::start_with_faults().await;
    let (attempt, back) = local.comes_back().await;
    let tokens = local.redeem(attempt.exchange(&back)).await.json()["oauth_token"].clone();
    let fresh = local.refresh(refresh_token(&tokens)).await.json();
    let issued = local.issued().await;
    let expected = [
        ("authorization_code", json!(back.code)),
        ("code_verifier", json!(crate::support::VERIFIER)),
        ("access_token", tokens["access_token"].clone()),
        ("id_token", tokens["id_token"].clone()),
        ("refresh_token", tokens["refresh_token"].clone()),
        ("access_token", fresh["access_token"].clone()),
        ("id_token", fresh["id_token"].clone()),
        ("refresh_token", fresh["refresh_token"].clone()),
    ];
    assert_eq!(issued.len(), expected.len());
    for (kind, secret) in expected {
        let entry = (kind.to_owned(), secret.as_str().unwrap().to_owned());
        assert!(issued.contains(&entry), "{kind} is missing");
    }
}
