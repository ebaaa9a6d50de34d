//! What the person has chosen for the window. It stands in the configuration file, which is theirs too: it is read anew
//! each time, and one choice changes one line of it.

use std::time::Duration;

use keyfob_auth::profile::{KeepIn, Theme, WindowSettings, edit};

use super::{Desk, lock};
use crate::wire::{KeepChoice, Problem, SettingChange, SettingsView, ThemeChoice};

impl Desk {
    /// What is chosen; while the file cannot be read, what it last said.
    pub fn window_settings(&self) -> WindowSettings {
        // Read for what it says now; what cannot be read is said by whoever needs more of it.
        let _ = self.configured();
        lock(&self.0.window).clone()
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
            kept_now: if self.vault().lasts() {
                KeepChoice::Keyring
            } else {
                KeepChoice::ThisRun
            },
            refresh_in_background: chosen.refresh_in_background,
        })
    }

    /// Saves one choice, and goes by it; whatever else the file says stays as it is. What it then says.
    pub fn change_setting(&self, change: SettingChange) -> Result<WindowSettings, Problem> {
        let mut settings = self.configured()?.window().clone();
        match change {
            SettingChange::Theme(theme) => settings.theme = theme.into(),
            SettingChange::ClipboardSeconds(seconds) => {
                settings.clipboard = Duration::from_secs(seconds.into());
            }
            SettingChange::StartProfile(name) => settings.start_profile = name,
            SettingChange::Keep(keep) => settings.keep_in = keep.into(),
            SettingChange::RefreshInBackground(ahead) => settings.refresh_in_background = ahead,
        }
        edit::set_window(self.config_file()?, &settings)?;
        let ahead = settings.refresh_in_background;
        self.0.renews_ahead.send_replace(ahead);
        Ok(settings)
    }
}

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
