//! The bundled identity provider, started the way the app starts it.

use std::fs;

use serde_json::{Value, json};

use crate::programs;
use crate::session::Session;

/// The local provider that runs in a session.
#[derive(Debug)]
pub struct Provider {
    /// Where it listens, without a trailing slash.
    pub base: String,
}

impl Session {
    /// The session's provider; starts it if it does not run.
    pub fn provider(&self) -> Provider {
        let base = self.run(programs::built("keyfob-identity"), ["ensure"]);
        Provider {
            base: base.trim().trim_end_matches('/').to_owned(),
        }
    }

    /// What the provider has written to its log so far.
    ///
    /// # Panics
    /// When it keeps no log.
    pub fn provider_log(&self) -> String {
        let folder = self.home().join(".local/state/keyfob-identity");
        let entries = fs::read_dir(folder).expect("the provider keeps a state folder");
        let logs = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.extension() == Some("log".as_ref()));
        let texts: Vec<String> = logs
            .map(|file| fs::read_to_string(file).unwrap_or_default())
            .collect();
        assert!(!texts.is_empty(), "the provider keeps a log");
        texts.concat()
    }
}

impl Provider {
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
