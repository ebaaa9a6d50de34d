//! What a client gets, letter by letter: claim sets, JSON types, signatures.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyfob_identity::API_KEY_ID;
use p256::ecdsa::signature::Verifier as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADA, Local, answer, client, decoded};

const LOGIN: i64 = 1_795_184_223;

/// The names and JSON types of an object, in alphabetical order: the order of the wire says nothing.
fn shape(value: &Value) -> Vec<String> {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut fields: Vec<_> = value
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{name}: {}", kind(value)))
        .collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn an_exchange_answers_with_every_field_in_its_type() {
    let local = Local::start().await;
    let got = local.signed_in().await;

    assert_eq!(
        shape(&got),
        [
            "identifier: object",
            "oauth_token: object",
            "token: object",
            "user: object"
        ]
    );
    assert_eq!(
        shape(&got["identifier"]),
        [
            "ID: string",
            "created_at: string",
            "deleted_at: null",
            "device_name: string",
            "device_type: string",
            "expiry: string",
            "identifier: string",
            "identifier_type: string",
            "public_key: string",
            "timestamp: string",
            "update_at: string",
        ]
    );
    assert_eq!(
        got["identifier"]["timestamp"],
        "2026-11-20T14:17:03.250000Z"
    );
    assert_eq!(got["identifier"]["expiry"], "2026-12-20T14:17:03.250000Z");
    assert_eq!(got["identifier"]["identifier"], ADA);
    assert_eq!(got["identifier"]["identifier_type"], "EMAIL");
    assert_eq!(
        shape(&got["token"]),
        [
            "expire_at: string",
            "identifier: string",
            "identifier_id: string",
            "identifier_type: string",
            "receiver: string",
            "signature: string",
            "timestamp: string",
        ]
    );
    assert_eq!(got["token"]["timestamp"], LOGIN.to_string());
    assert_eq!(
        got["token"]["expire_at"],
        (LOGIN + 30 * 24 * 3600).to_string()
    );
    assert_eq!(got["token"]["receiver"], API_KEY_ID);
    assert_eq!(
        shape(&got["user"]),
        [
            "ID: string",
            "client_user_id: string",
            "created_at: string",
            "default_method: string",
            "deleted_at: string",
            "enrolled: null",
            "identifier: string",
            "identifiers: null",
            "issuer: string",
            "update_at: string",
        ]
    );
    let oauth = &got["oauth_token"];
    assert_eq!(
        shape(oauth),
        [
            "access_token: string",
            "auth_method: string",
            "expires_in: number",
            "id_token: string",
            "refresh_token: string",
            "token_type: string",
        ]
    );
    assert_eq!(oauth["expires_in"], json!(3600));
    assert_eq!(oauth["token_type"], "Bearer");
    assert_eq!(oauth["auth_method"], "MAGIC_LINK");
    let (number, secret) = oauth["refresh_token"]
        .as_str()
        .unwrap()
        .split_once(':')
        .unwrap();
    assert!(number.parse::<u64>().is_ok());
    assert!(secret.len() == 50 && secret.bytes().all(|b| b.is_ascii_alphanumeric()));
}

#[tokio::test]
async fn tokens_carry_exactly_their_claims() {
    let local = Local::start().await;
    let got = local.signed_in().await;
    let user = got["user"]["ID"].as_str().unwrap();
    let claims = |kind: &str| {
        let (header, mut claims) = decoded(got["oauth_token"][kind].as_str().unwrap());
        assert_eq!(header["alg"], "ES256");
        assert_eq!(header["typ"], "JWT");
        assert!(
            header["kid"]
                .as_str()
                .unwrap()
                .starts_with("SPACE_JWT_PUBLIC:")
        );
        let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
        (claims, jti)
    };
    let (access, access_jti) = claims("access_token");
    let (id, id_jti) = claims("id_token");
    assert_ne!(access_jti, id_jti);
    assert!(access_jti.as_str().unwrap().len() == 36);
    assert_eq!(
        access,
        json!({
            "aud": API_KEY_ID,
            "sub": user,
            "client_user_id": user,
            "iss": local.base,
            "iat": LOGIN,
            "exp": LOGIN + 3600,
            "identifier": ADA,
            "type": "access_token",
            "authentication_method": "MAGIC_LINK",
            "scope": "access",
        })
    );
    assert_eq!(
        id,
        json!({
            "aud": API_KEY_ID,
            "sub": user,
            "client_user_id": user,
            "iss": local.base,
            "iat": LOGIN,
            "exp": LOGIN + 3600,
            "identifier": ADA,
            "type": "id_token",
            "auth_time": LOGIN.to_string(),
        })
    );
}

#[tokio::test]
async fn the_published_key_verifies_the_tokens() {
    let local = Local::start().await;
    let got = local.signed_in().await;
    let keys = local.call(Method::GET, "/token/jwks", None).await.json();
    let [key] = keys["keys"].as_array().unwrap().as_slice() else {
        panic!("one key: {keys}");
    };
    for (name, value) in [
        ("kty", "EC"),
        ("crv", "P-256"),
        ("use", "sig"),
        ("alg", "ES256"),
    ] {
        assert_eq!(key[name], value);
    }
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let key_of_set = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
    for kind in ["access_token", "id_token"] {
        let token = got["oauth_token"][kind].as_str().unwrap();
        assert_eq!(decoded(token).0["kid"], key["kid"]);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
        key_of_set.verify(signed.as_bytes(), &signature).unwrap();
    }
}

#[tokio::test]
async fn the_old_identity_token_is_signed_over_its_fields() {
    let local = Local::start().await;
    let got = local.signed_in().await;
    let token = &got["token"];
    let message = ["identifier", "identifier_type", "receiver", "expire_at"]
        .map(|name| token[name].as_str().unwrap())
        .concat();
    let signature = STANDARD
        .decode(token["signature"].as_str().unwrap())
        .unwrap();
    ed25519_dalek::VerifyingKey::from_bytes(&local.server.identity_public_key())
        .unwrap()
        .verify_strict(
            message.as_bytes(),
            &signature.as_slice().try_into().unwrap(),
        )
        .unwrap();
}

#[tokio::test]
async fn the_providers_own_check_accepts_a_live_access_token_only() {
    let local = Local::start().await;
    let oauth = local.signed_in().await["oauth_token"].clone();
    let checked_by = async |local: &Local, token: &Value| {
        let body = json!({"oauth_token": {"access_token": token}});
        local.call(Method::POST, "/verify", Some(body)).await.json()
    };
    let check = async |token: &Value| checked_by(&local, token).await;
    let refused = json!({"success": false, "reason": "Error: Invalid JWT token"});
    assert_eq!(
        check(&oauth["access_token"]).await,
        json!({"success": true})
    );
    assert_eq!(check(&oauth["id_token"]).await, refused);
    assert_eq!(check(&json!("x.y.z")).await, refused);
    assert_eq!(check(&Value::Null).await, refused);

    let forged = oauth["access_token"].as_str().unwrap();
    let (head, rest) = forged.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let mut claims = decoded(forged).1;
    claims["identifier"] = json!("eve@example.com");
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    assert_eq!(
        check(&json!(format!("{head}.{claims}.{signature}"))).await,
        refused
    );
    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "JWT"}).to_string());
    assert_eq!(check(&json!(format!("{none}.{claims}."))).await, refused);

    let local = local.sleeps(Duration::from_hours(1)).await;
    assert_eq!(checked_by(&local, &oauth["access_token"]).await, refused);
}

#[tokio::test]
async fn the_providers_own_check_takes_whole_tokens_and_answers_whatever_it_is_sent() {
    let local = Local::start().await;
    let oauth = local.signed_in().await["oauth_token"].clone();
    let whole = json!({"oauth_token": oauth});
    let without_key = client().post(format!("{}/verify", local.base)).json(&whole);
    assert_eq!(answer(without_key).await.json(), json!({"success": true}));
    for nonsense in ["", "{", "[]", "null", "{\"oauth_token\": 1}"] {
        let request = client()
            .post(format!("{}/verify", local.base))
            .header("Content-Type", "application/json")
            .body(nonsense);
        let answer = answer(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["success"], false, "{nonsense}");
    }
}

#[tokio::test]
async fn keys_outlive_a_restart() {
    let local = Local::start().await;
    let before = local.call(Method::GET, "/token/jwks", None).await.json();
    let local = local.restart().await;
    let after = local.call(Method::GET, "/token/jwks", None).await.json();
    assert_eq!(before, after);
}
