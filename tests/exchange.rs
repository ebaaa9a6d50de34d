//! The whole exchange without a window: `keyfob_auth` and the local provider, met on the wire, over a real keyring.
#![cfg(target_os = "linux")]

use std::sync::Arc;

use harness::{Provider as LocalProvider, follow_the_mail, in_session};
use keyfob_auth::{
    Clock, Identifier, Profile, Provider, Return, SessionManager, SessionStatus, SessionStore,
    SignIn, StateFolder, Vault, door::loopback::Loopback,
};
use tokio::sync::mpsc;

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
            sessions: SessionManager::new(
                provider,
                SessionStore::new(vault, &profile.name, StateFolder::usual(SERVICE)),
                clock,
            ),
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
        .await
        .expect("this provider need not be asked");
    kept.expect("the keyring keeps the attempt");
    let last = follow_the_mail(&provider.base, &attempt.request.address).await;
    assert_eq!(last.address.path(), "/done");

    // Back: judge, redeem, keep.
    let address = returned.recv().await.expect("the browser came back");
    let Ok(Return::Answer(grant)) = app.sign_in.judge(&address).await else {
        panic!("the answer was not accepted");
    };
    let session = app.sign_in.redeem(grant).await.expect("tokens");
    let session = session.expect("nobody gave up meanwhile");
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
