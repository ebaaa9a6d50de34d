//! `cargo xtask`: the project's chores. Each sets up what it needs first, so that a fresh machine with git,
//! Rust and Node is enough.
//!
//! `run` and `test` are the two that everybody uses; [`system`] knows the system packages behind them and why
//! each is needed, [`packages`] what comes from npm
//! and for Python, [`tally`] how many tests passed.

#[cfg(target_os = "linux")]
mod bench;
mod command;
#[cfg_attr(not(target_os = "linux"), path = "debian/elsewhere.rs")]
mod debian;
mod gallery;
mod packages;
mod page;
mod run;
mod screenshots;
mod serve;
mod system;
mod tally;
mod test;
mod webdriver;

use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
Keyfob's chores. Each one sets up what it needs, system packages included.

    cargo xtask run                  build everything and open the app on the local identity provider
    cargo xtask run --virtual DIR    the same without a display: pictures of the window go to DIR
    cargo xtask test [FILTER]        every check and test, or only the tests whose names contain FILTER
    cargo xtask package              the Debian package, judged; it is left in target/package
    cargo xtask icons                draw the icons anew from icons/keyfob.svg
    cargo xtask bindings             write the page's types anew from the Rust types
    cargo xtask screenshots DIR      every state of the page, light and dark, at 100 % and 200 %
    cargo xtask gallery              every state of the page judged: its picture, its accessibility, its room
    cargo xtask gallery --approve    the pictures of now become the approved ones
    cargo xtask bench [--json FILE] [--runs N]
                                     start, memory, size and a clicked link, beside a bare Tauri window;
                                     and what an app that nobody uses costs the processor
    cargo xtask help                 this text
";

/// Why a chore ended early, in words for the person who ran it.
type Failure = String;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["run"] => run::on_this_display(),
        ["run", "--virtual", folder] => run::on_a_virtual_display(Path::new(folder)),
        ["test"] => test::everything(),
        ["test", filter] => test::matching(filter),
        ["package"] => debian::make(),
        ["icons"] => command::run(&mut command::cargo([
            "run",
            "--quiet",
            "--package",
            "keyfob-icons",
        ])),
        ["bindings"] => test::write_bindings(),
        ["gallery"] => gallery::judge(),
        ["gallery", "--approve"] => gallery::approve(),
        ["screenshots", folder] => screenshots::take(Path::new(folder)),
        #[cfg(target_os = "linux")]
        ["bench", ref wish @ ..] => bench::Wish::parse(wish).and_then(|wish| bench::measure(&wish)),
        #[cfg(not(target_os = "linux"))]
        ["bench", ..] => Err("the bench looks at X11 and /proc: it runs on Linux".to_owned()),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprint!("error: there is no such chore\n\n{HELP}");
            return ExitCode::from(64);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
