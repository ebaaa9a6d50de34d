//! The OpenID Foundation's modules for relying parties, by their names, as far as they concern a public client with
//! the code flow.
//!
//! Not here: `client-secret-basic` (there is no secret), `userinfo-bearer-body` (the header is what RFC 6750 prefers),
//! `discovery-webfinger-*` and `dynamic-registration` (issuer and client are typed), `request-uri-*`, `invalid-chash`
//! (nothing of the front channel is signed), `aggregated-claims` and `distributed-claims` (nobody needs them).

use keyfob_auth::{FinishError, JwtError, ProviderError, Reason, SessionStatus};
use serde_json::{Value, json};

use crate::{
    AnyKey,
    issuer::sign_with_hmac,
    peer::{ACCESS_TOKEN, OidcPeer, Said, sign, sign_as, token_answer},
    walk::Walk,
};

/// What one module changes of a good provider.
struct Module {
    metadata: fn(&mut Value),
    claims: fn(&mut Value),
    keys: fn(&mut Value),
    /// How the ID token is made of its claims.
    id_token: fn(&OidcPeer, &Value) -> String,
    userinfo: Option<Value>,
    /// What happened before.
    before: fn(&OidcPeer) -> Before,
    /// The claims of the ID token that a refresh brings, when the module has one.
    refreshed: Option<fn(&mut Value)>,
}

const GOOD: Module = Module {
    metadata: |_| {},
    claims: |_| {},
    keys: |_| {},
    id_token: |_, claims| sign(claims),
    userinfo: None,
    before: |_| Before::Nothing,
    refreshed: None,
};

enum Before {
    Nothing,
    SignedInOnce,
}

enum Outcome {
    SignedIn,
    Refused(JwtError),
    NotBegun(Reason),
}
use Outcome::{NotBegun, Refused, SignedIn};

#[expect(clippy::too_many_lines, reason = "a table")]
fn modules() -> Vec<(&'static str, Module, Outcome)> {
    let nameless = |claims: &mut Value| {
        for claim in ["name", "email"] {
            claims.as_object_mut().unwrap().remove(claim);
        }
    };
    vec![
        ("oidcc-client-test", GOOD, SignedIn),
        (
            "oidcc-client-test-nonce-invalid",
            Module {
                claims: |claims| claims["nonce"] = json!("another"),
                ..GOOD
            },
            Refused(JwtError::NonceWrong),
        ),
        (
            "oidcc-client-test-scope-userinfo-claims",
            Module {
                claims: nameless,
                userinfo: Some(json!({"sub": "user-1", "name": "Ada", "email": "ada@example.com"})),
                ..GOOD
            },
            SignedIn,
        ),
        (
            "oidcc-client-test-userinfo-bearer-header",
            Module {
                claims: nameless,
                userinfo: Some(json!({"sub": "user-1", "name": "Ada", "email": "ada@example.com"})),
                ..GOOD
            },
            SignedIn,
        ),
        (
            "oidcc-client-test-userinfo-invalid-sub",
            Module {
                claims: nameless,
                userinfo: Some(json!({"sub": "user-2", "name": "Eve", "email": "eve@example.com"})),
                ..GOOD
            },
            Refused(JwtError::SubjectWrong),
        ),
        (
            "oidcc-client-test-invalid-iss",
            Module {
                claims: |claims| claims["iss"] = json!("https://other.test"),
                ..GOOD
            },
            Refused(JwtError::IssuerWrong),
        ),
        (
            "oidcc-client-test-missing-sub",
            Module {
                claims: |claims| drop(claims.as_object_mut().unwrap().remove("sub")),
                ..GOOD
            },
            Refused(JwtError::Malformed),
        ),
        (
            "oidcc-client-test-invalid-aud",
            Module {
                claims: |claims| claims["aud"] = json!("another-client"),
                ..GOOD
            },
            Refused(JwtError::AudienceWrong),
        ),
        (
            "oidcc-client-test-missing-aud",
            Module {
                claims: |claims| drop(claims.as_object_mut().unwrap().remove("aud")),
                ..GOOD
            },
            Refused(JwtError::Malformed),
        ),
        (
            "oidcc-client-test-missing-iat",
            Module {
                claims: |claims| drop(claims.as_object_mut().unwrap().remove("iat")),
                ..GOOD
            },
            Refused(JwtError::Malformed),
        ),
        (
            "oidcc-client-test-invalid-athash",
            Module {
                claims: |claims| claims["at_hash"] = json!(crate::peer::half_hash("another token")),
                ..GOOD
            },
            Refused(JwtError::AccessTokenHashWrong),
        ),
        (
            "oidcc-client-test-kid-absent-single-jwks",
            Module {
                keys: |keys| drop(keys["keys"][0].as_object_mut().unwrap().remove("kid")),
                id_token: without_key_id,
                ..GOOD
            },
            SignedIn,
        ),
        (
            "oidcc-client-test-kid-absent-multiple-jwks",
            Module {
                keys: |keys| {
                    let another = AnyKey::new("RS256").public("K2");
                    keys["keys"].as_array_mut().unwrap().push(another);
                },
                id_token: without_key_id,
                ..GOOD
            },
            Refused(JwtError::NoKey),
        ),
        ("oidcc-client-test-idtoken-sig-rs256", GOOD, SignedIn),
        (
            "oidcc-client-test-idtoken-sig-none",
            Module {
                id_token: |_, claims| {
                    let signed = sign_with_hmac(b"", &json!({"alg": "none"}), claims);
                    format!("{}.", signed.rsplit_once('.').unwrap().0)
                },
                ..GOOD
            },
            Refused(JwtError::AlgorithmNotAllowed("none".to_owned())),
        ),
        (
            "oidcc-client-test-invalid-sig-rs256",
            Module {
                id_token: |_, claims| {
                    let header = json!({"alg": "RS256", "kid": "K1"});
                    AnyKey::new("RS256").sign(&header, claims)
                },
                ..GOOD
            },
            Refused(JwtError::SignatureWrong),
        ),
        (
            "oidcc-client-test-invalid-sig-es256",
            Module {
                keys: |keys| keys["keys"] = json!([AnyKey::new("ES256").public("K1")]),
                id_token: |_, claims| {
                    let header = json!({"alg": "ES256", "kid": "K1"});
                    AnyKey::new("ES256").sign(&header, claims)
                },
                ..GOOD
            },
            Refused(JwtError::SignatureWrong),
        ),
        (
            "oidcc-client-test-invalid-sig-hs256",
            Module {
                id_token: |_, claims| {
                    sign_with_hmac(b"secret", &json!({"alg": "HS256", "kid": "K1"}), claims)
                },
                ..GOOD
            },
            Refused(JwtError::SignedWithSecret("HS256".to_owned())),
        ),
        ("oidcc-client-test-discovery-openid-config", GOOD, SignedIn),
        ("oidcc-client-test-discovery-jwks-uri-keys", GOOD, SignedIn),
        (
            "oidcc-client-test-discovery-issuer-mismatch",
            Module {
                metadata: |metadata| metadata["issuer"] = json!("https://other.test"),
                ..GOOD
            },
            NotBegun(Reason::ConfigInvalid),
        ),
        (
            "oidcc-client-test-signing-key-rotation",
            Module {
                before: |_| Before::SignedInOnce,
                id_token: signed_with_a_new_key,
                ..GOOD
            },
            SignedIn,
        ),
        (
            "oidcc-client-test-signing-key-rotation-just-before-signing",
            Module {
                before: |peer| {
                    let old = json!({"keys": [AnyKey::new("RS256").public("K0")]});
                    peer.will_say("jwks", Said::json(200, &old));
                    Before::Nothing
                },
                ..GOOD
            },
            SignedIn,
        ),
        (
            "oidcc-client-test-refresh-token",
            Module {
                refreshed: Some(|_| {}),
                ..GOOD
            },
            SignedIn,
        ),
        (
            "oidcc-client-test-refresh-token-invalid-issuer",
            Module {
                refreshed: Some(|claims| claims["iss"] = json!("https://other.test")),
                ..GOOD
            },
            Refused(JwtError::IssuerWrong),
        ),
        (
            "oidcc-client-test-refresh-token-invalid-sub",
            Module {
                refreshed: Some(|claims| claims["sub"] = json!("user-2")),
                ..GOOD
            },
            Refused(JwtError::SubjectWrong),
        ),
        (
            "oidcc-client-test-refresh-token-invalid-aud",
            Module {
                refreshed: Some(|claims| claims["aud"] = json!("another-client")),
                ..GOOD
            },
            Refused(JwtError::AudienceWrong),
        ),
    ]
}

/// The peer's own signature over a header that names no key.
fn without_key_id(_: &OidcPeer, claims: &Value) -> String {
    sign_as(&json!({"alg": "RS256"}), claims)
}

/// The provider changes its key, and signs with the new one.
fn signed_with_a_new_key(peer: &OidcPeer, claims: &Value) -> String {
    let key = AnyKey::new("ES256");
    peer.change_keys(|keys| keys["keys"] = json!([key.public("K2")]));
    key.sign(&json!({"alg": "ES256", "kid": "K2"}), claims)
}

#[tokio::test]
async fn every_module_for_relying_parties_ends_as_it_must() {
    for (name, module, outcome) in modules() {
        let ended = walk(name, module).await;
        match (ended, outcome) {
            (Ok(()), SignedIn) => {}
            (Err(Ended::NotBegun(error)), NotBegun(reason)) => {
                assert_eq!(error.reason(), reason, "{name}");
            }
            (Err(Ended::Refused(error)), Refused(why)) => assert_eq!(error, why, "{name}"),
            (ended, _) => panic!("{name} ended as {ended:?}"),
        }
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "printed when a module ends otherwise")]
enum Ended {
    NotBegun(ProviderError),
    Refused(JwtError),
    Otherwise(String),
}

async fn walk(name: &str, module: Module) -> Result<(), Ended> {
    let peer = OidcPeer::start().await;
    peer.describe(module.metadata);
    peer.change_keys(module.keys);
    let walk = Walk::at(peer.clone(), |_| {});
    if let Before::SignedInOnce = (module.before)(&peer) {
        walk.signed_in().await;
    }
    let begun = walk.begin().await.map_err(Ended::NotBegun)?;
    let mut claims = peer.claims(&begun.query["nonce"]);
    (module.claims)(&mut claims);
    let id_token = (module.id_token)(&peer, &claims);
    peer.will_say("token", Said::json(200, &token_answer(&id_token)));
    if let Some(userinfo) = &module.userinfo {
        peer.will_say("me", Said::json(200, userinfo));
    }
    let session = walk
        .finish(&begun.link())
        .await
        .map_err(|error| match error {
            FinishError::Provider(ProviderError::Unverified(error)) => Ended::Refused(error),
            other => Ended::Otherwise(other.to_string()),
        })?;
    assert_eq!(session.account.identifier, "ada@example.com", "{name}");
    assert_eq!(session.account.name.as_deref(), Some("Ada"), "{name}");
    for asked in peer.asked_at("me") {
        let bearer = format!("Bearer {ACCESS_TOKEN}");
        assert_eq!(asked.bearer, Some(bearer), "{name}");
    }
    let Some(change) = module.refreshed else {
        return Ok(());
    };
    walk.sessions.adopt(session).await.unwrap();
    let mut claims = peer.claims("-");
    claims.as_object_mut().unwrap().remove("nonce");
    change(&mut claims);
    let id_token = sign(&claims);
    peer.will_say("token", Said::json(200, &token_answer(&id_token)));
    walk.sessions.refresh().await.map_err(|error| match error {
        keyfob_auth::SessionError::Provider(ProviderError::Unverified(error)) => {
            Ended::Refused(error)
        }
        other => Ended::Otherwise(other.to_string()),
    })?;
    assert!(matches!(
        *walk.sessions.watch().borrow(),
        SessionStatus::SignedIn(_)
    ));
    Ok(())
}
