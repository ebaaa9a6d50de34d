//! A provider at the socket, and a keyring in memory.
//!
//! The provider answers what a test tells it to, in order, and remembers what it was asked. It is here for what no
//! well-behaved provider does; the walk through the real one is a story of its own.

#![allow(
    dead_code,
    reason = "each test program is compiled with the whole of this and uses its part"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a fixture that cannot be set up fails its test"
)]

#[path = "../../src/vault/fake.rs"]
mod fake;
mod issuer;

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{Request, Response, StatusCode},
    response::IntoResponse,
    routing::get,
};
use fake::{Call, Daemon, SERVICE};
use issuer::SigningKey;
use keyfob_auth::{
    Clock, CotterConfig, Profile, Provider, ProviderConfig, RedirectUri, SessionManager,
    SessionStore, SignIn, StateFolder, Timestamp, Vault,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// The moment at which every test begins.
pub const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// The API key that every test uses.
pub const KEY: &str = "11111111-2222-3333-4444-555555555555";

/// A provider on loopback.
#[derive(Clone)]
pub struct Peer(Arc<Inner>);

struct Inner {
    base: String,
    /// The provider's own clock, which its `Date` headers and its tokens go by.
    time: Clock,
    signing: SigningKey,
    keys: Mutex<Value>,
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Value>>,
    keys_asked: Mutex<usize>,
    keys_withheld: Mutex<bool>,
    keys_gate: Mutex<Option<Arc<Notify>>>,
    /// An answer is held back until this is notified, when a test says so.
    gate: Mutex<Option<Arc<Notify>>>,
    server: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// What the provider says next.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn json(body: &Value) -> Self {
        Self {
            status: 200,
            body: body.to_string(),
        }
    }

    pub fn error(status: u16, message: &str) -> Self {
        Self {
            status,
            body: json!({"msg": message, "type": ""}).to_string(),
        }
    }

    pub fn html(status: u16) -> Self {
        Self {
            status,
            body: "<html><h1>Bad gateway</h1></html>".to_owned(),
        }
    }
}

impl Peer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let signing = SigningKey::new();
        let public = signing.public("K1");
        let peer = Self(Arc::new(Inner {
            base,
            time: Clock::held(NOON),
            signing,
            keys: Mutex::new(json!({"keys": [public]})),
            answers: Mutex::default(),
            asked: Mutex::default(),
            keys_asked: Mutex::default(),
            keys_withheld: Mutex::default(),
            keys_gate: Mutex::default(),
            gate: Mutex::default(),
            server: Mutex::default(),
        }));
        let router = Router::new()
            .route("/token/jwks", get(hand_out_keys))
            .fallback(answer)
            .with_state(peer.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        *peer.0.server.lock().unwrap() = Some(server);
        peer
    }

    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// Answers the next requests to the token endpoints with these.
    pub fn will_answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.0.answers.lock().unwrap().extend(answers);
    }

    /// Holds answers back until the returned gate is opened.
    pub fn hold_back(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *self.0.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    /// Ends the server: connections are refused from now on.
    pub fn hang_up(&self) {
        self.0.server.lock().unwrap().take().unwrap().abort();
    }

    /// What the token endpoints were asked, in order.
    pub fn asked(&self) -> Vec<Value> {
        self.0.asked.lock().unwrap().clone()
    }

    pub fn keys_asked(&self) -> usize {
        *self.0.keys_asked.lock().unwrap()
    }

    /// Answers requests for its keys with an error, or hands them out again.
    pub fn withhold_keys(&self, withhold: bool) {
        *self.0.keys_withheld.lock().unwrap() = withhold;
    }

    /// Holds its keys back until the returned gate is opened.
    pub fn hold_back_keys(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *self.0.keys_gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    /// Hands out these keys from now on.
    pub fn change_key_id(&self, key_id: &str) {
        self.0.keys.lock().unwrap()["keys"][0]["kid"] = json!(key_id);
    }

    /// The keys that it hands out.
    pub fn keys(&self) -> Value {
        self.0.keys.lock().unwrap().clone()
    }

    /// Hands out any JSON in their place.
    pub fn hand_out(&self, keys: Value) {
        *self.0.keys.lock().unwrap() = keys;
    }

    fn now(&self) -> i64 {
        self.0.time.wall().milliseconds() / 1000
    }

    fn date(&self) -> String {
        let since_1970 = Duration::from_secs(self.now().unsigned_abs());
        httpdate::fmt_http_date(std::time::UNIX_EPOCH + since_1970)
    }

    pub fn claims(&self, kind: &str) -> Value {
        json!({
            "iss": self.0.base, "aud": KEY, "sub": "user-1", "type": kind, "identifier": "ada@example.com",
            "iat": self.now(), "exp": self.now() + 3600, "jti": "j",
        })
    }

    pub fn sign(&self, key_id: &str, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": key_id});
        self.0.signing.sign(&header, claims)
    }

    /// A good `oauth_token`, with this refresh token.
    pub fn tokens(&self, refresh_token: &str) -> Value {
        json!({
            "access_token": self.sign("K1", &self.claims("access_token")),
            "id_token": self.sign("K1", &self.claims("id_token")),
            "refresh_token": refresh_token, "expires_in": 3600, "token_type": "Bearer",
        })
    }

    /// A good answer to a code exchange, as sparse as a client must survive.
    pub fn identity(&self, refresh_token: &str) -> Answer {
        Answer::json(&json!({"oauth_token": self.tokens(refresh_token)}))
    }

    /// A good answer to a refresh.
    pub fn refreshed(&self, refresh_token: &str) -> Answer {
        Answer::json(&self.tokens(refresh_token))
    }
}

async fn hand_out_keys(State(peer): State<Peer>) -> impl IntoResponse {
    *peer.0.keys_asked.lock().unwrap() += 1;
    let gate = peer.0.keys_gate.lock().unwrap().take();
    if let Some(gate) = gate {
        gate.notified().await;
    }
    let status = if *peer.0.keys_withheld.lock().unwrap() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    let keys = peer.0.keys.lock().unwrap().clone();
    (status, [("date", peer.date())], Json(keys))
}

async fn answer(State(peer): State<Peer>, request: Request<Body>) -> Response<Body> {
    let path = request.uri().to_string();
    let key = request.headers().get("api_key_id").cloned();
    let body = axum::body::to_bytes(request.into_body(), 64 * 1024)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    peer.0.asked.lock().unwrap().push(json!({
        "path": path, "key": key.map(|key| key.to_str().unwrap().to_owned()), "body": body,
    }));
    let gate = peer.0.gate.lock().unwrap().clone();
    if let Some(gate) = gate {
        gate.notified().await;
    }
    let next = peer.0.answers.lock().unwrap().pop_front();
    let next = next.unwrap_or_else(|| Answer::error(500, "nobody told me what to say"));
    (
        StatusCode::from_u16(next.status).unwrap(),
        [
            ("location", "http://elsewhere.invalid/".to_owned()),
            ("date", peer.date()),
        ],
        next.body,
    )
        .into_response()
}

/// A keyring in memory that can be broken and mended, and beside it the files by which programs keep out of each other's
/// way.
#[derive(Clone)]
pub struct Keyring {
    daemon: Daemon,
    broken: Arc<Mutex<bool>>,
    folder: Arc<tempfile::TempDir>,
    this_run: Option<Vault>,
}

impl Keyring {
    pub fn new() -> Self {
        Self {
            daemon: Daemon::new(),
            broken: Arc::default(),
            folder: Arc::new(tempfile::tempdir().unwrap()),
            this_run: None,
        }
    }

    /// The one of a person who wants nothing kept, for one run.
    pub fn for_this_run() -> Self {
        Self {
            this_run: Some(Vault::for_this_run(SERVICE)),
            ..Self::new()
        }
    }

    pub fn vault(&self) -> Vault {
        if let Some(vault) = &self.this_run {
            return vault.clone();
        }
        let keyring = self.clone();
        Vault::over(SERVICE, move || {
            if *keyring.broken.lock().unwrap() {
                Err(keyring_core::Error::NoDefaultStore)
            } else {
                Ok(keyring.daemon.open())
            }
        })
    }

    pub fn folder(&self) -> StateFolder {
        StateFolder::at(self.folder.path())
    }

    /// The file that is locked by who refreshes.
    pub fn lock_file(&self) -> PathBuf {
        self.folder.path().join("work.lock")
    }

    /// From now on there is a file where the folder was: no file can be made in it.
    pub fn lose_folder(&self) {
        std::fs::remove_dir_all(self.folder.path()).unwrap();
        std::fs::write(self.folder.path(), "").unwrap();
    }

    /// Puts any bytes where an entry lies, past the vault.
    pub fn put(&self, entry: &str, bytes: &[u8]) {
        self.daemon.entry(entry).set_secret(bytes).unwrap();
    }

    /// The bytes of an entry, if there is one.
    pub fn get(&self, entry: &str) -> Option<Vec<u8>> {
        self.daemon.entry(entry).get_secret().ok()
    }

    /// Every entry that the walk may write, as it is.
    pub fn everything(&self) -> Vec<Option<Vec<u8>>> {
        let entries = ["work.session", "work.sign-in"];
        entries.map(|entry| self.get(entry)).to_vec()
    }

    /// How many entries the session's record takes.
    pub fn session_entries(&self) -> usize {
        let names = self.daemon.names();
        let ours = names.iter().filter(|name| name.starts_with("work.session"));
        ours.count()
    }

    /// The session's record, read past the vault.
    pub fn record(&self) -> Value {
        let names = self.daemon.names();
        let parts = names.iter().filter(|name| name.starts_with("work.session"));
        let bodies = parts.map(|name| {
            let text = String::from_utf8(self.get(name).unwrap()).unwrap();
            text.split_once('\n').unwrap().1.to_owned()
        });
        serde_json::from_str(&bodies.collect::<String>()).unwrap()
    }

    /// Changes the session's record past the vault; it must lie in one entry before and after.
    pub fn edit_record(&self, edit: impl FnOnce(&mut Value)) {
        let mut record = self.record();
        edit(&mut record);
        let body = record.to_string();
        let header = format!("keyfob/1 whole 0000000000000000 text {}", body.len());
        self.put("work.session", format!("{header}\n{body}").as_bytes());
    }

    /// From now on it can be read, and every write fails.
    pub fn make_read_only(&self) {
        self.daemon.guard(|call, _| match call {
            Call::Get => Ok(()),
            Call::Set | Call::Delete => {
                Err(keyring_core::Error::NoStorageAccess("read-only".into()))
            }
        });
    }

    /// From now on so many writes of an entry succeed, and every one after them fails.
    pub fn fail_after_writes(&self, count: usize) {
        let left = Mutex::new(count);
        self.daemon.guard(move |call, _| {
            let mut left = left.lock().unwrap();
            match (call, left.checked_sub(1)) {
                (Call::Set, Some(fewer)) => *left = fewer,
                (Call::Set, None) => {
                    return Err(keyring_core::Error::NoStorageAccess("full".into()));
                }
                _ => {}
            }
            Ok(())
        });
    }

    /// From now on every call works again.
    pub fn relent(&self) {
        self.daemon.relent();
    }

    /// No vault that is opened from now on finds a store.
    pub fn break_it(&self) {
        *self.broken.lock().unwrap() = true;
    }

    /// The next call that finds no open store opens this one again.
    pub fn mend_it(&self) {
        *self.broken.lock().unwrap() = false;
    }
}

/// One process's view of the walk.
pub struct App {
    peer: Peer,
    provider: Arc<Provider>,
    pub clock: Clock,
    pub sign_in: SignIn,
    pub sessions: SessionManager,
}

impl App {
    pub fn start(peer: &Peer, keyring: &Keyring) -> Self {
        Self::start_at(peer, keyring, Clock::held(NOON))
    }

    pub fn start_at(peer: &Peer, keyring: &Keyring, clock: Clock) -> Self {
        let profile = Profile {
            name: "work".to_owned(),
            provider: ProviderConfig::Cotter(CotterConfig {
                api_key_id: KEY.to_owned(),
                api_base: peer.base().parse().unwrap(),
                sign_in_page: format!("{}/app", peer.base()).parse().unwrap(),
                issuer: peer.base().to_owned(),
            }),
        };
        let provider = Arc::new(Provider::new(&profile, &clock));
        Self::over(peer, keyring, clock, provider)
    }

    /// Another process of the same computer, with what the keyring holds.
    pub async fn another_process(&self, keyring: &Keyring) -> Self {
        let next = Self::start_at(&self.peer, keyring, self.clock.of_another_process());
        next.sessions.restore().await.unwrap();
        next
    }

    /// The same provider, over another keyring: what is slow to make is made once.
    pub fn another_over(&self, keyring: &Keyring) -> Self {
        let provider = Arc::clone(&self.provider);
        Self::over(&self.peer, keyring, self.clock.clone(), provider)
    }

    fn over(peer: &Peer, keyring: &Keyring, clock: Clock, provider: Arc<Provider>) -> Self {
        let vault = keyring.vault();
        Self {
            provider: Arc::clone(&provider),
            sign_in: SignIn::new(Arc::clone(&provider), vault.clone(), "work", clock.clone()),
            sessions: SessionManager::new(
                provider,
                SessionStore::new(vault, "work", keyring.folder()),
                clock.clone(),
            ),
            clock,
            peer: peer.clone(),
        }
    }

    /// Begins an attempt, and gives the return address that its answer will come by.
    pub async fn begin(&self) -> String {
        let redirect_uri = RedirectUri::new("dev.keyfob://callback".parse().unwrap());
        let (attempt, kept) = self.sign_in.begin(None, redirect_uri).await.unwrap();
        kept.unwrap();
        let address = attempt.request.address;
        let (_, state) = address
            .query_pairs()
            .find(|(name, _)| name == "state")
            .unwrap();
        format!("dev.keyfob://callback?code=CODE&challenge_id=4711&state={state}")
    }

    /// Walks from nothing to a session with the refresh token `R1`.
    pub async fn signed_in(peer: &Peer, keyring: &Keyring) -> Self {
        let app = Self::start(peer, keyring);
        let address = app.begin().await;
        peer.will_answer([peer.identity("R1")]);
        let session = app.finish(&address).await.unwrap();
        app.sessions.adopt(session).await.unwrap();
        app.sign_in.settle().await.unwrap();
        app
    }

    pub async fn finish(
        &self,
        address: &str,
    ) -> Result<keyfob_auth::Session, keyfob_auth::FinishError> {
        match self.sign_in.judge(address).await? {
            keyfob_auth::Return::Answer(grant) => {
                Ok(self.sign_in.redeem(grant).await?.expect("not settled"))
            }
            keyfob_auth::Return::AlreadyAnswered => panic!("answered before"),
        }
    }

    /// Time passes, here and at the provider.
    pub fn wait(&self, by: Duration) {
        self.peer.0.time.advance(by);
        self.clock.advance(by);
    }
}
