//! What the person has chosen for the window. It stands in the configuration file, which is read anew each time.

use std::time::Duration;

use keyfob_auth::{
    Reason,
    profile::{KeepIn, Theme, WindowSettings, edit},
};

use super::Desk;
use crate::wire::{KeepChoice, Problem, SettingsView, ThemeChoice};

impl Desk {
    /// What is chosen; the defaults where the file cannot be read: a window opens all the same.
    pub fn window_settings(&self) -> WindowSettings {
        let configured = self.configured().unwrap_or_default();
        configured.window().clone()
    }

    /// What is chosen, to be shown.
    pub fn settings(&self) -> Result<SettingsView, Problem> {
        let configured = self.configured()?;
        let chosen = configured.window();
        Ok(SettingsView {
            theme: chosen.theme.into(),
            clipboard_seconds: u16::try_from(chosen.clipboard.as_secs()).unwrap_or(u16::MAX),
            // One that is gone is as good as none.
            start_profile: configured.start_profile().map(str::to_owned),
            keep: chosen.keep_in.into(),
            kept_now: if self.0.vault.lasts() {
                KeepChoice::Keyring
            } else {
                KeepChoice::ThisRun
            },
            refresh_in_background: chosen.refresh_in_background,
        })
    }

    /// Saves what is chosen, and goes by it.
    pub fn change_settings(&self, chosen: &SettingsView) -> Result<(), Problem> {
        let clipboard = u64::from(chosen.clipboard_seconds);
        if !WindowSettings::CLIPBOARD_SECONDS.contains(&clipboard) {
            return Err(Problem::saying(Reason::ConfigInvalid, OUT_OF_BOUNDS));
        }
        let settings = WindowSettings {
            theme: chosen.theme.into(),
            clipboard: Duration::from_secs(clipboard),
            start_profile: chosen.start_profile.clone(),
            keep_in: chosen.keep.into(),
            refresh_in_background: chosen.refresh_in_background,
        };
        edit::set_window(self.config_file()?, &settings)?;
        self.0
            .renews_ahead
            .send_replace(settings.refresh_in_background);
        Ok(())
    }
}

const OUT_OF_BOUNDS: &str = "a copied token stays for 5 to 600 seconds";

impl From<Theme> for ThemeChoice {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::System => Self::System,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }
}

impl From<ThemeChoice> for Theme {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::System => Self::System,
            ThemeChoice::Light => Self::Light,
            ThemeChoice::Dark => Self::Dark,
        }
    }
}

impl From<KeepIn> for KeepChoice {
    fn from(keep_in: KeepIn) -> Self {
        match keep_in {
            KeepIn::Keyring => Self::Keyring,
            KeepIn::ThisRun => Self::ThisRun,
        }
    }
}

impl From<KeepChoice> for KeepIn {
    fn from(choice: KeepChoice) -> Self {
        match choice {
            KeepChoice::Keyring => Self::Keyring,
            KeepChoice::ThisRun => Self::ThisRun,
        }
    }
}
