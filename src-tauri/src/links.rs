//! Links of our own scheme: finding them among arguments, and making sure that they come to us.

use std::{sync::Arc, time::Duration};

use keyfob_auth::{
    SERVICE as SCHEME,
    door::{deep_link, handler},
};
use tauri::AppHandle;
use tauri_plugin_deep_link::DeepLinkExt;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// How long the question waits for the window to be painted: `xdg-mime` is a dozen processes, which would all want
/// the processor while the web view starts. Whoever needs the answer sooner does not wait for this.
const AFTER_THE_WINDOW: Duration = Duration::from_secs(1);

/// Our links among a program's arguments; the program's own name is skipped.
pub fn among(arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    deep_link::among(SCHEME, arguments.into_iter().skip(1))
}

/// Whether links of our scheme open this program; asked once, in the background, and again by the doctor.
#[derive(Clone)]
pub struct Handler {
    answer: watch::Sender<Option<bool>>,
    wanted: Arc<Notify>,
    /// Whether an instance that a link starts finds us.
    can_find: bool,
}

impl Handler {
    /// Registers where that is ours to do, and asks back whether it worked. Never fails: there are other ways.
    ///
    /// A link starts another instance; unless that one `can_find` us, the link stays there and is of no use.
    pub fn register(app: &AppHandle, can_find: bool) -> Self {
        let answer = watch::Sender::new(None);
        let give = answer.clone();
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
        Self {
            answer,
            wanted,
            can_find,
        }
    }

    /// Somebody has found out whether links `come` to our programs. Whether they are of use to this one then.
    pub fn turns_out(&self, come: bool) -> bool {
        let ours = come && self.can_find;
        self.answer.send_replace(Some(ours));
        ours
    }

    /// The answer, for somebody who needs it now; waited for when it is still being asked.
    pub async fn is_ours(&self) -> bool {
        self.wanted.notify_one();
        self.turned_out_ours().await
    }

    /// The answer, whenever it comes.
    pub async fn turned_out_ours(&self) -> bool {
        let mut answer = self.answer.subscribe();
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
    if handler::current(SCHEME).await.as_deref() == Some(handler::PACKAGED)
        && !cfg!(debug_assertions)
    {
        return true;
    }
    let registered =
        tauri::async_runtime::spawn_blocking(move || app.deep_link().register(SCHEME)).await;
    if let Ok(Err(error)) = registered {
        tracing::warn!(%error, "the scheme could not be registered");
    }
    // Windows keeps it in its registry, where `register` has just written it.
    cfg!(windows) || handler::current(SCHEME).await.as_deref() == Some(handler::MADE_AT_RUN_TIME)
}
