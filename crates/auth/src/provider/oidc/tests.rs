//! The verbs that only a session may call: revocation and logout.

#[path = "../../../tests/support/oidc_peer.rs"]
#[allow(dead_code, reason = "shared with tests outside the crate")]
mod peer;

use peer::{CLIENT, NOON, OidcPeer, Said};
use serde_json::json;

use super::*;
use crate::{Reason, Timestamp, jwt::issuer::AnyKey};

async fn provider() -> (OidcPeer, Oidc) {
    let peer = OidcPeer::start().await;
    let config = OidcConfig::new(peer.issuer(), CLIENT);
    let clock = Clock::held(Timestamp::from_seconds(NOON));
    (peer, Oidc::new(config, &clock))
}

#[tokio::test]
async fn a_refresh_token_is_revoked_by_name() {
    let (peer, oidc) = provider().await;
    let endpoint = format!("{}/revoke", peer.issuer());
    peer.describe(|said| said["revocation_endpoint"] = json!(endpoint));
    peer.will_say("revoke", Said::text(200, ""));
    assert!(oidc.revoke(&RefreshToken::new("R1")).await.unwrap());
    let form = &peer.asked_at("revoke")[0].form;
    assert_eq!(form["token"], "R1");
    assert_eq!(form["token_type_hint"], "refresh_token");
    assert_eq!(form["client_id"], CLIENT);
    assert_eq!(form.len(), 3);
}

#[tokio::test]
async fn each_answer_to_a_revocation_is_known_for_what_it_is() {
    let error = |status, code: &str| Said::json(status, &json!({ "error": code }));
    for (name, said, outcome) in [
        ("nothing at all", Said::text(204, ""), Ok(true)),
        (
            "a token that is not known",
            error(400, "invalid_token"),
            Ok(true),
        ),
        (
            "a token that has ended",
            error(400, "invalid_grant"),
            Ok(true),
        ),
        (
            "a kind of token that is not revoked",
            error(400, "unsupported_token_type"),
            Err((Reason::ProviderRefused, false)),
        ),
        (
            "a client that is not known",
            error(401, "invalid_client"),
            Err((Reason::ProviderRefused, false)),
        ),
        (
            "not now (RFC 7009 §2.2.1)",
            Said::text(503, "").with("retry-after", "9"),
            Err((Reason::ProviderBroken, true)),
        ),
        (
            "too often",
            Said::text(429, ""),
            Err((Reason::ProviderBusy, true)),
        ),
    ] {
        let (peer, oidc) = provider().await;
        let endpoint = format!("{}/revoke", peer.issuer());
        peer.describe(|said| said["revocation_endpoint"] = json!(endpoint));
        peer.will_say("revoke", said);
        let answer = oidc.revoke(&RefreshToken::new("R1")).await;
        let answer = answer.map_err(|error| (error.reason(), error.is_transient()));
        assert_eq!(answer, outcome, "{name}");
    }
}

#[tokio::test]
async fn what_a_provider_does_not_offer_is_not_asked_for() {
    let (peer, oidc) = provider().await;
    assert!(!oidc.revoke(&RefreshToken::new("R1")).await.unwrap());
    assert_eq!(oidc.logout_page().await.unwrap(), None);
    assert_eq!(peer.asked().len(), 1, "only for its metadata");
}

#[tokio::test]
async fn a_logout_names_the_app_and_puts_no_token_into_an_address() {
    let (peer, oidc) = provider().await;
    let endpoint = format!("{}/end?theme=dark", peer.issuer());
    peer.describe(|said| said["end_session_endpoint"] = json!(endpoint));
    let page = oidc.logout_page().await.unwrap().unwrap();
    assert_eq!(page.query(), Some("theme=dark&client_id=a-public-client"));
}
