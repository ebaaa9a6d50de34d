//! The diagnostics in the window: what keeps Keyfob from working is said, and what can be mended is mended.
#![cfg(target_os = "linux")]

use std::fs;

use harness::{App, Session, eventually};

const OURS: &str = "keyfob-desktop-handler.desktop";
const OTHER: &str = "mail-reader.desktop";

fn kind_of_links(session: &Session) -> String {
    format!("x-scheme-handler/{}", session.identifier())
}

fn what_opens_links(session: &Session) -> String {
    let kind = kind_of_links(session);
    let said = session.run("xdg-mime", ["query", "default", &kind]);
    said.trim().to_owned()
}

/// As another program does that wants all links for itself.
fn another_program_takes_the_links(session: &Session) {
    let kind = kind_of_links(session);
    let entry =
        format!("[Desktop Entry]\nType=Application\nName=Other\nExec=true %u\nMimeType={kind};\n");
    fs::write(session.applications().join(OTHER), entry).expect("a desktop file can be written");
    session.run("xdg-mime", ["default", OTHER, &kind]);
    assert_eq!(what_opens_links(session), OTHER);
}

fn open_by_keys(session: &Session) {
    session.goes_to_the_window("Keyfob");
    session.press_keys("ctrl+shift+d");
}

/// Waits until this check came to this end.
async fn found(app: &App<'_>, check: &str, outcome: &str) {
    app.has(&format!("[data-check={check}][data-outcome={outcome}]"))
        .await;
}

#[tokio::test]
async fn on_a_healthy_computer_everything_works() {
    let session = Session::start();
    let app = session.launch().await;
    app.reaches("signed_out").await;

    open_by_keys(&session);

    app.shows("Everything works.").await;
    for check in [
        "programs",
        "configuration",
        "keyring",
        "handler",
        "link",
        "provider",
        "clock",
        "proxy",
    ] {
        found(&app, check, "good").await;
    }
    app.keep_picture("well").await;
    let text = app.text().await;
    assert!(!text.contains("Fix what can be fixed"), "{text}");
    // The doctor's link went by a program of its own: nothing has happened in this window.
    session.press_keys("Escape");
    app.shows("Continue in browser").await;
    assert_eq!(app.problem().await, None);
    app.warns_of_nothing().await;
}

#[tokio::test]
async fn links_that_another_program_has_taken_are_taken_back() {
    let session = Session::start();
    let app = session.launch().await;
    app.reaches("signed_out").await;
    let registered = eventually(async || (what_opens_links(&session) == OURS).then_some(()));
    assert!(registered.await.is_some(), "links open nothing");
    another_program_takes_the_links(&session);

    open_by_keys(&session);
    app.shows("1 thing keeps Keyfob from working.").await;
    app.shows("they open mail-reader.desktop").await;
    app.shows("Keyfob can fix this itself.").await;
    found(&app, "link", "skipped").await;
    app.keep_picture("broken").await;
    session.press_keys("Escape");
    app.warns_of("link_handler_missing").await;
    app.press("Find out why").await;
    app.press("Fix what can be fixed").await;

    app.shows("Everything works.").await;
    app.shows("Fixed:").await;
    found(&app, "link", "good").await;
    app.keep_picture("mended").await;
    assert_eq!(what_opens_links(&session), OURS);
    app.press("Check again").await;
    app.says_no_more("Fixed:").await;
    session.press_keys("Escape");
    app.warns_of_nothing().await;
}

#[tokio::test]
async fn what_only_the_person_can_mend_is_said_with_what_to_do() {
    let mut session = Session::start();
    session.uninstall(&["xdg-mime"]);
    let app = session.launch().await;
    app.warns_of("link_handler_missing").await;

    app.press("Find out why").await;

    app.shows("1 thing keeps Keyfob from working.").await;
    app.shows("Install xdg-utils: its xdg-mime tells who opens links")
        .await;
    app.keep_picture("said").await;
    let text = app.text().await;
    assert!(!text.contains("Fix what can be fixed"), "{text}");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_shown_where_it_is_wrong() {
    let session = Session::start();
    let folder = session.home().join(".config/keyfob");
    fs::create_dir_all(&folder).expect("the configuration's folder can be made");
    let file = folder.join("config.toml");
    fs::write(&file, "[profiles.work]\nprovider = cotter\n").expect("it can be written");
    let app = session.launch().await;
    app.shows("The configuration cannot be used").await;

    open_by_keys(&session);

    found(&app, "configuration", "bad").await;
    app.shows("TOML parse error at line 2").await;
    app.shows("2 | provider = cotter").await;
    app.shows("Correct it, then try again").await;
    found(&app, "provider", "skipped").await;
    app.keep_picture("said").await;

    fs::remove_file(&file).expect("it can be removed");
    app.press("Check again").await;
    app.shows("Everything works.").await;
}
