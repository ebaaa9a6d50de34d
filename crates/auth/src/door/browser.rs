//! The way out: the person's own browser (RFC 8252 §6), opened as the system opens any address.

use std::{ffi::OsStr, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};
use url::Url;

/// A launcher that still runs after this is showing a browser, not failing.
const LAUNCHER_PATIENCE: Duration = Duration::from_secs(2);

/// What an AppImage or a Snap puts into its own environment, and what breaks a browser that inherits it.
const LEAKED: [&str; 8] = [
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "GDK_PIXBUF_MODULE_FILE",
    "GIO_EXTRA_MODULES",
    "GIO_MODULE_DIR",
    "GTK_EXE_PREFIX",
    "GTK_PATH",
    "XDG_DATA_DIRS",
];

/// What a program says of its own web view, and what a browser of the same kind would take as said to it.
const OF_OUR_WEB_VIEW: &str = "WEBKIT_DISABLE_MEMORY_PRESSURE_MONITOR";

/// The browser could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("no program on this computer opened the address")]
pub struct BrowserNotOpened;

/// Opens `address` in the person's browser.
///
/// Tries the system's launchers one after the other. It does not wait for the browser: a launcher that has not
/// ended after two seconds counts as success.
///
/// # Errors
///
/// When every launcher is missing or says that it failed.
pub async fn open(address: &Url) -> Result<(), BrowserNotOpened> {
    let bundled = is_bundled();
    for launcher in ::open::commands(address.as_str()) {
        let mut command = Command::from(launcher);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env_remove(OF_OUR_WEB_VIEW);
        if bundled {
            for name in LEAKED {
                command.env_remove(name);
            }
        }
        let name = command.as_std().get_program().to_owned();
        if launched(command).await {
            tracing::debug!(launcher = %OsStr::display(&name), "opened the browser");
            return Ok(());
        }
    }
    Err(BrowserNotOpened)
}

async fn launched(mut command: Command) -> bool {
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    match timeout(LAUNCHER_PATIENCE, child.wait()).await {
        Ok(ended) => ended.is_ok_and(|status| status.success()),
        Err(_still_running) => true,
    }
}

/// Whether this program runs out of an AppImage or a Snap.
fn is_bundled() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "the bundle's runtime speaks to us by nothing but these two"
    )]
    ["APPIMAGE", "SNAP"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some())
}
