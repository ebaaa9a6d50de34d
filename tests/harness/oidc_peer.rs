//! An OpenID Connect provider that we did not write, and a person at it who needs no window.
//!
//! It is npm's `oidc-provider`, set up as GenAuth is; `tests/peers/oidc_provider.js` says what can be set.

use std::collections::BTreeSet;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::peers::{RunningPeer, node_peer};

/// A running provider. It ends with this value, and with it everything that it knows.
#[derive(Debug)]
pub struct OidcPeer {
    /// Its name, from which everything else is discovered.
    pub issuer: Url,
    /// Where it listens, whatever its name.
    pub(crate) here: Url,
    _process: RunningPeer,
    _home: TempDir,
}

/// Somebody in a browser without a window: keeps cookies, fills in forms, follows redirects.
#[derive(Debug)]
pub struct PeerVisitor {
    browser: Client,
    issuer: Url,
    login: String,
}

/// Where a visitor's way through the provider's pages ended.
#[derive(Debug, PartialEq, Eq)]
pub enum WayEnds {
    /// The provider sent the browser away, to this address.
    At(Url),
    /// The provider shows this page and asks nothing more.
    On(String),
}

impl OidcPeer {
    /// Its public native client: any deep link of the profiles `oidc` and `genauth`, any port on loopback.
    pub const CLIENT: &str = "keyfob";
    /// A public client whose ID tokens are HS256, which it cannot verify.
    pub const HMAC_CLIENT: &str = "hmac";
    /// A client that authenticates, by Basic with [`Self::SECRET`].
    pub const CLIENT_WITH_SECRET: &str = "with-secret";
    /// Known to every test.
    pub const SECRET: &str = "a-secret-that-is-known-to-every-test";

    /// Starts it as usual, on a port that is free.
    pub fn start() -> Self {
        Self::set_up(&json!({}))
    }

    /// Starts it with these options.
    ///
    /// # Panics
    /// When it does not start.
    pub fn set_up(options: &Value) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let mut peer = node_peer("oidc_provider.js", home.path());
        let process = RunningPeer::start(peer.arg(options.to_string()));
        Self {
            issuer: process.says().parse().expect("it says its issuer first"),
            here: process.says().parse().expect("then where it listens"),
            _process: process,
            _home: home,
        }
    }

    /// Its own description of itself.
    ///
    /// # Panics
    /// When it has none.
    pub async fn metadata(&self) -> Value {
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        json_from(Method::GET, &address).await
    }

    /// Signs with a new key from now on, and still publishes the one before.
    pub async fn rolls_its_key_over(&self) {
        self.control(Method::POST, "rollover").await;
    }

    /// Signs with a new key from now on, and publishes no other.
    pub async fn loses_its_key(&self) {
        self.control(Method::POST, "rollover?forget").await;
    }

    /// Every secret that passed, each with what the wire calls it.
    ///
    /// # Panics
    /// When it does not say so.
    pub async fn issued(&self) -> Vec<(String, String)> {
        let issued = self.control(Method::GET, "issued").await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let entries = issued.as_array().expect("a list").iter();
        entries
            .map(|entry| (text(&entry["kind"]), text(&entry["secret"])))
            .collect()
    }

    /// Whether it takes this access token.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn accepts(&self, token: &str) -> bool {
        let client = Client::builder().no_proxy().build().expect("a client");
        let me = client.get(format!("{}/me", self.issuer)).bearer_auth(token);
        me.send().await.expect("it answers").status().is_success()
    }

    /// Every refresh token that it has issued, each once.
    pub async fn refresh_tokens(&self) -> BTreeSet<String> {
        let issued = self.issued().await.into_iter();
        issued
            .filter_map(|(kind, token)| (kind == "refresh_token").then_some(token))
            .collect()
    }

    /// Spends a refresh token as anybody could who has it, and says whether it was taken.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn refreshes(&self, token: &str) -> bool {
        let client = Client::builder().no_proxy().build().expect("a client");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", Self::CLIENT),
            ("refresh_token", token),
        ];
        let spent = client.post(format!("{}/token", self.issuer)).form(&form);
        spent
            .send()
            .await
            .expect("it answers")
            .status()
            .is_success()
    }

    /// Somebody who was never here before, and who signs in as `login` when asked.
    ///
    /// # Panics
    /// When no client can be made.
    pub fn visited_by(&self, login: &str) -> PeerVisitor {
        self.visited_with(Client::builder().no_proxy(), login)
    }

    /// The same, in a browser that reaches it in its own way.
    pub(crate) fn visited_with(&self, browser: ClientBuilder, login: &str) -> PeerVisitor {
        let browser = browser.cookie_store(true).redirect(Policy::none());
        PeerVisitor {
            browser: browser.build().expect("a client"),
            issuer: self.issuer.clone(),
            login: login.to_owned(),
        }
    }

    /// Where it says what it has issued.
    pub(crate) fn witness(&self) -> Url {
        self.here.join("/control/issued").expect("an address")
    }

    /// Where it is, without the path that its issuer has.
    pub fn origin(&self) -> String {
        self.issuer.origin().ascii_serialization()
    }

    async fn control(&self, method: Method, verb: &str) -> Value {
        let address = self.here.join("/control/").expect("an address");
        json_from(method, &format!("{address}{verb}")).await
    }
}

impl PeerVisitor {
    /// Opens an address of the provider and does what its pages ask for: signs in, agrees, confirms.
    ///
    /// # Panics
    /// When the provider shows an error, or asks without end.
    pub async fn follows(&self, address: &Url) -> WayEnds {
        let mut step = self.browser.get(address.clone());
        for _ in 0..20 {
            let answer = step.send().await.expect("the page opens");
            let here = answer.url().clone();
            if let Some(to) = answer.headers().get("location") {
                let to = to.to_str().expect("an address is text");
                let to = here.join(to).expect("an address");
                if !to.as_str().starts_with(self.issuer.as_str()) {
                    return WayEnds::At(to);
                }
                step = self.browser.get(to);
                continue;
            }
            let status = answer.status();
            let page = answer.text().await.expect("the page is text");
            assert!(
                status.is_success(),
                "{} answers {status}:\n{page}",
                here.path()
            );
            let Some(action) = between(&page, " action=\"", "\"") else {
                return WayEnds::On(page);
            };
            let action = here.join(action).expect("an address");
            step = self.browser.post(action).form(&self.fields_of(&page));
        }
        panic!("the provider asks without end");
    }

    /// Follows an address to where the provider sends the browser away.
    ///
    /// # Panics
    /// When the provider keeps it.
    pub async fn is_sent_back(&self, address: &Url) -> Url {
        match self.follows(address).await {
            WayEnds::At(address) => address,
            WayEnds::On(page) => panic!("the provider keeps the browser:\n{page}"),
        }
    }

    /// What this person fills in. What the page has filled in already stays.
    fn fields_of<'a>(&'a self, page: &'a str) -> Vec<(&'a str, &'a str)> {
        let inputs = page.split("<input ").skip(1);
        let filled_in = inputs.filter_map(|input| {
            let (input, _) = input.split_once('>')?;
            Some((
                between(input, "name=\"", "\"")?,
                between(input, "value=\"", "\"")?,
            ))
        });
        let mut fields: Vec<_> = filled_in.filter(|(name, _)| *name != "login").collect();
        if page.contains("name=\"login\"") {
            fields.extend([("login", self.login.as_str()), ("password", "any")]);
        }
        if page.contains("name=\"logout\"") {
            fields.push(("logout", "yes"));
        }
        fields
    }
}

async fn json_from(method: Method, address: &str) -> Value {
    let client = Client::builder().no_proxy().build().expect("a client");
    let answer = client.request(method, address).send().await;
    let answer = answer.expect("the peer answers").error_for_status();
    let answer = answer.expect("the peer does as it is told");
    answer.json().await.expect("the peer answers with JSON")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}
