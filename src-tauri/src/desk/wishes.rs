//! What the page asks for. Each wish ends in nothing, or in a [`Problem`] for the person.

use keyfob_auth::{
    Identifier, Reason, RedirectUri, SERVICE, SessionError, SessionManager, Warning,
    door::{
        browser,
        loopback::Loopback,
        paste::{self, Pasted},
    },
};
use tokio::sync::mpsc;
use url::Url;
use zeroize::Zeroizing;

use super::{Desk, keeping::Look, lock, wake_local_provider};
use crate::wire::Problem;

impl Desk {
    /// Begins an attempt for what was typed, or for whatever the person types in the browser.
    pub async fn sign_in(&self, typed: Option<&str>) -> Result<(), Problem> {
        let identifier = typed
            .map(str::parse::<Identifier>)
            .transpose()
            .map_err(|error| Problem::saying(Reason::InvalidIdentifier, error))?;
        let walk = self.ready().await?;
        let redirect_uri = match walk.profile.link(SERVICE) {
            // A provider that takes no listeners leaves no other way.
            Some(link) if walk.profile.loopback_ports().is_none() => link,
            Some(link) if self.links_come_to_us().await => link,
            _ => self.open_loopback().await?,
        };
        self.begin(identifier.as_ref(), redirect_uri).await
    }

    /// A second attempt by loopback; the first stays valid.
    pub async fn try_another_way(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let newest = walk.sign_in.newest().await.ok_or(Reason::SignInNeeded)?;
        let identifier = newest.identifier.and_then(|text| text.parse().ok());
        let redirect_uri = self.open_loopback().await?;
        self.begin(identifier.as_ref(), redirect_uri).await
    }

    async fn begin(
        &self,
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
    ) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let begun = walk.sign_in.begin(identifier, redirect_uri).await;
        let (attempt, kept) = begun.map_err(|error| Problem::from(&error))?;
        match kept {
            Ok(()) => self.keyring_answered(),
            Err(error) => self.keyring_problem(error.into()),
        }
        let address = attempt.request.address.clone();
        self.wait_for(attempt);
        self.open_at_provider(&address).await
    }

    /// Opens the newest attempt's page again; the provider then sends a new mail.
    pub async fn open_again(&self) -> Result<(), Problem> {
        let address = self.address_to_open().await?;
        self.open_at_provider(&address).await
    }

    /// Opens the local provider's outbox.
    pub async fn open_outbox(&self) -> Result<(), Problem> {
        let issuer = self.ready().await?.provider.issuer().to_owned();
        match Url::parse(&format!("{issuer}/outbox")) {
            Ok(address) if self.is_trial() => self.open_at_provider(&address).await,
            _ => Err(Reason::LocalProviderNotStarted.into()),
        }
    }

    /// Copies the newest attempt's page, for another browser.
    pub async fn copy_sign_in_address(&self) -> Result<(), Problem> {
        let address = self.address_to_open().await?;
        self.copy(address.to_string()).await
    }

    /// The newest attempt's page, good for opening once more.
    async fn address_to_open(&self) -> Result<Url, Problem> {
        let newest = self.ready().await?.sign_in.open_again().await;
        let newest = newest.map_err(|error| Problem::from(&error))?;
        Ok(newest.ok_or(Reason::SignInNeeded)?.request.address)
    }

    /// Takes what the person copied in the browser.
    pub async fn paste_return_address(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let text = self
            .0
            .clipboard
            .take()
            .await
            .map_err(|error| Problem::saying(Reason::ClipboardFailed, error))?;
        match paste::read(&text, SERVICE, walk.provider.sign_in_page()) {
            Pasted::ReturnAddress(address) => {
                self.receive(address);
                Ok(())
            }
            Pasted::MailLink(address) => self.open_at_provider(&address).await,
            Pasted::Neither => Err(Reason::NothingToPaste.into()),
        }
    }

    /// Does again what could not be done: the start, or the exchange of an answer.
    pub async fn try_again(&self) -> Result<(), Problem> {
        if self.is_trial() {
            wake_local_provider().await?;
        }
        self.change(|shown| shown.problem = None);
        let unfinished = lock(&self.0.unfinished).take();
        self.start().await;
        if self.screen().shown.complains_of_keyring()
            && let Err(error) = self.settle_with_keyring().await
        {
            self.look_at_keyring(Look::After(error));
        }
        if let Some(address) = unfinished {
            self.receive(address.to_string());
        }
        Ok(())
    }

    /// Forgets every attempt.
    pub async fn cancel_sign_in(&self) -> Result<(), Problem> {
        self.forget_attempts().await;
        self.change(|shown| shown.problem = None);
        Ok(())
    }

    /// A fresh access token, on the clipboard.
    pub async fn copy_token(&self) -> Result<(), Problem> {
        let fresh = self
            .of_session(|sessions| async move { sessions.access_token(None).await })
            .await?;
        self.copy(fresh.token.expose().to_owned()).await?;
        let problem = match &fresh.warning {
            Some(Warning::NotRefreshed(error)) => Some(error.into()),
            // The window shows how long it lives, and that nothing is kept, at all times.
            Some(Warning::ShortLived | Warning::NotKept) | None => None,
        };
        self.change(|shown| shown.problem = problem);
        Ok(())
    }

    /// New tokens now.
    pub async fn refresh(&self) -> Result<(), Problem> {
        self.of_session(|sessions| async move { sessions.refresh().await })
            .await?;
        self.change(|shown| shown.problem = None);
        Ok(())
    }

    /// Ends the session, and whatever attempt was left behind.
    pub async fn sign_out(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        self.forget_attempts().await;
        let signed_out = walk.sessions.sign_out().await;
        signed_out.map_err(|error| Problem::from(&error))?;
        self.change(|shown| shown.problem = None);
        Ok(())
    }

    /// Opens a page of the provider's. The local one goes to sleep when nobody uses it.
    async fn open_at_provider(&self, address: &Url) -> Result<(), Problem> {
        if self.is_trial() {
            wake_local_provider().await?;
        }
        browser::open(address)
            .await
            .map_err(|_| Reason::BrowserNotOpened)?;
        let now = self.0.clock.wall();
        self.change(|shown| shown.opened_at = Some(now));
        Ok(())
    }

    /// Asks the session for something that may need the provider, and once more when that was the local one, asleep.
    async fn of_session<T, Asked: Future<Output = Result<T, SessionError>>>(
        &self,
        ask: impl Fn(SessionManager) -> Asked,
    ) -> Result<T, Problem> {
        let sessions = &self.ready().await?.sessions;
        let mut outcome = ask(sessions.clone()).await;
        if let Err(error) = &outcome
            && error.reason() == Reason::Offline
            && self.is_trial()
            && wake_local_provider().await.is_ok()
        {
            outcome = ask(sessions.clone()).await;
        }
        outcome.map_err(|error| Problem::from(&error))
    }

    async fn copy(&self, text: String) -> Result<(), Problem> {
        let text = Zeroizing::new(text);
        self.0
            .clipboard
            .put(text)
            .await
            .map_err(|error| Problem::saying(Reason::ClipboardFailed, error))
    }

    /// A listener whose answers come into the same stream as every other door's.
    async fn open_loopback(&self) -> Result<RedirectUri, Problem> {
        let (returns, mut returned) = mpsc::channel(4);
        let profile = &self.ready().await?.profile;
        let ports = profile.loopback_ports().ok_or(Reason::LoopbackNotOpened)?;
        let door = Loopback::open_at(&profile.callback_path(), ports, returns)
            .await
            .map_err(|error| Problem::saying(Reason::LoopbackNotOpened, error))?;
        let redirect_uri = door.redirect_uri().clone();
        lock(&self.0.loopbacks).push(door);
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            while let Some(address) = returned.recv().await {
                desk.receive(address);
            }
        });
        Ok(redirect_uri)
    }
}
