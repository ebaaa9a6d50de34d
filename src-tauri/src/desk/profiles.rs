//! Which profile the window is at: the list, going to another one, adding and removing.
//!
//! The configuration file is the person's, and is read anew each time. What this run knows of a profile is kept when the
//! window leaves it, so that nothing is lost that no keyring holds.

use std::{path::Path, sync::Arc};

use keyfob_auth::{
    Objection, OidcConfig, Profile, ProfileError, Profiles, ProviderConfig, ProviderError, Reason,
    SERVICE, Setting, SignIn, Tried,
    profile::{
        LOCAL, edit,
        presets::{PRESETS, Preset, Standing},
    },
};

use super::{Desk, Shown, Walk, lock, wake_local_provider};
use crate::wire::{
    Added, NewProfile, PresetView, Problem, ProfileEntry, ProfileKind, ProfileList, WrongSetting,
};

impl Desk {
    /// Every profile, and which one the window is at.
    pub fn profiles(&self) -> Result<ProfileList, Problem> {
        let configured = self.configured()?;
        let served = self.served();
        let in_use = |name: &str| served.as_ref().is_some_and(|walk| walk.name() == name);
        let entry = |profile: &Profile| {
            let (kind, issuer) = match &profile.provider {
                ProviderConfig::Cotter(config) => (ProfileKind::Cotter, &config.issuer),
                ProviderConfig::Oidc(config) => (ProfileKind::Oidc, &config.issuer),
            };
            ProfileEntry {
                name: profile.name.clone(),
                kind,
                issuer: issuer.clone(),
                in_use: in_use(&profile.name),
            }
        };
        let of_the_file = configured.names().filter_map(|name| configured.get(name));
        let local = ProfileEntry {
            name: LOCAL.to_owned(),
            kind: ProfileKind::Local,
            issuer: String::new(),
            in_use: in_use(LOCAL),
        };
        Ok(ProfileList {
            profiles: of_the_file.map(entry).chain([local]).collect(),
            presets: PRESETS.iter().map(PresetView::from).collect(),
        })
    }

    /// Goes to the profile called `name`, which is in use from then on, here and in the terminal.
    pub async fn use_profile(&self, name: &str) -> Result<(), Problem> {
        self.go_to(name).await.map(drop)
    }

    pub(super) async fn go_to(&self, name: &str) -> Result<Arc<Walk>, Problem> {
        let walk = {
            let _settling = self.0.settling.lock().await;
            let walk = self.find(Some(name)).await?;
            // Also when it cannot be written: nobody is asked the same twice.
            self.is_no_first_run();
            self.say_in_use(name)?;
            self.serve(&walk);
            walk
        };
        self.arrive(&walk).await;
        Ok(walk)
    }

    /// The window has come to this profile: other programs may have signed in or out since it left.
    async fn arrive(&self, walk: &Arc<Walk>) {
        if walk.restored.initialized() {
            self.ask_keyring_anew(walk).await;
        }
        self.start().await;
        if let Some(address) = lock(&self.0.early).take() {
            // It came before there was a profile that could judge it.
            self.receive(address.to_string());
        }
    }

    /// Adds the profile of an OpenID Connect provider, if that answers as one, and goes there.
    pub async fn add_profile(&self, new: &NewProfile) -> Result<Added, Problem> {
        let preset = new.preset.as_deref().and_then(Preset::named);
        let (issuer, client_id) = (new.issuer.trim(), new.client_id.trim());
        let config = preset.map_or_else(
            || OidcConfig::new(issuer, client_id),
            |preset| preset.fill(Some(issuer), client_id),
        );
        if let Err(misfit) = config.check() {
            return Ok(wrong(&Objection::Provider(misfit.into())));
        }
        let path = self.config_file()?;
        let profile = Profile {
            name: self.configured()?.free_name(preset, issuer),
            provider: ProviderConfig::Oidc(config),
        };
        let tried = match profile.try_out(SERVICE).await {
            Ok(tried) => tried,
            Err(objection) => return Ok(wrong(&objection)),
        };
        {
            let _settling = self.0.settling.lock().await;
            edit::add(path, &profile)?;
        }
        // It is there, whatever comes of going to it.
        if let Err(problem) = self.use_profile(&profile.name).await {
            self.change(|shown| shown.problem = Some(problem));
        }
        Ok(Added::Works {
            knows_this_app: tried == Tried::KnowsThisApp,
            to_allow: profile.to_allow(SERVICE),
            name: profile.name,
        })
    }

    /// Ends the session of the profile called `name`, then removes it. From where it was in use, the window goes to what
    /// is in use then.
    pub async fn remove_profile(&self, name: &str) -> Result<(), Problem> {
        let path = self.config_file()?;
        let mut gone = Vec::new();
        let was_served = {
            let _settling = self.0.settling.lock().await;
            if self.configured()?.get(name).is_none() {
                // Says so, and which there are; the local one belongs to no file.
                edit::remove(path, name)?;
            }
            let known = lock(&self.0.walks).get(name).cloned();
            let walk = self.find(Some(name)).await?;
            // The file may have changed since the window was there: then there are two of that name.
            let known = known.filter(|known| !Arc::ptr_eq(known, &walk));
            for walk in known.iter().chain([&walk]) {
                // First, so that no answer that is under way makes another session.
                self.forget_attempts(walk).await;
                end_session(walk).await?;
            }
            edit::remove(path, name)?;
            let was_served = self.served().is_some_and(|it| it.name() == name);
            lock(&self.0.walks).remove(name);
            lock(&self.0.gone).push(Arc::clone(&walk));
            if was_served {
                self.go_on().await;
            }
            for walk in known.iter().chain([&walk]) {
                walk.stop_following();
            }
            gone.extend(known.into_iter().chain([walk]));
            was_served
        };
        if was_served && let Some(walk) = self.served() {
            self.arrive(&walk).await;
        }
        for walk in gone {
            match walk.sessions.forget_outbox().await {
                Ok(false) => {}
                Ok(true) => tracing::warn!("the provider was not told of the sign-out"),
                Err(error) => {
                    tracing::warn!(%error, "what the provider was not told is still kept");
                }
            }
        }
        Ok(())
    }

    /// The profile that the window is at; at the first call, the one that it is to open at.
    pub(super) async fn walk(&self) -> Result<Arc<Walk>, Problem> {
        if let Some(walk) = self.served() {
            return Ok(walk);
        }
        let _settling = self.0.settling.lock().await;
        if let Some(walk) = self.served() {
            return Ok(walk);
        }
        let configured = self.configured()?;
        let walk = self.find(configured.start_profile()).await?;
        let ahead = configured.window().refresh_in_background;
        self.0.renews_ahead.send_replace(ahead);
        self.screen().first_run = !configured.says_which();
        self.serve(&walk);
        Ok(walk)
    }

    /// The other profile that waits for this return address, by its state and its way back. Nobody is asked but the
    /// keyring, and that only while it works: any page can make links, and a locked one would open its prompt for each.
    pub(super) async fn profile_that_awaits(&self, address: &str) -> Option<String> {
        let here = self.served()?;
        let configured = self.configured().unwrap_or_default();
        let keyring_works = !self.screen().notices.complains_of_keyring();
        for name in configured.names().chain([LOCAL]) {
            if name == here.name() {
                continue;
            }
            let known = lock(&self.0.walks).get(name).cloned();
            if let Some(walk) = known
                && walk.sign_in.awaits(address).await
            {
                return Some(name.to_owned());
            }
            if !keyring_works {
                continue;
            }
            match SignIn::is_awaited(self.vault(), name, address).await {
                Ok(true) => return Some(name.to_owned()),
                Ok(false) => {}
                Err(error) => {
                    tracing::info!(%error, "whose answer it is cannot be told");
                    self.keyring_problem(error.into());
                    return None;
                }
            }
        }
        None
    }

    /// What this run knows of the profile called `wanted`, or of the one that the file says is in use.
    async fn find(&self, wanted: Option<&str>) -> Result<Arc<Walk>, Problem> {
        let profile = match self.configured()?.in_use(wanted)? {
            Some(profile) => profile.clone(),
            None => Profile::local(&wake_local_provider().await?),
        };
        let mut walks = lock(&self.0.walks);
        if let Some(known) = walks.get(&profile.name) {
            if known.profile == profile {
                return Ok(Arc::clone(known));
            }
            // The person has changed it in the file: the session of another provider is none of this one's.
            lock(&self.0.gone).push(Arc::clone(known));
        }
        let walk = Arc::new(Walk::new(profile, self.vault()));
        self.tell_of_revocation(&walk);
        walks.insert(walk.name().to_owned(), Arc::clone(&walk));
        Ok(walk)
    }

    /// The window comes to this profile.
    fn serve(&self, walk: &Arc<Walk>) {
        let before = {
            let mut screen = self.screen();
            let before = screen.served.replace(Arc::clone(walk));
            lock(&walk.shown).come_to(before.is_none() && screen.unserved.started);
            self.send(&mut screen);
            before
        };
        match before {
            Some(before) if Arc::ptr_eq(&before, walk) => return,
            Some(before) => before.stop_following(),
            None => {}
        }
        self.follow(walk);
    }

    /// Goes to what is in use after the profile that the window was at is gone.
    async fn go_on(&self) {
        match self.what_is_left().await {
            Ok(walk) => self.serve(&walk),
            Err(problem) => {
                let mut screen = self.screen();
                screen.served = None;
                screen.unserved = Shown {
                    started: true,
                    problem: Some(problem),
                    ..Shown::default()
                };
                self.send(&mut screen);
            }
        }
    }

    async fn what_is_left(&self) -> Result<Arc<Walk>, Problem> {
        let configured = self.configured()?;
        // Nobody said which of several.
        if let Err(ProfileError::Several { known }) = configured.in_use(None)
            && let Some(first) = known.first()
        {
            self.say_in_use(first)?;
        }
        self.find(None).await
    }

    /// Writes which profile is in use, unless the file says so already.
    fn say_in_use(&self, name: &str) -> Result<(), Problem> {
        let said = self.configured()?;
        let is_said = match said.in_use(None) {
            Ok(Some(profile)) => profile.name == name,
            Ok(None) => name == LOCAL && said.says_which(),
            Err(_) => false,
        };
        if !is_said {
            edit::switch_to(self.config_file()?, name)?;
        }
        Ok(())
    }

    pub(super) fn configured(&self) -> Result<Profiles, Problem> {
        let configured = match &self.0.config {
            Some(path) => Profiles::load(path)?,
            None => Profiles::default(),
        };
        lock(&self.0.window).clone_from(configured.window());
        Ok(configured)
    }

    pub(super) fn config_file(&self) -> Result<&Path, Problem> {
        let nowhere = || {
            let words = "this system names no folder for a person's configuration";
            Problem::saying(Reason::ConfigInvalid, words)
        };
        self.0.config.as_deref().ok_or_else(nowhere)
    }
}

/// What the keyring holds of it is forgotten, before nobody knows its name any more; the provider is told.
async fn end_session(walk: &Walk) -> Result<(), Problem> {
    match walk.sessions.restore().await {
        Err(error)
            if !matches!(
                error.reason(),
                // Nothing that could be ended, or no keyring that could hold it.
                Reason::KeyringDamaged | Reason::KeyringUnavailable
            ) =>
        {
            return Err((&error).into());
        }
        _ => {}
    }
    let signed_out = walk.sessions.sign_out().await;
    signed_out.map_err(|error| (&error).into())
}

fn wrong(objection: &Objection) -> Added {
    let setting = match objection {
        Objection::To(_) | Objection::Provider(ProviderError::Refused { .. }) => {
            WrongSetting::AtTheProvider
        }
        Objection::Provider(ProviderError::Misconfigured(misfit)) => match misfit.setting {
            Setting::Issuer | Setting::CaFile => WrongSetting::Issuer,
            Setting::ClientId => WrongSetting::ClientId,
            Setting::AtTheProvider => WrongSetting::AtTheProvider,
        },
        Objection::Provider(ProviderError::ClientRefused { .. }) => WrongSetting::ClientId,
        // Nobody there answers, or not as a provider does: most likely it is another address.
        Objection::Provider(_) => WrongSetting::Issuer,
    };
    Added::Wrong {
        setting,
        problem: objection.into(),
    }
}

impl From<&Preset> for PresetView {
    fn from(preset: &Preset) -> Self {
        Self {
            id: preset.id.to_owned(),
            name: preset.name.to_owned(),
            issuer: preset.issuer.to_owned(),
            at_the_provider: preset.at_the_provider.to_owned(),
            tried: preset.standing == Standing::Tried,
        }
    }
}
