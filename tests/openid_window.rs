//! An OpenID Connect provider that we did not write, in the window: a profile is added, somebody signs in on the
//! provider's own pages in a real browser, and comes back by a link or through a listener. Several profiles at once.
#![cfg(target_os = "linux")]

use harness::{App, Browser, DEBUG_IDENTIFIER, OidcPeer, Services, Session, eventually};

const ADA: &str = "ada@example.com";
const GRACE: &str = "grace@example.com";

/// A person's computer, and a browser that opens our links for this provider.
async fn computer(peer: &OidcPeer) -> (Session, Browser) {
    let session = Session::start();
    session.is_swept_for(peer);
    let browser = session.browser_that_trusts(&peer.origin()).await;
    (session, browser)
}

fn adds_in_the_terminal(session: &Session, peer: &OidcPeer, name: &str, more: &[&str]) {
    let issuer = peer.issuer.as_str();
    let line = ["profile", "add", name, "--issuer", issuer, "--client-id"];
    session
        .keyfob(&[&line[..], &[OidcPeer::CLIENT], more].concat())
        .result();
}

/// Opens the form for a new profile.
async fn goes_to_the_form(app: &App<'_>) {
    app.press_at("button.provider").await;
    app.press("Add a profile").await;
    app.shows("Client ID").await;
}

/// Fills the provider's own pages in.
async fn signs_in_there(browser: &Browser, login: &str) {
    browser.go_to_tab("/oidc/interaction").await;
    browser.type_into("[name=login]", login).await;
    browser.type_into("[name=password]", "anything").await;
    browser.press("Sign-in").await;
    browser.press("Continue").await;
}

/// Waits until the window shows who is signed in. To the driver, a line that may be cut shows nothing.
async fn shows_who(app: &App<'_>, address: &str) {
    let shown = eventually(async || {
        let title = app.attribute("#who .address", "title").await?;
        (title == address).then_some(())
    });
    assert!(shown.await.is_some(), "the window does not show {address}");
}

async fn goes_to(app: &App<'_>, profile: &str) {
    app.press_at("button.provider").await;
    app.press_at(&format!("[data-profile='{profile}'] .choose"))
        .await;
    app.is_at(profile).await;
}

#[tokio::test]
async fn a_profile_is_added_in_the_window_and_its_link_brings_a_name_and_a_picture() {
    let peer = OidcPeer::start();
    let (session, browser) = computer(&peer).await;
    let app = session.launch().await;
    app.reaches("signed_out").await;

    goes_to_the_form(&app).await;
    app.press_at("#preset option[value=genauth]").await;
    app.shows("RS256").await;
    app.type_into("#issuer", peer.issuer.as_str()).await;
    app.type_into("#client-id", OidcPeer::CLIENT).await;
    app.press("Add").await;
    app.shows("genauth is added").await;
    app.shows(&format!("{DEBUG_IDENTIFIER}://callback/genauth"))
        .await;
    app.press("Continue").await;
    app.press("Continue in browser").await;
    signs_in_there(&browser, ADA).await;

    app.reaches("signed_in").await;
    shows_who(&app, ADA).await;
    app.shows("Signed in as").await;
    app.has("img[src^='data:image/png']").await;
    app.shows("Only the API it is meant for can check it").await;
    app.press("Copy access token").await;
    app.shows("Copied").await;
    let copied = session.clipboard().text;
    assert!(
        peer.issued()
            .await
            .contains(&("access_token".to_owned(), copied.clone())),
        "what was copied is what the provider issued"
    );
    assert_eq!(session.keyfob(&["token"]).result(), copied);
    assert!(peer.accepts(&copied).await);

    app.press("Refresh now").await;
    app.press("Sign out").await;
    app.reaches("signed_out").await;
    assert!(session.keyring_names().is_empty());
    app.press("Sign out there").await;
    browser.go_to_tab("/oidc/session/end").await;
    browser.press("Yes, sign me out").await;
    browser.shows("Sign-out Success").await;
    assert!(!peer.accepts(&copied).await, "it ended at the provider too");
}

#[tokio::test]
async fn a_listener_takes_the_answer_where_the_provider_takes_no_scheme() {
    let peer = OidcPeer::start();
    let (session, browser) = computer(&peer).await;
    adds_in_the_terminal(&session, &peer, "oidc", &["--ways", "loopback"]);
    let app = session.launch().await;
    app.type_into("input", ADA).await;
    app.press("Sign in").await;

    browser.go_to_tab("/oidc/interaction").await;
    assert_eq!(
        browser.attribute("[name=login]", "value").await.as_deref(),
        Some(ADA),
        "what was typed here need not be typed there"
    );
    browser.type_into("[name=password]", "anything").await;
    browser.press("Sign-in").await;
    browser.press("Continue").await;

    app.reaches("signed_in").await;
    browser.go_to_tab("/done").await;
}

#[tokio::test]
async fn what_is_wrong_with_a_new_profile_is_said_where_it_is_changed() {
    let peer = OidcPeer::start();
    let session = Session::start();
    let app = session.launch().await;
    app.reaches("signed_out").await;
    goes_to_the_form(&app).await;

    app.press("Add").await;
    app.has("#issuer[aria-invalid=true]").await;
    app.type_into("#issuer", &format!("{}/", peer.issuer)).await;
    app.press("Add").await;
    app.has("#client-id[aria-invalid=true]").await;
    app.type_into("#client-id", OidcPeer::CLIENT).await;
    app.press("Add").await;
    app.shows("rite the issuer as the provider does").await;
    assert!(
        !session.configuration().contains("[profiles"),
        "nothing was added"
    );
}

#[tokio::test]
async fn an_answer_that_comes_while_another_profile_is_open_goes_to_its_own() {
    let peer = OidcPeer::start();
    let (session, browser) = computer(&peer).await;
    adds_in_the_terminal(&session, &peer, "oidc", &[]);
    adds_in_the_terminal(&session, &peer, "genauth", &[]);
    session.keyfob(&["profile", "use", "oidc"]).result();
    let app = session.launch().await;
    app.press("Continue in browser").await;
    browser.go_to_tab("/oidc/interaction").await;
    goes_to(&app, "genauth").await;
    app.reaches("signed_out").await;

    signs_in_there(&browser, ADA).await;

    app.reaches("signed_in").await;
    app.is_at("oidc").await;
    session
        .keyfob(&["token", "--profile", "genauth"])
        .fails(4, &["nobody is signed in"]);
    session.keyfob(&["token", "--profile", "oidc"]).result();
}

#[tokio::test]
async fn two_profiles_hold_two_sessions_and_one_is_removed() {
    let peer = OidcPeer::start();
    let other = OidcPeer::start();
    let (session, browser) = computer(&peer).await;
    session.is_swept_for(&other);
    adds_in_the_terminal(&session, &peer, "oidc", &[]);
    adds_in_the_terminal(&session, &other, "genauth", &["--ways", "loopback"]);
    session.keyfob(&["profile", "use", "oidc"]).result();
    let app = session.launch().await;
    for (profile, login) in [("oidc", ADA), ("genauth", GRACE)] {
        if profile != "oidc" {
            goes_to(&app, profile).await;
        }
        app.reaches("signed_out").await;
        app.press("Continue in browser").await;
        signs_in_there(&browser, login).await;
        app.reaches("signed_in").await;
        shows_who(&app, login).await;
        browser.close_tabs().await;
    }

    goes_to(&app, "oidc").await;
    shows_who(&app, ADA).await;
    app.quit().await;
    let app = session.launch().await;
    app.reaches("signed_in").await;
    shows_who(&app, ADA).await;

    let token = session.keyfob(&["token", "--profile", "oidc"]).result();
    assert!(peer.accepts(&token).await);
    session.keyfob(&["logout", "--profile", "genauth"]).result();
    app.press_at("button.provider").await;
    app.press_at("[data-profile='oidc'] .remove button").await;
    app.shows("Remove oidc?").await;
    app.press("Remove").await;
    app.has_no("[data-profile='oidc']").await;
    let told = eventually(async || (!peer.accepts(&token).await).then_some(()));
    assert!(told.await.is_some(), "the provider was not told");
    // The window is at the other one now, and sees what was done there meanwhile.
    app.press_at("[data-profile='genauth'] .choose").await;
    app.is_at("genauth").await;
    app.reaches("signed_out").await;
    session
        .keyfob(&["token", "--profile", "oidc"])
        .fails(1, &["no profile called"]);
    assert!(session.keyring_names().is_empty());
}

#[tokio::test]
async fn a_session_that_no_keyring_took_is_kept_later_although_the_window_has_left_its_profile() {
    let peer = OidcPeer::start();
    let session = Session::start_with(Services::NoKeyring);
    session.is_swept_for(&peer);
    let browser = session.browser_that_trusts(&peer.origin()).await;
    adds_in_the_terminal(&session, &peer, "oidc", &[]);
    let app = session.launch().await;
    app.warns_of("keyring_unavailable").await;
    app.press("Continue in browser").await;
    signs_in_there(&browser, ADA).await;
    app.reaches("signed_in").await;

    goes_to_the_local_provider(&app).await;
    session.start_keyring();

    app.warns_of_nothing().await;
    let kept = eventually(async || {
        let names = session.keyring_names();
        names.contains(&"oidc.session".to_owned()).then_some(())
    });
    assert!(kept.await.is_some(), "it is not kept");
    session.keyfob(&["token", "--profile", "oidc"]).result();
}

async fn goes_to_the_local_provider(app: &App<'_>) {
    app.press_at("button.provider").await;
    app.press_at("[data-profile='local'] .choose").await;
    app.is_at("Local provider").await;
}
