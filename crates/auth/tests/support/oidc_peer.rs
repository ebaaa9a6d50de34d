//! An OpenID Connect provider at the socket: as good as a provider can be, until a test spoils something.
//!
//! It is here for what no good provider does. A good one of somebody else's is the peer of the stories.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use aws_lc_rs::digest;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Request, Response, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::AnyKey;

/// The moment at which every test begins, in seconds since 1970.
pub const NOON: i64 = 1_700_000_000;

/// The client that every test uses.
pub const CLIENT: &str = "a-public-client";

/// The access token of every good answer.
pub const ACCESS_TOKEN: &str = "an-opaque-access-token";

/// Made once: an RSA key takes its time.
static KEY: LazyLock<AnyKey> = LazyLock::new(|| AnyKey::new("RS256"));

/// A provider on loopback, whose issuer has a path.
#[derive(Clone)]
pub struct OidcPeer(Arc<Inner>);

struct Inner {
    base: String,
    metadata: Mutex<Value>,
    keys: Mutex<Value>,
    to_say: Mutex<HashMap<String, VecDeque<Said>>>,
    asked: Mutex<Vec<Asked>>,
    /// An answer at this path is held back until it is notified.
    held_back: Mutex<Option<(String, Arc<Notify>)>>,
}

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    /// What repeats is joined by a space.
    pub form: BTreeMap<String, String>,
    pub bearer: Option<String>,
}

/// What it says.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Said {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    pub fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }
}

impl OidcPeer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let issuer = format!("{base}/oidc");
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/me"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": true,
        });
        let peer = Self(Arc::new(Inner {
            base,
            metadata: Mutex::new(metadata),
            keys: Mutex::new(json!({"keys": [KEY.public("K1")]})),
            to_say: Mutex::default(),
            asked: Mutex::default(),
            held_back: Mutex::default(),
        }));
        let router = Router::new().fallback(answer).with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        peer
    }

    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.0.base)
    }

    /// Changes what it says about itself.
    pub fn describe(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.0.metadata.lock().unwrap());
    }

    /// Changes the keys that it hands out.
    pub fn change_keys(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.0.keys.lock().unwrap());
    }

    /// Says this when it is asked at `path` below the issuer's, after what it was told to say there before.
    pub fn will_say(&self, path: &str, said: Said) {
        let mut to_say = self.0.to_say.lock().unwrap();
        to_say
            .entry(format!("/oidc/{path}"))
            .or_default()
            .push_back(said);
    }

    /// Holds back what it says at `path` until the returned gate is opened.
    pub fn hold_back(&self, path: &str) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        let held_back = (format!("/oidc/{path}"), Arc::clone(&gate));
        *self.0.held_back.lock().unwrap() = Some(held_back);
        gate
    }

    /// Everything that it was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().unwrap().clone()
    }

    /// What it was asked at `path` below the issuer's.
    pub fn asked_at(&self, path: &str) -> Vec<Asked> {
        let whole = format!("/oidc/{path}");
        let asked = self.asked().into_iter();
        asked.filter(|asked| asked.path == whole).collect()
    }

    /// Good claims, for the request that had this nonce.
    pub fn claims(&self, nonce: &str) -> Value {
        json!({
            "iss": self.issuer(), "aud": CLIENT, "sub": "user-1", "iat": NOON, "exp": NOON + 3600, "nonce": nonce,
            "at_hash": half_hash(ACCESS_TOKEN), "email": "ada@example.com", "name": "Ada",
        })
    }
}

/// Signed with the key that every peer hands out.
pub fn sign(claims: &Value) -> String {
    sign_as(&json!({"alg": "RS256", "kid": "K1"}), claims)
}

/// With a header of the test's own.
pub fn sign_as(header: &Value, claims: &Value) -> String {
    KEY.sign(header, claims)
}

/// A good token answer around an ID token.
pub fn token_answer(id_token: &str) -> Value {
    json!({
        "access_token": ACCESS_TOKEN, "id_token": id_token, "refresh_token": "R1", "token_type": "Bearer",
        "expires_in": 3600, "scope": "openid",
    })
}

/// OpenID Connect Core §3.1.3.6, beside an ID token signed with RS256.
pub fn half_hash(text: &str) -> String {
    half_hash_by("RS256", text)
}

/// Beside an ID token signed with another algorithm.
pub fn half_hash_by(algorithm: &str, text: &str) -> String {
    let hash = match algorithm {
        "RS512" | "PS512" | "EdDSA" => &digest::SHA512,
        "RS384" | "PS384" | "ES384" => &digest::SHA384,
        _ => &digest::SHA256,
    };
    let whole = digest::digest(hash, text.as_bytes());
    let half = whole.as_ref().len() / 2;
    URL_SAFE_NO_PAD.encode(&whole.as_ref()[..half])
}

async fn answer(State(peer): State<OidcPeer>, request: Request<Body>) -> Response<Body> {
    let method = request.method().to_string();
    let path = request.uri().to_string();
    let bearer = request.headers().get("authorization");
    let bearer = bearer.map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(request.into_body(), 64 * 1024)
        .await
        .unwrap();
    let mut form = BTreeMap::<String, String>::new();
    for (name, value) in url::form_urlencoded::parse(&body) {
        form.entry(name.into_owned())
            .and_modify(|all| *all = format!("{all} {value}"))
            .or_insert_with(|| value.into_owned());
    }
    peer.0.asked.lock().unwrap().push(Asked {
        method,
        path: path.clone(),
        form,
        bearer,
    });
    let told = peer
        .0
        .to_say
        .lock()
        .unwrap()
        .get_mut(&path)
        .and_then(VecDeque::pop_front);
    let said = told.unwrap_or_else(|| match path.as_str() {
        "/oidc/.well-known/openid-configuration" => {
            Said::json(200, &peer.0.metadata.lock().unwrap())
        }
        "/oidc/jwks" => Said::json(200, &peer.0.keys.lock().unwrap()),
        _ => Said::text(404, ""),
    });
    let held_back = peer.0.held_back.lock().unwrap().clone();
    if let Some((_, gate)) = held_back.filter(|(held, _)| *held == path) {
        gate.notified().await;
    }
    let mut response = Response::new(Body::from(said.body));
    *response.status_mut() = StatusCode::from_u16(said.status).unwrap();
    // The server's own idea of the time is the test's.
    let noon = std::time::UNIX_EPOCH + Duration::from_secs(NOON.unsigned_abs());
    let date = ("date", httpdate::fmt_http_date(noon));
    for (name, value) in std::iter::once(date).chain(said.headers) {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
