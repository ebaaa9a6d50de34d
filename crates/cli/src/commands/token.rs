//! `keyfob token`: a fresh access token, and nothing else, on standard output.

mod format;

use keyfob_auth::{Account, FreshToken, SessionError};
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
    /// Only when it was asked for.
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
    let (fresh, account) = fresh(surroundings, &walk, wanted).await?;
    let printed = print(surroundings, wanted, &walk, &fresh, &account);
    walk.settle(surroundings).await;
    printed
}

fn print(
    surroundings: &Surroundings,
    wanted: &Token,
    walk: &Walk,
    fresh: &FreshToken,
    account: &Account,
) -> Result<(), Trouble> {
    let id_token = match (&fresh.id_token, wanted.identity) {
        (Some(token), true) => Some(token.expose()),
        (None, true) => return Err(Cause::NoIdToken.into()),
        (_, false) => None,
    };
    if surroundings.output.json || wanted.format == Format::Json {
        return output::json(&Printed {
            v: output::VERSION,
            access_token: fresh.token.expose(),
            id_token,
            token_type: "Bearer",
            expires_at: moment::rfc3339(fresh.expires_at),
            expires_in: fresh.lives.as_secs(),
            issuer: &account.issuer,
            subject: &account.subject,
            account: &account.identifier,
            profile: &walk.profile.name,
            refreshed: fresh.refreshed,
            source: if fresh.refreshed {
                "provider"
            } else {
                "keyring"
            },
        });
    }
    let token = printable(id_token.unwrap_or(fresh.token.expose()))?;
    output::exactly(&format::written(token, wanted.format, VARIABLE))
}

async fn fresh(
    surroundings: &Surroundings,
    walk: &Walk,
    wanted: &Token,
) -> Result<(FreshToken, Account), Trouble> {
    if !wanted.force_refresh {
        let wish = Wish::Lives(wanted.min_valid);
        return walk.token(surroundings, wish).await;
    }
    let newest = walk.token(surroundings, Wish::Newer).await?;
    match wanted.min_valid {
        // What it took to get here does not count against it.
        Some(asked) if newest.0.lifetime < asked => {
            let lives = newest.0.lifetime;
            Err(SessionError::TooShort { lives, asked }.into())
        }
        _ => Ok(newest),
    }
}
