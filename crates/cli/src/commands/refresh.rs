//! `keyfob refresh`: new tokens now.

use crate::{
    commands::status::Status,
    moment, output,
    surroundings::Surroundings,
    trouble::Trouble,
    walk::{Walk, Wish},
};

pub async fn run(surroundings: &Surroundings) -> Result<(), Trouble> {
    let walk = Walk::begin(surroundings).await?;
    let wish = Wish {
        force_refresh: true,
        ..Wish::default()
    };
    let handed = walk.token(surroundings, wish).await?;
    if surroundings.output.json {
        let who = walk.who(surroundings).await?;
        let status = Status::of(&walk.profile, who.as_ref(), &walk.clock);
        return output::json(&status);
    }
    let left = moment::spoken(handed.lives);
    surroundings
        .output
        .note(&format!("New tokens: the access token expires in {left}"));
    Ok(())
}
