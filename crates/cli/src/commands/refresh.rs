//! `keyfob refresh`: new tokens now.

use std::io::{self, Read};

use zeroize::Zeroizing;

use crate::{
    arguments::Refresh,
    commands::status::Status,
    moment, output,
    surroundings::Surroundings,
    trouble::Trouble,
    walk::{Walk, Wish},
    words::Cause,
};

/// More than any answer with a refresh token has, in bytes.
const LONGEST_ANSWER: u64 = 64 * 1024;

pub async fn run(surroundings: &Surroundings, wanted: &Refresh) -> Result<(), Trouble> {
    // Before anything else: whoever writes it may be waiting.
    let minted = match wanted.adopt.as_deref() {
        None => None,
        Some("-") => Some(given()?),
        // It may be the token itself, which everybody on this computer could read, so it is not repeated here.
        Some(_) => return Err(Cause::SecretAmongArguments.into()),
    };
    let walk = Walk::begin(surroundings).await?;
    let fresh = match minted {
        Some(minted) => walk.adopt_minted(surroundings, &minted).await?,
        None => walk.token(surroundings, Wish::Newer).await?.0,
    };
    walk.settle(surroundings).await;
    if surroundings.output.json {
        let who = walk.who(surroundings).await?;
        let status = Status::of(&walk.profile.name, who.as_ref(), &walk.clock);
        return output::json(&status);
    }
    let left = moment::spoken(fresh.lives);
    let said = format!("New tokens: the access token expires in {left}");
    surroundings.output.note(&said);
    Ok(())
}

/// What stands on standard input, to its end.
fn given() -> Result<Zeroizing<String>, Trouble> {
    let mut text = Zeroizing::new(String::with_capacity(4096));
    io::stdin()
        .take(LONGEST_ANSWER)
        .read_to_string(&mut text)
        .map_err(|error| Trouble::saying(Cause::NotRead, error))?;
    Ok(text)
}
