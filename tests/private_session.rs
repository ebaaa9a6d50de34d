//! The harness, held to what the stories rely on.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "in a test, a panic is how a failure is said"
)]

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::panic::catch_unwind;
use std::process::Stdio;
use std::thread;

use harness::{DEBUG_IDENTIFIER, Session, eventually, in_session};
use xtask::processes::marked;

#[test]
fn a_session_leaves_no_process_and_no_file() {
    let session = Session::start();
    let root = session.root().to_path_buf();
    let mut detached = session.command("setsid");
    detached.args(["--fork", "sleep", "600"]);
    assert!(detached.status().unwrap().success());
    assert!(
        session.processes().len() >= 5,
        "bus, keyring, display, window manager, sleep"
    );

    drop(session);

    assert!(marked(&root).is_empty());
    assert!(!root.exists());
}

#[test]
fn a_session_whose_test_panics_leaves_no_process() {
    let root = catch_unwind(|| {
        let session = Session::start();
        let root = session.root().to_path_buf();
        std::panic::panic_any(root);
    })
    .unwrap_err()
    .downcast::<std::path::PathBuf>()
    .unwrap();

    assert!(marked(&root).is_empty());
}

#[test]
fn the_keyring_keeps_what_is_stored_and_shows_it_by_name() {
    let session = Session::start();
    store(&session, "first", "one");
    store(&session, "second", "two");

    let mut names: Vec<String> = session
        .keyring_entries_of("peer")
        .iter()
        .map(|entry| entry.name().to_owned())
        .collect();
    names.sort();

    assert_eq!(names, ["first", "second"]);
    assert_eq!(session.keyring_entries(), []);
}

#[test]
fn two_sessions_do_not_see_each_other() {
    let (one, other) = (Session::start(), Session::start());
    store(&one, "mine", "secret");

    assert_eq!(other.keyring_entries_of("peer"), []);
    assert_ne!(one.home(), other.home());
}

#[test]
fn a_test_inside_a_session_finds_its_keyring() {
    in_session("a_test_inside_a_session_finds_its_keyring", || {
        let stored = std::process::Command::new("secret-tool")
            .args(["search", "--all", "service", "peer"])
            .status()
            .unwrap();
        assert!(stored.success());
    });
}

#[test]
#[should_panic(expected = "run again")]
fn a_test_that_fails_inside_its_session_fails() {
    in_session("a_test_that_fails_inside_its_session_fails", || {
        // A panic would be what `should_panic` wants of the inner run as well.
        std::process::exit(1);
    });
}

#[test]
fn the_clipboard_is_read_as_another_program_reads_it() {
    let session = Session::start();
    let mut owner = session.command("xclip");
    owner
        .args(["-selection", "clipboard", "-in"])
        .stdin(Stdio::piped());
    let mut owner = owner.spawn().unwrap();
    owner.stdin.take().unwrap().write_all(b"copied").unwrap();
    owner.wait().unwrap();

    let clipboard = session.clipboard();

    assert_eq!(clipboard.text, "copied");
    assert!(!clipboard.is_marked_secret());
}

#[tokio::test]
async fn the_browser_opens_addresses_and_hands_our_links_on_without_asking() {
    let session = Session::start();
    let base = serve_a_page_with_a_link(&format!("{DEBUG_IDENTIFIER}://callback?code=1"));
    register_a_handler_that_writes_its_link_down(&session);
    let browser = session.browser_that_trusts(&base).await;

    session.run("xdg-open", [format!("{base}/page")]);
    browser.go_to_tab("/page").await;
    browser.press("Open it").await;

    let received = session.home().join("received");
    let link = eventually(async || {
        fs::read_to_string(&received)
            .ok()
            .filter(|text| !text.is_empty())
    })
    .await;
    assert_eq!(
        link.as_deref().map(str::trim),
        Some("dev.keyfob.debug://callback?code=1")
    );
}

fn store(session: &Session, name: &str, secret: &str) {
    let mut command = session.command("secret-tool");
    command.args([
        "store", "--label", name, "service", "peer", "username", name,
    ]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(secret.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
}

fn register_a_handler_that_writes_its_link_down(session: &Session) {
    let script = session.home().join("handler");
    let received = session.home().join("received");
    fs::write(
        &script,
        format!("#!/bin/sh\necho \"$1\" > {}\n", received.display()),
    )
    .unwrap();
    session.run("chmod", ["+x".as_ref(), script.as_os_str()]);
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName=Handler\nExec={} %u\nMimeType=x-scheme-handler/{DEBUG_IDENTIFIER};\n",
        script.display()
    );
    fs::write(session.applications().join("handler.desktop"), entry).unwrap();
    session.run(
        "xdg-mime",
        [
            "default",
            "handler.desktop",
            &format!("x-scheme-handler/{DEBUG_IDENTIFIER}"),
        ],
    );
}

/// A page of one link, answered to every request until the test program ends.
fn serve_a_page_with_a_link(link: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let page = format!("<!doctype html><title>Page</title><a href=\"{link}\">Open it</a>");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            // One read is enough of a request that we do not look at.
            let _ = std::io::Read::read(&mut stream, &mut request);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                page.len()
            );
        }
    });
    base
}
