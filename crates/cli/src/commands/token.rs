//! `keyfob token`: a fresh access token, and nothing else, on standard output.

mod format;

use keyfob_auth::{Account, FreshToken};
use serde::Serialize;

use crate::{
    arguments::{Format, Token},
    moment, output,
    surroundings::Surroundings,
    trouble::Trouble,
    walk::{Walk, Wish},
    words::Cause,
};
pub use format::printable;

/// The variable that a shell's script sets.
const VARIABLE: &str = "KEYFOB_TOKEN";

/// A token, as JSON. There is no refresh token here, and never will be.
#[derive(Serialize)]
struct Printed<'a> {
    v: u32,
    access_token: &'a str,
    /// Only with `--id-token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
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
    let (fresh, account) = walk.token(surroundings, wish).await?;
    let token = if wanted.id {
        let none = || Trouble::from(Cause::NoIdToken);
        fresh.id_token.as_ref().ok_or_else(none)?.expose()
    } else {
        fresh.token.expose()
    };
    if surroundings.output.json || wanted.format == Format::Json {
        return output::json(&Printed::of(&walk, &fresh, &account, wanted.id));
    }
    let token = printable(token)?;
    let written = format::written(token, wanted.format, VARIABLE);
    output::exactly(&written)
}

impl<'a> Printed<'a> {
    fn of(walk: &'a Walk, fresh: &'a FreshToken, account: &'a Account, with_id: bool) -> Self {
        let id_token = fresh.id_token.as_ref().filter(|_| with_id);
        Self {
            v: output::VERSION,
            access_token: fresh.token.expose(),
            id_token: id_token.map(keyfob_auth::IdToken::expose),
            token_type: "Bearer",
            expires_at: moment::rfc3339(fresh.expires_at),
            expires_in: fresh.lives.as_secs(),
            issuer: &account.issuer,
            subject: &account.subject,
            account: &account.identifier,
            profile: &walk.profile,
            refreshed: fresh.refreshed,
            source: if fresh.refreshed {
                "provider"
            } else {
                "keyring"
            },
        }
    }
}
