//! What we ask a provider for, and what becomes of the answer in the browser.

use keyfob_auth::{JwtError, Reason, Tried};
use serde_json::{Value, json};

use crate::{
    AnyKey,
    peer::{ACCESS_TOKEN, CLIENT, NOON, Said, half_hash_by, sign, token_answer},
    walk::{Walk, encoded},
};

#[tokio::test]
async fn the_request_says_what_the_specifications_ask_for() {
    let walk = Walk::new().await;
    let begun = walk.begin().await.unwrap();
    let page = begun.address.as_str().split('?').next().unwrap();
    assert_eq!(page, format!("{}/auth", walk.peer.issuer()));
    let said = |name: &str| begun.query[name].as_str();
    assert_eq!(said("response_type"), "code");
    assert_eq!(said("client_id"), CLIENT);
    assert_eq!(said("redirect_uri"), "dev.keyfob://callback/work");
    assert_eq!(said("scope"), "openid profile email phone offline_access");
    assert_eq!(said("prompt"), "consent");
    assert_eq!(said("code_challenge_method"), "S256");
    assert_eq!(said("login_hint"), "ada@example.com");
    for random in ["state", "nonce", "code_challenge"] {
        assert_eq!(said(random).len(), 43, "{random}");
    }
    assert_eq!(begun.query.len(), 10);
}

#[tokio::test]
async fn a_profile_says_what_else_is_asked_for() {
    let walk = Walk::with(|config| {
        config.scopes = vec!["openid".to_owned(), "api:read".to_owned()];
        config.audience = Some("https://api.test".to_owned());
        config.resource = vec![
            "https://a.test/".parse().unwrap(),
            "https://b.test/".parse().unwrap(),
        ];
        config.acr_values = Some("phr".to_owned());
        config.prompt = Some("login".to_owned());
        config.parameters = [("organization".to_owned(), "org 1".to_owned())].into();
    })
    .await;
    let begun = walk.begin().await.unwrap();
    for (name, value) in [
        ("scope", "openid api:read"),
        ("audience", "https://api.test"),
        ("acr_values", "phr"),
        ("prompt", "login"),
        ("organization", "org 1"),
    ] {
        assert_eq!(begun.query[name], value);
    }
    let resources = begun
        .address
        .query_pairs()
        .filter(|(name, _)| name == "resource");
    assert_eq!(resources.count(), 2);
    let tokens = sign(&walk.peer.claims(&begun.query["nonce"]));
    walk.peer
        .will_say("token", Said::json(200, &token_answer(&tokens)));
    walk.finish(&begun.link()).await.unwrap();
    let asked = walk.peer.asked_at("token");
    assert_eq!(asked[0].form["resource"], "https://a.test/ https://b.test/");
}

#[tokio::test]
async fn consent_is_asked_for_where_a_refresh_token_needs_it_and_the_profile_does_not_know_better()
{
    for (scopes, prompt, asked) in [
        (vec!["openid", "offline_access"], None, Some("consent")),
        (vec!["openid"], None, None),
        (vec!["openid", "offline_access"], Some(""), None),
        (
            vec!["openid"],
            Some("select_account"),
            Some("select_account"),
        ),
    ] {
        let walk = Walk::with(|config| {
            config.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
            config.prompt = prompt.map(str::to_owned);
        })
        .await;
        let begun = walk.begin().await.unwrap();
        assert_eq!(
            begun.query.get("prompt").map(String::as_str),
            asked,
            "{scopes:?}"
        );
    }
}

#[tokio::test]
async fn usual_scopes_that_the_provider_does_not_have_are_left_out_and_chosen_ones_are_not() {
    let offered = json!(["openid", "email", "profile"]);
    for (chosen, asked) in [
        (None, "openid profile email"),
        (Some("custom"), "openid custom"),
    ] {
        let walk = Walk::with(|config| {
            if let Some(chosen) = chosen {
                config.scopes = vec!["openid".to_owned(), chosen.to_owned()];
            }
        })
        .await;
        walk.peer
            .describe(|said| said["scopes_supported"] = offered.clone());
        assert_eq!(walk.begin().await.unwrap().query["scope"], asked);
    }
}

#[tokio::test]
async fn the_exchange_names_a_public_client_and_nothing_else() {
    let walk = Walk::new().await;
    walk.signed_in().await;
    let asked = &walk.peer.asked_at("token")[0];
    let names: Vec<_> = asked.form.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "client_id",
            "code",
            "code_verifier",
            "grant_type",
            "redirect_uri"
        ]
    );
    assert_eq!(asked.form["redirect_uri"], "dev.keyfob://callback/work");
    assert_eq!(asked.bearer, None);

    walk.peer
        .will_say("token", Said::json(200, &json!({"access_token": "A2"})));
    walk.sessions.refresh().await.unwrap();
    let asked = &walk.peer.asked_at("token")[1];
    let names: Vec<_> = asked.form.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_id", "grant_type", "refresh_token"]);
}

#[tokio::test]
async fn a_mixed_up_answer_is_refused_before_any_request() {
    let other = encoded("https://other.test/oidc");
    for rest in [
        format!("code=CODE&iss={other}"),
        format!("error=access_denied&iss={other}"),
        "code=CODE".to_owned(),
        "error=access_denied".to_owned(),
    ] {
        let walk = Walk::new().await;
        let begun = walk.begin().await.unwrap();
        let error = walk.finish(&begun.link_with(&rest)).await.unwrap_err();
        assert_eq!(error.reason(), Reason::LinkForeign, "{rest}");
        assert!(error.is_about_no_attempt());
        let by_another_path = begun.link().replace("/work", "/other");
        let error = walk.finish(&by_another_path).await.unwrap_err();
        assert_eq!(error.reason(), Reason::LinkForeign);
        assert!(walk.peer.asked_at("token").is_empty());

        let id_token = sign(&walk.peer.claims(&begun.query["nonce"]));
        walk.peer
            .will_say("token", Said::json(200, &token_answer(&id_token)));
        walk.finish(&begun.link()).await.unwrap();
    }
}

#[tokio::test]
async fn a_provider_that_does_not_promise_its_name_need_not_give_it() {
    let walk = Walk::new().await;
    walk.peer.describe(|said| {
        said["authorization_response_iss_parameter_supported"] = json!(false);
    });
    let begun = walk.begin().await.unwrap();
    let id_token = sign(&walk.peer.claims(&begun.query["nonce"]));
    walk.peer
        .will_say("token", Said::json(200, &token_answer(&id_token)));
    walk.finish(&begun.link_with("code=CODE")).await.unwrap();
}

#[tokio::test]
async fn an_id_token_for_strangers_too_must_say_that_it_was_issued_to_us() {
    for (audience, party, verdict) in [
        (json!([CLIENT]), None, None),
        (json!([CLIENT, "another"]), Some(CLIENT), None),
        (
            json!([CLIENT, "another"]),
            None,
            Some(JwtError::AuthorizedPartyWrong),
        ),
        (
            json!(CLIENT),
            Some("another"),
            Some(JwtError::AuthorizedPartyWrong),
        ),
        (
            json!(["another"]),
            Some(CLIENT),
            Some(JwtError::AudienceWrong),
        ),
        (json!([]), None, Some(JwtError::AudienceWrong)),
    ] {
        let walk = Walk::new().await;
        let begun = walk.begin().await.unwrap();
        let mut claims = walk.peer.claims(&begun.query["nonce"]);
        claims["aud"] = audience.clone();
        claims["azp"] = json!(party);
        let id_token = sign(&claims);
        walk.peer
            .will_say("token", Said::json(200, &token_answer(&id_token)));
        let outcome = walk.finish(&begun.link()).await;
        let refused = outcome.err().and_then(|error| error.detail());
        assert_eq!(
            refused,
            verdict.map(|why| why.to_string()),
            "{audience} {party:?}"
        );
    }
}

#[tokio::test]
async fn a_sign_in_without_an_id_token_is_none() {
    let walk = Walk::new().await;
    let begun = walk.begin().await.unwrap();
    walk.peer
        .will_say("token", Said::json(200, &json!({"access_token": "A"})));
    let error = walk.finish(&begun.link()).await.unwrap_err();
    assert_eq!(error.detail(), Some(JwtError::IdTokenMissing.to_string()));
}

#[tokio::test]
async fn a_pushed_request_leaves_only_a_reference_to_the_browser_and_is_pushed_again_when_opened_again()
 {
    let walk = Walk::new().await;
    let endpoint = format!("{}/par", walk.peer.issuer());
    walk.peer
        .describe(|said| said["pushed_authorization_request_endpoint"] = json!(endpoint));
    for reference in ["urn:one", "urn:two"] {
        let answer = json!({"request_uri": reference, "expires_in": 60});
        walk.peer.will_say("par", Said::json(201, &answer));
    }
    let begun = walk.begin().await.unwrap();
    let browser: Vec<_> = begun.address.query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        browser,
        [pair("client_id", CLIENT), pair("request_uri", "urn:one")]
    );

    let again = walk.sign_in.open_again().await.unwrap().unwrap();
    assert!(again.request.address.as_str().contains("urn%3Atwo"));
    let pushed = walk.peer.asked_at("par");
    assert_eq!(pushed[0].form, pushed[1].form);
    assert_eq!(pushed[0].form["code_challenge_method"], "S256");

    let id_token = sign(&walk.peer.claims(&begun.query["nonce"]));
    walk.peer
        .will_say("token", Said::json(200, &token_answer(&id_token)));
    walk.finish(&begun.link()).await.unwrap();
}

#[tokio::test]
async fn a_refused_push_goes_through_the_browser_unless_it_must_not() {
    for (required, error, reason) in [
        (false, "invalid_client", None),
        (true, "invalid_client", Some(Reason::ProviderRefused)),
        (
            false,
            "invalid_redirect_uri",
            Some(Reason::RedirectNotAllowed),
        ),
    ] {
        let walk = Walk::new().await;
        let endpoint = format!("{}/par", walk.peer.issuer());
        walk.peer.describe(|said| {
            said["pushed_authorization_request_endpoint"] = json!(endpoint);
            said["require_pushed_authorization_requests"] = json!(required);
        });
        walk.peer
            .will_say("par", Said::json(400, &json!({ "error": error })));
        let begun = walk.begin().await;
        assert_eq!(
            begun.as_ref().err().map(keyfob_auth::ProviderError::reason),
            reason,
            "{error}"
        );
        if let Ok(begun) = begun {
            assert!(begun.address.as_str().contains("code_challenge="));
        }
    }
}

#[tokio::test]
async fn a_wrong_setting_at_the_provider_is_named() {
    let walk = Walk::new().await;
    let begun = walk.begin().await.unwrap();
    let claims = walk.peer.claims(&begun.query["nonce"]);
    let header = json!({"alg": "HS256"});
    let id_token = crate::issuer::sign_with_hmac(b"the app's secret", &header, &claims);
    walk.peer
        .will_say("token", Said::json(200, &token_answer(&id_token)));
    let error = walk.finish(&begun.link()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::VerificationFailed);
    let words = error.detail().unwrap();
    assert!(
        words.contains("set the ID token's signing algorithm to RS256"),
        "{words}"
    );
}

#[tokio::test]
async fn an_id_token_that_says_too_little_or_is_too_old_is_thrown_away() {
    for (claim, value, why) in [
        ("nonce", Value::Null, JwtError::NonceWrong),
        ("sub", json!(""), JwtError::Malformed),
        ("exp", json!(NOON - 61), JwtError::Expired),
        ("exp", json!("soon"), JwtError::Malformed),
        ("iat", json!(NOON + 61), JwtError::IssuedInFuture),
    ] {
        let walk = Walk::new().await;
        let begun = walk.begin().await.unwrap();
        let mut claims = walk.peer.claims(&begun.query["nonce"]);
        claims[claim] = value;
        walk.peer
            .will_say("token", Said::json(200, &token_answer(&sign(&claims))));
        let error = walk.finish(&begun.link()).await.unwrap_err();
        assert_eq!(error.detail(), Some(why.to_string()), "{claim}");
        assert!(walk.peer.asked_at("me").is_empty());
    }
}

#[tokio::test]
async fn each_algorithm_with_a_public_half_is_accepted_and_its_hash_of_the_access_token_too() {
    for algorithm in ["ES256", "ES384", "EdDSA", "PS256", "RS512"] {
        let walk = Walk::new().await;
        let key = AnyKey::new(algorithm);
        walk.peer
            .change_keys(|keys| keys["keys"] = json!([key.public("K1")]));
        for (hash, accepted) in [
            (half_hash_by(algorithm, ACCESS_TOKEN), true),
            ("x".to_owned(), false),
        ] {
            let begun = walk.begin().await.unwrap();
            let mut claims = walk.peer.claims(&begun.query["nonce"]);
            claims["at_hash"] = json!(hash);
            let id_token = key.sign(&json!({"alg": algorithm, "kid": "K1"}), &claims);
            walk.peer
                .will_say("token", Said::json(200, &token_answer(&id_token)));
            assert_eq!(
                walk.finish(&begun.link()).await.is_ok(),
                accepted,
                "{algorithm}"
            );
        }
    }
}

#[tokio::test]
async fn a_profile_is_tried_out_before_anybody_signs_in() {
    let refused = |error: &str| Some(Said::json(400, &json!({ "error": error })));
    let taken = Said::json(201, &json!({"request_uri": "urn:one", "expires_in": 60}));
    for (said, outcome) in [
        (None, Ok(Tried::Answers)),
        (Some(taken), Ok(Tried::KnowsThisApp)),
        (Some(Said::text(404, "<html>")), Ok(Tried::Answers)),
        (
            refused("invalid_redirect_uri"),
            Err(Reason::RedirectNotAllowed),
        ),
        (refused("invalid_client"), Err(Reason::ProviderRefused)),
        (refused("invalid_scope"), Err(Reason::ProviderRefused)),
    ] {
        let walk = Walk::new().await;
        if let Some(said) = said {
            let endpoint = format!("{}/par", walk.peer.issuer());
            walk.peer
                .describe(|said| said["pushed_authorization_request_endpoint"] = json!(endpoint));
            // By the link, and by loopback.
            walk.peer.will_say("par", said.clone());
            walk.peer.will_say("par", said);
        }
        let tried = walk.profile.try_out("dev.keyfob").await;
        assert_eq!(tried.map_err(|objection| objection.reason()), outcome);
        assert!(walk.sign_in.newest().await.is_none());
    }
}
