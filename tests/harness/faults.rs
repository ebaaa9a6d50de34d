//! The provider's switchboard: what a story breaks, and what the provider knows to be secret.
//!
//! Every story's provider runs with `--faults`; see `crates/identity/src/faults.rs` for the names.

use serde_json::{Value, json};

use crate::provider::Provider;

/// The refreshes since the provider started, as it counted them itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshes {
    /// How often it was shown a refresh token.
    pub presented: u64,
    /// How often that token had been spent before: what a careful client never does.
    pub spent_before: u64,
    /// How often it made new tokens for it, whatever became of its answer.
    pub granted: u64,
}

/// One of the provider's faults, ready to be armed.
#[derive(Debug)]
#[must_use = "a fault strikes once it is armed"]
pub struct Fault<'a> {
    provider: &'a Provider,
    name: &'a str,
    arming: Value,
}

impl Provider {
    /// The fault called `name`, for every request that it fits.
    pub fn fault<'a>(&'a self, name: &'a str) -> Fault<'a> {
        Fault {
            provider: self,
            name,
            arming: json!({}),
        }
    }

    /// Clears every fault that is armed.
    pub async fn heal(&self) {
        self.switch(reqwest::Method::DELETE, "", None).await;
    }

    /// How often a fault has struck since the provider started.
    pub async fn struck(&self, name: &str) -> u64 {
        let board = self.switch(reqwest::Method::GET, "", None).await;
        board["struck"][name].as_u64().unwrap_or_default()
    }

    /// Sets the provider's clock so many seconds ahead of the machine's, so that links and codes grow old at once.
    pub async fn is_ahead_by(&self, seconds: i32) {
        let ahead = json!({ "ahead_seconds": seconds });
        self.switch(reqwest::Method::PUT, "/clock", Some(ahead))
            .await;
    }

    /// The refreshes since it started.
    ///
    /// # Panics
    /// When the switchboard does not count them.
    pub async fn refreshes(&self) -> Refreshes {
        let counted = self.switch(reqwest::Method::GET, "/refreshes", None).await;
        let count = |name: &str| counted[name].as_u64().expect("a count");
        Refreshes {
            presented: count("presented"),
            spent_before: count("spent_before"),
            granted: count("granted"),
        }
    }

    /// Ends every session of a user, as if they had been revoked on another computer.
    ///
    /// # Panics
    /// When nobody has this address, or there was no session.
    pub async fn revokes_the_sessions_of(&self, user: &str) {
        let user = json!({ "user": user });
        let told = self
            .switch(reqwest::Method::POST, "/revoke", Some(user))
            .await;
        assert_ne!(told["revoked"], 0, "there was a session to end");
    }

    async fn switch(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let mut request =
            reqwest::Client::new().request(method, format!("{}/faults{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the provider answers");
        assert!(
            answer.status().is_success(),
            "the switchboard refuses {path}: HTTP {}",
            answer.status()
        );
        answer.json().await.expect("the switchboard speaks JSON")
    }
}

impl Fault<'_> {
    /// Only where it says: `exchange`, `refresh`, `keys`, `return`.
    pub fn at(self, place: &str) -> Self {
        self.with("at", json!(place))
    }

    /// So many seconds long, late or off.
    pub fn seconds(self, seconds: i32) -> Self {
        self.with("seconds", json!(seconds))
    }

    /// Towards this address.
    pub fn to(self, address: &str) -> Self {
        self.with("to", json!(address))
    }

    /// With this status, from 400 to 499.
    pub fn status(self, status: u16) -> Self {
        self.with("status", json!(status))
    }

    /// With this body: JSON, or plain text if it is a string.
    pub fn body(self, body: impl Into<Value>) -> Self {
        self.with("body", body.into())
    }

    /// Arms it for the next request that it fits.
    pub async fn once(self) {
        self.times(1).await;
    }

    /// Arms it for so many requests.
    pub async fn times(self, times: u32) {
        self.with("times", json!(times)).until_healed().await;
    }

    /// Arms it for every request until [`Provider::heal`].
    pub async fn until_healed(self) {
        let path = format!("/{}", self.name);
        self.provider
            .switch(reqwest::Method::PUT, &path, Some(self.arming))
            .await;
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.arming[name] = value;
        self
    }
}
