//! A provider in a folder of its own, browsers with cookies, and a client that knows its verifier.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyfob_identity::{API_KEY_ID, Clock, Port, Server, Settings};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub const DEEP_LINK: &str = "dev.keyfob://callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const START: &str = "2026-11-20T14:17:03.25Z";
pub const ADA: &str = "ada@example.com";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers["location"].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The refusal's words, after checking that it has the wire's form.
    pub fn refusal(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let body = self.json();
        assert_eq!(
            body.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["msg", "type"]
        );
        assert!(body["type"].is_string());
        body["msg"].as_str().unwrap().to_owned()
    }

    /// The value of the page's form token.
    pub fn form_token(&self) -> &str {
        between(&self.body, "name=\"form\" value=\"", "\"").expect("a form on the page")
    }

    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// A running provider.
pub struct Local {
    pub server: Server,
    pub clock: Clock,
    pub folder: tempfile::TempDir,
    pub base: String,
}

impl Local {
    /// A provider with this text as its `identity.toml`.
    pub async fn configured(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("identity.toml"), configuration).unwrap();
        let clock = Clock::held(START.parse().unwrap());
        Self::start_in(folder, clock, 0, false).await
    }

    pub async fn start() -> Self {
        Self::start_new(false).await
    }

    pub async fn start_with_faults() -> Self {
        Self::start_new(true).await
    }

    async fn start_new(faults: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::held(START.parse().unwrap());
        Self::start_in(folder, clock, 0, faults).await
    }

    async fn start_in(folder: tempfile::TempDir, clock: Clock, port: u16, faults: bool) -> Self {
        let server = Server::start(Settings {
            folder: folder.path().to_owned(),
            port: Port::Exactly(port),
            clock: clock.clone(),
            build: "test".to_owned(),
            faults,
        })
        .await
        .unwrap();
        Self {
            base: server.base_url().to_owned(),
            server,
            clock,
            folder,
        }
    }

    /// Ends it, and starts it again at the same address, as `ensure` would.
    pub async fn restart(self) -> Self {
        self.server.stop().await;
        let port = url::Url::parse(&self.base).unwrap().port().unwrap();
        Self::start_in(self.folder, self.clock, port, false).await
    }

    /// Lets so much time pass that the server ends for want of work, and starts it again.
    pub async fn sleeps(self, time: Duration) -> Self {
        self.clock.advance(time);
        self.restart().await
    }

    pub fn minutes_pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_mins(minutes));
    }

    pub fn seconds_pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("identity.db")).unwrap()
    }

    /// A request of a program, with the API key.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call_with_key(API_KEY_ID, method, path, body).await
    }

    pub async fn call_with_key(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = client()
            .request(method, format!("{}{path}", self.base))
            .header("API_KEY_ID", key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn redeem(&self, exchange: Value) -> Answer {
        let path = "/verify/get_identity?oauth_token=true";
        self.call(Method::POST, path, Some(exchange)).await
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        let body = json!({"grant_type": "refresh_token", "refresh_token": refresh_token});
        self.call(Method::POST, &format!("/token/{API_KEY_ID}"), Some(body))
            .await
    }

    /// The older way to refresh, which leaves the refresh token as it is.
    pub async fn refresh_in_place(&self, refresh_token: &str) -> Answer {
        let body = json!({"grant_type": "refresh_token", "refresh_token": refresh_token});
        self.call(Method::POST, "/token", Some(body)).await
    }

    /// A request of a client's server, with both keys.
    pub async fn call_with_secret(
        &self,
        secret: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = client()
            .request(method, format!("{}{path}", self.base))
            .header("API_KEY_ID", API_KEY_ID)
            .header("API_SECRET_KEY", secret);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub fn secret(&self) -> String {
        keyfob_identity::api_secret_key(self.folder.path()).unwrap()
    }

    /// How many letters are in the outbox, and the link of the newest.
    pub async fn outbox(&self) -> (usize, String) {
        let page = Browser::new().get(&format!("{}/outbox", self.base)).await;
        let link = between(&page.body, &format!("href=\"{}/magic/", self.base), "\"");
        (
            page.body.matches("<article").count(),
            format!("{}/magic/{}", self.base, link.unwrap_or_default()),
        )
    }

    pub async fn newest_link(&self) -> String {
        self.outbox().await.1
    }

    /// The code in the newest letter.
    pub async fn newest_code(&self) -> String {
        let page = Browser::new().get(&format!("{}/outbox", self.base)).await;
        let (_, code) = page.body.split_once("code\">").expect("a code");
        code[..6].to_owned()
    }

    /// A whole sign-in in one browser; what the client got.
    pub async fn signed_in(&self) -> Value {
        let attempt = Attempt::new("whole");
        let browser = Browser::new();
        let back = attempt.comes_back(self, &browser).await;
        let answer = self.redeem(attempt.exchange(&back)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

/// A browser: a name and its cookies.
pub struct Browser {
    agent: &'static str,
    /// Name and value by `Path`.
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub fn new() -> Self {
        Self::called("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0")
    }

    pub fn phone() -> Self {
        Self::called(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
        )
    }

    fn called(agent: &'static str) -> Self {
        Self {
            agent,
            cookies: Mutex::default(),
        }
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, &[]).await
    }

    pub async fn head(&self, url: &str) -> Answer {
        self.send(Method::HEAD, url, &[]).await
    }

    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, url, fields).await
    }

    /// Types a code into the page of a sign-in.
    pub async fn types(&self, waiting: &str, code: &str) -> Answer {
        let page = self.get(waiting).await;
        let fields = [("form", page.form_token()), ("code", code)];
        self.post(&format!("{waiting}/code"), &fields).await
    }

    /// Opens a page and presses the button of its form, which posts to `url`.
    pub async fn press(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(url).await;
        let mut fields = fields.to_vec();
        fields.push(("form", page.form_token()));
        self.post(url, &fields).await
    }

    async fn send(&self, method: Method, url: &str, fields: &[(&str, &str)]) -> Answer {
        let path = url::Url::parse(url).unwrap().path().to_owned();
        let cookies: Vec<String> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .filter(|(prefix, _)| path.starts_with(prefix.as_str()))
            .map(|(_, cookie)| cookie.clone())
            .collect();
        let mut request = client()
            .request(method.clone(), url)
            .header("User-Agent", self.agent)
            .header("Accept", "text/html");
        if !cookies.is_empty() {
            request = request.header("Cookie", cookies.join("; "));
        }
        if method == Method::POST {
            // As a page under `Referrer-Policy: no-referrer` does.
            request = request
                .header("Origin", "null")
                .header("Sec-Fetch-Site", "same-origin")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(
                    url::form_urlencoded::Serializer::new(String::new())
                        .extend_pairs(fields)
                        .finish(),
                );
        }
        let answer = answer(request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let path = between(cookie, "Path=", ";").expect("a path");
            let pair = cookie.split(';').next().unwrap();
            self.cookies
                .lock()
                .unwrap()
                .insert(path.to_owned(), pair.to_owned());
        }
        answer
    }
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

pub fn header(name: &'static str, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(
        HeaderName::from_static(name),
        HeaderValue::from_str(value).unwrap(),
    )])
}

/// A client's sign-in: what it made up before the browser opened.
pub struct Attempt {
    pub state: String,
    pub redirect_url: String,
}

/// What the redirect brought.
#[derive(Clone, Debug)]
pub struct Back {
    pub code: String,
    pub state: String,
    pub challenge_id: String,
}

impl Attempt {
    pub fn new(state: &str) -> Self {
        Self::returning_to(DEEP_LINK, state)
    }

    pub fn returning_to(redirect_url: &str, state: &str) -> Self {
        Self {
            state: state.to_owned(),
            redirect_url: redirect_url.to_owned(),
        }
    }

    /// The page address, for Ada and sent at once.
    pub fn address(&self, local: &Local) -> String {
        self.address_with(
            local,
            "&type=EMAIL&direct_login=true&input=ada%40example.com",
        )
    }

    pub fn address_with(&self, local: &Local, rest: &str) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let redirect: String =
            url::form_urlencoded::byte_serialize(self.redirect_url.as_bytes()).collect();
        format!(
            "{}/app?api_key={API_KEY_ID}&redirect_url={redirect}&code_challenge={challenge}&state={}{rest}",
            local.base, self.state
        )
    }

    /// Asks in `browser`; the waiting page's address.
    pub async fn asks(&self, local: &Local, browser: &Browser) -> String {
        let answer = browser.get(&self.address(local)).await;
        format!("{}{}", local.base, answer.location())
    }

    /// Asks for a code in `browser`; the waiting page's address.
    pub async fn asks_for_a_code(&self, local: &Local, browser: &Browser) -> String {
        let address = self.address(local) + "&auth_method=OTP";
        let answer = browser.get(&address).await;
        format!("{}{}", local.base, answer.location())
    }

    /// The whole way in one browser, up to the redirect.
    pub async fn comes_back(&self, local: &Local, browser: &Browser) -> Back {
        self.asks(local, browser).await;
        let pressed = browser.press(&local.newest_link().await, &[]).await;
        let page = browser
            .get(&format!("{}{}", local.base, pressed.location()))
            .await;
        self.back_from(&page)
    }

    /// Reads the return link off the page.
    pub fn back_from(&self, page: &Answer) -> Back {
        let link = between(&page.body, "id=\"return-link\"", "</a>").expect("a return link");
        let link = between(link, "href=\"", "\"")
            .unwrap()
            .replace("&amp;", "&");
        self.back(&link)
    }

    pub fn back(&self, link: &str) -> Back {
        let query = link
            .strip_prefix(&self.redirect_url)
            .and_then(|rest| rest.strip_prefix(['?', '&']))
            .unwrap_or_else(|| panic!("not a return: {link}"));
        let values: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(
            values.keys().collect::<Vec<_>>(),
            ["challenge_id", "code", "state"]
        );
        Back {
            code: values["code"].clone(),
            state: values["state"].clone(),
            challenge_id: values["challenge_id"].clone(),
        }
    }

    pub fn exchange(&self, back: &Back) -> Value {
        json!({
            "code_verifier": VERIFIER,
            "authorization_code": back.code,
            "challenge_id": back.challenge_id.parse::<i64>().unwrap(),
            "redirect_url": self.redirect_url,
        })
    }
}

/// The header and claims of a JWT, unverified.
pub fn decoded(token: &str) -> (Value, Value) {
    let mut parts = token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}
