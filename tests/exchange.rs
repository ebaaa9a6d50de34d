//! The whole exchange without a window: `keyfob_auth` and the local provider, met on the wire, over a real keyring.
#![cfg(target_os = "linux")]

use std::sync::Arc;

use harness::{Provider as LocalProvider, in_session};
use keyfob_auth::{
    Clock, Identifier, Profile, Provider, Return, SessionManager, SessionStatus, SessionStore,
    SignIn, Vault, door::loopback::Loopback,
};
use tokio::sync::mpsc;
use url::Url;

const SERVICE: &str = "dev.keyfob.exchange";

/// One process's view of the walk.
struct App {
    sign_in: SignIn,
    sessions: SessionManager,
}

impl App {
    fn start(base: &str) -> Self {
        let profile = Profile::local(&base.parse().expect("`ensure` prints an address"));
        let clock = Clock::system();
        let vault = Vault::system(SERVICE);
        let provider = Arc::new(Provider::new(&profile, &clock));
        Self {
            sign_in: SignIn::new(
                Arc::clone(&provider),
                vault.clone(),
                &profile.name,
                clock.clone(),
            ),
            sessions: SessionManager::new(provider, SessionStore::new(vault, &profile.name), clock),
        }
    }
}

#[test]
fn every_step_of_the_exchange_holds_over_the_real_wire_and_the_real_keyring() {
    in_session(
        "every_step_of_the_exchange_holds_over_the_real_wire_and_the_real_keyring",
        || runtime().block_on(walk()),
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime can be made")
}

async fn walk() {
    let provider = LocalProvider::of_this_process();
    let app = App::start(&provider.base);
    app.sessions.restore().await.expect("the keyring answers");
    assert_eq!(*app.sessions.watch().borrow(), SessionStatus::SignedOut);

    // Begin, and do in the browser what a person does there.
    let (returns, mut returned) = mpsc::channel(4);
    let door = Loopback::open(returns).await.expect("a port is free");
    let ada: Identifier = "ada@example.com".parse().expect("an address");
    let (attempt, kept) = app
        .sign_in
        .begin(Some(&ada), door.redirect_uri().clone())
        .await;
    kept.expect("the keyring keeps the attempt");
    follow_the_mail(&provider.base, &attempt.request.address).await;

    // Back: judge, redeem, keep.
    let address = returned.recv().await.expect("the browser came back");
    let Ok(Return::Answer(grant)) = app.sign_in.judge(&address).await else {
        panic!("the answer was not accepted");
    };
    let session = app.sign_in.redeem(grant).await.expect("tokens");
    assert_eq!(session.account.identifier, "ada@example.com");
    assert_eq!(session.account.issuer, provider.base);
    app.sessions
        .adopt(session)
        .await
        .expect("the keyring keeps the session");
    app.sign_in
        .settle()
        .await
        .expect("the attempt is forgotten");

    // The token is good, and the next one is another.
    let first = app.sessions.access_token(None).await.expect("a token");
    assert!(provider.accepts(first.token.expose()).await);
    app.sessions.refresh().await.expect("a refresh");
    let second = app.sessions.access_token(None).await.expect("a token");
    assert_ne!(first.token.expose(), second.token.expose());
    assert!(provider.accepts(second.token.expose()).await);

    // Another process finds the session, refreshes it, and ends it.
    let next = App::start(&provider.base);
    next.sessions.restore().await.expect("the keyring answers");
    next.sessions
        .verify()
        .await
        .expect("the kept token is good");
    next.sessions
        .refresh()
        .await
        .expect("the kept refresh token is the newest");
    next.sessions.sign_out().await.expect("the record goes");

    let last = App::start(&provider.base);
    last.sessions.restore().await.expect("the keyring answers");
    assert_eq!(*last.sessions.watch().borrow(), SessionStatus::SignedOut);
    assert_eq!(last.sign_in.restore().await.expect("an answer"), None);
}

/// A browser without a window: opens the page, finds the letter, presses its one button, follows the redirects.
async fn follow_the_mail(base: &str, sign_in_page: &Url) {
    let browser = reqwest::Client::builder()
        .cookie_store(true)
        .no_proxy()
        .build()
        .expect("a client");
    let page = browser.get(sign_in_page.clone()).send().await;
    assert!(page.expect("the sign-in page opens").status().is_success());
    let outbox = text(&browser, &format!("{base}/outbox")).await;
    let link = format!("{base}/magic/{}", between(&outbox, "/magic/", "\""));
    let form = between(&text(&browser, &link).await, "name=\"form\" value=\"", "\"");
    let pressed = browser
        .post(&link)
        .form(&[("form", form)])
        .header("origin", base);
    let end = pressed.send().await.expect("the browser is sent back");
    assert_eq!(end.url().path(), "/done", "{}", end.url().path());
}

async fn text(browser: &reqwest::Client, address: &str) -> String {
    let page = browser.get(address).send().await.expect("the page opens");
    page.text().await.expect("the page is text")
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).expect("the page has it");
    let (found, _) = rest.split_once(after).expect("the page ends it");
    found.to_owned()
}

#[test]
fn a_session_larger_than_any_one_entry_is_kept_whole() {
    in_session("a_session_larger_than_any_one_entry_is_kept_whole", || {
        runtime().block_on(async {
            let vault = Vault::system(SERVICE);
            let long = vec![b'x'; 9_000];
            vault
                .write("long", long.clone().into())
                .await
                .expect("kept");
            let back = Vault::system(SERVICE).read("long").await.expect("read");
            assert_eq!(back.as_deref(), Some(&long));
            vault.delete("long").await.expect("deleted");
            assert_eq!(vault.read("long").await.expect("read"), None);
        });
    });
}
