//! How servers answer at the token endpoint: one row for each way that was seen or is documented.

use std::time::Duration;

use keyfob_auth::{Reason, SessionStatus};
use serde_json::{Value, json};

use crate::{
    AnyKey,
    peer::{ACCESS_TOKEN, NOON, Said, sign, token_answer},
    walk::Walk,
};

type Yes = (&'static str, fn(&mut Value), u64);

/// A good answer that says it in its own way, and how long the token is then taken to live, in seconds.
fn ways_to_say_yes() -> Vec<Yes> {
    vec![
        ("RFC 6749: a number", |_| {}, 3600),
        (
            "GenAuth's API: expire_in",
            |answer| {
                answer["expire_in"] = json!(7200);
                answer["expires_in"] = Value::Null;
            },
            7200,
        ),
        (
            "GenAuth's API: everything below data",
            |answer| {
                let data = std::mem::take(answer);
                *answer =
                    json!({"statusCode": 200, "message": "ok", "requestId": "r", "data": data});
            },
            3600,
        ),
        (
            "Entra v1, PayPal: a number as text",
            |answer| answer["expires_in"] = json!("5400"),
            5400,
        ),
        (
            "a number with a fraction",
            |answer| answer["expires_in"] = json!(3600.0),
            3600,
        ),
        (
            "GitLab, Slack: the type in another case",
            |answer| answer["token_type"] = json!("bearer"),
            3600,
        ),
        (
            "no type at all",
            |answer| answer["token_type"] = Value::Null,
            3600,
        ),
        (
            "Salesforce: no lifetime; the token is opaque",
            |answer| answer["expires_in"] = Value::Null,
            300,
        ),
        (
            "no lifetime; the token says when it ends",
            |answer| {
                let claims = json!({"exp": NOON + 1800});
                let token = AnyKey::new("ES256").sign(&json!({"alg": "ES256"}), &claims);
                answer["access_token"] = json!(token);
                answer["expires_in"] = Value::Null;
                answer["id_token"] = Value::Null;
            },
            1800,
        ),
        (
            "a lifetime of nothing",
            |answer| answer["expires_in"] = json!(0),
            300,
        ),
        (
            "a lifetime beyond all measure",
            |answer| answer["expires_in"] = json!(1e300),
            u64::from(u32::MAX),
        ),
        (
            "Keycloak: members that nobody asked for",
            |answer| {
                answer["not-before-policy"] = json!(0);
                answer["session_state"] = json!("s");
                answer["refresh_expires_in"] = json!(0);
            },
            3600,
        ),
        (
            "an error that is null",
            |answer| answer["error"] = Value::Null,
            3600,
        ),
        (
            "an error that is empty",
            |answer| answer["error"] = json!(""),
            3600,
        ),
    ]
}

#[tokio::test]
async fn every_way_to_say_yes_is_understood() {
    for (name, change, lifetime) in ways_to_say_yes() {
        let walk = Walk::new().await;
        walk.signed_in().await;
        let mut claims = walk.peer.claims("-");
        claims.as_object_mut().unwrap().remove("at_hash");
        let mut answer = token_answer(&sign(&claims));
        change(&mut answer);
        walk.peer.will_say("token", Said::json(200, &answer));
        walk.sessions
            .refresh()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let SessionStatus::SignedIn(shown) = walk.sessions.watch().borrow().clone() else {
            panic!("{name}: signed out");
        };
        assert_eq!(shown.lifetime, Duration::from_secs(lifetime), "{name}");
    }
}

/// A refusal of a refresh token, the reason it is taken for, and a word of the server's that is shown.
#[expect(clippy::too_many_lines, reason = "a table")]
fn ways_to_say_no() -> Vec<(&'static str, Said, Reason, &'static str)> {
    let html = "<!doctype html><html>Log in to the network</html>";
    vec![
        (
            "RFC 6749: invalid_grant",
            Said::json(
                400,
                &json!({"error": "invalid_grant", "error_description": "grant request is invalid"}),
            ),
            Reason::SignInNeeded,
            "grant request is invalid",
        ),
        (
            "Auth0: invalid_grant with 403",
            Said::json(
                403,
                &json!({"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}),
            ),
            Reason::SignInNeeded,
            "Unknown or invalid",
        ),
        (
            "GitHub: 200, and bad_refresh_token",
            Said::json(
                200,
                &json!({"error": "bad_refresh_token", "error_description": "passed is incorrect or expired"}),
            ),
            Reason::SignInNeeded,
            "bad_refresh_token",
        ),
        (
            "Entra: interaction_required",
            Said::json(
                400,
                &json!({"error": "interaction_required", "error_description": "AADSTS50076: use MFA"}),
            ),
            Reason::SignInNeeded,
            "AADSTS50076",
        ),
        (
            "a name in capitals",
            Said::json(400, &json!({"error": "INVALID_GRANT"})),
            Reason::SignInNeeded,
            "INVALID_GRANT",
        ),
        (
            "RFC 6749: invalid_client, which names the setting",
            Said::json(
                401,
                &json!({"error": "invalid_client", "error_description": "client authentication failed"}),
            ),
            Reason::ProviderRefused,
            "\"none\"",
        ),
        (
            "RFC 6749: unauthorized_client",
            Said::json(400, &json!({"error": "unauthorized_client"})),
            Reason::ProviderRefused,
            "unauthorized_client",
        ),
        (
            "RFC 6749: another error",
            Said::json(400, &json!({"error": "invalid_scope"})),
            Reason::ProviderRefused,
            "invalid_scope",
        ),
        (
            "nothing at all",
            Said::text(400, ""),
            Reason::ProviderRefused,
            "no reason",
        ),
        (
            "plain text",
            Said::text(401, "Unauthorized"),
            Reason::ProviderRefused,
            "Unauthorized",
        ),
        (
            "Google's other interfaces: an object",
            Said::json(
                400,
                &json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Bad thing"}}),
            ),
            Reason::ProviderRefused,
            "Bad thing",
        ),
        (
            "Okta's other interfaces: errorCode",
            Said::json(
                403,
                &json!({"errorCode": "E0000006", "errorSummary": "You do not have permission"}),
            ),
            Reason::ProviderRefused,
            "E0000006",
        ),
        (
            "GenAuth's API: 200, and a statusCode",
            Said::json(
                200,
                &json!({"statusCode": 403, "message": "forbidden", "apiCode": 2005}),
            ),
            Reason::ProviderRefused,
            "forbidden",
        ),
        (
            "words that repeat the token",
            Said::json(
                400,
                &json!({"error": "invalid_grant", "error_description": "R1 is not known"}),
            ),
            Reason::SignInNeeded,
            "… is not known",
        ),
        (
            "words that play tricks",
            Said::json(
                400,
                &json!({"error": "invalid_grant", "error_description": "a\u{202e}b\u{7}c"}),
            ),
            Reason::SignInNeeded,
            "abc",
        ),
        (
            "RFC 6585: too many requests",
            Said::text(429, "").with("retry-after", "30"),
            Reason::ProviderBusy,
            "30 s",
        ),
        (
            "a proxy's page where a refusal should be",
            Said::text(403, html),
            Reason::ProviderBroken,
            "page",
        ),
        (
            "a captive portal's page where tokens should be",
            Said::text(200, html),
            Reason::ProviderBroken,
            "not what was expected",
        ),
        (
            "an error of the server's own, whatever it calls it",
            Said::json(500, &json!({"error": "invalid_grant"})),
            Reason::ProviderBroken,
            "error of its own",
        ),
        (
            "307, which would carry the token elsewhere",
            Said::text(307, "").with("location", "https://elsewhere.invalid/token"),
            Reason::ProviderBroken,
            "redirects",
        ),
        (
            "an answer without a token",
            Said::json(200, &json!({"token_type": "Bearer"})),
            Reason::ProviderBroken,
            "no access token",
        ),
        (
            "a token of another kind",
            Said::json(200, &json!({"access_token": "A", "token_type": "DPoP"})),
            Reason::ProviderBroken,
            "another kind",
        ),
    ]
}

#[tokio::test]
async fn every_way_to_say_no_has_its_reason_and_keeps_the_servers_words() {
    for (name, said, reason, word) in ways_to_say_no() {
        let walk = Walk::new().await;
        walk.signed_in().await;
        walk.peer.will_say("token", said);
        let error = walk.sessions.refresh().await.unwrap_err();
        assert_eq!(error.reason(), reason, "{name}");
        let detail = error.detail().unwrap_or_default();
        assert!(detail.contains(word), "{name}: {detail}");
        assert!(
            !detail.contains("R1") && !detail.contains(ACCESS_TOKEN),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_refused_code_is_called_one_and_a_refused_return_address_too() {
    for (error, reason) in [
        ("invalid_grant", Reason::CodeRefused),
        ("redirect_uri_mismatch", Reason::RedirectNotAllowed),
        ("invalid_client", Reason::ProviderRefused),
    ] {
        let walk = Walk::new().await;
        let begun = walk.begin().await.unwrap();
        walk.peer
            .will_say("token", Said::json(400, &json!({ "error": error })));
        let refused = walk.finish(&begun.link()).await.unwrap_err();
        assert_eq!(refused.reason(), reason, "{error}");
        assert!(!refused.is_transient());
    }
}

#[tokio::test]
async fn words_about_a_person_may_be_of_any_type() {
    for (name, userinfo, identifier, shown) in [
        (
            "GenAuth: null where nothing is known, times as text",
            json!({
                "sub": "user-1", "name": null, "nickname": null, "email": "ada@example.com",
                "email_verified": false, "gender": "U", "updated_at": "2023-11-14T22:13:20.000Z", "picture": null,
            }),
            "ada@example.com",
            None,
        ),
        (
            "numbers, lists and objects where texts belong",
            json!({
                "sub": "user-1", "name": 7, "email": ["ada@example.com"], "picture": {"url": "x"},
                "preferred_username": "ada", "given_name": "Ada", "family_name": "Lovelace",
            }),
            "ada",
            Some("Ada Lovelace"),
        ),
        (
            "a member that elsewhere holds the whole answer",
            json!({"sub": "user-1", "data": {"sub": "user-2"}, "email": "ada@example.com"}),
            "ada@example.com",
            None,
        ),
        (
            "nothing but the subject",
            json!({"sub": "user-1"}),
            "",
            None,
        ),
    ] {
        let walk = Walk::new().await;
        let begun = walk.begin().await.unwrap();
        let mut claims = walk.peer.claims(&begun.query["nonce"]);
        for claim in ["name", "email"] {
            claims[claim] = Value::Null;
        }
        let tokens = token_answer(&sign(&claims));
        walk.peer.will_say("token", Said::json(200, &tokens));
        walk.peer.will_say("me", Said::json(200, &userinfo));
        let account = walk.finish(&begun.link()).await.unwrap().account;
        assert_eq!(account.identifier, identifier, "{name}");
        assert_eq!(account.name.as_deref(), shown, "{name}");
        assert_eq!(account.picture, None, "{name}");
    }
}

#[tokio::test]
async fn a_provider_that_says_nothing_of_the_person_is_no_obstacle() {
    let walk = Walk::new().await;
    let begun = walk.begin().await.unwrap();
    let mut claims = walk.peer.claims(&begun.query["nonce"]);
    claims["email"] = Value::Null;
    let tokens = token_answer(&sign(&claims));
    walk.peer.will_say("token", Said::json(200, &tokens));
    walk.peer.will_say("me", Said::text(500, "oops"));
    let account = walk.finish(&begun.link()).await.unwrap().account;
    assert_eq!(account.name.as_deref(), Some("Ada"));
    assert_eq!(account.identifier, "");
}

/// Bytes that begin as the kind of picture does.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

#[tokio::test]
async fn a_picture_is_taken_only_if_it_is_one() {
    let picture = |body: Vec<u8>| Said {
        status: 200,
        headers: vec![("content-type", "text/html".to_owned())],
        body,
    };
    for (name, said, taken) in [
        (
            "a picture, whatever it is called",
            vec![picture(PNG.to_vec())],
            true,
        ),
        (
            "a picture elsewhere",
            vec![
                Said::text(302, "").with("location", "picture"),
                picture(PNG.to_vec()),
            ],
            true,
        ),
        ("a page", vec![picture(b"<html>".to_vec())], false),
        (
            "a drawing that may hold a program",
            vec![picture(b"<svg/>".to_vec())],
            false,
        ),
        (
            "too large",
            vec![picture([PNG, &vec![0; 1024 * 1024]].concat())],
            false,
        ),
        (
            "a picture by an unsafe way",
            vec![Said::text(302, "").with("location", "http://elsewhere.test/picture")],
            false,
        ),
        (
            "a circle",
            vec![Said::text(302, "").with("location", "picture"); 5],
            false,
        ),
    ] {
        let walk = Walk::new().await;
        let begun = walk.begin().await.unwrap();
        let mut claims = walk.peer.claims(&begun.query["nonce"]);
        claims["picture"] = json!(format!("{}/picture", walk.peer.issuer()));
        let tokens = token_answer(&sign(&claims));
        walk.peer.will_say("token", Said::json(200, &tokens));
        let account = walk.finish(&begun.link()).await.unwrap().account;
        for said in said {
            walk.peer.will_say("picture", said);
        }
        let got = walk.provider.picture(&account).await;
        let media_type = got.ok().flatten().map(|picture| picture.media_type);
        assert_eq!(media_type, taken.then_some("image/png"), "{name}");
        for asked in walk.peer.asked_at("picture") {
            assert_eq!(asked.bearer, None, "{name}");
        }
    }
}
