//! Where words go: the result to standard output, everything else to standard error.
//!
//! What others wrote (a provider, a configuration, an argument) passes through here and loses whatever a terminal
//! would obey. A reader that goes away ends the program quietly.

use std::io::{self, Write};

use keyfob_auth::printable;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{trouble::Trouble, words::Cause};

/// The longest line of others' words that is printed, in characters.
const LONGEST_LINE: usize = 1000;

/// The version of everything that is printed as JSON.
pub const VERSION: u32 = 1;

/// How to talk.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub json: bool,
    pub quiet: bool,
    /// Whether standard error may have colours.
    pub colours: bool,
}

#[derive(Serialize)]
struct Failure<'a> {
    v: u32,
    error: Said<'a>,
}

#[derive(Serialize)]
struct Said<'a> {
    reason: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

/// Prints a result for a person; `text` has no line break at its end.
pub fn result(text: &str) -> Result<(), Trouble> {
    write(cleaned(text).as_bytes())
}

/// Prints a result for a program.
pub fn json(result: &impl Serialize) -> Result<(), Trouble> {
    write(&in_json(result))
}

/// Prints what must arrive as it is: a script of ours, or a token that has been looked at.
pub fn exactly(text: &str) -> Result<(), Trouble> {
    write(text.as_bytes())
}

fn write(line: &[u8]) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(line)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Cause::ReaderGone.into(),
        _ => Trouble::saying(Cause::NotWritten, error),
    })
}

/// Says what the person must know to go on.
pub fn say(text: &str) {
    // Nobody is left to be told that nobody can be told.
    let _ = writeln!(io::stderr().lock(), "{}", cleaned(text));
}

/// Says something in place of what was said so before, on a terminal whose lines can be written over.
pub fn say_instead(text: &str) {
    let mut err = io::stderr().lock();
    let _ = write!(err, "\r\x1b[2K{}", cleaned(text));
    let _ = err.flush();
}

impl Output {
    /// Says what is good to know.
    pub fn note(self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Says what is not as it should be, though the command was done.
    pub fn warning(self, text: &str) {
        self.note(&format!("warning: {text}"));
    }

    /// Draws what is made of blocks and has no words of others: light on dark, whatever the terminal's own colours are.
    pub fn drawing(self, blocks: &str) {
        let (light_on_dark, plain) = if self.colours {
            ("\x1b[97;40m", "\x1b[0m")
        } else {
            ("", "")
        };
        let mut err = io::stderr().lock();
        for line in blocks.lines() {
            let _ = writeln!(err, "  {light_on_dark}{line}{plain}");
        }
    }

    /// Says why the command was not done.
    pub fn trouble(self, trouble: &Trouble) {
        if trouble.cause == Cause::ReaderGone {
            return;
        }
        let message = cleaned(&trouble.message());
        let hint = cleaned(trouble.hint());
        if self.json {
            let failure = Failure {
                v: VERSION,
                error: Said {
                    reason: trouble.cause.word(),
                    message: &message,
                    hint: Some(hint.as_str()).filter(|hint| !hint.is_empty()),
                },
            };
            let mut line = in_json(&failure);
            line.push(b'\n');
            let _ = io::stderr().lock().write_all(&line);
            return;
        }
        let (red, cyan, plain) = if self.colours {
            ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m")
        } else {
            ("", "", "")
        };
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "{red}error:{plain} {message}");
        if !hint.is_empty() {
            let _ = writeln!(err, "{cyan}hint:{plain} {hint}");
        }
    }
}

/// Others' words, made fit to show: of control and direction-changing characters only the ends of lines stay.
pub fn cleaned(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| printable(line, LONGEST_LINE))
        .collect();
    lines.join("\n")
}

fn in_json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(64 * 1024));
    let mut writer = serde_json::Serializer::with_formatter(&mut *line, InAscii);
    value
        .serialize(&mut writer)
        .expect("what is printed has only texts and numbers, and memory takes it");
    line
}

/// JSON in which every character that a terminal might obey is escaped: the text is the same to a program.
struct InAscii;

impl serde_json::ser::Formatter for InAscii {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for character in fragment.chars() {
            if character.is_ascii() && character != '\x7f' {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        assert_eq!(
            cleaned("a\x1b[31mb\x07\u{9b}2J\r\nc\u{202e}d"),
            "a[31mb2J\ncd"
        );
    }

    #[test]
    fn json_says_the_same_in_ascii() {
        let text = "ä\u{9b}2J\u{202e}\x7f\x1b\"\\😀";
        let line = in_json(&text);
        assert!(line.iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert_eq!(serde_json::from_slice::<String>(&line).unwrap(), text);
    }
}
