//! Reading the arguments, and what is said when they do not make sense.
//!
//! The parser's own complaint is a small page; here it becomes what every other error is, a line that says what
//! happened and one that says what to do, with the exit code of `sysexits.h`.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, error::ErrorKind};

use crate::{
    arguments::Arguments,
    output::Output,
    trouble::Trouble,
    words::{Cause, exit},
};

/// Reads the arguments of this program, its own name first; or answers by itself and gives the exit code.
pub fn parse(arguments: &[OsString]) -> Result<Arguments, u8> {
    Arguments::try_parse_from(arguments).map_err(|error| {
        // The arguments could not be read, so this is looked for as it stands.
        let json = arguments.iter().any(|argument| argument == "--json");
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                // A reader that has gone away has seen enough.
                let _ = error.print();
                return exit::DONE;
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => {
                let _ = error.print();
            }
            _ => {
                let output = Output {
                    json,
                    quiet: false,
                    colours: false,
                };
                output.trouble(&trouble(&error, arguments));
            }
        }
        exit::USAGE
    })
}

fn trouble(error: &clap::Error, arguments: &[OsString]) -> Trouble {
    let page = error.render().to_string();
    let paragraphs: Vec<String> = page.split("\n\n").map(one_line).collect();
    let after = |word: &str| {
        let mut paragraphs = paragraphs.iter();
        paragraphs.find_map(|paragraph| paragraph.strip_prefix(word))
    };
    Trouble {
        todo: Some(match (after("tip: "), after("Usage: ")) {
            (Some(tip), _) => tip.to_owned(),
            (None, Some(usage)) => format!("write it as `{usage}`"),
            (None, None) => help_of(arguments),
        }),
        detail: after("error: ").map(str::to_owned),
        ..Cause::Usage.into()
    }
}

/// Where the help about the command is that was meant.
fn help_of(arguments: &[OsString]) -> String {
    let (mut command, mut path) = (&Arguments::command(), String::from("keyfob"));
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(found) = command.find_subcommand(word) {
            command = found;
            path = format!("{path} {word}");
        }
    }
    let what = if command.has_subcommands() {
        "what there is"
    } else {
        "what it takes"
    };
    format!("`{path} --help` lists {what}")
}

fn one_line(paragraph: &str) -> String {
    let words: Vec<_> = paragraph.split_whitespace().collect();
    words.join(" ")
}
