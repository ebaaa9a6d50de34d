//! Which program the desktop opens for links of our scheme (freedesktop.org's association of MIME types).

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// The desktop file that comes with the package.
pub const PACKAGED: &str = "dev.keyfob.desktop";

/// The desktop file that is made at run time; it names whichever of our programs registered last.
pub const MADE_AT_RUN_TIME: &str = "keyfob-desktop-handler.desktop";

/// How long the desktop's own tools may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which desktop file handles links of `scheme`; asked of the desktop itself, as the browser will. None where there is
/// nobody to ask, an empty text when there is no handler.
pub async fn current(scheme: &str) -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let query = Command::new("xdg-mime")
        .args(["query", "default", &kind(scheme)])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, query).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Links of `scheme`, as the desktop calls their kind.
pub fn kind(scheme: &str) -> String {
    format!("x-scheme-handler/{scheme}")
}
