//! The link or the code that is sent, and what happens to mail: scanners, other browsers, old and used letters. The app waits.
#![cfg(target_os = "linux")]

use harness::{App, Browser, Session, eventually};

const ADA: &str = "ada@example.com";

/// How many seconds a mailed link works.
const LINK_LIFETIME: i32 = 15 * 60;

/// Asks for a letter and gives its link.
async fn asked(session: &Session, app: &App<'_>, browser: &Browser) -> String {
    app.ask_for_a_letter(browser, ADA).await;
    session.provider().newest_link().await
}

/// Opens the letter that was sent for the newest wish, once it is there.
async fn next_link(session: &Session, old: &str) -> String {
    let newer = eventually(async || {
        let newest = session.provider().newest_link().await;
        (newest != old).then_some(newest)
    });
    newer.await.expect("a new letter comes")
}

async fn waits_on(app: &App<'_>) {
    assert_eq!(app.stage().await.as_deref(), Some("signing_in"));
    assert_eq!(app.problem().await, None);
}

#[tokio::test]
async fn a_link_that_a_scanner_has_fetched_still_signs_the_person_in() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = asked(&session, &app, &browser).await;

    let scanner = reqwest::Client::new();
    for _ in 0..2 {
        let head = scanner.head(&link).send().await.expect("an answer");
        let get = scanner.get(&link).send().await.expect("an answer");
        assert!(head.status().is_success() && get.status().is_success());
    }
    waits_on(&app).await;

    browser.open(&link).await;
    browser.press("Sign in").await;
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn another_browser_signs_in_with_the_number_that_the_first_one_shows() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = asked(&session, &app, &browser).await;
    let number = browser.text_of("output").await;
    let other = session.another_browser().await;

    other.open(&link).await;
    other.shows("Is this you, signing in?").await;
    other.shows(ADA).await;
    other.type_into("#number", wrong(&number)).await;
    other.press("Sign in").await;
    other.shows("You have two tries left").await;
    waits_on(&app).await;
    other.type_into("#number", &number).await;
    other.press("Sign in").await;

    other.shows("You can go back to where you started").await;
    app.reaches("signed_in").await;
    app.shows(ADA).await;
}

#[tokio::test]
async fn three_wrong_numbers_end_the_sign_in_and_another_one_can_begin() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let link = asked(&session, &app, &browser).await;
    let number = browser.text_of("output").await;
    let other = session.another_browser().await;

    other.open(&link).await;
    for said in [
        "You have two tries left",
        "You have one try left",
        "was ended",
    ] {
        other.type_into("#number", wrong(&number)).await;
        other.press("Sign in").await;
        other.shows(said).await;
    }

    browser
        .shows("A wrong number or code was typed too often")
        .await;
    waits_on(&app).await;
    app.press("Cancel").await;
    app.reaches("signed_out").await;
    // What was typed is still there.
    app.press("Sign in").await;
    app.reaches("signing_in").await;
    browser.open(&next_link(&session, &link).await).await;
    browser.press("Sign in").await;
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn an_expired_link_offers_a_new_one_and_the_app_waits_on() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    let expired = asked(&session, &app, &browser).await;
    session.provider().is_ahead_by(LINK_LIFETIME).await;

    browser.open(&expired).await;
    browser.shows("This link has expired").await;
    waits_on(&app).await;
    browser.press("Send a new link").await;
    browser.shows("A new link is on its way").await;

    let link = next_link(&session, &expired).await;
    browser.open(&expired).await;
    browser.shows("A newer letter was sent").await;
    browser.open(&link).await;
    browser.press("Sign in").await;
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn a_used_link_offers_a_new_one_and_the_app_waits_on() {
    let session = Session::start();
    // It asks before it opens our link, and the person does not answer: the app never hears of the first one.
    let browser = session.browser_that_asks().await;
    let app = session.launch().await;
    let used = asked(&session, &app, &browser).await;
    browser.open(&used).await;
    browser.press("Sign in").await;
    browser.go_to_tab("/app/return").await;
    browser.shows("Open Keyfob").await;

    browser.open(&used).await;
    browser.shows("This link was used").await;
    waits_on(&app).await;
    let sent = eventually(async || {
        // The browser's question comes when it likes, and stays over the page after.
        session.press_keys("Escape");
        browser.press_if_it_is_there("Send a new link").await;
        let page = browser.text().await;
        page.contains("A new link is on its way").then_some(())
    });
    assert!(sent.await.is_some(), "no new link was sent");

    let link = next_link(&session, &used).await;
    browser.open(&link).await;
    browser.press("Sign in").await;
    browser.go_to_tab("/app/return").await;
    let answer = browser.attribute("#return-link", "href").await;
    let ended = session.spawn_app(&[&answer.expect("a link")]).ends();
    assert!(ended.success());
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn the_code_in_a_text_message_signs_a_phone_number_in() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.reaches("signed_out").await;

    app.type_into("input", "+44 20 7946 0958").await;
    app.press("Sign in").await;
    app.reaches("signing_in").await;
    app.shows("A sign-in code goes to").await;
    app.press("Open the outbox").await;
    browser.go_to_tab("/outbox").await;
    browser.shows("to +442079460958").await;
    let code = browser.text_of("#letters .code").await;
    browser.go_to_tab("/app/wait").await;
    browser.type_into("#code", wrong_code(&code)).await;
    browser.press("Sign in").await;
    browser.shows("That is not the code").await;
    waits_on(&app).await;
    browser.type_into("#code", &code).await;
    browser.press("Sign in").await;

    app.reaches("signed_in").await;
    app.shows("+442079460958").await;
}

/// A code that is not this one.
fn wrong_code(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// A number that is not this one.
fn wrong(number: &str) -> &'static str {
    if number == "10" { "11" } else { "10" }
}
