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

/// More than any refresh token, or answer with one, has, in bytes.
const LONGEST_INPUT: u64 = 64 * 1024;

pub async fn run(surroundings: &Surroundings, wanted: &Refresh) -> Result<(), Trouble> {
    let walk = Walk::begin(surroundings).await?;
    let fresh = if wanted.adopt.is_some() {
        let minted = read().map_err(|error| Trouble::saying(Cause::NotRead, error))?;
        walk.adopt_refresh_token(surroundings, &minted).await?
    } else {
        let wish = Wish {
            force_refresh: true,
            ..Wish::default()
        };
        walk.token(surroundings, wish).await?.0
    };
    if surroundings.output.json {
        let who = walk.who(surroundings).await?;
        let status = Status::of(&walk.profile, who.as_ref(), &walk.clock);
        return output::json(&status);
    }
    let left = moment::spoken(fresh.lives);
    surroundings
        .output
        .note(&format!("New tokens: the access token expires in {left}"));
    Ok(())
}

/// What is on standard input; in a buffer that does not grow, because growing leaves copies behind that nobody wipes.
fn read() -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(64 * 1024));
    io::stdin()
        .lock()
        .take(LONGEST_INPUT)
        .read_to_string(&mut text)?;
    Ok(text)
}
