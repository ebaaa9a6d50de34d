//! One profile's way in, and its session, for as long as the program runs.
//!
//! The window serves one walk at a time. One that was left keeps what this run knows of it (a session that no keyring
//! took, an attempt that is waited for, an exchange under way), but nothing follows its session any more.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use keyfob_auth::{
    Clock, Picture, Profile, Provider, SERVICE, SessionManager, SessionStore, SignIn, StateFolder,
    Vault, door::loopback::Loopback, profile::LOCAL,
};
use tauri::async_runtime::JoinHandle;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::{details::Readings, lock};
use crate::{shown::Shown, wire::ProfileView};

pub(super) struct Walk {
    pub(super) profile: Profile,
    /// What is known of the provider's clock.
    pub(super) clock: Clock,
    pub(super) provider: Arc<Provider>,
    pub(super) sign_in: SignIn,
    pub(super) sessions: SessionManager,
    /// Set once the keyring has been asked for what it holds.
    pub(super) restored: OnceCell<()>,
    /// Whether it has said which attempts it holds: before that, a link that fits none may still be ours.
    pub(super) attempts_known: AtomicBool,
    /// Whether somebody sees to it that the provider is told of sign-outs: not before the keyring answers, because each
    /// question to a locked one opens its prompt.
    delivering: AtomicBool,
    /// Changed by nobody but the desk, which sends it.
    pub(super) shown: Mutex<Shown>,
    /// The open listeners of the attempts by loopback.
    pub(super) loopbacks: Mutex<Vec<Loopback>>,
    /// An answer that could not be dealt with yet.
    pub(super) unfinished: Mutex<Option<Zeroizing<String>>>,
    pub(super) pictured: Mutex<Pictured>,
    /// What the tokens say, and what those before them said.
    pub(super) readings: Mutex<Readings>,
    /// What runs while the window is here.
    following: Mutex<Vec<JoinHandle<()>>>,
}

/// The picture of who is signed in.
#[derive(Default)]
pub(super) struct Pictured {
    /// Where it was asked for.
    pub(super) address: Option<String>,
    /// What came.
    pub(super) picture: Option<Picture>,
}

impl Walk {
    /// Asks nobody yet.
    pub(super) fn new(profile: Profile, vault: &Vault) -> Self {
        let clock = Clock::system();
        let provider = Arc::new(Provider::new(&profile, &clock));
        let store = SessionStore::new(vault.clone(), &profile.name, StateFolder::usual(SERVICE));
        let shown = Shown {
            profile: ProfileView {
                name: profile.name.clone(),
                issuer: provider.issuer().to_owned(),
                trial: profile.name == LOCAL,
            },
            opaque_tokens: provider.has_opaque_tokens(),
            session_unread: true,
            ..Shown::default()
        };
        Self {
            sign_in: SignIn::new(
                Arc::clone(&provider),
                vault.clone(),
                &profile.name,
                clock.clone(),
            ),
            sessions: SessionManager::new(Arc::clone(&provider), store, clock.clone()),
            profile,
            clock,
            provider,
            restored: OnceCell::new(),
            attempts_known: AtomicBool::new(false),
            delivering: AtomicBool::new(false),
            shown: Mutex::new(shown),
            loopbacks: Mutex::default(),
            unfinished: Mutex::default(),
            pictured: Mutex::default(),
            readings: Mutex::default(),
            following: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.profile.name
    }

    /// Whether this is the bundled local provider, which goes to sleep when nobody uses it.
    pub(super) fn is_trial(&self) -> bool {
        self.profile.name == LOCAL
    }

    /// Runs `task` for as long as the window is here.
    pub(super) fn follows(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.following).push(tauri::async_runtime::spawn(task));
    }

    /// The window has gone elsewhere. An exchange that is under way goes on: the manager sees it through.
    pub(super) fn stop_following(&self) {
        for task in lock(&self.following).drain(..) {
            task.abort();
        }
    }

    /// From now on, and wherever the window is, the provider is told of the sign-outs that it could not be told of.
    pub(super) fn deliver(&self) {
        if !self.delivering.swap(true, Ordering::AcqRel) {
            let sessions = self.sessions.clone();
            tauri::async_runtime::spawn(async move { sessions.keep_delivering().await });
        }
    }
}
