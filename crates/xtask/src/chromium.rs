//! How Chromium is started here: quietly, offline, and also where it runs as root.

/// The switches that every start has: no first-run pages, no talk with the outside, no password store in the
/// person's keyring.
pub fn switches() -> Vec<&'static str> {
    let mut switches = vec![
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--disable-gpu",
        "--password-store=basic",
    ];
    if runs_as_root() {
        // Chromium's sandbox refuses to start as root, which is what containers give us.
        switches.push("--no-sandbox");
    }
    switches
}

#[cfg(unix)]
fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

#[cfg(not(unix))]
fn runs_as_root() -> bool {
    false
}
