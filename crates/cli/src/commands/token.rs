//! `keyfob token`: a fresh access token, and nothing else, on standard output.

mod format;

use serde::Serialize;

use crate::{
    arguments::{Format, Token},
    moment, output,
    surroundings::Surroundings,
    trouble::Trouble,
    walk::{Handed, Walk, Wish},
};
pub use format::printable;

/// The variable that a shell's script sets.
const VARIABLE: &str = "KEYFOB_TOKEN";

/// A token, as JSON. There is no refresh token here, and never will be.
#[derive(Serialize)]
struct Printed<'a> {
    v: u32,
    access_token: &'a str,
    token_type: &'static str,
    expires_at: String,
    expires_in: u64,
    issuer: &'a str,
    subject: &'a str,
    account: &'a str,
    profile: &'a str,
    refreshed: bool,
    /// Who gave it just now: `keyring` or `provider`.
    source: &'static str,
}

pub async fn run(surroundings: &Surroundings, wanted: &Token) -> Result<(), Trouble> {
    let walk = Walk::begin(surroundings).await?;
    let wish = Wish {
        min_valid: wanted.min_valid,
        force_refresh: wanted.force_refresh,
    };
    let handed = walk.token(surroundings, wish).await?;
    if surroundings.output.json || wanted.format == Format::Json {
        return output::json(&Printed::of(&walk, &handed));
    }
    let token = printable(handed.token.expose())?;
    let written = format::written(token, wanted.format, VARIABLE);
    output::exactly(&written)
}

impl<'a> Printed<'a> {
    fn of(walk: &'a Walk, handed: &'a Handed) -> Self {
        Self {
            v: output::VERSION,
            access_token: handed.token.expose(),
            token_type: "Bearer",
            expires_at: moment::rfc3339(handed.expires_at),
            expires_in: handed.lives.as_secs(),
            issuer: &handed.account.issuer,
            subject: &handed.account.subject,
            account: &handed.account.identifier,
            profile: &walk.profile,
            refreshed: handed.refreshed,
            source: if handed.refreshed {
                "provider"
            } else {
                "keyring"
            },
        }
    }
}
