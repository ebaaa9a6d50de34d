//! `cargo xtask test`: every check of the project, and at the end one line that says how it went.

use std::process::Command;

use crate::Failure;
use crate::command::{self, cargo, say};
#[cfg(target_os = "linux")]
use crate::debian;
use crate::gallery::{self, Gallery};
use crate::packages;
use crate::page;
use crate::system::{self, Purpose};
use crate::tally::Tally;

/// Linters, types, and every test.
pub(crate) fn everything() -> Result<(), Failure> {
    prepare()?;
    let mut tally = Tally::default();
    check(
        &mut tally,
        "rustfmt",
        &mut cargo(["fmt", "--all", "--check"]),
    )?;
    let mut clippy = cargo(["clippy", "--workspace", "--all-targets", "--quiet"]);
    check(&mut tally, "clippy", clippy.args(["--", "-D", "warnings"]))?;
    let mut docs = cargo(["doc", "--workspace", "--no-deps", "--quiet"]);
    check(
        &mut tally,
        "rustdoc",
        docs.env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    check(&mut tally, "the page's types", &mut page::script("check"))?;
    page_tests(&mut tally, page::script("test"))?;
    // Elsewhere letters are drawn in another way, and no picture is like the approved one.
    if cfg!(target_os = "linux") {
        page_states(&mut tally)?;
    }
    rust_tests(&mut tally, None)?;
    verdict(&tally)
}

/// Only the tests whose names contain `filter`.
pub(crate) fn matching(filter: &str) -> Result<(), Failure> {
    prepare()?;
    let mut tally = Tally::default();
    let mut page = page::script("test");
    page.args(["--", "--testNamePattern", filter]);
    page_tests(&mut tally, page)?;
    rust_tests(&mut tally, Some(filter))?;
    verdict(&tally)
}

/// Lets the test that compares the page's types with the Rust types write them instead.
pub(crate) fn write_bindings() -> Result<(), Failure> {
    system::prepare(Purpose::Bindings)?;
    page::install_packages()?;
    page::build()?;
    say("writing ui/src/host/wire.ts");
    // Of the whole workspace, for the features that everything else is built with; of that, one test program.
    let mut bindings = cargo(["test", "--quiet", "--workspace"]);
    bindings.args(["--bin", "keyfob-desktop", "bindings"]);
    command::run(bindings.env("UPDATE_BINDINGS", "1"))
}

fn prepare() -> Result<(), Failure> {
    system::prepare(Purpose::Test)?;
    // The tests look at the dependencies of every platform, and ask nobody for them.
    say("fetching the crates");
    command::run(cargo(["fetch", "--quiet", "--locked"]).stdin(std::process::Stdio::null()))?;
    page::install_packages()?;
    if cfg!(target_os = "linux") {
        // For the strangers of the stories, which run on Linux only.
        packages::from_npm("tests/peers")?;
        packages::for_python("tests/peers")?;
    }
    // Before any cargo command: the programs embed the page, so without it they do not even pass the linter.
    page::build()
}

/// A step that has no number of tests: it counts as one.
fn check(tally: &mut Tally, what: &str, command: &mut Command) -> Result<(), Failure> {
    say(what);
    let succeeded = command::follow(command, |_| {})?;
    if !succeeded {
        println!("  failed: {what}");
    }
    tally.step(succeeded);
    Ok(())
}

fn page_tests(tally: &mut Tally, mut command: Command) -> Result<(), Failure> {
    say("the page's tests");
    let before = tally.failed;
    let succeeded = command::follow(&mut command, |line| tally.vitest_line(line))?;
    count_silent_failure(tally, before, succeeded);
    Ok(())
}

/// Every state of the page: whether everybody can use it, all of it can be read, and it looks as it was approved.
pub(crate) fn page_states(tally: &mut Tally) -> Result<(), Failure> {
    let verdict = match Gallery::build().and_then(|gallery| gallery.judge()) {
        Ok(verdict) => verdict,
        Err(failure) => {
            println!("  failed: {failure}");
            tally.step(false);
            return Ok(());
        }
    };
    for (what, complaints) in verdict.complaints() {
        say(what);
        for complaint in complaints {
            println!("  failed: {complaint}");
        }
        tally.step(complaints.is_empty());
    }
    check(
        tally,
        "the pictures of the page's states",
        &mut gallery::compare(),
    )
}

fn rust_tests(tally: &mut Tally, filter: Option<&str>) -> Result<(), Failure> {
    say("building the programs and their tests");
    // One selection of packages and targets for both commands: the same features, nothing compiled twice. The
    // stories run the built programs, which `cargo test` alone would not build.
    let built = command::follow(
        &mut cargo(["build", "--workspace", "--all-targets"]),
        |_| {},
    )?;
    if !built {
        tally.step(false);
        return Ok(());
    }
    #[cfg(target_os = "linux")]
    if filter.is_none_or(is_about_the_package) {
        package(tally);
    }
    say("the tests of the Rust side, and the stories");
    let before = tally.failed;
    let mut tests = cargo(["test", "--workspace", "--no-fail-fast"]);
    // Every server of a test is on this computer; a proxy for the outside must not be asked for them.
    tests.env("NO_PROXY", "127.0.0.1,localhost,::1");
    tests.args(filter);
    let succeeded = command::follow(&mut tests, |line| tally.cargo_line(line))?;
    count_silent_failure(tally, before, succeeded);
    Ok(())
}

/// The package that a story installs, and what others think of it.
#[cfg(target_os = "linux")]
fn package(tally: &mut Tally) {
    let package = debian::build();
    tally.step(package.is_ok());
    match package {
        Ok(package) => {
            for judge in package.judges() {
                say(judge.name);
                let agreed = judge.agrees();
                tally.step(agreed.is_ok());
                if let Err(failure) = agreed {
                    println!("  failed: {failure}");
                }
            }
        }
        Err(failure) => println!("  failed: the package: {failure}"),
    }
}

/// Whether a story that installs the package has such a name: building it takes minutes.
#[cfg(target_os = "linux")]
fn is_about_the_package(filter: &str) -> bool {
    let mut list = cargo(["test", "--quiet", "--workspace", "--test", "installed"]);
    list.args(["--", "--list", filter]);
    command::read(&mut list).is_ok_and(|names| names.contains(": test"))
}

/// A runner that failed without counting a failed test (it did not compile, it was killed) is a failure too.
fn count_silent_failure(tally: &mut Tally, failed_before: u32, succeeded: bool) {
    if !succeeded && tally.failed == failed_before {
        tally.step(false);
    }
}

fn verdict(tally: &Tally) -> Result<(), Failure> {
    let Tally { passed, failed } = tally;
    println!("\n{passed} passed, {failed} failed");
    if *failed > 0 {
        std::process::exit(1);
    }
    if *passed == 0 {
        return Err("no test has such a name".to_owned());
    }
    Ok(())
}
