//! Tests that need the real keyring inside their own process.
//!
//! A process finds its keyring through its environment, and a running program cannot safely change its own. So
//! such a test runs twice: the outer run starts a session and runs the same test again in it; the inner run is
//! the one that does the work.

use std::process::Command;

use crate::session::Session;

/// Names the test whose inner run this is.
const INNER: &str = "KEYFOB_INNER_TEST";

/// Runs `body` in a process of its own inside a private session. `test` is the calling test's full name.
///
/// # Panics
/// When the inner run fails; the message carries its output.
pub fn in_session(test: &str, body: impl FnOnce()) {
    if is_inner_run_of(test) {
        body();
        return;
    }
    let session = Session::start();
    let this = std::env::current_exe().expect("a running program has a path");
    run_again(&mut session.command(this), test);
}

/// Runs the test `test` again by `command`, which starts this program, and hands its failure on.
pub(crate) fn run_again(command: &mut Command, test: &str) {
    let output = command
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .env(INNER, test)
        .output()
        .expect("this program can be started again");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        // A name that matches no test also ends with status 0.
        output.status.success() && printed.contains("1 passed"),
        "{test}, run again:\n{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the only way for the outer run to tell the inner one what it is"
)]
pub(crate) fn is_inner_run_of(test: &str) -> bool {
    std::env::var(INNER).is_ok_and(|name| name == test)
}
