//! Signing in by a code that is typed elsewhere (RFC 8628).

use std::sync::Arc;

use keyfob_auth::{DeviceError, DeviceSignIn, Reason};
use serde_json::{Value, json};

use crate::{
    peer::{CLIENT, Said, sign, token_answer},
    walk::Walk,
};

async fn offering() -> Walk {
    let walk = Walk::new().await;
    let endpoint = format!("{}/device", walk.peer.issuer());
    walk.peer
        .describe(|said| said["device_authorization_endpoint"] = json!(endpoint));
    walk
}

/// A code whose questions may follow each other at once.
fn code() -> Value {
    json!({
        "device_code": "DEVICE", "user_code": "WDJB-MJHT", "verification_uri": "https://issuer.test/device",
        "verification_uri_complete": "https://issuer.test/device?user_code=WDJB-MJHT", "expires_in": 600,
        "interval": 0.001,
    })
}

async fn begun(walk: &Walk) -> Result<DeviceSignIn, DeviceError> {
    DeviceSignIn::begin(Arc::clone(&walk.provider), walk.clock.clone()).await
}

#[tokio::test]
async fn a_typed_code_ends_in_a_session() {
    let walk = offering().await;
    walk.peer.will_say("device", Said::json(200, &code()));
    let device = begun(&walk).await.unwrap();
    assert_eq!(device.user_code(), "WDJB-MJHT");
    assert_eq!(device.address().as_str(), "https://issuer.test/device");
    assert!(device.address_with_code().is_some());

    for _ in 0..2 {
        let not_yet = json!({"error": "authorization_pending"});
        walk.peer.will_say("token", Said::json(400, &not_yet));
    }
    let mut claims = walk.peer.claims("-");
    claims.as_object_mut().unwrap().remove("nonce");
    let tokens = token_answer(&sign(&claims));
    walk.peer.will_say("token", Said::json(200, &tokens));
    let session = device.finish().await.unwrap();
    assert_eq!(session.account.identifier, "ada@example.com");

    let asked = walk.peer.asked_at("token");
    assert_eq!(asked.len(), 3);
    let form = &asked[0].form;
    assert_eq!(
        form["grant_type"],
        "urn:ietf:params:oauth:grant-type:device_code"
    );
    assert_eq!(form["device_code"], "DEVICE");
    assert_eq!(form["client_id"], CLIENT);
}

#[tokio::test]
async fn each_end_of_a_code_has_its_reason() {
    for (error, reason) in [
        ("expired_token", Reason::SignInExpired),
        ("access_denied", Reason::SignInDenied),
        ("invalid_client", Reason::ProviderRefused),
        ("invalid_grant", Reason::CodeRefused),
    ] {
        let walk = offering().await;
        walk.peer.will_say("device", Said::json(200, &code()));
        let device = begun(&walk).await.unwrap();
        walk.peer
            .will_say("token", Said::json(400, &json!({ "error": error })));
        assert_eq!(
            device.finish().await.unwrap_err().reason(),
            reason,
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_code_whose_time_is_over_is_not_asked_about() {
    let walk = offering().await;
    walk.peer.will_say("device", Said::json(200, &code()));
    let device = begun(&walk).await.unwrap();
    walk.clock.advance(device.lifetime());
    assert!(matches!(device.finish().await, Err(DeviceError::Expired)));
    assert!(walk.peer.asked_at("token").is_empty());
}

#[tokio::test]
async fn a_provider_without_this_way_in_says_so() {
    let walk = Walk::new().await;
    assert!(matches!(begun(&walk).await, Err(DeviceError::NotOffered)));
}

#[tokio::test]
async fn an_older_name_for_the_page_is_known_and_an_unsafe_page_is_not_shown() {
    for (name, page, shown) in [
        ("verification_url", "https://issuer.test/device", true),
        ("verification_uri", "http://issuer.test/device", false),
        ("verification_uri", "javascript:alert(1)", false),
    ] {
        let walk = offering().await;
        let mut code = code();
        code.as_object_mut().unwrap().remove("verification_uri");
        code[name] = json!(page);
        walk.peer.will_say("device", Said::json(200, &code));
        assert_eq!(begun(&walk).await.is_ok(), shown, "{page}");
    }
}
