//! A link that comes while the app is just quitting.
#![cfg(target_os = "linux")]

use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use harness::{Provider as LocalProvider, built, eventually, follow_the_mail, in_session};
use keyfob_auth::{
    Clock, Profile, Provider, RedirectUri, SessionManager, SessionStatus, SessionStore, SignIn,
    Vault,
};

/// Where the debug build of the app keeps what it keeps.
const SERVICE: &str = "dev.keyfob.debug";

#[test]
fn a_link_that_comes_while_the_app_quits_is_not_lost() {
    in_session("a_link_that_comes_while_the_app_quits_is_not_lost", || {
        tokio::runtime::Runtime::new()
            .expect("a runtime can be made")
            .block_on(async {
                // Between the key that closes the window and the link: nothing, a little, about as long as quitting takes.
                for milliseconds in [0, 30, 80, 200] {
                    link_during_quit(Duration::from_millis(milliseconds)).await;
                }
            });
    });
}

async fn link_during_quit(after: Duration) {
    let base = LocalProvider::of_this_process().base;
    let profile = Profile::local(&base.parse().expect("`ensure` prints an address"));
    let (clock, vault) = (Clock::system(), Vault::system(SERVICE));
    let provider = Arc::new(Provider::new(&profile, &clock).expect("certificates"));
    let sign_in = SignIn::new(provider.clone(), vault.clone(), "local", clock.clone());
    let callback = format!("{SERVICE}://callback");
    let redirect_uri = RedirectUri::new(callback.parse().expect("an address"));
    let ada = "ada@example.com".parse().expect("an e-mail address");
    let (attempt, kept) = sign_in.begin(Some(&ada), redirect_uri).await;
    kept.expect("the keyring keeps the attempt");
    let last_page = follow_the_mail(&base, &attempt.request.address).await;

    let mut quitting = app(&[]);
    let shown = eventually(async || (focused()? == "Keyfob").then_some(())).await;
    assert!(shown.is_some(), "the app does not show its window");
    run("xdotool", &["key", "alt+F4"]);
    tokio::time::sleep(after).await;
    let mut started_by_the_link = app(&[&last_page.return_link()]);

    let sessions = SessionManager::new(provider, SessionStore::new(vault, "local"), clock);
    let signed_in = eventually(async || {
        sessions.restore().await.expect("the keyring answers");
        (*sessions.watch().borrow() != SessionStatus::SignedOut).then_some(())
    })
    .await;
    assert!(signed_in.is_some(), "the link was lost after {after:?}");
    let shown = eventually(async || (focused()? == "Keyfob").then_some(())).await;
    assert!(shown.is_some(), "nobody shows who is signed in, {after:?}");

    sessions.sign_out().await.expect("the keyring forgets");
    close_every_window().await;
    for app in [&mut quitting, &mut started_by_the_link] {
        app.wait().expect("the app ends");
    }
}

fn app(arguments: &[&str]) -> Child {
    Command::new(built("keyfob-desktop"))
        .args(arguments)
        .spawn()
        .expect("the app starts")
}

fn focused() -> Option<String> {
    run("xdotool", &["getactivewindow", "getwindowname"])
}

/// Ends the apps whoever started them; a key may come too early for a window that is just opening.
async fn close_every_window() {
    let closed = eventually(async || {
        run("xdotool", &["search", "--name", "^Keyfob$"]).map_or(Some(()), |_| {
            run("xdotool", &["key", "alt+F4"]);
            None
        })
    })
    .await;
    assert!(closed.is_some(), "a window stays open");
}

/// What a program printed, if it succeeded.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("the program is installed");
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
