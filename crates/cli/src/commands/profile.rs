//! `keyfob profile`: which profiles there are, which is in use, and the file that says so.
//!
//! The file belongs to a person: only what a command is about is changed in it.

mod add;

use std::path::PathBuf;

use keyfob_auth::{
    Profile, ProfileError, ProviderConfig, Reason,
    profile::{LOCAL, edit},
};
use serde::Serialize;

use crate::{
    arguments::{ProfileCommand, RemoveProfile},
    interrupt::interrupted,
    output,
    surroundings::Surroundings,
    trouble::Trouble,
    typed,
    walk::{self, Walk},
    words::Cause,
};

/// What is said about a profile, as JSON.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    in_use: bool,
    /// `oidc`, `cotter` or `local`.
    provider: &'static str,
    /// Who its tokens come from; unknown of the bundled provider while it sleeps.
    issuer: Option<&'a str>,
    /// The client or the API key that we are there.
    client_id: Option<&'a str>,
}

#[derive(Serialize)]
struct List<'a> {
    v: u32,
    in_use: Option<&'a str>,
    profiles: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Removed<'a> {
    v: u32,
    profile: &'a str,
    /// Who was signed in there.
    account: Option<&'a str>,
    in_use: Option<&'a str>,
}

pub async fn run(surroundings: &Surroundings, command: &ProfileCommand) -> Result<(), Trouble> {
    match command {
        ProfileCommand::List => list(surroundings),
        ProfileCommand::Use { name } => switch_to(surroundings, name),
        ProfileCommand::Add(wanted) => add::run(surroundings, wanted).await,
        ProfileCommand::Remove(wanted) => remove(surroundings, wanted).await,
    }
}

fn list(surroundings: &Surroundings) -> Result<(), Trouble> {
    let profiles = walk::profiles(surroundings)?;
    let in_use = match profiles.in_use(surroundings.profile.as_deref()) {
        Ok(profile) => Some(profile.map_or(LOCAL, |profile| &profile.name)),
        // Nobody says which, or one that is not there: the list is what helps then.
        Err(error) => {
            surroundings.output.warning(&error.to_string());
            None
        }
    };
    let configured = profiles.names().filter_map(|name| profiles.get(name));
    let bundled = Listed {
        name: LOCAL,
        in_use: in_use == Some(LOCAL),
        provider: "local",
        issuer: None,
        client_id: None,
    };
    let rows: Vec<_> = configured
        .map(|profile| Listed::of(profile, in_use == Some(&profile.name)))
        .chain([bundled])
        .collect();
    if surroundings.output.json {
        return output::json(&List {
            v: output::VERSION,
            in_use,
            profiles: rows,
        });
    }
    let longest = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let lines: Vec<_> = rows.iter().map(|row| row.line(longest)).collect();
    output::result(&lines.join("\n"))
}

impl<'a> Listed<'a> {
    fn of(profile: &'a Profile, in_use: bool) -> Self {
        let (provider, issuer, client_id) = match &profile.provider {
            ProviderConfig::Oidc(config) => ("oidc", &config.issuer, &config.client_id),
            ProviderConfig::Cotter(config) => ("cotter", &config.issuer, &config.api_key_id),
        };
        Self {
            name: &profile.name,
            in_use,
            provider,
            issuer: Some(issuer),
            client_id: Some(client_id),
        }
    }

    fn line(&self, longest: usize) -> String {
        let mark = if self.in_use { '*' } else { ' ' };
        let kind = kind(self.provider);
        let issuer = self.issuer.unwrap_or("on this computer");
        format!("{mark} {:longest$}  {kind:<14}  {issuer}", self.name)
    }
}

/// What a kind of provider is called.
fn kind(provider: &str) -> &'static str {
    match provider {
        "oidc" => "OpenID Connect",
        "cotter" => "Cotter",
        _ => "bundled",
    }
}

fn switch_to(surroundings: &Surroundings, name: &str) -> Result<(), Trouble> {
    edit::switch_to(&file(surroundings)?, name).map_err(not_changed)?;
    let output = surroundings.output;
    if output.json {
        return list(surroundings);
    }
    output.note(&format!("In use: {name}"));
    if let Some(other) = &surroundings.profile
        && other != name
    {
        output.warning(&format!(
            "not here: `--profile` or KEYFOB_PROFILE names {other}, and goes before"
        ));
    }
    Ok(())
}

async fn remove(surroundings: &Surroundings, wanted: &RemoveProfile) -> Result<(), Trouble> {
    let name = wanted.name.as_str();
    let (file, profiles) = (file(surroundings)?, walk::profiles(surroundings)?);
    if name == LOCAL {
        let trouble = Trouble::saying(
            Cause::Usage,
            "the bundled provider's profile is always there",
        );
        return Err(trouble.with_hint("`keyfob logout --profile local` signs out of it"));
    }
    let Some(profile) = profiles.in_use(Some(name))? else {
        unreachable!("only the bundled provider is no profile of the file");
    };
    let walk = Walk::of(profile.clone(), false, walk::vault(surroundings));
    let who = match walk.who(surroundings).await {
        // A record that cannot be read is deleted like any other.
        Err(trouble) if trouble.cause == Cause::Auth(Reason::KeyringDamaged) => None,
        who => who?,
    };
    let account = who.as_ref().map(|who| who.account.identifier.as_str());
    if !wanted.yes {
        confirm(surroundings, name, account).await?;
    }
    walk.sign_out_for_good(surroundings).await?;
    edit::remove(&file, name).map_err(not_changed)?;
    tell_removed(surroundings, name, account)
}

async fn confirm(
    surroundings: &Surroundings,
    name: &str,
    account: Option<&str>,
) -> Result<(), Trouble> {
    if !surroundings.is_interactive {
        return Err(Cause::NotConfirmed.into());
    }
    let consequence = account.map_or_else(String::new, |account| {
        format!(" {account} is signed in there, and will be signed out.")
    });
    output::say(&format!("Remove the profile {name}?{consequence} [y/N]"));
    let mut typed = typed::lines();
    let answer = tokio::select! {
        answer = typed.recv() => answer,
        () = interrupted() => None,
    };
    let answer = answer
        .as_ref()
        .map(|answer| answer.trim())
        .unwrap_or_default();
    if ["y", "yes"].contains(&answer.to_lowercase().as_str()) {
        Ok(())
    } else {
        Err(Cause::Cancelled.into())
    }
}

fn tell_removed(
    surroundings: &Surroundings,
    name: &str,
    account: Option<&str>,
) -> Result<(), Trouble> {
    let profiles = walk::profiles(surroundings)?;
    let in_use = profiles.in_use(None).ok();
    let in_use = in_use.map(|profile| profile.map_or(LOCAL, |profile| &profile.name));
    let output = surroundings.output;
    if output.json {
        return output::json(&Removed {
            v: output::VERSION,
            profile: name,
            account,
            in_use,
        });
    }
    output.note(&match account {
        Some(account) => format!("Signed out: {account}\nRemoved: {name}"),
        None => format!("Removed: {name}"),
    });
    output.note(&match in_use {
        Some(in_use) => format!("In use: {in_use}"),
        None => "None is in use now: `keyfob profile use NAME` says which".to_owned(),
    });
    Ok(())
}

/// The file of the profiles.
fn file(surroundings: &Surroundings) -> Result<PathBuf, Trouble> {
    let file = surroundings.config.clone();
    file.ok_or_else(|| Trouble::saying(Cause::ConfigNotWritten, "there is no folder for it"))
}

/// What a change of the file ran into, which is not always the file.
fn not_changed(error: ProfileError) -> Trouble {
    match error {
        ProfileError::Exists { .. }
        | ProfileError::NotAName { .. }
        | ProfileError::NotUsable { .. } => Trouble::saying(Cause::ProfileNotUsable, error),
        ProfileError::NotWritten { .. } => Trouble::saying(Cause::ConfigNotWritten, error),
        error => error.into(),
    }
}
