//! The way to the page: whatever crosses goes through [`Told`] or [`Refused`], but for what is [`Revealed`].
//!
//! A debug build writes every message down, in both directions, where it is told to ([`record_into`]): the stories look
//! through that for everything that must not be in it. A released program has no such ear.

use serde::Serialize;
use tauri::{
    Runtime,
    ipc::{Invoke, InvokeError, InvokeResponseBody, IpcResponse},
};
use zeroize::Zeroizing;

use crate::wire::Problem;

/// What a command answers.
pub type Answer<T> = Result<Told<T>, Refused>;

/// What the page is told.
pub struct Told<T>(pub T);

/// Why a wish was not fulfilled.
pub struct Refused(Problem);

/// A token, for as long as the person holds a button down. It is the one secret that crosses, and only when asked for.
pub struct Revealed(pub Zeroizing<String>);

/// The answer to a wish.
pub fn told<T>(outcome: Result<T, Problem>) -> Answer<T> {
    outcome.map(Told).map_err(Refused)
}

/// The answer to the wish to see a token.
pub fn revealed(outcome: Result<Zeroizing<String>, Problem>) -> Result<Revealed, Refused> {
    outcome.map(Revealed).map_err(Refused)
}

impl<T: Serialize> IpcResponse for Told<T> {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        let text = serde_json::to_string(&self.0)?;
        recording::write("told", &text);
        Ok(InvokeResponseBody::Json(text))
    }
}

impl IpcResponse for Revealed {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        recording::write("revealed", "");
        Ok(InvokeResponseBody::Json(serde_json::to_string(
            self.0.as_str(),
        )?))
    }
}

impl From<Refused> for InvokeError {
    fn from(Refused(problem): Refused) -> Self {
        let text = serde_json::to_string(&problem).unwrap_or_default();
        recording::write("refused", &text);
        Self::from(problem)
    }
}

/// Notes what the page asks for, on the way to the command.
pub fn asked<R: Runtime>(invoke: &Invoke<R>) {
    let message = &invoke.message;
    recording::write(
        "asked",
        &format!("{} {:?}", message.command(), message.payload()),
    );
}

#[cfg(debug_assertions)]
pub use recording::record_into;

#[cfg(debug_assertions)]
mod recording {
    use std::{
        fs::{File, OpenOptions},
        io::{self, Write},
        path::Path,
        sync::OnceLock,
    };

    static RECORD: OnceLock<File> = OnceLock::new();

    /// From now on every message is appended to the file at `path`.
    pub fn record_into(path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        RECORD.get_or_init(|| file);
        Ok(())
    }

    pub(super) fn write(what: &str, text: &str) {
        if let Some(mut record) = RECORD.get() {
            // One call for one line: several programs may write here. A line that is lost is missed by its story.
            let _ = record.write_all(format!("{what} {text}\n").as_bytes());
        }
    }
}

#[cfg(not(debug_assertions))]
mod recording {
    pub(super) fn write(_what: &str, _text: &str) {}
}
