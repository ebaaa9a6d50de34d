//! The colours that the window wears: those that the person has chosen, or the system's.
//!
//! All of it runs on the main thread: the toolkit speaks to no other, and a call from another one ends the program.

use keyfob_auth::profile::Theme;
use tauri::{WebviewWindow, window::Color};

#[cfg(not(target_os = "linux"))]
pub(super) use toolkit::from_the_start;

/// The page's ground, in which the window opens: it does not flash white before the page is there.
const LIGHT_GROUND: Color = Color(0xf6, 0xf7, 0xf6, 0xff);
const DARK_GROUND: Color = Color(0x12, 0x15, 0x14, 0xff);

/// Changes the colours of the window, and with them the page's: it goes by what its window prefers.
pub(super) fn wear(window: &WebviewWindow, chosen: Theme) {
    let is_dark = toolkit::prefer(window, chosen);
    fill(window, is_dark);
}

fn fill(window: &WebviewWindow, is_dark: bool) {
    if let Err(error) = window.set_background_color(Some(ground(is_dark))) {
        tracing::debug!(%error, "the window opens in another colour than its page's");
    }
}

fn ground(is_dark: bool) -> Color {
    if is_dark { DARK_GROUND } else { LIGHT_GROUND }
}

#[cfg(not(target_os = "linux"))]
mod toolkit {
    use tauri::{AppHandle, WebviewWindowBuilder, Wry};

    use super::{Theme, WebviewWindow, ground};

    /// A window that is to be made in the colours that were chosen.
    pub(in super::super) fn from_the_start(
        window: WebviewWindowBuilder<'_, Wry, AppHandle>,
        chosen: Theme,
    ) -> WebviewWindowBuilder<'_, Wry, AppHandle> {
        match preferred(chosen) {
            Some(theme) => window
                .theme(Some(theme))
                .background_color(ground(theme == tauri::Theme::Dark)),
            // Only the window itself says which the system's are.
            None => window,
        }
    }

    /// Whether it is dark now.
    pub(super) fn prefer(window: &WebviewWindow, chosen: Theme) -> bool {
        let preferred = preferred(chosen);
        if let Err(error) = window.set_theme(preferred) {
            tracing::warn!(%error, "the window keeps its colours");
        }
        // Asked only now: what was preferred before would be the answer, and not what the system has.
        let theme = preferred.or_else(|| window.theme().ok());
        theme == Some(tauri::Theme::Dark)
    }

    fn preferred(chosen: Theme) -> Option<tauri::Theme> {
        match chosen {
            Theme::System => None,
            Theme::Light => Some(tauri::Theme::Light),
            Theme::Dark => Some(tauri::Theme::Dark),
        }
    }
}

/// The web view goes by what the toolkit prefers. Tauri sets that to the desktop's colours as the window is made, and again
/// whenever the desktop changes them, whatever was chosen.
#[cfg(target_os = "linux")]
mod toolkit {
    use std::cell::Cell;

    use gtk::prelude::GtkSettingsExt;

    use super::{Theme, WebviewWindow, fill};

    thread_local! {
        /// None until the window is there.
        static WANTED: Cell<Option<Wanted>> = const { Cell::new(None) };
        /// Whether the next change that we are told of is our own. Of one that we make while we are told of another we hear
        /// only afterwards.
        static IS_OURS: Cell<bool> = const { Cell::new(false) };
    }

    /// What the person has chosen, and what the system has, which the toolkit forgets meanwhile.
    #[derive(Clone, Copy)]
    pub(super) struct Wanted {
        pub(super) chosen: Theme,
        pub(super) system_is_dark: bool,
    }

    impl Wanted {
        pub(super) fn is_dark(self) -> bool {
            match self.chosen {
                Theme::System => self.system_is_dark,
                Theme::Light => false,
                Theme::Dark => true,
            }
        }
    }

    /// Whether it is dark now.
    pub(super) fn prefer(window: &WebviewWindow, chosen: Theme) -> bool {
        let Some(settings) = gtk::Settings::default() else {
            return chosen == Theme::Dark;
        };
        let before = WANTED.get();
        let wanted = Wanted {
            chosen,
            system_is_dark: before.map_or_else(|| is_dark(&settings), |it| it.system_is_dark),
        };
        if before.is_none() {
            let window = window.clone();
            follow_system(&settings, move |is_dark| fill(&window, is_dark));
        }
        put(&settings, wanted);
        wanted.is_dark()
    }

    /// Calls `filled` whenever the system has changed its colours, with whether it is dark now.
    fn follow_system(settings: &gtk::Settings, filled: impl Fn(bool) + 'static) {
        settings.connect_gtk_application_prefer_dark_theme_notify(move |settings| {
            if IS_OURS.take() {
                return;
            }
            if let Some(before) = WANTED.get() {
                let wanted = Wanted {
                    system_is_dark: is_dark(settings),
                    ..before
                };
                put(settings, wanted);
                filled(wanted.is_dark());
            }
        });
    }

    fn put(settings: &gtk::Settings, wanted: Wanted) {
        WANTED.set(Some(wanted));
        if settings.is_gtk_application_prefer_dark_theme() != wanted.is_dark() {
            IS_OURS.set(true);
            settings.set_gtk_application_prefer_dark_theme(wanted.is_dark());
        }
    }

    fn is_dark(settings: &gtk::Settings) -> bool {
        let name = settings.gtk_theme_name().unwrap_or_default();
        settings.is_gtk_application_prefer_dark_theme() || name.ends_with("-dark")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_opens_in_the_pages_own_ground() {
        let tokens = include_str!("../../../ui/src/styles/tokens.css");
        for (name, ground) in [("grey-50", LIGHT_GROUND), ("grey-950", DARK_GROUND)] {
            let Color(red, green, blue, _) = ground;
            let line = format!("--{name}: #{red:02x}{green:02x}{blue:02x};");
            assert!(tokens.contains(&line), "{line}");
            assert!(tokens.contains(&format!("--ground: var(--{name});")));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_chosen_stays_when_the_system_changes_its_colours() {
        for system_is_dark in [true, false] {
            let is_dark = |chosen| {
                toolkit::Wanted {
                    chosen,
                    system_is_dark,
                }
                .is_dark()
            };
            assert!(!is_dark(Theme::Light));
            assert!(is_dark(Theme::Dark));
            assert_eq!(is_dark(Theme::System), system_is_dark);
        }
    }
}
