//! The walk of `keyfob_auth` as this program takes it. Whatever is asked of the engine is asked here.

use std::{sync::Arc, time::Duration};

use keyfob_auth::{
    AccessToken, Account, Clock, Profile, Provider, Reason, SERVICE, Session, SessionManager,
    SessionStatus, SessionStore, SignIn, SignedIn, Timestamp, Vault, local_provider,
};

use crate::{interrupt::interrupted, surroundings::Surroundings, trouble::Trouble, words::Cause};

/// How long a person may look for the password that the keyring asks for.
const KEYRING_PATIENCE: Duration = Duration::from_mins(1);

/// After this, a person is told what the program waits for.
const SILENCE: Duration = Duration::from_millis(1500);

/// How long a program that is told to end waits for an exchange that is under way.
const EXCHANGE_PATIENCE: Duration = Duration::from_secs(20);

/// One profile's way in, and its session.
pub struct Walk {
    /// The profile's name.
    pub profile: String,
    pub provider: Arc<Provider>,
    pub clock: Clock,
    pub sign_in: SignIn,
    /// Whether this is the bundled local provider.
    pub is_local: bool,
    sessions: SessionManager,
}

/// An access token, and what is known about it.
pub struct Handed {
    pub token: AccessToken,
    /// On the provider's clock.
    pub expires_at: Timestamp,
    pub lives: Duration,
    pub account: Account,
    /// Whether it was fetched just now.
    pub refreshed: bool,
}

/// Which token is wanted.
#[derive(Clone, Copy, Default)]
pub struct Wish {
    pub min_valid: Option<Duration>,
    pub force_refresh: bool,
}

impl Walk {
    /// Finds the profile and its provider. Asks neither the keyring nor the network.
    pub async fn begin(surroundings: &Surroundings) -> Result<Self, Trouble> {
        let (profile, is_local) = profile(surroundings).await?;
        let clock = Clock::system();
        let provider = Arc::new(Provider::new(&profile, &clock));
        tracing::info!(
            profile = profile.name,
            issuer = provider.issuer(),
            "found the provider"
        );
        let vault = vault(surroundings);
        Ok(Self {
            sign_in: SignIn::new(
                Arc::clone(&provider),
                vault.clone(),
                &profile.name,
                clock.clone(),
            ),
            sessions: SessionManager::new(
                Arc::clone(&provider),
                SessionStore::new(vault, &profile.name),
                clock.clone(),
            ),
            profile: profile.name,
            provider,
            clock,
            is_local,
        })
    }

    /// Who is signed in, as far as the keyring knows.
    pub async fn who(&self, surroundings: &Surroundings) -> Result<Option<SignedIn>, Trouble> {
        patiently(surroundings, self.sessions.restore()).await?;
        Ok(match self.sessions.watch().borrow().clone() {
            SessionStatus::SignedIn(signed_in) => Some(signed_in),
            SessionStatus::SignedOut => None,
        })
    }

    /// A token for whoever is signed in.
    pub async fn token(&self, surroundings: &Surroundings, wish: Wish) -> Result<Handed, Trouble> {
        let before = self
            .who(surroundings)
            .await?
            .ok_or(Trouble::from(Reason::SignInNeeded))?;
        let asked = async {
            if wish.force_refresh {
                self.sessions.refresh().await?;
            }
            Ok(self.sessions.access_token(wish.min_valid).await?)
        };
        let fresh = self.unless_interrupted(asked).await?;
        Ok(Handed {
            lives: fresh.expires_at.since(self.clock.now()),
            refreshed: fresh.expires_at != before.expires_at,
            token: fresh.token,
            expires_at: fresh.expires_at,
            account: before.account,
        })
    }

    /// Asks the provider for its keys, which also tells the time; says whether it could be asked, for this needs a
    /// session.
    pub async fn provider_answers(&self, surroundings: &Surroundings) -> Result<bool, Trouble> {
        if self.who(surroundings).await?.is_none() {
            return Ok(false);
        }
        self.sessions.verify().await?;
        Ok(true)
    }

    /// Keeps a new session: for this program, one that no keyring keeps is none.
    pub async fn adopt(&self, session: Session) -> Result<(), Trouble> {
        Ok(self.sessions.adopt(session).await?)
    }

    /// Ends the session, and whatever sign-in was left behind; says whether there was one.
    pub async fn sign_out(&self, surroundings: &Surroundings) -> Result<Option<SignedIn>, Trouble> {
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
        tokio::select! {
            outcome = work => outcome,
            () = interrupted() => {
                // A rotated token that nobody keeps would cost the session.
                let _ = tokio::time::timeout(EXCHANGE_PATIENCE, self.sessions.idle()).await;
                Err(Cause::Cancelled.into())
            }
        }
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
        None => match local_provider::ensure().await {
            Ok(base) => Ok((Profile::local(&base), true)),
            Err(said) => Err(Trouble::saying(Reason::LocalProviderNotStarted, said)),
        },
    }
}

/// The profile in the configuration; none when the local provider is meant.
pub fn configured(surroundings: &Surroundings) -> Result<Option<Profile>, Trouble> {
    let wanted = surroundings.profile.as_deref();
    if wanted == Some("local") {
        return Ok(None);
    }
    let configured = match &surroundings.config {
        Some(path) => Profile::load(path)?,
        None => None,
    };
    match (configured, wanted) {
        (Some(profile), Some(name)) if profile.name != name => Err(unknown(name)),
        (None, Some(name)) => Err(unknown(name)),
        (configured, _) => Ok(configured),
    }
}

fn unknown(name: &str) -> Trouble {
    let what = format!("there is no profile called {name:?}");
    Trouble::saying(Reason::ConfigInvalid, what)
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
