//! The desk: where the page's wishes, the returning links and the session meet.
//!
//! It wires `keyfob_auth` to the window and decides nothing about tokens itself. The window is at one profile at a time,
//! whose [`Walk`] it serves. Everything that changes what is shown of one goes through [`Desk::change_of`], which sends
//! the whole new state to whoever watches.

mod details;
mod diagnostics;
mod keeping;
mod profiles;
mod returns;
mod settings;
mod walk;
mod wishes;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use keyfob_auth::{
    Attempt, Clock, Reason, SERVICE, SessionError, SessionStatus, Timestamp, Vault, local_provider,
    profile::{KeepIn, WindowSettings},
};
use tauri::ipc::Channel;
use tokio::sync::{OnceCell, mpsc, watch};
use url::Url;
use zeroize::Zeroizing;

use self::{
    diagnostics::Rounds,
    keeping::Look,
    walk::{Pictured, Walk},
};
use crate::{
    clipboard::Clipboard,
    copied::Copied,
    links::Handler,
    page::Told,
    shown::{Notices, Redeeming, Shown},
    stages,
    wire::{Problem, SessionState},
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
    /// Where this run keeps things: chosen once, by the file, when that can first be read.
    vault: OnceLock<Vault>,
    config: Option<PathBuf>,
    /// What the file said of the window when it was last read.
    window: Mutex<WindowSettings>,
    clipboard: Clipboard,
    handler: OnceCell<Handler>,
    /// Held while it is settled which profile the window is at.
    settling: tokio::sync::Mutex<()>,
    /// The doctor's rounds.
    rounds: Rounds,
    /// Every profile that the window was at in this run, by name.
    walks: Mutex<BTreeMap<String, Arc<Walk>>>,
    /// Those that were removed or changed: something of them may still be under way.
    gone: Mutex<Vec<Arc<Walk>>>,
    /// Whenever it is worth looking at the keyring, and who looks, until the provider is known.
    looks: mpsc::Sender<Look>,
    looker: Mutex<Option<mpsc::Receiver<Look>>>,
    screen: Mutex<Screen>,
    /// Where every door puts what came back.
    returns: mpsc::Sender<String>,
    /// An answer that came before any provider was known.
    early: Mutex<Option<Zeroizing<String>>>,
    /// How many returned addresses have not been dealt with.
    under_way: watch::Sender<usize>,
    /// Whether tokens are renewed before anybody asks.
    renews_ahead: watch::Sender<bool>,
}

/// What is shown, of which profile, and to whom. One lock for all, so that nobody is sent an older state after a newer
/// one, nor a state of one profile after that of the next.
#[derive(Default)]
struct Screen {
    /// None until a provider is known.
    served: Option<Arc<Walk>>,
    /// What is shown until then.
    unserved: Shown,
    notices: Notices,
    /// Whether the person has chosen nothing yet, neither here nor in the file, and never was signed in.
    first_run: bool,
    /// The token that the clipboard keeps for now, of whichever profile.
    copied: Option<Arc<Copied>>,
    last_sent: Option<SessionState>,
    watchers: Vec<Channel<Told<SessionState>>>,
}

impl Screen {
    fn state(&self, clock: &Clock) -> SessionState {
        let state = match &self.served {
            Some(walk) => lock(&walk.shown).state(&self.notices, &walk.clock),
            None => self.unserved.state(&self.notices, clock),
        };
        SessionState {
            first_run: self.first_run,
            copied: self.copied.as_deref().map(Copied::view),
            ..state
        }
    }

    /// Whether nothing was copied after this.
    fn is_newest(&self, copied: &Arc<Copied>) -> bool {
        let newest = self.copied.as_ref();
        newest.is_some_and(|newest| Arc::ptr_eq(newest, copied))
    }
}

impl Desk {
    /// A desk that knows nothing yet. `returns` is the other end of the stream that
    /// [`take_returns`](Self::take_returns) reads.
    pub fn new(config: Option<PathBuf>, returns: mpsc::Sender<String>) -> Self {
        let (looks, looker) = mpsc::channel(MOST_LOOKS);
        Self(Arc::new(Inner {
            clock: Clock::system(),
            vault: OnceLock::new(),
            window: Mutex::default(),
            renews_ahead: watch::Sender::new(true),
            config,
            clipboard: Clipboard::default(),
            handler: OnceCell::new(),
            settling: tokio::sync::Mutex::default(),
            rounds: Rounds::default(),
            walks: Mutex::default(),
            gone: Mutex::default(),
            looks,
            looker: Mutex::new(Some(looker)),
            screen: Mutex::default(),
            returns,
            early: Mutex::default(),
            under_way: watch::Sender::new(0),
        }))
    }

    fn vault(&self) -> &Vault {
        self.0.vault.get_or_init(|| {
            let vault = match lock(&self.0.window).keep_in {
                KeepIn::Keyring => Vault::system(SERVICE),
                KeepIn::ThisRun => Vault::for_this_run(SERVICE),
            };
            vault.with_deadline(keeping::DEADLINE)
        })
    }

    /// Learns whether links of our scheme come to us.
    pub fn set_handler(&self, handler: Handler) {
        let desk = self.clone();
        // Set once, at the start; a second call would change nothing.
        let _ = self.0.handler.set(handler.clone());
        tauri::async_runtime::spawn(async move {
            if !handler.turned_out_ours().await {
                desk.change_notices(|notices| notices.say(Reason::LinkHandlerMissing.into()));
            }
        });
    }

    /// Learns it anew: somebody has opened a link since.
    fn links_turn_out(&self, come: bool) {
        let Some(handler) = self.0.handler.get() else {
            return;
        };
        let ours = handler.turns_out(come);
        self.change_notices(|notices| {
            if ours {
                notices.take_back(Reason::LinkHandlerMissing);
            } else {
                notices.say(Reason::LinkHandlerMissing.into());
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
                self.change_of(&walk, |shown| shown.started = true);
                self.show_session(&walk);
            }
            Err(problem) => self.change(|shown| {
                shown.started = true;
                shown.problem = Some(problem);
            }),
        }
    }

    /// The profile that the window is at, and what the keyring holds of it, both asked for once.
    async fn ready(&self) -> Result<Arc<Walk>, Problem> {
        let walk = self.walk().await?;
        walk.restored
            .get_or_init(|| async {
                self.ask_keyring_anew(&walk).await;
                if let Some(looks) = lock(&self.0.looker).take() {
                    let desk = self.clone();
                    tauri::async_runtime::spawn(async move { desk.follow_keyring(looks).await });
                }
            })
            .await;
        Ok(walk)
    }

    /// Shows the session as it is now, and sees to what comes with it.
    fn show_session(&self, walk: &Arc<Walk>) {
        let mut is_unchecked = false;
        self.change_of(walk, |shown| {
            // Asked in here, so that an older status is never shown after a newer one.
            is_unchecked = shown.take_up(walk.sessions.status());
        });
        if matches!(walk.sessions.status(), SessionStatus::SignedIn(_)) {
            self.is_no_first_run();
        }
        if is_unchecked {
            self.check_kept_token(walk);
        }
        lock(&walk.readings).take_up(walk.sessions.contents());
        self.look_for_picture(walk);
    }

    /// A kept token was verified when it came; this run has not seen that. Nobody waits for the answer.
    fn check_kept_token(&self, walk: &Arc<Walk>) {
        let (desk, walk) = (self.clone(), Arc::clone(walk));
        tauri::async_runtime::spawn(async move {
            match walk.sessions.verify().await {
                Ok(()) | Err(SessionError::SignedOut) => {}
                Err(error) if error.reason() == Reason::VerificationFailed => {
                    desk.change_of(&walk, |shown| shown.problem = Some((&error).into()));
                }
                Err(error) => {
                    tracing::info!(reason = ?error.reason(), "the kept token is not checked yet");
                }
            }
        });
    }

    /// Shows every change of the session, whichever program makes it, and sees to it that the token is fresh, until the
    /// window goes elsewhere.
    fn follow(&self, walk: &Arc<Walk>) {
        let following = walk.sessions.clone();
        walk.follows(async move { following.follow().await });
        let (staying, is_trial) = (walk.sessions.clone(), walk.is_trial());
        let mut wanted = self.0.renews_ahead.subscribe();
        walk.follows(async move {
            // What it says when it cannot be woken, the renewal says too.
            let wake = || async {
                if is_trial {
                    let _ = wake_local_provider().await;
                }
            };
            // Until nobody can choose any more.
            while wanted.wait_for(|wanted| *wanted).await.is_ok() {
                tokio::select! {
                    () = staying.stay_fresh(wake) => {}
                    _ = wanted.wait_for(|wanted| !wanted) => {}
                }
            }
        });
        let (desk, seen) = (self.clone(), Arc::clone(walk));
        let mut status = walk.sessions.watch();
        walk.follows(async move {
            let mut was_refreshing = false;
            while status.changed().await.is_ok() {
                let now = status.borrow_and_update().clone();
                if let SessionStatus::SignedIn(signed_in) = &now {
                    if was_refreshing && !signed_in.kept && desk.vault().lasts() {
                        // Nobody was told why the renewed tokens could not be kept.
                        desk.look_at_keyring(Look::Now);
                    } else if signed_in.kept {
                        desk.keyring_answered();
                    }
                    was_refreshing = signed_in.refreshing;
                }
                desk.show_session(&seen);
            }
        });
    }

    /// Every profile that this run has been at, also those that are gone.
    fn known_walks(&self) -> Vec<Arc<Walk>> {
        let known = lock(&self.0.walks);
        let gone = lock(&self.0.gone);
        known.values().chain(gone.iter()).cloned().collect()
    }

    /// Says so as long as a provider could not be told of a sign-out.
    fn tell_of_revocation(&self, walk: &Walk) {
        let (desk, mut unrevoked) = (self.clone(), walk.sessions.unrevoked());
        tauri::async_runtime::spawn(async move {
            while unrevoked.changed().await.is_ok() {
                let mut walks = desk.known_walks().into_iter();
                let waits = walks.any(|walk| walk.sessions.unrevoked().borrow().is_some());
                desk.change_notices(|notices| {
                    if waits {
                        notices.say(Reason::RevocationPending.into());
                    } else {
                        notices.take_back(Reason::RevocationPending);
                    }
                });
            }
        });
    }

    /// Asks for the picture of who is signed in, once for each that the provider names. Nobody waits for it.
    fn look_for_picture(&self, walk: &Arc<Walk>) {
        let account = match walk.sessions.status() {
            SessionStatus::SignedIn(signed_in) => Some(signed_in.account),
            SessionStatus::SignedOut => None,
        };
        let address = account.as_ref().and_then(|it| it.picture.clone());
        {
            let mut pictured = lock(&walk.pictured);
            if pictured.address == address {
                return;
            }
            *pictured = Pictured {
                address: address.clone(),
                picture: None,
            };
        }
        self.change_of(walk, |shown| shown.pictured = false);
        let Some(account) = account.filter(|_| address.is_some()) else {
            return;
        };
        let (desk, walk) = (self.clone(), Arc::clone(walk));
        tauri::async_runtime::spawn(async move {
            let asked = walk.provider.picture(&account).await;
            let here = {
                let mut pictured = lock(&walk.pictured);
                if pictured.address != address {
                    return;
                }
                match asked {
                    Ok(picture) => pictured.picture = picture,
                    Err(error) => {
                        tracing::info!(reason = ?error.reason(), "there is no picture yet");
                        if error.reason() == Reason::Offline {
                            // Asked for again when something else is heard of the session.
                            pictured.address = None;
                        }
                    }
                }
                pictured.picture.is_some()
            };
            desk.change_of(&walk, |shown| shown.pictured = here);
        });
    }

    /// The person has chosen something, or is known here.
    fn is_no_first_run(&self) {
        let mut screen = self.screen();
        screen.first_run = false;
        self.send(&mut screen);
    }

    /// The picture of who is signed in, as an address that holds it.
    pub fn account_picture(&self) -> Option<String> {
        let walk = self.served()?;
        let pictured = lock(&walk.pictured);
        pictured
            .picture
            .as_ref()
            .map(keyfob_auth::Picture::data_url)
    }

    /// The state now.
    pub fn state(&self) -> SessionState {
        self.screen().state(&self.0.clock)
    }

    /// Sends the state now and at every change, until the page is gone.
    pub fn watch(&self, channel: Channel<Told<SessionState>>) {
        stages::reached("page-asked");
        let mut screen = self.screen();
        let now = screen.state(&self.0.clock);
        if channel.send(Told(now)).is_ok() {
            screen.watchers.push(channel);
        }
    }

    async fn forget_attempts(&self, walk: &Walk) {
        if let Err(error) = walk.sign_in.settle().await {
            tracing::warn!(%error, "a sign-in that is over stays in the keyring until its time is over");
        }
        lock(&walk.loopbacks).clear();
        *lock(&walk.unfinished) = None;
        self.change_of(walk, |shown| {
            shown.attempt = None;
            shown.redeeming = Redeeming::No;
        });
    }

    /// Shows the attempt, and ends it when its time is over.
    fn wait_for(&self, walk: &Arc<Walk>, attempt: Attempt) {
        let expires_at = attempt.expires_at;
        self.change_of(walk, |shown| {
            shown.attempt = Some(attempt.clone());
            shown.problem = None;
        });
        let (desk, walk) = (self.clone(), Arc::clone(walk));
        tauri::async_runtime::spawn(async move {
            desk.until(expires_at).await;
            desk.change_of(&walk, |shown| {
                let still_this_one = shown.attempt.as_ref() == Some(&attempt);
                if still_this_one && shown.redeeming != Redeeming::UnderWay {
                    shown.attempt = None;
                    shown.redeeming = Redeeming::No;
                    shown.problem = Some(Reason::SignInExpired.into());
                }
            });
            // Asked for what it forgets on the way: nothing of an attempt outlives its time.
            let _ = walk.sign_in.newest().await;
        });
    }

    /// Waits until this moment by the wall clock, which goes on while the computer sleeps.
    async fn until(&self, moment: Timestamp) {
        loop {
            let left = moment.since(self.0.clock.wall());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(TICK)).await;
        }
    }

    /// Changes what is shown of a profile; nobody sees it while the window is at another one.
    fn change_of(&self, walk: &Walk, how: impl FnOnce(&mut Shown)) {
        let mut screen = self.screen();
        how(&mut lock(&walk.shown));
        self.send(&mut screen);
    }

    /// Changes what is shown, whatever that is of.
    fn change(&self, how: impl FnOnce(&mut Shown)) {
        let mut screen = self.screen();
        match screen.served.clone() {
            Some(walk) => how(&mut lock(&walk.shown)),
            None => how(&mut screen.unserved),
        }
        self.send(&mut screen);
    }

    fn change_notices(&self, how: impl FnOnce(&mut Notices)) {
        let mut screen = self.screen();
        how(&mut screen.notices);
        self.send(&mut screen);
    }

    fn send(&self, screen: &mut Screen) {
        let state = screen.state(&self.0.clock);
        if screen.last_sent.as_ref() != Some(&state) {
            screen
                .watchers
                .retain(|watcher| watcher.send(Told(state.clone())).is_ok());
            screen.last_sent = Some(state);
        }
    }

    /// The profile that the window is at, if one is known.
    fn served(&self) -> Option<Arc<Walk>> {
        self.screen().served.clone()
    }

    fn is_trial(&self) -> bool {
        self.served().is_some_and(|walk| walk.is_trial())
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
