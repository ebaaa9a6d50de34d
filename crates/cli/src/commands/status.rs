//! `keyfob status`: who is signed in. Asks the keyring and nobody else, and renews nothing.

use keyfob_auth::{Account, Clock, Reason, SignedIn};
use serde::Serialize;

use crate::{arguments, moment, output, surroundings::Surroundings, trouble::Trouble, walk::Walk};

/// What is said about a session, as JSON.
#[derive(Serialize)]
pub struct Status<'a> {
    v: u32,
    profile: &'a str,
    signed_in: bool,
    account: Option<&'a str>,
    issuer: Option<&'a str>,
    subject: Option<&'a str>,
    /// When the access token ends; a refresh gives the next one.
    expires_at: Option<String>,
    expires_in: Option<u64>,
}

/// The same about every profile.
#[derive(Serialize)]
struct AllStatus<'a> {
    v: u32,
    profiles: Vec<Status<'a>>,
}

pub async fn run(surroundings: &Surroundings, wanted: &arguments::Status) -> Result<(), Trouble> {
    if wanted.all {
        return all(surroundings).await;
    }
    let walk = Walk::begin(surroundings).await?;
    let who = walk.who(surroundings).await?;
    if surroundings.output.json {
        let status = Status::of(&walk.profile.name, who.as_ref(), &walk.clock);
        output::json(&status)?;
    }
    let signed_in = who.ok_or(Trouble::from(Reason::SignInNeeded))?;
    if surroundings.output.json {
        return Ok(());
    }
    output::result(&text(&walk, &signed_in))
}

async fn all(surroundings: &Surroundings) -> Result<(), Trouble> {
    let mut known = Vec::new();
    for walk in Walk::of_each(surroundings).await? {
        let who = walk.who(surroundings).await?;
        known.push((walk, who));
    }
    if surroundings.output.json {
        let statuses = known.iter().map(|(walk, who)| {
            let name = &walk.profile.name;
            Status::of(name, who.as_ref(), &walk.clock)
        });
        output::json(&AllStatus {
            v: output::VERSION,
            profiles: statuses.collect(),
        })?;
    }
    let signed_in = known
        .iter()
        .filter_map(|(walk, who)| Some(text(walk, who.as_ref()?)));
    let texts: Vec<_> = signed_in.collect();
    if texts.is_empty() {
        return Err(Reason::SignInNeeded.into());
    }
    if surroundings.output.json {
        return Ok(());
    }
    output::result(&texts.join("\n\n"))
}

impl<'a> Status<'a> {
    pub fn of(profile: &'a str, who: Option<&'a SignedIn>, clock: &Clock) -> Self {
        let account: Option<&Account> = who.map(|who| &who.account);
        Self {
            v: output::VERSION,
            profile,
            signed_in: who.is_some(),
            account: account.map(|account| account.identifier.as_str()),
            issuer: account.map(|account| account.issuer.as_str()),
            subject: account.map(|account| account.subject.as_str()),
            expires_at: who.map(|who| moment::rfc3339(who.expires_at)),
            expires_in: who.map(|who| who.expires_at.since(clock.now()).as_secs()),
        }
    }
}

fn text(walk: &Walk, who: &SignedIn) -> String {
    let Account {
        subject, issuer, ..
    } = &who.account;
    let left = who.expires_at.since(walk.clock.now());
    let token = if left.is_zero() {
        "has expired; the next `keyfob token` renews it".to_owned()
    } else {
        let at = moment::rfc3339(who.expires_at);
        format!("expires in {}, at {at}", moment::spoken(left))
    };
    let who = name(&who.account);
    format!(
        "Signed in as {who}\nprofile  {}\nissuer   {issuer}\nsubject  {subject}\ntoken    {token}",
        walk.profile.name
    )
}

/// What a person is called who signed in: some providers know only one of these.
pub fn name(account: &Account) -> String {
    match (&account.name, account.identifier.as_str()) {
        (Some(name), "") => name.clone(),
        (Some(name), identifier) => format!("{name} ({identifier})"),
        (None, "") => account.subject.clone(),
        (None, identifier) => identifier.to_owned(),
    }
}
