//! What the page asks for. Each wish ends in nothing, or in a [`Problem`] for the person.

use std::sync::Arc;

use keyfob_auth::{
    Identifier, Reason, RedirectUri, SERVICE, SessionError, SessionManager, SessionStatus, Warning,
    door::{
        browser,
        loopback::Loopback,
        paste::{self, Pasted},
    },
};
use tokio::sync::mpsc;
use url::Url;
use zeroize::Zeroizing;

use super::{Desk, Walk, lock, wake_local_provider};
use crate::{
    copied::{Copied, written},
    wire::{CopyForm, Problem},
};

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
            _ => self.open_loopback(&walk).await?,
        };
        self.begin(&walk, identifier.as_ref(), redirect_uri).await
    }

    /// A second attempt by loopback; the first stays valid.
    pub async fn try_another_way(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let newest = walk.sign_in.newest().await.ok_or(Reason::SignInNeeded)?;
        let identifier = newest.identifier.and_then(|text| text.parse().ok());
        let redirect_uri = self.open_loopback(&walk).await?;
        self.begin(&walk, identifier.as_ref(), redirect_uri).await
    }

    async fn begin(
        &self,
        walk: &Arc<Walk>,
        identifier: Option<&Identifier>,
        redirect_uri: RedirectUri,
    ) -> Result<(), Problem> {
        let begun = walk.sign_in.begin(identifier, redirect_uri).await;
        let (attempt, kept) = begun.map_err(|error| Problem::from(&error))?;
        match kept {
            Ok(()) => self.keyring_answered(),
            Err(error) => self.keyring_problem(error.into()),
        }
        let address = attempt.request.address.clone();
        self.wait_for(walk, attempt);
        self.open_at_provider(walk, &address).await
    }

    /// Opens the newest attempt's page again; the provider then sends a new mail.
    pub async fn open_again(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let address = address_to_open(&walk).await?;
        self.open_at_provider(&walk, &address).await
    }

    /// Opens the local provider's outbox.
    pub async fn open_outbox(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        match Url::parse(&format!("{}/outbox", walk.provider.issuer())) {
            Ok(address) if walk.is_trial() => self.open_at_provider(&walk, &address).await,
            _ => Err(Reason::LocalProviderNotStarted.into()),
        }
    }

    /// Copies the newest attempt's page, for another browser.
    pub async fn copy_sign_in_address(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let address = address_to_open(&walk).await?;
        self.copy(address.to_string().into()).await
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
            Pasted::MailLink(address) => self.open_at_provider(&walk, &address).await,
            Pasted::Neither => Err(Reason::NothingToPaste.into()),
        }
    }

    /// Does again what could not be done: the start, or the exchange of an answer.
    pub async fn try_again(&self) -> Result<(), Problem> {
        if self.is_trial() {
            wake_local_provider().await?;
        }
        self.change(|shown| shown.problem = None);
        let unfinished = self.take_unfinished();
        self.start().await;
        if self.screen().notices.complains_of_keyring()
            && let Some(walk) = self.served()
        {
            self.ask_keyring_anew(&walk).await;
        }
        if let Some(address) = unfinished {
            self.receive(address.to_string());
        }
        Ok(())
    }

    /// Forgets every attempt.
    pub async fn cancel_sign_in(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        self.forget_attempts(&walk).await;
        self.change_of(&walk, |shown| shown.problem = None);
        Ok(())
    }

    /// A fresh token, on the clipboard for a while.
    pub async fn copy_token(&self, form: CopyForm) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let fresh = of_session(&walk, |sessions| async move {
            sessions.access_token(None).await
        })
        .await?;
        self.keep_for_a_while(written(&fresh, form)?, form).await?;
        let problem = match &fresh.warning {
            Some(Warning::NotRefreshed(error)) => Some(error.into()),
            // The window shows how long it lives, and that nothing is kept, at all times.
            Some(Warning::ShortLived | Warning::NotKept) | None => None,
        };
        self.change_of(&walk, |shown| shown.problem = problem);
        Ok(())
    }

    /// Copies it, and takes it away again when its time is over.
    async fn keep_for_a_while(
        &self,
        text: Zeroizing<String>,
        form: CopyForm,
    ) -> Result<(), Problem> {
        let time = self.window_settings().clipboard;
        self.copy(text.clone()).await?;
        let copied = Arc::new(Copied {
            form,
            text,
            until: self.0.clock.wall() + time,
        });
        {
            let mut screen = self.screen();
            screen.copied = Some(Arc::clone(&copied));
            self.send(&mut screen);
        }
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            desk.until(copied.until).await;
            desk.take_back(&copied).await;
        });
        Ok(())
    }

    /// Takes the copied token from the clipboard, if it is still there. It waits for nothing else.
    pub async fn clear_clipboard(&self) {
        let copied = self.screen().copied.clone();
        if let Some(copied) = copied {
            self.take_back(&copied).await;
        }
    }

    async fn take_back(&self, copied: &Arc<Copied>) {
        if !self.screen().is_newest(copied) {
            // Something was copied after it, and has its own time.
            return;
        }
        if let Err(error) = self.0.clipboard.take_back(copied.text.clone()).await {
            tracing::warn!(%error, "the clipboard may still hold a token");
        }
        let mut screen = self.screen();
        if screen.is_newest(copied) {
            screen.copied = None;
            self.send(&mut screen);
        }
    }

    /// New tokens now.
    pub async fn refresh(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        of_session(&walk, |sessions| async move { sessions.refresh().await }).await?;
        self.change_of(&walk, |shown| shown.problem = None);
        Ok(())
    }

    /// Ends the session, and whatever attempt was left behind.
    pub async fn sign_out(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        self.forget_attempts(&walk).await;
        let signed_out = walk.sessions.sign_out().await;
        signed_out.map_err(|error| Problem::from(&error))?;
        self.change_of(&walk, |shown| shown.problem = None);
        let page = walk.sessions.logout_page().await;
        self.change_of(&walk, |shown| {
            let is_out = walk.sessions.status() == SessionStatus::SignedOut;
            shown.browser_left = is_out && matches!(page, Ok(Some(_)));
        });
        Ok(())
    }

    /// Opens the provider's own page for signing out: the browser may still be signed in there.
    pub async fn sign_out_in_browser(&self) -> Result<(), Problem> {
        let walk = self.ready().await?;
        let page = walk.sessions.logout_page().await;
        if let Some(page) = page.map_err(|error| Problem::from(&error))? {
            browser::open(&page)
                .await
                .map_err(|_| Reason::BrowserNotOpened)?;
        }
        self.change_of(&walk, |shown| shown.browser_left = false);
        Ok(())
    }

    /// Opens a page of the provider's. The local one goes to sleep when nobody uses it.
    async fn open_at_provider(&self, walk: &Walk, address: &Url) -> Result<(), Problem> {
        if walk.is_trial() {
            wake_local_provider().await?;
        }
        browser::open(address)
            .await
            .map_err(|_| Reason::BrowserNotOpened)?;
        let now = self.0.clock.wall();
        self.change_of(walk, |shown| shown.opened_at = Some(now));
        Ok(())
    }

    /// The answer that could not be dealt with, if there is one.
    fn take_unfinished(&self) -> Option<Zeroizing<String>> {
        let early = lock(&self.0.early).take();
        early.or_else(|| lock(&self.served()?.unfinished).take())
    }

    async fn copy(&self, text: Zeroizing<String>) -> Result<(), Problem> {
        self.0
            .clipboard
            .put(text)
            .await
            .map_err(|error| Problem::saying(Reason::ClipboardFailed, error))
    }

    /// A listener whose answers come into the same stream as every other door's.
    async fn open_loopback(&self, walk: &Walk) -> Result<RedirectUri, Problem> {
        let (returns, mut returned) = mpsc::channel(4);
        let profile = &walk.profile;
        let ports = profile.loopback_ports().ok_or(Reason::LoopbackNotOpened)?;
        let door = Loopback::open_at(&profile.callback_path(), ports, returns)
            .await
            .map_err(|error| Problem::saying(Reason::LoopbackNotOpened, error))?;
        let redirect_uri = door.redirect_uri().clone();
        lock(&walk.loopbacks).push(door);
        let desk = self.clone();
        tauri::async_runtime::spawn(async move {
            while let Some(address) = returned.recv().await {
                desk.receive(address);
            }
        });
        Ok(redirect_uri)
    }
}

/// The newest attempt's page, good for opening once more.
async fn address_to_open(walk: &Walk) -> Result<Url, Problem> {
    let newest = walk.sign_in.open_again().await;
    let newest = newest.map_err(|error| Problem::from(&error))?;
    Ok(newest.ok_or(Reason::SignInNeeded)?.request.address)
}

/// Asks the session for something that may need the provider, and once more when that was the local one, asleep.
pub(super) async fn of_session<T, Asked: Future<Output = Result<T, SessionError>>>(
    walk: &Walk,
    ask: impl Fn(SessionManager) -> Asked,
) -> Result<T, Problem> {
    let mut outcome = ask(walk.sessions.clone()).await;
    if let Err(error) = &outcome
        && error.reason() == Reason::Offline
        && walk.is_trial()
        && wake_local_provider().await.is_ok()
    {
        outcome = ask(walk.sessions.clone()).await;
    }
    outcome.map_err(|error| Problem::from(&error))
}
