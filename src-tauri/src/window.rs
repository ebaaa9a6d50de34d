//! The one window: our page, and nothing but our page.

use std::{fs, path::PathBuf};

use keyfob_auth::profile::Theme;
use tauri::{
    AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Wry,
    plugin::TauriPlugin,
    webview::{NewWindowResponse, PageLoadEvent},
    window::Color,
};
use tauri_plugin_window_state::StateFlags;

use crate::stages;

const LABEL: &str = "main";
const SIZE: (f64, f64) = (420.0, 640.0);
const SMALLEST: (f64, f64) = (360.0, 520.0);

/// The page's ground, in which the window opens: it does not flash white before the page is there.
const LIGHT_GROUND: Color = Color(0xf6, 0xf7, 0xf6, 0xff);
const DARK_GROUND: Color = Color(0x12, 0x15, 0x14, 0xff);

/// Where the window was when it was last closed, and how large, is where it opens again.
pub fn kept_in_its_place() -> TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::POSITION | StateFlags::SIZE | StateFlags::MAXIMIZED)
        .build()
}

/// Opens the window in the colours that the person has chosen.
pub fn open(app: &AppHandle, theme: Theme) -> tauri::Result<()> {
    let mut window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default());
    if let Some(folder) = place_for_this_run(app) {
        window = window.data_directory(folder);
    }
    let window = window
        .title("Keyfob")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .zoom_hotkeys_enabled(true)
        .on_navigation(is_our_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_page_load(|_, page| match page.event() {
            PageLoadEvent::Started => stages::reached("page-started"),
            PageLoadEvent::Finished => stages::reached("page-loaded"),
        })
        .build()?;
    #[cfg(target_os = "linux")]
    window.with_webview(|webview| draw_without_graphics_card(&webview.inner()))?;
    wear_on(&window, theme);
    Ok(())
}

/// Changes the colours of the window, and with them the page's: it goes by what its window prefers.
pub fn wear(app: &AppHandle, theme: Theme) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // The toolkit speaks to one thread only.
        let worn = app.run_on_main_thread(move || wear_on(&window, theme));
        if let Err(error) = worn {
            tracing::warn!(%error, "the window keeps its colours");
        }
    }
}

fn wear_on(window: &WebviewWindow, theme: Theme) {
    let system_is_dark = colours::system_is_dark(window);
    let is_dark = match theme {
        Theme::System => system_is_dark,
        Theme::Light => false,
        Theme::Dark => true,
    };
    colours::prefer(window, theme, is_dark);
    let ground = if is_dark { DARK_GROUND } else { LIGHT_GROUND };
    if let Err(error) = window.set_background_color(Some(ground)) {
        tracing::debug!(%error, "the window opens in another colour than its page's");
    }
}

#[cfg(not(target_os = "linux"))]
mod colours {
    use super::{Theme, WebviewWindow};

    pub(super) fn system_is_dark(window: &WebviewWindow) -> bool {
        matches!(window.theme(), Ok(tauri::Theme::Dark))
    }

    pub(super) fn prefer(window: &WebviewWindow, theme: Theme, _is_dark: bool) {
        let preferred = match theme {
            Theme::System => None,
            Theme::Light => Some(tauri::Theme::Light),
            Theme::Dark => Some(tauri::Theme::Dark),
        };
        if let Err(error) = window.set_theme(preferred) {
            tracing::warn!(%error, "the window keeps its colours");
        }
    }
}

/// The web view goes by what the toolkit prefers; Tauri sets that to the desktop's colours, once, as the window is made,
/// and forgets them when others are chosen.
#[cfg(target_os = "linux")]
mod colours {
    use std::sync::OnceLock;

    use gtk::prelude::GtkSettingsExt;

    use super::{Theme, WebviewWindow};

    static SYSTEM_IS_DARK: OnceLock<bool> = OnceLock::new();

    pub(super) fn system_is_dark(_window: &WebviewWindow) -> bool {
        *SYSTEM_IS_DARK.get_or_init(|| {
            gtk::Settings::default().is_some_and(|settings| {
                let name = settings.gtk_theme_name().unwrap_or_default();
                settings.is_gtk_application_prefer_dark_theme() || name.ends_with("-dark")
            })
        })
    }

    pub(super) fn prefer(_window: &WebviewWindow, _theme: Theme, is_dark: bool) {
        if let Some(settings) = gtk::Settings::default() {
            settings.set_gtk_application_prefer_dark_theme(is_dark);
        }
    }
}

/// A form and a ring need no graphics card, and to bring one up costs a fifth of the memory of the whole program.
#[cfg(target_os = "linux")]
fn draw_without_graphics_card(webview: &webkit2gtk::WebView) {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    if let Some(settings) = webview.settings() {
        settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
    }
}

/// Tells the web view not to weigh itself, as long as the program has but one thread.
///
/// It looks through all its memory every 30 seconds, to give some back where there is little. A form has nothing to give
/// back, and the looking costs more than everything else that a minimised window does. The variable is the only way to
/// say so, and it can be set otherwise outside.
#[cfg(target_os = "linux")]
pub fn let_it_not_weigh_itself() {
    let set = webkit2gtk::glib::setenv("WEBKIT_DISABLE_MEMORY_PRESSURE_MONITOR", "1", false);
    if let Err(error) = set {
        tracing::debug!(%error, "the web view weighs itself");
    }
}

/// Where the web view may keep its files when its usual place cannot be made: nothing that our page needs is in them,
/// but without a folder there is no window.
fn place_for_this_run(app: &AppHandle) -> Option<PathBuf> {
    let usual = app.path().app_local_data_dir().ok()?;
    let error = fs::create_dir_all(&usual).err()?;
    tracing::warn!(%error, folder = %usual.display(), "the web view keeps its files for this run only");
    let name = &app.config().identifier;
    let for_this_run = app.path().runtime_dir().map(|folder| folder.join(name));
    if let Ok(folder) = for_this_run
        && fs::create_dir_all(&folder).is_ok()
    {
        return Some(folder);
    }
    // Others may write there: a folder that is there already is not ours.
    let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    fs::create_dir(&folder).is_ok().then_some(folder)
}

/// Brings the window to the front, wherever it is.
pub fn raise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let raised = window
            .unminimize()
            .and_then(|()| window.show())
            .and_then(|()| window.set_focus());
        if let Err(error) = raised {
            tracing::warn!(%error, "the window could not be raised");
        }
    }
}

/// Where the page lives: under the app's own scheme, or on Windows under a host that stands for it.
fn is_our_page(address: &Url) -> bool {
    match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        "http" | "https" => cfg!(windows) && address.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{DARK_GROUND, LIGHT_GROUND, is_our_page};

    #[test]
    fn the_window_opens_in_the_pages_own_ground() {
        let tokens = include_str!("../../ui/src/styles/tokens.css");
        for (name, ground) in [("grey-50", LIGHT_GROUND), ("grey-950", DARK_GROUND)] {
            let tauri::window::Color(red, green, blue, _) = ground;
            let line = format!("--{name}: #{red:02x}{green:02x}{blue:02x};");
            assert!(tokens.contains(&line), "{line}");
            assert!(tokens.contains(&format!("--ground: var(--{name});")));
        }
    }

    #[test]
    fn only_our_page_is_shown() {
        assert!(is_our_page(
            &"tauri://localhost/index.html".parse().unwrap()
        ));
        for other in [
            "https://example.com/",
            "http://127.0.0.1:4100/app",
            "tauri://elsewhere/",
            "file:///etc/passwd",
            "data:text/html,x",
            "about:blank",
        ] {
            assert!(!is_our_page(&other.parse().unwrap()), "{other}");
        }
    }
}
