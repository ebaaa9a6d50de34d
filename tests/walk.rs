//! From a typed e-mail address to a copied token.
#![cfg(target_os = "linux")]

use harness::{Session, follow_the_mail};

#[tokio::test]
async fn a_typed_address_becomes_a_token_that_the_provider_accepts() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;

    app.sign_in_by_mail(&browser, "ada@example.com").await;
    app.shows("Signed in as").await;
    app.shows("ada@example.com").await;
    app.shows("Verified").await;
    app.shows("Expires in").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;

    let clipboard = session.clipboard();
    assert!(provider.accepts(&clipboard.text).await);
    assert!(
        clipboard.is_marked_secret(),
        "clipboard managers would keep the token: only {:?} are offered",
        clipboard.types
    );
    assert!(
        !app.source().await.contains(&clipboard.text),
        "the token is in the page"
    );
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_refused_by_the_check_the_stories_use() {
    let session = Session::start();
    let provider = session.provider();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;

    let (signed, _signature) = session
        .clipboard()
        .text
        .rsplit_once('.')
        .map(|(signed, signature)| (signed.to_owned(), signature.to_owned()))
        .expect("a token has a signature");

    assert!(!provider.accepts(&format!("{signed}.AAAA")).await);
}

#[tokio::test]
async fn the_link_brings_the_window_to_the_front() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;

    app.sign_in_by_mail(&browser, "ada@example.com").await;

    session.comes_to_the_front("Keyfob").await;
}

#[tokio::test]
async fn an_answer_that_found_nobody_at_the_provider_is_tried_again() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.ask_for_a_letter(&browser, "ada@example.com").await;
    let page = session.kept_sign_in_page();
    let last_page = follow_the_mail(&session.provider().base, &page).await;

    session.provider_goes_to_sleep();
    assert!(
        session
            .spawn_app(&[&last_page.return_link()])
            .ends()
            .success()
    );

    app.shows("The provider cannot be reached").await;
    assert_eq!(
        app.attribute("main", "data-step").await.as_deref(),
        Some("redeeming")
    );
    app.press("Try again").await;
    app.reaches("signed_in").await;
}

#[tokio::test]
async fn the_clipboard_forgets_the_token_unless_something_else_is_on_it_by_then() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;

    app.press("Header").await;
    app.shows("s left").await;
    let header = session.clipboard();
    assert!(header.is_marked_secret());
    let token = header.text.strip_prefix("Authorization: Bearer ");
    assert!(session.provider().accepts(token.expect("a header")).await);
    app.says_no_more("s left").await;
    assert!(!session.clipboard_holds(""), "it is empty");

    app.press("Shell").await;
    app.shows("s left").await;
    assert!(session.clipboard_holds("export KEYFOB_TOKEN='"));
    session.copies("something else");
    app.says_no_more("s left").await;
    assert!(session.clipboard_holds("something else"));
}

#[tokio::test]
async fn one_signs_in_copies_looks_at_details_and_signs_out_with_keys_only() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.reaches("signed_out").await;
    // Its window may open late, and would take the keys.
    browser.open("about:blank").await;
    session.goes_to_the_window("Keyfob");
    session.types("ada@example.com");
    session.press_keys("Return");
    app.reaches("signing_in").await;
    browser.go_to_tab("/app/wait").await;
    browser.open(&session.provider().newest_link().await).await;
    browser.press("Sign in").await;
    app.reaches("signed_in").await;
    session.goes_to_the_window("Keyfob");

    session.press_keys("question");
    app.shows("Keyboard").await;
    session.press_keys("Escape");
    app.has_no("dialog").await;
    session.press_keys("ctrl+1");
    app.shows("s left").await;
    assert!(session.clipboard_holds("Authorization: Bearer "));
    session.press_keys("ctrl+c");
    app.shows("Copied").await;
    assert!(session.provider().accepts(&session.clipboard().text).await);
    session.press_keys("ctrl+d");
    app.shows("Signature verified").await;
    session.press_keys("Escape");
    app.shows("Copy access token").await;
    session.press_keys("ctrl+comma");
    app.shows("Refresh in the background").await;
    session.press_keys("Escape");
    session.press_keys("ctrl+p");
    app.shows("Profiles").await;
    session.press_keys("Escape");
    session.press_keys("ctrl+shift+o");
    app.reaches("signed_out").await;
    assert!(session.keyring_names().is_empty());
}
