//! The bundled identity provider, started the way the app starts it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use url::Url;
use xtask::processes;

use crate::programs;
use crate::session::Session;

/// The log's place in the home folder.
pub(crate) const LOG: &str = ".local/state/keyfob-identity/log";

/// Where it says that it runs, from the home.
const NOTE: &str = ".local/state/keyfob-identity/running.json";

/// The id of its API key, which is public.
const API_KEY_ID: &str = "0197f2b6-6c0e-7b5a-9d43-6b6579666f62";

/// The local provider that runs in a session.
#[derive(Debug)]
pub struct Provider {
    /// Where it listens, without a trailing slash.
    pub base: String,
}

impl Session {
    /// The session's provider, its switchboard open; starts it if it does not run.
    pub fn provider(&self) -> Provider {
        let base = self.run(self.program("keyfob-identity"), ["ensure", "--faults"]);
        Provider {
            base: base.trim().trim_end_matches('/').to_owned(),
        }
    }

    /// The same, with this text as its `identity.toml`; it must not run yet.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn provider_configured(&self, configuration: &str) -> Provider {
        let folder = self.provider_log_file();
        let folder = folder.parent().expect("the log lies in a folder");
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("it is ours");
        let file = folder.join("identity.toml");
        fs::write(file, configuration).expect("a file can be written");
        self.provider()
    }

    /// From now on the profile `work` is in use: the provider that calls itself `issuer`, asked at `api_base`. Unlike the
    /// bundled one, nobody starts it who wants to use it.
    ///
    /// # Panics
    /// When the configuration cannot be written.
    pub fn uses_profile_at(&self, api_base: &str, issuer: &str) {
        self.is_configured(&format!(
            "[profiles.work]\nprovider = \"cotter\"\napi_key_id = \"{API_KEY_ID}\"\napi_base = \"{api_base}\"\n\
             sign_in_page = \"{issuer}/app\"\nissuer = \"{issuer}\"\n"
        ));
    }

    /// Ends the session's provider, as it ends itself when it has been unused for half an hour.
    pub fn provider_goes_to_sleep(&self) {
        self.note_what_was_issued();
        self.run(self.program("keyfob-identity"), ["stop"]);
    }

    /// What the provider has written to its log so far.
    ///
    /// # Panics
    /// When it keeps no log.
    pub fn provider_log(&self) -> String {
        fs::read_to_string(self.provider_log_file()).expect("the provider keeps a log")
    }

    pub(crate) fn provider_log_file(&self) -> PathBuf {
        self.home().join(LOG)
    }

    /// Where the provider answers that runs now. Asking starts none.
    pub(crate) fn running_provider(&self) -> Option<Url> {
        let note = fs::read(self.home().join(NOTE)).ok()?;
        let note: Value = serde_json::from_slice(&note).ok()?;
        note["base_url"].as_str()?.parse().ok()
    }
}

impl Provider {
    /// The provider of the session that this process itself runs in, as [`in_session`](crate::in_session) makes it.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn of_this_process() -> Self {
        let mut ensure = Command::new(programs::built("keyfob-identity"));
        let base = processes::succeed(ensure.args(["ensure", "--faults"]))
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            base: base.trim().trim_end_matches('/').to_owned(),
        }
    }

    /// The link in the newest letter, as the outbox shows it.
    ///
    /// # Panics
    /// When there is no letter.
    pub async fn newest_link(&self) -> String {
        let outbox = reqwest::get(format!("{}/outbox", self.base)).await;
        let outbox = outbox.expect("the outbox opens").text().await;
        let outbox = outbox.expect("the outbox is text");
        let (_, rest) = outbox.split_once("/magic/").expect("a letter with a link");
        let token = rest.split(['"', '<', ' ']).next().unwrap_or_default();
        format!("{}/magic/{token}", self.base)
    }

    /// Adds claims to somebody's tokens, as a client's server does that has the `secret_key`; gives the answer, in which
    /// a new refresh token comes.
    ///
    /// # Panics
    /// When the provider does not do it.
    pub async fn adds_claims(
        &self,
        secret_key: &str,
        claims: Value,
        access_token: &str,
        refresh_token: &str,
    ) -> String {
        let wanted = json!({
            "token": access_token,
            "custom_attributes": claims,
            "refresh_token": refresh_token,
        });
        let answer = reqwest::Client::new()
            .post(format!("{}/token/custom", self.base))
            .header("API_KEY_ID", API_KEY_ID)
            .header("API_SECRET_KEY", secret_key)
            .json(&wanted)
            .send()
            .await
            .expect("the provider answers");
        assert!(answer.status().is_success(), "HTTP {}", answer.status());
        answer.text().await.expect("the answer is text")
    }

    /// Asks the provider's own check whether an access token is good.
    ///
    /// # Panics
    /// When the provider does not answer with JSON.
    pub async fn accepts(&self, access_token: &str) -> bool {
        let answer: Value = reqwest::Client::new()
            .post(format!("{}/verify", self.base))
            .json(&json!({ "oauth_token": { "access_token": access_token } }))
            .send()
            .await
            .expect("the provider answers")
            .json()
            .await
            .expect("the provider answers with JSON");
        answer["success"] == json!(true)
    }
}
