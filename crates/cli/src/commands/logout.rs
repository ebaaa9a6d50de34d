//! `keyfob logout`: the tokens of a profile are forgotten.

use serde::Serialize;

use crate::{output, surroundings::Surroundings, trouble::Trouble, walk::Walk};

#[derive(Serialize)]
struct SignedOut<'a> {
    v: u32,
    profile: &'a str,
    /// Who was signed in until now; nobody is fine too.
    account: Option<&'a str>,
}

pub async fn run(surroundings: &Surroundings) -> Result<(), Trouble> {
    let walk = Walk::begin(surroundings).await?;
    let who = walk.sign_out(surroundings).await?;
    let account = who.as_ref().map(|who| who.account.identifier.as_str());
    if surroundings.output.json {
        return output::json(&SignedOut {
            v: output::VERSION,
            profile: &walk.profile.name,
            account,
        });
    }
    surroundings.output.note(&match account {
        Some(account) => format!("Signed out: {account}"),
        None => "Nobody was signed in".to_owned(),
    });
    Ok(())
}
