//! The walk of `keyfob_auth` as this program takes it. Whatever is asked of the engine is asked here.

use std::{sync::Arc, time::Duration};

use keyfob_auth::{
    Account, Clock, DeviceError, DeviceSignIn, FreshToken, Profile, Profiles, Provider, Reason,
    SERVICE, Session, SessionManager, SessionStatus, SessionStore, SignIn, SignedIn, StateFolder,
    Vault, VaultError, Warning, local_provider, profile::LOCAL,
};
use url::Url;

use crate::{
    interrupt::interrupted, moment, stages::reached, surroundings::Surroundings, trouble::Trouble,
    words::Cause,
};

/// How long a person may look for the password that the keyring asks for.
const KEYRING_PATIENCE: Duration = Duration::from_mins(1);

/// After this, a person is told what the program waits for.
const SILENCE: Duration = Duration::from_millis(1500);

/// How long a program that is told to end waits for an exchange that is under way.
const EXCHANGE_PATIENCE: Duration = Duration::from_secs(20);

/// How often tokens that the keyring did not take are given to it in all, and the rest in between.
const SAVE_TRIES: u32 = 5;
const SAVE_REST: Duration = Duration::from_secs(1);

/// One profile's way in, and its session.
pub struct Walk {
    pub profile: Profile,
    pub provider: Arc<Provider>,
    pub clock: Clock,
    pub sign_in: SignIn,
    /// Whether this is the bundled local provider.
    pub is_local: bool,
    vault: Vault,
    sessions: SessionManager,
}

/// Which token is wanted.
#[derive(Clone, Copy)]
pub enum Wish {
    /// One that lives at least so long; without a time, as long as is usual.
    Lives(Option<Duration>),
    /// A new one.
    Newer,
}

impl Walk {
    /// Finds the profile and its provider. Asks neither the keyring nor the network.
    pub async fn begin(surroundings: &Surroundings) -> Result<Self, Trouble> {
        let (profile, is_local) = profile(surroundings).await?;
        Ok(Self::of(profile, is_local, vault(surroundings)))
    }

    /// The walk of every profile. The bundled provider is woken only for a session that there is.
    pub async fn of_each(surroundings: &Surroundings) -> Result<Vec<Self>, Trouble> {
        let vault = vault(surroundings);
        let profiles = profiles(surroundings)?;
        let configured = profiles.names().filter_map(|name| profiles.get(name));
        let mut walks: Vec<_> = configured
            .map(|profile| Self::of(profile.clone(), false, vault.clone()))
            .collect();
        let entry = format!("{LOCAL}.session");
        match patiently(surroundings, vault.read(&entry)).await {
            Ok(None) => {}
            // One that cannot be read is there.
            Ok(Some(_)) | Err(VaultError::Damaged(_)) => {
                walks.push(Self::of(local().await?, true, vault));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(walks)
    }

    /// The walk of one profile.
    pub fn of(profile: Profile, is_local: bool, vault: Vault) -> Self {
        let clock = Clock::system();
        let provider = Arc::new(Provider::new(&profile, &clock));
        tracing::info!(
            profile = profile.name,
            issuer = provider.issuer(),
            "found the provider"
        );
        reached("profile-found");
        Self {
            sign_in: SignIn::new(
                Arc::clone(&provider),
                vault.clone(),
                &profile.name,
                clock.clone(),
            ),
            sessions: SessionManager::new(
                Arc::clone(&provider),
                SessionStore::new(vault.clone(), &profile.name, StateFolder::usual(SERVICE)),
                clock.clone(),
            ),
            profile,
            provider,
            clock,
            is_local,
            vault,
        }
    }

    /// Who is signed in, as far as the keyring knows.
    pub async fn who(&self, surroundings: &Surroundings) -> Result<Option<SignedIn>, Trouble> {
        patiently(surroundings, self.sessions.restore()).await?;
        reached("record-read");
        Ok(match self.sessions.status() {
            SessionStatus::SignedIn(signed_in) => Some(signed_in),
            SessionStatus::SignedOut => None,
        })
    }

    /// A token, and for whom.
    pub async fn token(
        &self,
        surroundings: &Surroundings,
        wish: Wish,
    ) -> Result<(FreshToken, Account), Trouble> {
        let who = self.who(surroundings).await?;
        let who = who.ok_or(Trouble::from(Reason::SignInNeeded))?;
        let asked = async {
            Ok(match wish {
                Wish::Lives(min_valid) => self.sessions.access_token(min_valid).await?,
                Wish::Newer => self.sessions.refresh().await?,
            })
        };
        let fresh = self.unless_interrupted(asked).await?;
        self.warn(surroundings, &fresh);
        Ok((fresh, who.account))
    }

    /// Adopts a refresh token that was minted elsewhere for the same person.
    pub async fn adopt_minted(
        &self,
        surroundings: &Surroundings,
        minted: &str,
    ) -> Result<FreshToken, Trouble> {
        self.who(surroundings).await?;
        let asked = async { Ok(self.sessions.update_with_refresh_token(minted).await?) };
        let fresh = self.unless_interrupted(asked).await?;
        self.warn(surroundings, &fresh);
        Ok(fresh)
    }

    /// Says what is not as it should be with a token that is handed out all the same.
    fn warn(&self, surroundings: &Surroundings, fresh: &FreshToken) {
        let output = surroundings.output;
        let left = moment::spoken(fresh.lives);
        match &fresh.warning {
            // That it is not kept is said at the end, if it is so then.
            None | Some(Warning::NotKept) => {}
            Some(Warning::NotRefreshed(error)) => {
                let why = Trouble::from(error.clone()).message();
                output.warning(&format!(
                    "the token expires in {left}, and there is no newer one: {why}"
                ));
            }
            Some(Warning::ShortLived) => {
                output.warning(&format!(
                    "even a new token of this provider lives only {left}"
                ));
            }
        }
        let minutes = self.clock.offset_milliseconds() / 60_000;
        if minutes != 0 {
            let direction = if minutes > 0 { "slow" } else { "fast" };
            let minutes = minutes.unsigned_abs();
            output.warning(&format!(
                "the clock of this computer is {minutes} min {direction}"
            ));
        }
    }

    /// Gives the keyring another chance to keep what was just refreshed, once the result is out: it would end with this
    /// program.
    pub async fn settle(&self, surroundings: &Surroundings) {
        for _ in 1..SAVE_TRIES {
            if !self.sessions.is_owed_by_the_keyring()
                || self.sessions.settle_with_keyring().await.is_ok()
            {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(SAVE_REST) => {}
                () = interrupted() => break,
            }
        }
        if let Err(error) = self.sessions.settle_with_keyring().await {
            surroundings.output.warning(&format!(
                "the new tokens are not kept, and the next call may have to sign in again: {}",
                Trouble::from(error).message()
            ));
        }
    }

    /// Waits for what must not be lost, as long as that can take.
    async fn end(&self) {
        let _ = tokio::time::timeout(EXCHANGE_PATIENCE, self.sessions.idle()).await;
    }

    /// Asks the provider for what it tells everybody, its keys above all; its answer also tells the time.
    pub async fn ask_provider(&self) -> Result<(), Trouble> {
        Ok(self.provider.ready().await?)
    }

    /// Asks the provider for a code that is typed elsewhere.
    pub async fn begin_elsewhere(&self) -> Result<DeviceSignIn, Trouble> {
        let begun = DeviceSignIn::begin(Arc::clone(&self.provider), self.clock.clone()).await;
        begun.map_err(|error| match error {
            DeviceError::NotOffered => Cause::NoDeviceSignIn.into(),
            error => error.into(),
        })
    }

    /// Sees to it that the keyring keeps what it is given.
    pub async fn probe_keyring(&self, surroundings: &Surroundings) -> Result<(), Trouble> {
        Ok(patiently(surroundings, self.vault.probe()).await?)
    }

    /// Keeps a new session: for this program, one that no keyring keeps is none.
    pub async fn adopt(&self, session: Session) -> Result<(), Trouble> {
        Ok(self.sessions.adopt(session).await?)
    }

    /// The provider's own page for signing out, if it has one.
    pub async fn logout_page(&self) -> Result<Option<Url>, Trouble> {
        let page = async { Ok(self.sessions.logout_page().await?) };
        self.unless_interrupted(page).await
    }

    /// Signs out of a profile that is removed: what the provider could not be told is forgotten, too.
    pub async fn sign_out_for_good(&self, surroundings: &Surroundings) -> Result<(), Trouble> {
        self.forget_session(surroundings).await?;
        if self.sessions.forget_outbox().await? {
            let words = Cause::Auth(Reason::RevocationPending).words();
            surroundings.output.warning(words.happened);
        }
        Ok(())
    }

    /// Ends the session, and whatever sign-in was left behind; says whether there was one.
    pub async fn sign_out(&self, surroundings: &Surroundings) -> Result<Option<SignedIn>, Trouble> {
        let who = self.forget_session(surroundings).await?;
        // The provider is told, also of what it could not be told before; and what another program saves of this session
        // meanwhile is deleted, too.
        let _ = self.sessions.deliver_outbox().await;
        self.end().await;
        if self.sessions.unrevoked().borrow().is_some() {
            let words = Cause::Auth(Reason::RevocationPending).words();
            let said = format!("{}; {}", words.happened, words.todo);
            surroundings.output.warning(&said);
        }
        Ok(who)
    }

    async fn forget_session(
        &self,
        surroundings: &Surroundings,
    ) -> Result<Option<SignedIn>, Trouble> {
        let who = match self.who(surroundings).await {
            // A record that cannot be read is deleted like any other.
            Err(trouble) if trouble.cause == Cause::Auth(Reason::KeyringDamaged) => None,
            who => who?,
        };
        self.sign_in.settle().await?;
        self.sessions.sign_out().await?;
        Ok(who)
    }

    /// Does the work; when the program is told to end, waits first for what must not be lost.
    async fn unless_interrupted<T>(
        &self,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let outcome = tokio::select! {
            outcome = work => outcome,
            () = interrupted() => Err(Cause::Cancelled.into()),
        };
        if outcome.is_err() {
            // A rotated token that nobody keeps would cost the session.
            self.end().await;
        }
        outcome
    }
}

/// The keyring, asked with the patience that fits whoever waits.
pub fn vault(surroundings: &Surroundings) -> Vault {
    let vault = Vault::system(SERVICE);
    if surroundings.is_interactive {
        vault.with_deadline(KEYRING_PATIENCE)
    } else {
        vault
    }
}

/// The profile that is wanted or configured; the bundled local provider when there is none. The second value says
/// whether it is that one.
pub async fn profile(surroundings: &Surroundings) -> Result<(Profile, bool), Trouble> {
    match configured(surroundings)? {
        Some(profile) => Ok((profile, false)),
        None => Ok((local().await?, true)),
    }
}

/// The bundled provider's profile; it is awake then.
async fn local() -> Result<Profile, Trouble> {
    match local_provider::ensure().await {
        Ok(base) => Ok(Profile::local(&base)),
        Err(said) => Err(Trouble::saying(Reason::LocalProviderNotStarted, said)),
    }
}

/// The profile in the configuration; none when the local provider is meant.
pub fn configured(surroundings: &Surroundings) -> Result<Option<Profile>, Trouble> {
    let wanted = surroundings.profile.as_deref();
    if wanted == Some(LOCAL) {
        return Ok(None);
    }
    Ok(profiles(surroundings)?.in_use(wanted)?.cloned())
}

/// All profiles of the configuration.
pub fn profiles(surroundings: &Surroundings) -> Result<Profiles, Trouble> {
    Ok(match &surroundings.config {
        Some(path) => Profiles::load(path)?,
        None => Profiles::default(),
    })
}

/// Waits for the keyring; a person is told so when it takes long, for its prompt may be behind another window.
pub async fn patiently<T>(surroundings: &Surroundings, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if !surroundings.is_interactive {
        return work.await;
    }
    tokio::select! {
        done = &mut work => done,
        () = tokio::time::sleep(SILENCE) => {
            surroundings.output.note("waiting for your keyring: it may be asking for its password");
            work.await
        }
    }
}
