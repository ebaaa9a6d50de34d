//! The desk: where the page's wishes, the returning links and the session meet.
//!
//! It wires `keyfob_auth` to the window and decides nothing about tokens itself. Everything that changes what is
//! shown goes through [`Desk::change`], which sends the whole new state to whoever watches.

mod returns;
mod wishes;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyfob_auth::{
    Attempt, Clock, Profile, Provider, Reason, SessionError, SessionManager, SessionStore, SignIn,
    StoreError, Vault, VaultError, door::loopback::Loopback,
};
use tauri::ipc::Channel;
use tokio::sync::{OnceCell, mpsc, watch};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    clipboard::Clipboard,
    links::{self, Handler},
    local_provider,
    shown::Shown,
    wire::{Problem, ProfileView, SessionState},
};

/// A computer that slept is noticed within this.
const TICK: Duration = Duration::from_secs(20);

/// The whole of the running program but for its window. Clones share it.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    clock: Clock,
    vault: Vault,
    config: Option<PathBuf>,
    clipboard: Clipboard,
    handler: OnceCell<Handler>,
    /// Set once the provider is known.
    walk: OnceCell<Walk>,
    shown: Mutex<Shown>,
    watchers: Mutex<Vec<Channel<SessionState>>>,
    /// Where every door puts what came back.
    returns: mpsc::Sender<String>,
    /// The open listener of an attempt by loopback.
    loopback: Mutex<Option<Loopback>>,
    /// An answer that could not be exchanged yet.
    unfinished: Mutex<Option<Zeroizing<String>>>,
    /// How many returned addresses have not been dealt with.
    under_way: watch::Sender<usize>,
}

/// What there is once the provider is known.
struct Walk {
    provider: Arc<Provider>,
    sign_in: SignIn,
    sessions: SessionManager,
}

impl Desk {
    /// A desk that knows nothing yet. `returns` is the other end of the stream that
    /// [`take_returns`](Self::take_returns) reads.
    pub fn new(config: Option<PathBuf>, returns: mpsc::Sender<String>) -> Self {
        Self(Arc::new(Inner {
            clock: Clock::system(),
            vault: Vault::system(links::SCHEME),
            config,
            clipboard: Clipboard::default(),
            handler: OnceCell::new(),
            walk: OnceCell::new(),
            shown: Mutex::default(),
            watchers: Mutex::default(),
            returns,
            loopback: Mutex::default(),
            unfinished: Mutex::default(),
            under_way: watch::Sender::new(0),
        }))
    }

    /// Learns whether links of our scheme come to us.
    pub fn set_handler(&self, handler: Handler) {
        let desk = self.clone();
        // Set once, at the start; a second call would change nothing.
        let _ = self.0.handler.set(handler);
        tauri::async_runtime::spawn(async move {
            if !desk.links_come_to_us().await {
                desk.notice(Reason::LinkHandlerMissing, None);
            }
        });
    }

    async fn links_come_to_us(&self) -> bool {
        match self.0.handler.get() {
            Some(handler) => handler.is_ours().await,
            None => false,
        }
    }

    /// Finds the provider, then what the keyring holds.
    pub async fn start(&self) {
        let walk = match self.walk().await {
            Ok(walk) => walk,
            Err(problem) => {
                self.change(|shown| {
                    shown.started = true;
                    shown.problem = Some(problem);
                });
                return;
            }
        };
        self.restore(walk).await;
        self.change(|shown| shown.started = true);
        self.check_kept_token();
    }

    /// The provider, found at the first call that succeeds.
    async fn walk(&self) -> Result<&Walk, Problem> {
        self.0
            .walk
            .get_or_try_init(|| async {
                let (profile, view) = self.profile().await?;
                let provider = Arc::new(Provider::new(&profile, &self.0.clock));
                self.change(|shown| {
                    shown.profile = ProfileView {
                        issuer: provider.issuer().to_owned(),
                        ..view
                    };
                });
                let (vault, clock) = (&self.0.vault, &self.0.clock);
                let sessions = SessionManager::new(
                    Arc::clone(&provider),
                    SessionStore::new(vault.clone(), &profile.name),
                    clock.clone(),
                );
                self.follow(&sessions);
                let sign_in = SignIn::new(
                    Arc::clone(&provider),
                    vault.clone(),
                    &profile.name,
                    clock.clone(),
                );
                Ok(Walk {
                    provider,
                    sign_in,
                    sessions,
                })
            })
            .await
    }

    /// The configured profile, or the bundled local provider when there is none.
    async fn profile(&self) -> Result<(Profile, ProfileView), Problem> {
        let configured = match &self.0.config {
            Some(path) => Profile::load(path).map_err(|error| Problem {
                reason: error.reason(),
                detail: Some(error.to_string()),
            })?,
            None => None,
        };
        let (profile, trial) = if let Some(profile) = configured {
            (profile, false)
        } else {
            let base = wake_local_provider().await?;
            (Profile::local(&base), true)
        };
        let view = ProfileView {
            name: profile.name.clone(),
            issuer: String::new(),
            trial,
        };
        Ok((profile, view))
    }

    /// What the keyring holds: a session, or an attempt that an earlier run began.
    async fn restore(&self, walk: &Walk) {
        if let Err(error) = walk.sessions.restore().await {
            self.keyring_problem(&error);
            if let StoreError::Vault(VaultError::Waiting(late)) = error {
                self.restore_when_it_answers(late);
            }
            return;
        }
        match walk.sign_in.restore().await {
            Ok(newest) => {
                if let Some(attempt) = newest {
                    self.wait_for(attempt);
                }
            }
            Err(error) => self.keyring_problem(&error.into()),
        }
    }

    fn restore_when_it_answers(&self, late: keyfob_auth::Late) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            if late.ended().await.is_ok()
                && let Some(walk) = desk.0.walk.get()
                && let Err(error) = walk.sessions.restore().await
            {
                desk.keyring_problem(&error);
            }
        });
    }

    /// A kept token was verified when it came; this run has not seen that. Nobody waits for the answer.
    fn check_kept_token(&self) {
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            let Some(walk) = desk.0.walk.get() else {
                return;
            };
            match walk.sessions.verify().await {
                Ok(()) | Err(SessionError::SignedOut) => {}
                Err(error) if error.reason() == Reason::VerificationFailed => {
                    desk.fail(session_problem(&error));
                }
                Err(error) => {
                    tracing::info!(reason = ?error.reason(), "the kept token is not checked yet");
                }
            }
        });
    }

    /// Shows every change of the session.
    fn follow(&self, sessions: &SessionManager) {
        let desk = self.clone();
        let mut status = sessions.watch();
        tauri::async_runtime::spawn(async move {
            while status.changed().await.is_ok() {
                let now = status.borrow_and_update().clone();
                desk.change(|shown| shown.status = now);
            }
        });
    }

    /// The state now.
    pub fn state(&self) -> SessionState {
        self.shown().state(&self.0.clock)
    }

    /// Sends the state now and at every change, until the page is gone.
    pub fn watch(&self, channel: Channel<SessionState>) {
        if channel.send(self.state()).is_ok() {
            lock(&self.0.watchers).push(channel);
        }
    }

    async fn forget_attempts(&self) {
        if let Some(walk) = self.0.walk.get()
            && let Err(error) = walk.sign_in.settle().await
        {
            tracing::warn!(%error, "a sign-in that is over stays in the keyring until its time is over");
        }
        *lock(&self.0.loopback) = None;
        *lock(&self.0.unfinished) = None;
        self.change(|shown| {
            shown.attempt = None;
            shown.redeeming = false;
        });
    }

    /// Shows the attempt, and ends it when its time is over.
    fn wait_for(&self, attempt: Attempt) {
        let expires_at = attempt.expires_at;
        self.change(|shown| {
            shown.attempt = Some(attempt.clone());
            shown.problem = None;
        });
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            loop {
                let left = expires_at.since(desk.0.clock.now());
                if left.is_zero() {
                    break;
                }
                tokio::time::sleep(left.min(TICK)).await;
            }
            desk.change(|shown| {
                let still_this_one = shown.attempt.as_ref() == Some(&attempt);
                if still_this_one && !shown.redeeming {
                    shown.attempt = None;
                    shown.problem = Some(problem(Reason::SignInExpired));
                }
            });
        });
    }

    /// A keyring that did not do its part: said as a notice, and taken back when it answers after all.
    fn keyring_problem(&self, error: &StoreError) {
        tracing::warn!(%error, "the keyring did not do its part");
        self.notice(error.reason(), Some(error.to_string()));
        if let StoreError::Vault(VaultError::Waiting(late)) = error {
            let (desk, late) = (self.clone(), late.clone());
            tauri::async_runtime::spawn(async move {
                let ended = late.ended().await;
                desk.take_back(Reason::KeyringWaiting);
                if let Err(error) = ended {
                    desk.notice(error.reason(), Some(error.to_string()));
                }
            });
        }
    }

    fn fail(&self, problem: Problem) {
        self.change(|shown| shown.problem = Some(problem));
    }

    fn notice(&self, reason: Reason, detail: Option<String>) {
        self.change(|shown| {
            shown
                .notices
                .insert(reason.word(), Problem { reason, detail });
        });
    }

    fn take_back(&self, reason: Reason) {
        self.change(|shown| {
            shown.notices.remove(reason.word());
        });
    }

    fn change(&self, how: impl FnOnce(&mut Shown)) {
        let state = {
            let mut shown = self.shown();
            let before = shown.state(&self.0.clock);
            how(&mut shown);
            let after = shown.state(&self.0.clock);
            if before == after {
                return;
            }
            after
        };
        lock(&self.0.watchers).retain(|watcher| watcher.send(state.clone()).is_ok());
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        lock(&self.0.shown)
    }
}

const fn problem(reason: Reason) -> Problem {
    Problem {
        reason,
        detail: None,
    }
}

async fn wake_local_provider() -> Result<Url, Problem> {
    local_provider::ensure().await.map_err(|said| Problem {
        reason: Reason::LocalProviderNotStarted,
        detail: Some(said),
    })
}

fn session_problem(error: &SessionError) -> Problem {
    Problem {
        reason: error.reason(),
        detail: error.detail(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked here is replaced whole; a panic cannot leave half of it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
