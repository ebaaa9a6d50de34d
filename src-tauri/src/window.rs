//! The one window: our page, and nothing but our page.

mod colours;
mod place;

use std::{fs, path::PathBuf};

use keyfob_auth::profile::Theme;
use tauri::{
    AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder,
    webview::{NewWindowResponse, PageLoadEvent},
};

use crate::stages;

const LABEL: &str = "main";
const SIZE: (f64, f64) = (420.0, 640.0);
const SMALLEST: (f64, f64) = (360.0, 520.0);

/// Opens the window in the colours that the person has chosen, and where it was when it was last closed.
pub fn open(app: &AppHandle, theme: Theme) -> tauri::Result<()> {
    app.plugin(place::kept(app))?;
    let mut window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default());
    if let Some(folder) = place_for_this_run(app) {
        window = window.data_directory(folder);
    }
    #[cfg(not(target_os = "linux"))]
    let window = colours::from_the_start(window, theme);
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
    colours::wear(&window, theme);
    Ok(())
}

/// Changes the colours of the window, and with them the page's: it goes by what its window prefers.
pub fn wear(app: &AppHandle, theme: Theme) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // The toolkit speaks to one thread only.
        let worn = app.run_on_main_thread(move || colours::wear(&window, theme));
        if let Err(error) = worn {
            tracing::warn!(%error, "the window keeps its colours");
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
    use super::is_our_page;

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
