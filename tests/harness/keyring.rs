//! What the keyring holds, asked with the system's own `secret-tool` and not with our code.

use std::collections::BTreeMap;
use std::time::Duration;

use xtask::wait;

use crate::app::DEBUG_IDENTIFIER;
use crate::session::Session;

/// How long the entries may keep changing while they are read.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

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
        self.keyring_entries_of(DEBUG_IDENTIFIER)
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
