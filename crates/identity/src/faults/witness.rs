//! The witness: every secret that passed since the start, in memory only.
//!
//! It looks at what really crosses the wire, by the wire's own names, so that an endpoint that is added later is seen
//! as well.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// What the wire calls its secrets, in requests and in answers.
const SECRETS: [&str; 7] = [
    "authorization_code",
    "code_verifier",
    "access_token",
    "id_token",
    "refresh_token",
    "refresh_tokenn",
    "token",
];

/// Whatever is shorter was made up by a test, and would be found everywhere.
const SHORTEST: usize = 20;

/// Secrets, each with the name under which it passed first.
#[derive(Default)]
pub(crate) struct Witness(Mutex<BTreeMap<String, String>>);

impl Witness {
    pub(super) fn saw(&self, name: &str, secret: &str) {
        if secret.len() >= SHORTEST {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seen.entry(secret.to_owned())
                .or_insert_with(|| name.to_owned());
        }
    }

    /// Remembers the secrets of a JSON text, however deep they lie; another text has none.
    pub(super) fn saw_json(&self, text: &[u8]) {
        if let Ok(value) = serde_json::from_slice(text) {
            self.saw_value(&value);
        }
    }

    fn saw_value(&self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(secret) if SECRETS.contains(&name.as_str()) => {
                            self.saw(name, secret);
                        }
                        member => self.saw_value(member),
                    }
                }
            }
            Value::Array(members) => members.iter().for_each(|member| self.saw_value(member)),
            _ => {}
        }
    }

    /// All of them, as `[{"kind", "secret"}]`.
    pub(super) fn statement(&self) -> Value {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter()
            .map(|(secret, name)| json!({"kind": name, "secret": secret}))
            .collect()
    }
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Witness").finish_non_exhaustive()
    }
}
