//! Who signed in. Safe to show, to log by its hash, and to keep.

use serde::{Deserialize, Serialize};

/// The person, as the provider names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The provider's own id for the person (`sub`, OpenID Connect Core §2); unique within `issuer`.
    pub subject: String,
    /// The provider (`iss`).
    pub issuer: String,
    /// What they signed in with, for example an e-mail address; empty when the provider does not say.
    pub identifier: String,
    /// What they are called, when the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where their picture is, when the provider says; only ever asked for by [`Provider::picture`](crate::Provider).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}
