//! What a provider says about itself, and what is made of it.

use std::time::Duration;

use keyfob_auth::Reason;
use serde_json::{Value, json};

use crate::{
    peer::{OidcPeer, Said, sign, token_answer},
    walk::Walk,
};

const DISCOVERY: &str = ".well-known/openid-configuration";

#[tokio::test]
async fn metadata_that_cannot_be_gone_by_is_refused_before_anything_is_sent() {
    type Row = (&'static str, fn(&mut Value), Reason, &'static str);
    let rows: [Row; 9] = [
        (
            "another slash",
            |said| said["issuer"] = json!(format!("{}/", said["issuer"].as_str().unwrap())),
            Reason::ConfigInvalid,
            "write the issuer as the provider does",
        ),
        (
            "an endpoint by an unsafe way",
            |said| said["token_endpoint"] = json!("http://elsewhere.test/token"),
            Reason::ConfigInvalid,
            "token_endpoint",
        ),
        (
            "an endpoint with a fragment",
            |said| said["authorization_endpoint"] = json!("https://elsewhere.test/auth#x"),
            Reason::ConfigInvalid,
            "authorization_endpoint",
        ),
        (
            "no keys",
            |said| said["jwks_uri"] = Value::Null,
            Reason::ConfigInvalid,
            "jwks_uri",
        ),
        (
            "no code flow",
            |said| said["response_types_supported"] = json!(["id_token"]),
            Reason::ConfigInvalid,
            "code flow",
        ),
        (
            "no S256",
            |said| said["code_challenge_methods_supported"] = json!(["plain"]),
            Reason::ConfigInvalid,
            "S256",
        ),
        (
            "HMAC only",
            |said| said["id_token_signing_alg_values_supported"] = json!(["HS256"]),
            Reason::ConfigInvalid,
            "set the ID token's signing algorithm to RS256",
        ),
        (
            "pushed requests without a place for them",
            |said| said["require_pushed_authorization_requests"] = json!(true),
            Reason::ConfigInvalid,
            "pushed",
        ),
        (
            "no JSON object",
            |said| *said = json!([]),
            Reason::ProviderBroken,
            "expected",
        ),
    ];
    for (name, change, reason, word) in rows {
        let walk = Walk::new().await;
        walk.peer.describe(change);
        let error = walk
            .begin()
            .await
            .err()
            .unwrap_or_else(|| panic!("{name} was accepted"));
        assert_eq!(error.reason(), reason, "{name}");
        let detail = error.detail().unwrap_or_default();
        assert!(detail.contains(word), "{name}: {detail}");
        assert_eq!(walk.peer.asked().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_is_absent_null_or_empty_is_not_missed() {
    let walk = Walk::new().await;
    walk.peer.describe(|said| {
        said["userinfo_endpoint"] = json!("");
        said["revocation_endpoint"] = Value::Null;
        for name in [
            "response_types_supported",
            "code_challenge_methods_supported",
            "id_token_signing_alg_values_supported",
        ] {
            said.as_object_mut().unwrap().remove(name);
        }
    });
    walk.signed_in().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 307] {
        let walk = Walk::new().await;
        let elsewhere = format!("{}/elsewhere", walk.peer.issuer());
        walk.peer.will_say(
            DISCOVERY,
            Said::text(status, "").with("location", &elsewhere),
        );
        let error = walk.begin().await.err().unwrap();
        assert_eq!(error.reason(), Reason::ProviderBroken);
        assert_eq!(walk.peer.asked().len(), 1);
    }
}

#[tokio::test]
async fn metadata_may_be_where_rfc_8414_puts_it() {
    let peer = OidcPeer::start().await;
    peer.will_say(DISCOVERY, Said::text(404, ""));
    let walk = Walk::at(peer, |_| {});
    let error = walk.begin().await.err().unwrap();
    assert_eq!(
        error.reason(),
        Reason::ConfigInvalid,
        "it is at neither place"
    );
    let paths: Vec<_> = walk
        .peer
        .asked()
        .into_iter()
        .map(|asked| asked.path)
        .collect();
    assert_eq!(
        paths,
        [
            "/oidc/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/oidc"
        ]
    );
}

#[tokio::test]
async fn a_sign_in_asks_no_more_than_it_must() {
    let walk = Walk::new().await;
    walk.signed_in().await;
    let first = walk.peer.asked().len();
    assert_eq!(first, 3, "metadata, keys, tokens");
    walk.signed_in().await;
    assert_eq!(walk.peer.asked().len() - first, 1, "tokens");
}

#[tokio::test]
async fn the_keys_are_at_hand_before_the_answer_comes() {
    let walk = Walk::new().await;
    let begun = walk.begin().await.unwrap();
    while walk.peer.asked_at("jwks").is_empty() {
        tokio::task::yield_now().await;
    }
    let before = walk.peer.asked().len();
    let id_token = sign(&walk.peer.claims(&begun.query["nonce"]));
    walk.peer
        .will_say("token", Said::json(200, &token_answer(&id_token)));
    walk.finish(&begun.link()).await.unwrap();
    assert_eq!(walk.peer.asked().len() - before, 1, "tokens");
}

#[tokio::test]
async fn what_is_known_is_asked_again_after_a_day_and_used_while_that_fails() {
    let walk = Walk::new().await;
    walk.begin().await.unwrap();
    walk.clock.advance(Duration::from_hours(25));
    walk.peer.will_say(DISCOVERY, Said::text(503, ""));
    walk.begin().await.unwrap();
    assert_eq!(walk.peer.asked_at(DISCOVERY).len(), 2);
    walk.begin().await.unwrap();
    walk.begin().await.unwrap();
    assert_eq!(walk.peer.asked_at(DISCOVERY).len(), 3);
}

#[tokio::test]
async fn an_issuer_that_was_renamed_needs_a_word_in_the_profile() {
    let peer = OidcPeer::start().await;
    peer.describe(|said| said["issuer"] = json!("https://old.test"));
    let walk = Walk::at(peer, |config| {
        config.issuer_name = Some("https://old.test".to_owned());
    });
    let begun = walk.begin().await.unwrap();
    let mut claims = walk.peer.claims(&begun.query["nonce"]);
    claims["iss"] = json!("https://old.test");
    let tokens = token_answer(&sign(&claims));
    walk.peer.will_say("token", Said::json(200, &tokens));
    let link = begun.link_with("code=CODE&iss=https%3A%2F%2Fold.test");
    let session = walk.finish(&link).await.unwrap();
    assert_eq!(session.account.issuer, "https://old.test");
}
