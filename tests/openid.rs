//! A whole life at an OpenID Connect provider that we did not write, in a terminal: a profile is added, somebody signs in
//! on the provider's own pages, the session is renewed, and ended at the provider too.
#![cfg(target_os = "linux")]

use harness::{Interception, Login, OidcPeer, Ran, Session, WayEnds};
use serde_json::{Value, json};

const ADA: &str = "ada@example.com";
const AS_IT_WRITES_IT: &str = "write the issuer as the provider does";

/// A person's computer, and a provider that it has a profile for.
fn with_a_profile(peer: &OidcPeer) -> Session {
    let session = Session::start();
    session.is_swept_for(peer);
    add(&session, "oidc", peer.issuer.as_str(), OidcPeer::CLIENT).result();
    session
}

fn add(session: &Session, name: &str, issuer: &str, client: &str) -> Ran {
    session.keyfob(&[
        "profile",
        "add",
        name,
        "--issuer",
        issuer,
        "--client-id",
        client,
    ])
}

/// Signs in by loopback, on the provider's own pages.
async fn signs_in(session: &Session, peer: &OidcPeer) {
    let login = session.keyfob_login(&["--profile", "oidc", ADA]);
    let back = peer.visited_by(ADA).is_sent_back(&login.address).await;
    // The browser goes where it is sent: to the listener.
    let page = reqwest::get(back).await.expect("the listener answers");
    assert!(page.status().is_success());
    login.ends().result();
}

fn token(session: &Session, more: &[&str]) -> Ran {
    session.keyfob(&[&["token", "--profile", "oidc"], more].concat())
}

#[tokio::test]
async fn a_profile_is_typed_and_a_session_lives_and_ends_at_a_strangers_provider() {
    let peer = OidcPeer::start();
    let session = with_a_profile(&peer);
    signs_in(&session, &peer).await;
    let status = session.keyfob(&["status", "--profile", "oidc"]).result();
    assert!(status.contains(ADA), "{status}");

    let first = token(&session, &[]).result();
    let forced: Value =
        serde_json::from_str(&token(&session, &["--json", "--force-refresh"]).result())
            .expect("it prints JSON");
    assert_ne!(forced["access_token"], first.as_str());
    assert_eq!(forced["issuer"], peer.issuer.as_str());
    peer.rolls_its_key_over().await;
    token(&session, &["--force-refresh"]).result();
    let id_token = token(&session, &["--id-token"]).result();
    assert_eq!(id_token.split('.').count(), 3);

    let left = session.keyfob(&["logout", "--profile", "oidc", "--browser", "--json"]);
    let left: Value = serde_json::from_str(&left.result()).expect("it prints JSON");
    assert_eq!(left["account"], ADA);
    let page = left["page"].as_str().expect("it has such a page");
    assert!(page.starts_with(&format!("{}/session/end?client_id=", peer.issuer)));
    token(&session, &[]).fails(4, &["nobody is signed in"]);
    assert!(session.keyring_names().is_empty());
}

#[tokio::test]
async fn a_sign_in_is_pasted_from_a_browser_elsewhere() {
    let peer = OidcPeer::set_up(&json!({ "requirePushed": true }));
    let session = with_a_profile(&peer);
    let mut login = session.keyfob_login(&["--profile", "oidc", "--no-browser"]);
    let back = peer.visited_by(ADA).is_sent_back(&login.address).await;
    login.types(back.as_str());
    login.ends().result();
    token(&session, &[]).result();
}

#[tokio::test]
async fn a_device_without_a_browser_is_signed_in_from_another_screen() {
    let peer = OidcPeer::start();
    let session = with_a_profile(&peer);
    let login = session.keyfob_login(&["--profile", "oidc", "--device", "--no-qr"]);
    let mut page = login.address.clone();
    page.query_pairs_mut()
        .append_pair("user_code", &login.below);
    let ended = peer.visited_by(ADA).follows(&page).await;
    let WayEnds::On(page) = ended else {
        panic!("a device has no address to go back to");
    };
    assert!(page.contains("Sign-in Success"), "{page}");
    login.ends().result();
    token(&session, &[]).result();
}

#[tokio::test]
async fn what_is_wrong_with_a_profile_is_said_and_nothing_is_written() {
    let peer = OidcPeer::start();
    let session = Session::start();
    let with_slash = format!("{}/", peer.issuer);
    let ran = add(&session, "oidc", &with_slash, OidcPeer::CLIENT);
    assert_ne!(ran.code, Some(0));
    assert!(ran.said.contains(AS_IT_WRITES_IT), "{}", ran.said);
    assert!(!session.home().join(".config/keyfob/config.toml").exists());
}

#[tokio::test]
async fn a_client_with_hmac_is_refused_in_words_that_name_the_setting() {
    let peer = OidcPeer::start();
    let session = Session::start();
    add(
        &session,
        "oidc",
        peer.issuer.as_str(),
        OidcPeer::HMAC_CLIENT,
    )
    .result();
    let login = session.keyfob_login(&["--profile", "oidc", ADA]);
    let back = peer.visited_by(ADA).is_sent_back(&login.address).await;
    reqwest::get(back).await.expect("the listener answers");
    let ran = login.ends();
    assert_eq!(ran.code, Some(9), "{}", ran.said);
    assert!(ran.said.contains("RS256"), "{}", ran.said);
    token(&session, &[]).fails(4, &["nobody is signed in"]);
}

#[tokio::test]
async fn a_mixed_up_answer_reaches_no_provider_and_the_right_one_is_still_waited_for() {
    let (peer, other) = (OidcPeer::start(), OidcPeer::start());
    let session = with_a_profile(&peer);
    session.is_swept_for(&other);
    add(&session, "genauth", other.issuer.as_str(), OidcPeer::CLIENT).result();
    let mut login = session.keyfob_login(&["--profile", "oidc", "--no-browser"]);
    let back = peer.visited_by(ADA).is_sent_back(&login.address).await;

    let mut mixed_up = back.clone();
    let pairs = back.query_pairs().map(|(name, value)| {
        let of_the_other = name == "iss";
        let value = if of_the_other {
            other.issuer.as_str().into()
        } else {
            value
        };
        (name, value)
    });
    mixed_up.query_pairs_mut().clear().extend_pairs(pairs);
    assert_ne!(mixed_up, back, "the provider names itself in its answers");
    login.types(mixed_up.as_str());
    login.types(back.as_str());

    let ended = login.ends();
    assert!(
        ended.said.contains("belongs to another sign-in"),
        "{ended:?}"
    );
    ended.result();
    assert_eq!(other.issued().await, []);
    let asked_with = peer.issued().await;
    let exchanges = asked_with
        .iter()
        .filter(|(kind, _)| kind == "code_verifier");
    assert_eq!(
        exchanges.count(),
        1,
        "the mixed-up answer was not exchanged"
    );
}

#[tokio::test]
async fn without_rotation_one_refresh_token_serves_again_and_again() {
    let peer = OidcPeer::set_up(&json!({ "rotate": false }));
    let session = with_a_profile(&peer);
    signs_in(&session, &peer).await;
    let first = token(&session, &["--force-refresh"]).result();
    assert_ne!(token(&session, &["--force-refresh"]).result(), first);
    assert_eq!(peer.refresh_tokens().await.len(), 1);
}

#[tokio::test]
async fn a_refresh_token_that_somebody_else_has_spent_ends_the_session_and_one_signs_in_again() {
    let peer = OidcPeer::start();
    let session = with_a_profile(&peer);
    signs_in(&session, &peer).await;
    let stolen = peer.refresh_tokens().await;
    for token in &stolen {
        assert!(peer.refreshes(token).await, "a thief gets new tokens");
    }

    token(&session, &["--force-refresh"])
        .fails(4, &["the session has ended", "run `keyfob login`"]);
    for token in peer.refresh_tokens().await {
        assert!(
            !peer.refreshes(&token).await,
            "the thief has lost them, too"
        );
    }
    signs_in(&session, &peer).await;
    token(&session, &["--force-refresh"]).result();
}

#[tokio::test]
async fn a_network_that_opens_tls_is_named_and_trusted_by_one_file_of_the_profile() {
    let network = Interception::start();
    let session = Session::start();
    session.is_swept_for(&network.provider);
    let keyfob = |arguments: &[&str]| {
        let mut command = session.keyfob_command(arguments);
        command.env("HTTPS_PROXY", &network.proxy);
        Ran::from(command.output().expect("keyfob can be started"))
    };
    let issuer = network.provider.issuer.as_str();
    let line = ["profile", "add", "oidc", "--issuer", issuer, "--client-id"];
    let line = [&line[..], &[OidcPeer::CLIENT]].concat();
    keyfob(&line).fails(5, &["certificate", Interception::AUTHORITY]);
    assert_eq!(network.was_asked_for()[0], "login.company.test:443");

    let authority = network.authority_file();
    let authority = authority.to_str().expect("a plain path");
    keyfob(&[&line[..], &["--ca-file", authority]].concat()).result();
    let mut login = session.keyfob_command(&["login", "--profile", "oidc", "--no-browser"]);
    let mut login = Login::begun_by(login.env("HTTPS_PROXY", &network.proxy));
    let back = network.visited_by(ADA).is_sent_back(&login.address).await;
    login.types(back.as_str());
    login.ends().result();
    keyfob(&["token", "--profile", "oidc", "--force-refresh"]).result();
}

#[tokio::test]
async fn a_removed_profile_leaves_nothing_even_if_its_provider_is_gone() {
    let peer = OidcPeer::start();
    let session = with_a_profile(&peer);
    signs_in(&session, &peer).await;
    drop(peer);
    let removed = session.keyfob(&["profile", "remove", "oidc", "--yes"]);
    assert!(removed.said.contains("could not be told"), "{removed:?}");
    removed.result();
    assert!(session.keyring_names().is_empty());
}
