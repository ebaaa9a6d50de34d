//! What the keyring holds, asked with the system's own `secret-tool` and not with our code.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;
use xtask::wait;

use crate::session::Session;

/// How long the entries may keep changing while they are read.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// The record of the attempts that wait for their answer.
const ATTEMPTS: &str = "local.sign-in";

/// One entry that the app wrote.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyringEntry {
    /// What it is found by: at least `service` and `username`.
    pub attributes: BTreeMap<String, String>,
}

impl KeyringEntry {
    /// The name that the app gave the entry.
    pub fn name(&self) -> &str {
        self.attributes.get("username").map_or("", String::as_str)
    }
}

impl Session {
    /// Every entry that the app keeps, in no particular order.
    pub fn keyring_entries(&self) -> Vec<KeyringEntry> {
        self.keyring_entries_of(self.identifier())
    }

    /// The names of these entries, in order.
    pub fn keyring_names(&self) -> Vec<String> {
        let entries = self.keyring_entries();
        let mut names: Vec<_> = entries
            .iter()
            .map(|entry| entry.name().to_owned())
            .collect();
        names.sort();
        names
    }

    /// The sign-in page of the newest attempt that the app keeps.
    ///
    /// # Panics
    /// When it keeps none.
    pub fn kept_sign_in_page(&self) -> Url {
        let kept = self.kept_attempts();
        let newest = kept["attempts"].as_array().and_then(|all| all.last());
        let page = newest.and_then(|newest| newest["address"].as_str());
        page.and_then(|page| page.parse().ok())
            .expect("an attempt with an address")
    }

    /// Makes every attempt that the app keeps so much older.
    ///
    /// # Panics
    /// When it keeps none.
    pub fn kept_attempts_grow_older(&self, by: Duration) {
        let (header, mut kept) = self.kept_record(ATTEMPTS);
        let attempts = kept["attempts"].as_array_mut().expect("attempts");
        for attempt in attempts {
            begins_earlier(&mut attempt["begun_at"], by);
        }
        self.keep_record(ATTEMPTS, &header, &kept);
    }

    /// Makes the tokens of the kept session so much older, by every clock that tells their age.
    ///
    /// # Panics
    /// When no session is kept.
    pub fn kept_tokens_grow_older(&self, by: Duration) {
        let name = self.kept_session();
        let (header, mut kept) = self.kept_record(&name);
        begins_earlier(&mut kept["received_at"], by);
        begins_earlier(&mut kept["received_since_boot"]["ms"], by);
        self.keep_record(&name, &header, &kept);
    }

    /// The refresh token of the kept session, as somebody who was given it would have it.
    ///
    /// # Panics
    /// When no session is kept.
    pub fn kept_refresh_token(&self) -> String {
        let (_, kept) = self.kept_record(&self.kept_session());
        let token = kept["refresh_token"].as_str();
        token.expect("a session with a refresh token").to_owned()
    }

    fn kept_session(&self) -> String {
        let names = self.keyring_names();
        let session = names.into_iter().find(|name| name.ends_with(".session"));
        session.expect("a session is kept")
    }

    fn kept_attempts(&self) -> Value {
        self.kept_record(ATTEMPTS).1
    }

    /// The header and the body of a record that is short enough for one entry.
    fn kept_record(&self, name: &str) -> (String, Value) {
        let arguments = ["lookup", "service", self.identifier(), "username", name];
        let record = self.run("secret-tool", arguments);
        let (header, body) = record.split_once('\n').expect("a header and a body");
        let body = serde_json::from_str(body).expect("the record is JSON");
        (header.to_owned(), body)
    }

    /// Writes another body under the header of a record, which says how long it is.
    fn keep_record(&self, name: &str, header: &str, body: &Value) {
        let entries = self.keyring_entries();
        let entry = entries.iter().find(|entry| entry.name() == name);
        let entry = entry.expect("the record is kept");
        let body = body.to_string();
        let (header, _) = header.rsplit_once(' ').expect("a header ends in a length");
        // An entry of the same attributes is written over.
        let attributes = entry
            .attributes
            .iter()
            .flat_map(|(name, value)| [name, value]);
        let mut command = self.command("secret-tool");
        command.args(["store", "--label", name]).args(attributes);
        let mut storing = command.stdin(Stdio::piped()).spawn();
        let storing = storing.as_mut().expect("secret-tool can be started");
        let mut input = storing.stdin.take().expect("a pipe");
        write!(input, "{header} {}\n{body}", body.len()).expect("secret-tool listens");
        drop(input);
        assert!(storing.wait().expect("secret-tool ends").success());
        assert_eq!(self.keyring_entries().len(), entries.len(), "written over");
    }

    /// Every entry of a service.
    ///
    /// # Panics
    /// When the keyring does not answer.
    pub fn keyring_entries_of(&self, service: &str) -> Vec<KeyringEntry> {
        // It first asks which entries there are, then for each of them: one that is deleted in between is an error.
        let output = wait::until(ANSWER_LIMIT, || {
            let output = self
                .command("secret-tool")
                .args(["search", "--all", "--unlock", "service", service])
                .output()
                .expect("secret-tool can be started");
            let vanished = String::from_utf8_lossy(&output.stderr).contains("No such secret item");
            (!vanished).then_some(output)
        })
        .expect("the keyring holds still for a moment");
        assert!(
            output.status.success(),
            "secret-tool: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let entries = parse(&String::from_utf8_lossy(&output.stderr));
        let secrets = String::from_utf8_lossy(&output.stdout);
        let count = secrets
            .lines()
            .filter(|line| line.starts_with("[/"))
            .count();
        assert_eq!(entries.len(), count, "every entry has been read");
        entries
    }
}

/// A time in milliseconds, or a count of them since the computer was started, set back.
fn begins_earlier(time: &mut Value, by: Duration) {
    let earlier = time.as_u64().expect("a time");
    let by = u64::try_from(by.as_millis()).expect("a short time");
    *time = json!(earlier.saturating_sub(by));
}

/// `secret-tool` prints what is secret to standard output, and the attributes, entry after entry, to standard
/// error: a name that the entry already has begins the next one.
fn parse(attributes: &str) -> Vec<KeyringEntry> {
    let mut entries: Vec<KeyringEntry> = Vec::new();
    for line in attributes.lines() {
        let Some((name, value)) = line
            .strip_prefix("attribute.")
            .and_then(|line| line.split_once(" = "))
        else {
            continue;
        };
        let fits = entries
            .last()
            .is_some_and(|entry| !entry.attributes.contains_key(name));
        if !fits {
            entries.push(KeyringEntry {
                attributes: BTreeMap::new(),
            });
        }
        if let Some(entry) = entries.last_mut() {
            entry.attributes.insert(name.to_owned(), value.to_owned());
        }
    }
    entries
}
