//! The desk: where the page's wishes, the returning links and the session meet.
//!
//! It wires `keyfob_auth` to the window and decides nothing about tokens itself. Everything that changes what is
//! shown goes through [`Desk::change`], which sends the whole new state to whoever watches.

mod keeping;
mod returns;
mod wishes;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use keyfob_auth::{
    Attempt, Clock, Profile, Provider, Reason, SERVICE, SessionError, SessionManager,
    SessionStatus, SessionStore, SignIn, StateFolder, Vault, door::loopback::Loopback,
    local_provider,
};
use tauri::ipc::Channel;
use tokio::sync::{OnceCell, mpsc, watch};
use url::Url;
use zeroize::Zeroizing;

use self::keeping::Look;
use crate::{
    clipboard::Clipboard,
    links::Handler,
    shown::{Redeeming, Shown},
    stages,
    wire::{Problem, ProfileView, SessionState},
};

/// More looks at the keyring than can wait for one that is under way.
const MOST_LOOKS: usize = 8;

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
    /// Set once the keyring has been asked for what it holds.
    restored: OnceCell<()>,
    /// Whenever it is worth looking at the keyring, and who looks, until the provider is known.
    looks: mpsc::Sender<Look>,
    looker: Mutex<Option<mpsc::Receiver<Look>>>,
    /// Whether somebody sees to it that the provider is told of sign-outs: not before the keyring answers, because each
    /// question to a locked one opens its prompt.
    delivering: AtomicBool,
    /// Whether it has said which attempts it holds: before that, a link that fits none may still be ours.
    attempts_known: AtomicBool,
    screen: Mutex<Screen>,
    /// Where every door puts what came back.
    returns: mpsc::Sender<String>,
    /// The open listeners of the attempts by loopback.
    loopbacks: Mutex<Vec<Loopback>>,
    /// An answer that could not be dealt with yet.
    unfinished: Mutex<Option<Zeroizing<String>>>,
    /// How many returned addresses have not been dealt with.
    under_way: watch::Sender<usize>,
}

/// What is shown, and to whom. One lock for both, so that nobody is sent an older state after a newer one.
#[derive(Default)]
struct Screen {
    shown: Shown,
    last_sent: Option<SessionState>,
    watchers: Vec<Channel<SessionState>>,
}

/// What there is once the provider is known.
struct Walk {
    profile: Profile,
    provider: Arc<Provider>,
    sign_in: SignIn,
    sessions: SessionManager,
}

impl Desk {
    /// A desk that knows nothing yet. `returns` is the other end of the stream that
    /// [`take_returns`](Self::take_returns) reads.
    pub fn new(config: Option<PathBuf>, returns: mpsc::Sender<String>) -> Self {
        let (looks, looker) = mpsc::channel(MOST_LOOKS);
        Self(Arc::new(Inner {
            clock: Clock::system(),
            vault: Vault::system(SERVICE).with_deadline(keeping::DEADLINE),
            config,
            clipboard: Clipboard::default(),
            handler: OnceCell::new(),
            walk: OnceCell::new(),
            restored: OnceCell::new(),
            looks,
            looker: Mutex::new(Some(looker)),
            delivering: AtomicBool::new(false),
            attempts_known: AtomicBool::new(false),
            screen: Mutex::default(),
            returns,
            loopbacks: Mutex::default(),
            unfinished: Mutex::default(),
            under_way: watch::Sender::new(0),
        }))
    }

    /// Learns whether links of our scheme come to us.
    pub fn set_handler(&self, handler: Handler) {
        let desk = self.clone();
        // Set once, at the start; a second call would change nothing.
        let _ = self.0.handler.set(handler.clone());
        tauri::async_runtime::spawn(async move {
            if !handler.turned_out_ours().await {
                desk.notice(Reason::LinkHandlerMissing.into());
            }
        });
    }

    async fn links_come_to_us(&self) -> bool {
        match self.0.handler.get() {
            Some(handler) => handler.is_ours().await,
            None => false,
        }
    }

    /// Finds the provider, then what the keyring holds. May be called again after a failure.
    pub async fn start(&self) {
        match self.ready().await {
            Ok(walk) => {
                stages::reached("restored");
                let status = walk.sessions.watch().borrow().clone();
                self.change(|shown| {
                    shown.started = true;
                    shown.status = status;
                });
            }
            Err(problem) => self.change(|shown| {
                shown.started = true;
                shown.problem = Some(problem);
            }),
        }
    }

    /// The provider, and behind it what the keyring holds, both asked for once.
    async fn ready(&self) -> Result<&Walk, Problem> {
        let walk = self.walk().await?;
        self.0
            .restored
            .get_or_init(|| async {
                if let Err(error) = self.settle_with_keyring().await {
                    self.look_at_keyring(Look::After(error));
                }
                if let Some(looks) = lock(&self.0.looker).take() {
                    let desk = self.clone();
                    tauri::async_runtime::spawn(async move { desk.follow_keyring(looks).await });
                }
            })
            .await;
        Ok(walk)
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
                    SessionStore::new(vault.clone(), &profile.name, StateFolder::usual(SERVICE)),
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
                    profile,
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
            Some(path) => Profile::load(path)?,
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
                    desk.fail((&error).into());
                }
                Err(error) => {
                    tracing::info!(reason = ?error.reason(), "the kept token is not checked yet");
                }
            }
        });
    }

    /// Shows every change of the session, whichever program makes it, and sees to it that the token is fresh.
    fn follow(&self, sessions: &SessionManager) {
        let following = sessions.clone();
        tauri::async_runtime::spawn(async move { following.follow().await });
        let (desk, staying) = (self.clone(), sessions.clone());
        tauri::async_runtime::spawn(async move {
            // What it says when it cannot be woken, the renewal says too.
            let wake = || async {
                if desk.is_trial() {
                    let _ = wake_local_provider().await;
                }
            };
            staying.stay_fresh(wake).await;
        });
        self.tell_of_revocation(sessions);
        let desk = self.clone();
        let mut status = sessions.watch();
        tauri::async_runtime::spawn(async move {
            let mut was_refreshing = false;
            while status.changed().await.is_ok() {
                let now = status.borrow_and_update().clone();
                if let SessionStatus::SignedIn(signed_in) = &now {
                    if was_refreshing && !signed_in.kept {
                        // Nobody was told why the renewed tokens could not be kept.
                        desk.look_at_keyring(Look::Now);
                    } else if signed_in.kept {
                        desk.keyring_answered();
                    }
                    was_refreshing = signed_in.refreshing;
                }
                desk.change(|shown| shown.status = now);
            }
        });
    }

    /// Says so as long as the provider could not be told of a sign-out.
    fn tell_of_revocation(&self, sessions: &SessionManager) {
        let (desk, mut unrevoked) = (self.clone(), sessions.unrevoked());
        tauri::async_runtime::spawn(async move {
            while unrevoked.changed().await.is_ok() {
                let reason = Reason::RevocationPending;
                if unrevoked.borrow_and_update().is_some() {
                    desk.notice(reason.into());
                } else {
                    desk.change(|shown| drop(shown.notices.remove(reason.word())));
                }
            }
        });
    }

    /// The state now.
    pub fn state(&self) -> SessionState {
        self.screen().shown.state(&self.0.clock)
    }

    /// Sends the state now and at every change, until the page is gone.
    pub fn watch(&self, channel: Channel<SessionState>) {
        stages::reached("page-asked");
        let mut screen = self.screen();
        let now = screen.shown.state(&self.0.clock);
        if channel.send(now).is_ok() {
            screen.watchers.push(channel);
        }
    }

    async fn forget_attempts(&self) {
        if let Some(walk) = self.0.walk.get()
            && let Err(error) = walk.sign_in.settle().await
        {
            tracing::warn!(%error, "a sign-in that is over stays in the keyring until its time is over");
        }
        lock(&self.0.loopbacks).clear();
        *lock(&self.0.unfinished) = None;
        self.change(|shown| {
            shown.attempt = None;
            shown.redeeming = Redeeming::No;
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
                let left = expires_at.since(desk.0.clock.wall());
                if left.is_zero() {
                    break;
                }
                tokio::time::sleep(left.min(TICK)).await;
            }
            desk.change(|shown| {
                let still_this_one = shown.attempt.as_ref() == Some(&attempt);
                if still_this_one && shown.redeeming != Redeeming::UnderWay {
                    shown.attempt = None;
                    shown.redeeming = Redeeming::No;
                    shown.problem = Some(Reason::SignInExpired.into());
                }
            });
            if let Some(walk) = desk.0.walk.get() {
                // Asked for what it forgets on the way: nothing of an attempt outlives its time.
                let _ = walk.sign_in.newest().await;
            }
        });
    }

    fn fail(&self, problem: Problem) {
        self.change(|shown| shown.problem = Some(problem));
    }

    fn notice(&self, problem: Problem) {
        self.change(|shown| {
            shown.notices.insert(problem.reason.word(), problem);
        });
    }

    fn change(&self, how: impl FnOnce(&mut Shown)) {
        let mut screen = self.screen();
        how(&mut screen.shown);
        let state = screen.shown.state(&self.0.clock);
        if screen.last_sent.as_ref() != Some(&state) {
            screen
                .watchers
                .retain(|watcher| watcher.send(state.clone()).is_ok());
            screen.last_sent = Some(state);
        }
    }

    fn is_trial(&self) -> bool {
        self.screen().shown.profile.trial
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        lock(&self.0.screen)
    }
}

async fn wake_local_provider() -> Result<Url, Problem> {
    let started = local_provider::ensure().await;
    started.map_err(|said| Problem::saying(Reason::LocalProviderNotStarted, said))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked here is replaced whole; a panic cannot leave half of it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
