//! The OpenID Connect provider that the stories sign in at is what they take it for.
//!
//! The client is this file and knows nothing of ours; the person goes through the provider's own pages. What a story
//! relies on (rotation, reuse, rollover, pushed requests, …) is seen here to happen without us.
#![cfg(target_os = "linux")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::{OidcPeer, PeerVisitor, WayEnds};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use url::Url;

const ADA: &str = "ada@example.com";
const DEEP_LINK: &str = "dev.keyfob.debug://callback/genauth";
/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A client that has discovered its provider, and Ada at it.
struct App {
    peer: OidcPeer,
    metadata: Value,
    ada: PeerVisitor,
    id: &'static str,
    returns_to: &'static str,
}

impl App {
    async fn at(peer: OidcPeer) -> Self {
        Self {
            metadata: peer.metadata().await,
            ada: peer.visited_by(ADA),
            id: OidcPeer::CLIENT,
            returns_to: DEEP_LINK,
            peer,
        }
    }

    fn endpoint(&self, name: &str) -> Url {
        let address = self.metadata[name].as_str().expect("an endpoint");
        address.parse().expect("an address")
    }

    fn request(&self) -> [(&'static str, &'static str); 9] {
        [
            ("client_id", self.id),
            ("redirect_uri", self.returns_to),
            ("response_type", "code"),
            ("scope", "openid profile email phone offline_access"),
            ("prompt", "consent"),
            ("state", "a-state"),
            ("nonce", "a-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    }

    /// The address that the browser is sent to with this in its query.
    fn page(&self, query: &[(&str, &str)]) -> Url {
        let mut page = self.endpoint("authorization_endpoint");
        page.query_pairs_mut().extend_pairs(query);
        page
    }

    /// Posts a form to one of the provider's endpoints, and gives the status and the JSON that came.
    async fn posts(&self, endpoint: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        sent(client().post(self.endpoint(endpoint)).form(fields)).await
    }

    fn redemption<'a>(&self, code: &'a str) -> [(&'static str, &'a str); 4] {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.returns_to),
            ("code_verifier", VERIFIER),
        ]
    }

    async fn ada_signs_in(&self) -> Value {
        let back = self.ada.is_sent_back(&self.page(&self.request())).await;
        self.redeems(&back).await
    }

    /// The tokens for what the browser brought back.
    async fn redeems(&self, back: &Url) -> Value {
        let code = from_query(back, "code");
        let mut fields = self.redemption(&code).to_vec();
        fields.push(("client_id", self.id));
        let (status, tokens) = self.posts("token_endpoint", &fields).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    async fn refreshes(&self, tokens: &Value) -> (StatusCode, Value) {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", self.id),
            ("refresh_token", text(tokens, "refresh_token")),
        ];
        self.posts("token_endpoint", &fields).await
    }

    async fn published_keys(&self) -> Vec<String> {
        let (_, set) = sent(client().get(self.endpoint("jwks_uri"))).await;
        let keys = set["keys"].as_array().expect("a key set").iter();
        keys.map(|key| text(key, "kid").to_owned()).collect()
    }
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

async fn sent(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("the provider answers");
    let status = answer.status();
    let body = answer.bytes().await.expect("the answer comes whole");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

fn from_query(address: &Url, name: &str) -> String {
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(other, _)| other == name);
    let (_, value) = found.unwrap_or_else(|| panic!("no {name} in {address}"));
    value.into_owned()
}

/// The header and the claims of a JWT, unverified.
fn decoded(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let part = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&part).unwrap_or_default()
    });
    let mut next = || parts.next().expect("three parts");
    (next(), next())
}

#[tokio::test]
async fn a_person_signs_in_on_its_own_pages_and_the_code_becomes_tokens() {
    let app = App::at(OidcPeer::start()).await;
    let issuer = app.peer.issuer.as_str();
    assert_eq!(app.metadata["issuer"], issuer);
    assert!(issuer.ends_with("/oidc"));

    let back = app.ada.is_sent_back(&app.page(&app.request())).await;
    assert!(back.as_str().starts_with(DEEP_LINK));
    assert_eq!(from_query(&back, "state"), "a-state");
    assert_eq!(from_query(&back, "iss"), issuer);
    let tokens = app.redeems(&back).await;
    assert_eq!(tokens["expires_in"], 3600);

    let (header, claims) = decoded(text(&tokens, "id_token"));
    assert_eq!(header["alg"], "RS256");
    assert_eq!(app.published_keys().await, [text(&header, "kid")]);
    for (name, value) in [
        ("iss", json!(issuer)),
        ("aud", json!(app.id)),
        ("sub", json!(ADA)),
        ("email", json!(ADA)),
        ("nonce", json!("a-nonce")),
        ("nickname", Value::Null),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }

    let access_token = text(&tokens, "access_token");
    let userinfo = client().get(app.endpoint("userinfo_endpoint"));
    let (_, person) = sent(userinfo.bearer_auth(access_token)).await;
    assert_eq!(person["sub"], claims["sub"]);
    let picture = client().get(text(&person, "picture")).send().await;
    assert_eq!(
        picture.expect("it answers").headers()["content-type"],
        "image/png"
    );

    let seen = app.peer.issued().await;
    for (kind, secret) in [
        ("authorization_code", from_query(&back, "code").as_str()),
        ("code_verifier", VERIFIER),
        ("access_token", access_token),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("id_token", text(&tokens, "id_token")),
    ] {
        assert!(
            seen.contains(&(kind.to_owned(), secret.to_owned())),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn loopback_may_have_any_port_and_a_deep_link_only_its_own_path() {
    let mut app = App::at(OidcPeer::start()).await;
    app.returns_to = "http://127.0.0.1:9/callback";
    let back = app.ada.is_sent_back(&app.page(&app.request())).await;
    assert!(back.as_str().starts_with("http://127.0.0.1:9/callback?"));
    app.redeems(&back).await;

    app.returns_to = "dev.keyfob.debug://callback/another";
    let refused = client().get(app.page(&app.request())).send().await;
    assert_eq!(refused.expect("it answers").status(), 400);
}

#[tokio::test]
async fn a_refresh_rotates_and_a_spent_token_ends_the_grant() {
    let app = App::at(OidcPeer::set_up(&json!({"accessTokenSeconds": 5}))).await;
    let first = app.ada_signs_in().await;
    assert_eq!(first["expires_in"], 5);
    let (_, second) = app.refreshes(&first).await;
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    for spent in [&first, &second] {
        let (status, refused) = app.refreshes(spent).await;
        assert_eq!(status, 400);
        assert_eq!(refused["error"], "invalid_grant");
    }
}

#[tokio::test]
async fn without_rotation_the_refresh_token_stays() {
    let app = App::at(OidcPeer::set_up(&json!({"rotate": false}))).await;
    let first = app.ada_signs_in().await;
    let (_, second) = app.refreshes(&first).await;
    assert_eq!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(app.refreshes(&first).await.0, 200);
}

#[tokio::test]
async fn a_revoked_refresh_token_is_refused() {
    let app = App::at(OidcPeer::start()).await;
    let tokens = app.ada_signs_in().await;
    let token = text(&tokens, "refresh_token");
    let fields = [("client_id", app.id), ("token", token)];
    assert_eq!(app.posts("revocation_endpoint", &fields).await.0, 200);
    assert_eq!(app.refreshes(&tokens).await.0, 400);
}

#[tokio::test]
async fn a_request_that_must_be_pushed_is_refused_when_it_is_not() {
    let app = App::at(OidcPeer::set_up(&json!({"requirePushed": true}))).await;
    let required = &app.metadata["require_pushed_authorization_requests"];
    assert_eq!(required, true);
    let refused = app.ada.is_sent_back(&app.page(&app.request())).await;
    assert_eq!(from_query(&refused, "error"), "invalid_request");

    let endpoint = "pushed_authorization_request_endpoint";
    let (status, pushed) = app.posts(endpoint, &app.request()).await;
    assert_eq!(status, 201, "{pushed}");
    let query = [
        ("client_id", app.id),
        ("request_uri", text(&pushed, "request_uri")),
    ];
    let back = app.ada.is_sent_back(&app.page(&query)).await;
    app.redeems(&back).await;
}

#[tokio::test]
async fn a_device_is_signed_in_from_another_screen() {
    let app = App::at(OidcPeer::start()).await;
    let fields = [("client_id", app.id), ("scope", "openid")];
    let endpoint = "device_authorization_endpoint";
    let (_, started) = app.posts(endpoint, &fields).await;
    let fields = [
        ("grant_type", DEVICE_GRANT),
        ("client_id", app.id),
        ("device_code", text(&started, "device_code")),
    ];
    let (_, pending) = app.posts("token_endpoint", &fields).await;
    assert_eq!(pending["error"], "authorization_pending");

    let address = text(&started, "verification_uri_complete");
    let address = address.parse().expect("an address");
    let WayEnds::On(page) = app.ada.follows(&address).await else {
        panic!("a device has no address to go back to");
    };
    assert!(page.contains("Sign-in Success"), "{page}");
    let (status, tokens) = app.posts("token_endpoint", &fields).await;
    assert_eq!(status, 200, "{tokens}");
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_of_the_browser() {
    let app = App::at(OidcPeer::start()).await;
    let tokens = app.ada_signs_in().await;
    let mut address = app.endpoint("end_session_endpoint");
    address.query_pairs_mut().extend_pairs([
        ("id_token_hint", text(&tokens, "id_token")),
        ("post_logout_redirect_uri", DEEP_LINK),
        ("state", "out"),
    ]);
    let back = app.ada.is_sent_back(&address).await;
    assert_eq!(back.as_str(), format!("{DEEP_LINK}?state=out"));

    let mut silent = app.request();
    silent[4] = ("prompt", "none");
    let refused = app.ada.is_sent_back(&app.page(&silent)).await;
    assert_eq!(from_query(&refused, "error"), "login_required");
}

#[tokio::test]
async fn a_new_key_signs_and_the_one_before_is_kept_or_lost() {
    let app = App::at(OidcPeer::start()).await;
    let first = app.ada_signs_in().await;
    let key = |tokens: &Value| text(&decoded(text(tokens, "id_token")).0, "kid").to_owned();

    app.peer.rolls_its_key_over().await;
    let (_, second) = app.refreshes(&first).await;
    assert_eq!(app.published_keys().await, [key(&second), key(&first)]);

    app.peer.loses_its_key().await;
    let (_, third) = app.refreshes(&second).await;
    assert_eq!(app.published_keys().await, [key(&third)]);
    assert_ne!(key(&third), key(&second));
}

#[tokio::test]
async fn the_other_clients_sign_by_hmac_and_authenticate() {
    let mut app = App::at(OidcPeer::start()).await;
    app.id = OidcPeer::HMAC_CLIENT;
    let (header, _) = decoded(text(&app.ada_signs_in().await, "id_token"));
    assert_eq!(header["alg"], "HS256");

    app.id = OidcPeer::CLIENT_WITH_SECRET;
    let back = app.ada.is_sent_back(&app.page(&app.request())).await;
    let code = from_query(&back, "code");
    let fields = app.redemption(&code);
    let mut without = fields.to_vec();
    without.push(("client_id", app.id));
    let (status, refused) = app.posts("token_endpoint", &without).await;
    assert_eq!(
        (status.as_u16(), text(&refused, "error")),
        (401, "invalid_client")
    );

    let token = client().post(app.endpoint("token_endpoint"));
    let token = token.basic_auth(app.id, Some(OidcPeer::SECRET));
    let (status, tokens) = sent(token.form(&fields)).await;
    assert_eq!(status, 200, "{tokens}");
}
