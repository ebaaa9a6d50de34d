//! The clipboard, written and read here so that no token passes through the page.
//!
//! What is put there is marked as confidential: clipboard histories that heed the mark do not keep it. On X11 and
//! Wayland the content lives in this program and ends with it.

use std::sync::{Arc, Mutex, PoisonError};

#[cfg(target_os = "macos")]
use arboard::SetExtApple;
#[cfg(target_os = "linux")]
use arboard::SetExtLinux;
#[cfg(target_os = "windows")]
use arboard::SetExtWindows;
use zeroize::Zeroizing;

/// The system's clipboard, opened at its first use.
#[derive(Clone, Default)]
pub struct Clipboard(Arc<Mutex<Option<arboard::Clipboard>>>);

/// The clipboard did not take or give the text.
#[derive(Debug)]
pub struct ClipboardFailed(String);

impl std::fmt::Display for ClipboardFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<arboard::Error> for ClipboardFailed {
    fn from(error: arboard::Error) -> Self {
        Self(error.to_string())
    }
}

impl Clipboard {
    /// Puts `text` there, marked as confidential.
    pub async fn put(&self, text: Zeroizing<String>) -> Result<(), ClipboardFailed> {
        self.with(move |clipboard| {
            let set = clipboard.set();
            #[cfg(any(target_os = "linux", target_os = "macos"))]
            let set = set.exclude_from_history();
            #[cfg(target_os = "windows")]
            let set = set.exclude_from_history().exclude_from_cloud();
            set.text(text.as_str())
        })
        .await
    }

    /// Takes `text` away, if that is what is there.
    pub async fn take_back(&self, text: Zeroizing<String>) -> Result<(), ClipboardFailed> {
        self.with(move |clipboard| match clipboard.get_text() {
            Ok(there) => {
                if Zeroizing::new(there) == text {
                    clipboard.clear()
                } else {
                    Ok(())
                }
            }
            Err(arboard::Error::ContentNotAvailable) => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    /// Takes the text that is there; nothing when there is none.
    pub async fn take(&self) -> Result<Zeroizing<String>, ClipboardFailed> {
        self.with(|clipboard| match clipboard.get_text() {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(arboard::Error::ContentNotAvailable) => Ok(Zeroizing::default()),
            Err(error) => Err(error),
        })
        .await
    }

    /// Off the async threads: another program that owns the clipboard may be slow to answer.
    async fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut arboard::Clipboard) -> Result<T, arboard::Error> + Send + 'static,
    ) -> Result<T, ClipboardFailed> {
        let shared = Arc::clone(&self.0);
        tauri::async_runtime::spawn_blocking(move || {
            let mut slot = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let clipboard = match &mut *slot {
                Some(open) => open,
                closed => closed.insert(arboard::Clipboard::new()?),
            };
            Ok(act(clipboard)?)
        })
        .await
        .map_err(|_| ClipboardFailed("the clipboard went away".to_owned()))?
    }
}
