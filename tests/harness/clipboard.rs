//! The clipboard, read as another program reads it.

use std::io::Write;
use std::process::Stdio;

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
        output.is_ok_and(|output| {
            output.status.success() && output.stdout.starts_with(start.as_bytes())
        })
    }

    /// Copies a text, as another program does.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copies(&self, text: &str) {
        let mut xclip = self.command("xclip");
        let started = xclip
            .args(["-selection", "clipboard", "-in"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        let mut xclip = started.expect("xclip starts");
        let mut input = xclip.stdin.take().expect("it has an input");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        // It goes on in the background, as the owner of the clipboard.
        assert!(xclip.wait().expect("it ends").success());
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
