//! `keyfob profile add`: a profile is made of what was typed, tried out, and only then written.

use std::path;

use keyfob_auth::{
    CotterConfig, Objection, OidcConfig, Profile, ProviderConfig, Reason, SERVICE, Tried,
    profile::{
        LOCAL, edit,
        presets::{Preset, Standing},
    },
};
use serde::Serialize;

use super::{Listed, file, kind, not_changed};
use crate::{
    arguments::AddProfile, output, surroundings::Surroundings, trouble::Trouble, walk, words::Cause,
};

#[derive(Serialize)]
struct Added<'a> {
    v: u32,
    #[serde(flatten)]
    profile: Listed<'a>,
    /// What the provider said: `answers` or `knows_this_app`; nothing when it was not asked.
    tried: Option<&'static str>,
    /// What is to be entered there.
    allow: &'a [String],
}

pub async fn run(surroundings: &Surroundings, wanted: &AddProfile) -> Result<(), Trouble> {
    let file = file(surroundings)?;
    let preset = wanted.preset.as_deref().and_then(Preset::named);
    let profile = Profile {
        name: wanted.name.clone(),
        provider: if wanted.cotter.cotter {
            ProviderConfig::Cotter(cotter(wanted))
        } else {
            ProviderConfig::Oidc(oidc(wanted, preset)?)
        },
    };
    edit::can_add(&file, &profile).map_err(not_changed)?;
    let tried = if wanted.offline {
        None
    } else {
        let tried = profile.try_out(SERVICE).await;
        Some(tried.map_err(nothing_written)?)
    };
    edit::add(&file, &profile).map_err(not_changed)?;
    tell(surroundings, &profile, preset, tried)
}

fn cotter(wanted: &AddProfile) -> CotterConfig {
    let settings = &wanted.cotter;
    let usual = CotterConfig::new(settings.api_key_id.clone().unwrap_or_default());
    CotterConfig {
        api_base: settings.api_base.clone().unwrap_or(usual.api_base),
        sign_in_page: settings.sign_in_page.clone().unwrap_or(usual.sign_in_page),
        issuer: wanted.issuer.clone().unwrap_or(usual.issuer),
        ..usual
    }
}

/// The preset's settings, and over them what was typed.
fn oidc(wanted: &AddProfile, preset: Option<&Preset>) -> Result<OidcConfig, Trouble> {
    let client_id = wanted.client_id.as_deref().unwrap_or_default();
    let issuer = wanted.issuer.as_deref();
    let mut config = match (preset, issuer) {
        (Some(preset), None) if !preset.has_one_issuer() => {
            let message = format!("{} has an issuer for each customer", preset.name);
            let hint = format!("name yours: `--issuer {}`", preset.issuer);
            return Err(Trouble::saying(Cause::Usage, message).with_hint(hint));
        }
        (Some(preset), issuer) => preset.fill(issuer, client_id),
        (None, issuer) => OidcConfig::new(issuer.unwrap_or_default(), client_id),
    };
    let settings = &wanted.oidc;
    if !settings.scope.is_empty() {
        config.scopes.clone_from(&settings.scope);
    }
    if !settings.resource.is_empty() {
        config.resource.clone_from(&settings.resource);
    }
    if !settings.port.is_empty() {
        config.loopback_ports.clone_from(&settings.port);
    }
    for (kept, typed) in [
        (&mut config.audience, &settings.audience),
        (&mut config.acr_values, &settings.acr_values),
        (&mut config.prompt, &settings.prompt),
        (&mut config.issuer_name, &settings.issuer_name),
    ] {
        if typed.is_some() {
            kept.clone_from(typed);
        }
    }
    config.parameters.extend(settings.parameter.iter().cloned());
    config.ways = settings.ways.unwrap_or(config.ways);
    if let Some(file) = &settings.ca_file {
        // The program that reads it next runs in another folder.
        config.ca_file = Some(path::absolute(file).unwrap_or_else(|_| file.clone()));
    }
    Ok(config)
}

/// What the provider has against it, and the way on without its blessing.
fn nothing_written(objection: Objection) -> Trouble {
    let trouble = match objection {
        Objection::To(_) => {
            let hint = "allow it there, or say by `--ways` what is allowed";
            Trouble::saying(objection.reason(), objection).with_hint(hint)
        }
        Objection::Provider(error) => error.into(),
    };
    let hint = match trouble.cause {
        Cause::Auth(Reason::Offline) => "check the address and the network",
        Cause::Auth(Reason::ConfigInvalid) => "correct it",
        _ => trouble.hint(),
    };
    let hint = format!("{hint}; nothing was written, and `--offline` adds it unasked");
    trouble.with_hint(hint)
}

fn tell(
    surroundings: &Surroundings,
    profile: &Profile,
    preset: Option<&Preset>,
    tried: Option<Tried>,
) -> Result<(), Trouble> {
    let (name, allow) = (&profile.name, profile.to_allow(SERVICE));
    let profiles = walk::profiles(surroundings)?;
    let in_use = profiles.in_use(None).ok();
    let in_use = in_use.map(|profile| profile.map_or(LOCAL, |profile| &profile.name));
    let listed = Listed::of(profile, in_use == Some(name));
    let output = surroundings.output;
    if output.json {
        return output::json(&Added {
            v: output::VERSION,
            profile: listed,
            tried: tried.map(|tried| match tried {
                Tried::Answers => "answers",
                Tried::KnowsThisApp => "knows_this_app",
            }),
            allow: &allow,
        });
    }
    let issuer = listed.issuer.unwrap_or_default();
    output.note(&format!(
        "Added: {name}, {} at {issuer}",
        kind(listed.provider)
    ));
    output.note(match tried {
        Some(Tried::KnowsThisApp) => {
            "The provider answers. It knows this app, and allows it to return to:"
        }
        Some(Tried::Answers) => {
            "The provider answers. Whether it knows this app, only a sign-in shows. It must allow:"
        }
        None => "The provider was not asked. It must allow:",
    });
    output.note(&format!("\n  {}\n\n", allow.join("\n  ")));
    let by_any_port = profile.loopback_ports().is_some_and(<[u16]>::is_empty);
    match (&profile.provider, by_any_port) {
        (ProviderConfig::Cotter(_), _) => output.note(
            "For a sign-in in the terminal, also http://127.0.0.1:8400: then say `keyfob login --port 8400`.",
        ),
        (ProviderConfig::Oidc(_), true) => output.note(
            "The one at 127.0.0.1 stands for any port (RFC 8252). Where it does not, add the profile with `--port`.",
        ),
        (ProviderConfig::Oidc(_), false) => {}
    }
    if let Some(preset) = preset {
        let standing = match preset.standing {
            Standing::Tried => "tried",
            Standing::FromDocumentation => "from its documentation, not tried",
        };
        output.note(&format!(
            "{} ({standing}): {}",
            preset.name, preset.at_the_provider
        ));
    }
    output.note(&if listed.in_use {
        format!("In use: {name}. `keyfob login` signs in.")
    } else {
        format!("`keyfob login --profile {name}` signs in; `keyfob profile use {name}` makes it the usual one.")
    });
    Ok(())
}
