//! What a test has at hand that runs [`in_session`](crate::in_session): the app's own keyring, so that it can begin a
//! sign-in for the app and see what became of it, and the app itself, started as the desktop would start it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyfob_auth::{
    Clock, Profile, Provider, RedirectUri, SERVICE, SessionManager, SessionStatus, SessionStore,
    SignIn, StateFolder, Vault,
};

use crate::app::DEBUG_IDENTIFIER;
use crate::page::eventually;
use crate::programs::built;
use crate::provider;
use crate::script::follow_the_mail;

/// What the app calls the profile of the bundled provider.
const PROFILE: &str = "local";

/// A sign-in that is begun beside the app, over the keyring that they share.
#[derive(Debug)]
pub struct Inside {
    base: String,
    provider: Arc<Provider>,
    vault: Vault,
    sessions: SessionManager,
    /// How many links were asked for.
    links: AtomicUsize,
}

impl Inside {
    /// Starts the local provider if it does not run.
    ///
    /// # Panics
    /// When there is no provider to be had.
    pub fn this_session() -> Self {
        let base = provider::Provider::of_this_process().base;
        let profile = Profile::local(&base.parse().expect("`ensure` prints an address"));
        let (clock, vault) = (Clock::system(), Vault::system(DEBUG_IDENTIFIER));
        let provider = Arc::new(Provider::new(&profile, &clock));
        let store = SessionStore::new(vault.clone(), PROFILE, StateFolder::usual(SERVICE));
        Self {
            base,
            provider: Arc::clone(&provider),
            vault,
            sessions: SessionManager::new(provider, store, clock),
            links: AtomicUsize::new(0),
        }
    }

    /// Begins a sign-in that the app will find in the keyring, does the person's part in the browser, and gives the
    /// link that leads back.
    ///
    /// # Panics
    /// When the keyring or the provider does not play its part.
    pub async fn return_link(&self) -> String {
        let callback = format!("{DEBUG_IDENTIFIER}://callback");
        let redirect_uri = RedirectUri::new(callback.parse().expect("an address"));
        // Another one each time: the provider sends five letters to one address, then wants a rest.
        let ada = format!(
            "ada+{}@example.com",
            self.links.fetch_add(1, Ordering::Relaxed)
        );
        let ada = ada.parse().expect("an e-mail address");
        // A new one each time: what became of the attempts before is the app's business.
        let (provider, vault) = (Arc::clone(&self.provider), self.vault.clone());
        let sign_in = SignIn::new(provider, vault, PROFILE, Clock::system());
        let begun = sign_in.begin(Some(&ada), redirect_uri).await;
        let (attempt, kept) = begun.expect("this provider need not be asked");
        kept.expect("the keyring keeps the attempt");
        follow_the_mail(&self.base, &attempt.request.address)
            .await
            .return_link()
    }

    /// Waits until the keyring holds a session, and says whether it does.
    ///
    /// # Panics
    /// When the keyring does not answer.
    pub async fn is_signed_in(&self) -> bool {
        let signed_in = eventually(async || {
            self.sessions.restore().await.expect("the keyring answers");
            (*self.sessions.watch().borrow() != SessionStatus::SignedOut).then_some(())
        });
        signed_in.await.is_some()
    }

    /// Ends the session in the keyring.
    ///
    /// # Panics
    /// When the keyring does not forget it.
    pub async fn sign_out(&self) {
        let signed_out = self.sessions.sign_out().await;
        signed_out.expect("the keyring forgets");
    }

    /// How often a code was presented to the provider, whatever it answered.
    ///
    /// # Panics
    /// When the provider keeps no log.
    #[expect(
        clippy::disallowed_methods,
        reason = "the session that this process runs in is told by its environment"
    )]
    pub fn exchanges(&self) -> usize {
        let home = std::env::var_os("HOME").expect("a session has a home");
        let log = std::path::Path::new(&home).join(provider::LOG);
        let log = fs::read_to_string(log).expect("the provider keeps a log");
        log.lines()
            .filter(|line| line.contains("/verify/get_identity"))
            .count()
    }
}

/// Starts the app as a menu, a terminal or a link does.
///
/// # Panics
/// When it does not start.
pub fn start_app(arguments: &[&str]) -> Child {
    Command::new(built("keyfob-desktop"))
        .args(arguments)
        // It may outlive the test, and must not hold the test's output open then.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the app starts")
}

/// How many windows of the app there are.
pub fn windows() -> usize {
    printed("xdotool", &["search", "--name", "^Keyfob$"]).map_or(0, |ids| ids.lines().count())
}

/// Waits until the app's window has the focus, and says whether it got it.
pub async fn window_comes_to_the_front() -> bool {
    let focused = || printed("xdotool", &["getactivewindow", "getwindowname"]);
    eventually(async || (focused()? == "Keyfob").then_some(()))
        .await
        .is_some()
}

/// Presses the keys that close a window.
pub fn press_close() {
    printed("xdotool", &["key", "alt+F4"]);
}

/// Ends the apps whoever started them; a key may come too early for a window that is just opening.
///
/// # Panics
/// When a window stays open.
pub async fn close_every_window() {
    let closed = eventually(async || {
        if windows() == 0 {
            return Some(());
        }
        press_close();
        None
    });
    assert!(closed.await.is_some(), "a window stays open");
}

/// What a program printed, if it succeeded.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("the program is installed");
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
