//! Links of our own scheme: finding them among arguments, and making sure that they come to us.

use std::{process::Stdio, sync::Arc, time::Duration};

use keyfob_auth::door::deep_link;
use tauri::AppHandle;
use tauri_plugin_deep_link::DeepLinkExt;
use tokio::{
    process::Command,
    sync::{Notify, watch},
    time::timeout,
};

/// A debug build has a scheme and an identifier of its own, so that it never takes an installed app's links.
pub const SCHEME: &str = if cfg!(debug_assertions) {
    "dev.keyfob.debug"
} else {
    "dev.keyfob"
};

/// How long the desktop's own tools may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the question waits for the window to be painted: `xdg-mime` is a dozen processes, which would all want
/// the processor while the web view starts. Whoever needs the answer sooner does not wait for this.
const AFTER_THE_WINDOW: Duration = Duration::from_secs(1);

/// The desktop file that comes with the package.
const PACKAGED_HANDLER: &str = "dev.keyfob.desktop";

/// The desktop file that is made at run time; it names whichever of our programs registered last.
const HANDLER_OF_THIS_RUN: &str = "keyfob-desktop-handler.desktop";

/// Our links among a program's arguments; the program's own name is skipped.
pub fn among(arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    deep_link::among(SCHEME, arguments.into_iter().skip(1))
}

/// Whether links of our scheme open this program; asked once, in the background.
#[derive(Clone)]
pub struct Handler {
    answer: watch::Receiver<Option<bool>>,
    wanted: Arc<Notify>,
}

impl Handler {
    /// Registers where that is ours to do, and asks back whether it worked. Never fails: there are other ways.
    ///
    /// A link starts another instance; unless that one `can_find` us, the link stays there and is of no use.
    pub fn register(app: &AppHandle, can_find: bool) -> Self {
        let (give, answer) = watch::channel(None);
        let wanted = Arc::new(Notify::new());
        let (app, wanted_now) = (app.clone(), Arc::clone(&wanted));
        tauri::async_runtime::spawn(async move {
            let _ = timeout(AFTER_THE_WINDOW, wanted_now.notified()).await;
            let ours = can_find && settle(app).await;
            if !ours {
                tracing::warn!(
                    scheme = SCHEME,
                    "links of our scheme do not open this program"
                );
            }
            give.send_replace(Some(ours));
        });
        Self { answer, wanted }
    }

    /// The answer, for somebody who needs it now; waited for when it is still being asked.
    pub async fn is_ours(&self) -> bool {
        self.wanted.notify_one();
        self.turned_out_ours().await
    }

    /// The answer, whenever it comes.
    pub async fn turned_out_ours(&self) -> bool {
        let mut answer = self.answer.clone();
        answer
            .wait_for(Option::is_some)
            .await
            .is_ok_and(|answer| *answer == Some(true))
    }
}

/// A package brings its own desktop file; a program that was only built, or an AppImage, must make one itself.
async fn settle(app: AppHandle) -> bool {
    if cfg!(target_os = "macos") {
        return true; // The bundle's Info.plist names the scheme.
    }
    if handler().await.as_deref() == Some(PACKAGED_HANDLER) && !cfg!(debug_assertions) {
        return true;
    }
    let registered =
        tauri::async_runtime::spawn_blocking(move || app.deep_link().register(SCHEME)).await;
    if let Ok(Err(error)) = registered {
        tracing::warn!(%error, "the scheme could not be registered");
    }
    // Windows keeps it in its registry, where `register` has just written it.
    cfg!(windows) || handler().await.as_deref() == Some(HANDLER_OF_THIS_RUN)
}

/// Which desktop file handles our scheme; asked of the desktop itself, as the browser will.
async fn handler() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let query = Command::new("xdg-mime")
        .args(["query", "default"])
        .arg(format!("x-scheme-handler/{SCHEME}"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, query).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
