//! The clipboard, read as another program reads it.

use crate::session::Session;

/// What the clipboard offers at one moment.
#[derive(Debug)]
pub struct Clipboard {
    /// Its text, as a paste would insert it.
    pub text: String,
    /// All types in which the owner offers it.
    pub types: Vec<String>,
}

impl Clipboard {
    /// Whether the owner asks clipboard managers not to keep it.
    pub fn is_marked_secret(&self) -> bool {
        self.types
            .iter()
            .any(|kind| kind == "x-kde-passwordManagerHint")
    }
}

impl Session {
    /// Whether the clipboard's text begins with `start`; an empty clipboard holds nothing.
    pub fn clipboard_holds(&self, start: &str) -> bool {
        let mut command = self.command("xclip");
        let output = command.args(["-selection", "clipboard", "-out"]).output();
        output.is_ok_and(|output| output.stdout.starts_with(start.as_bytes()))
    }

    /// Reads the clipboard.
    ///
    /// # Panics
    /// When it is empty.
    pub fn clipboard(&self) -> Clipboard {
        let read = |target| {
            self.run(
                "xclip",
                ["-selection", "clipboard", "-out", "-target", target],
            )
        };
        Clipboard {
            text: read("UTF8_STRING"),
            types: read("TARGETS").lines().map(str::to_owned).collect(),
        }
    }
}
