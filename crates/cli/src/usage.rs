//! Reading the arguments, and what is said when they do not make sense.
//!
//! The parser's own complaint is a small page; here it becomes what every other error is, a line that says what
//! happened and one that says what to do, with the exit code of `sysexits.h`.

use std::ffi::OsString;

use clap::{Parser, error::ErrorKind};

use crate::{
    arguments::Arguments,
    output::{Output, cleaned},
    trouble::Trouble,
    words::{Cause, exit},
};

/// Reads the arguments of this program, its own name first; or answers by itself and gives the exit code.
pub fn parse(arguments: &[OsString]) -> Result<Arguments, u8> {
    Arguments::try_parse_from(arguments).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone away has seen enough.
            let _ = error.print();
            exit::DONE
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            exit::USAGE
        }
        _ => {
            // The arguments could not be read, so these three are looked for as they stand.
            let asked = |name: &str| arguments.iter().any(|argument| argument == name);
            let output = Output {
                json: asked("--json"),
                quiet: false,
                colours: false,
            };
            output.trouble(&trouble(&error));
            exit::USAGE
        }
    })
}

fn trouble(error: &clap::Error) -> Trouble {
    let page = error.render().to_string();
    let paragraphs: Vec<String> = page.split("\n\n").map(one_line).collect();
    let happened = paragraphs.first().map_or("", |first| {
        first.strip_prefix("error: ").unwrap_or(first).trim()
    });
    let tip = paragraphs
        .iter()
        .find_map(|paragraph| paragraph.strip_prefix("tip: "));
    let usage = paragraphs
        .iter()
        .find_map(|paragraph| paragraph.strip_prefix("Usage: "));
    Trouble {
        todo: tip
            .map(str::to_owned)
            .or_else(|| usage.map(|usage| format!("write it as `{usage}`"))),
        ..Trouble::saying(Cause::Usage, cleaned(happened))
    }
}

fn one_line(paragraph: &str) -> String {
    let words: Vec<_> = paragraph.split_whitespace().collect();
    words.join(" ")
}
