//! The keyring's part: what it holds is taken up, and what it could not keep is kept when it can.
//!
//! A keyring may be locked, be missing, not answer, or end and come back, at any time. None of that stops the person;
//! they are told, and go on for this run. What it still owes is asked for again: when a late call ends, every few
//! seconds while there is none, and only at the person's word when it is locked, for each asking opens its prompt.

use std::{
    future::pending,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use keyfob_auth::{Reason, StoreError, VaultError};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{Desk, Walk, lock};
use crate::shown::Notices;

/// How long the keyring may take before the person is told: within 3 seconds of the start, with what comes before it.
pub(super) const DEADLINE: Duration = Duration::from_millis(1500);

/// How often a keyring that is not there is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// How long a late call is left alone. One whose keyring ended with its prompt open never ends; a second call behind
/// it lets the vault give it up.
const LATE_LIMIT: Duration = Duration::from_mins(1);

/// A reason to look whether the keyring does its part.
pub(super) enum Look {
    /// It did not.
    After(StoreError),
    /// It may now.
    Now,
}

impl Desk {
    /// Sees to it that the keyring does its part in the end, for as long as the program runs.
    pub(super) async fn follow_keyring(&self, mut looks: mpsc::Receiver<Look>) {
        let mut next = looks.recv().await;
        while let Some(look) = next {
            next = match look {
                Look::Now => match self.settle_with_keyring().await {
                    Ok(()) => looks.recv().await,
                    Err(error) => Some(Look::After(error)),
                },
                Look::After(error) => {
                    self.say_of_keyring(&error);
                    tokio::select! {
                        newer = looks.recv() => newer,
                        again = another_look(&error) => Some(again),
                    }
                }
            };
        }
    }

    /// A keyring that did not do its part: said as a notice, and taken back when it does it after all.
    pub(super) fn keyring_problem(&self, error: StoreError) {
        self.say_of_keyring(&error);
        self.look_at_keyring(Look::After(error));
    }

    /// It just did something: perhaps it now does what it did not do before.
    pub(super) fn keyring_answered(&self) {
        if self.screen().notices.complains_of_keyring() {
            self.look_at_keyring(Look::Now);
        }
    }

    pub(super) fn look_at_keyring(&self, look: Look) {
        // When there is no room, enough looks wait, and each looks at everything.
        let _ = self.0.looks.try_send(look);
    }

    /// Asks it about the profile that the window has just come to, and again when it did not do its part.
    pub(super) async fn ask_keyring_anew(&self, walk: &Arc<Walk>) {
        if let Err(error) = self.settle_at(walk).await {
            self.look_at_keyring(Look::After(error));
        }
    }

    /// Asks it for all that it has not done so far, of every profile that this run knows, one after the other: a locked
    /// one shows one prompt, not three.
    pub(super) async fn settle_with_keyring(&self) -> Result<(), StoreError> {
        match self.served() {
            Some(walk) => self.settle_at(&walk).await,
            None => Ok(()),
        }
    }

    async fn settle_at(&self, walk: &Arc<Walk>) -> Result<(), StoreError> {
        let settled = async {
            self.ask_keyring(walk).await?;
            for other in self.known_walks() {
                if other.sessions.is_owed_by_the_keyring() {
                    other.sessions.settle_with_keyring().await?;
                }
            }
            Ok(())
        };
        let settled = settled.await;
        match &settled {
            Ok(()) => self.change_notices(Notices::keyring_works),
            Err(error) => self.say_of_keyring(error),
        }
        settled
    }

    async fn ask_keyring(&self, walk: &Arc<Walk>) -> Result<(), StoreError> {
        let session = walk.sessions.restore().await;
        // A record that cannot be read is an answer too.
        if let Err(error) = &session
            && error.reason() != Reason::KeyringDamaged
        {
            self.change_of(walk, |shown| shown.session_unread = true);
            return session;
        }
        self.session_is_read(walk);
        walk.sessions.settle_with_keyring().await?;
        self.restore_attempts(walk).await?;
        session
    }

    fn session_is_read(&self, walk: &Arc<Walk>) {
        self.change_of(walk, |shown| shown.session_unread = false);
        self.show_session(walk);
        walk.deliver();
    }

    pub(super) async fn restore_attempts(&self, walk: &Arc<Walk>) -> Result<(), StoreError> {
        let newest = walk.sign_in.restore().await?;
        if let Some(attempt) = newest
            && lock(&walk.shown).attempt.as_ref() != Some(&attempt)
        {
            self.wait_for(walk, attempt);
        }
        if !walk.attempts_known.swap(true, Ordering::AcqRel)
            && let Some(address) = lock(&walk.unfinished).take()
        {
            // It fitted no attempt that we knew of then.
            self.receive(address.to_string());
        }
        Ok(())
    }

    fn say_of_keyring(&self, error: &StoreError) {
        tracing::debug!(%error, "the keyring did not do its part");
        self.change_notices(|notices| notices.complain_of_keyring(error.into()));
    }
}

/// Waits until it is worth asking the keyring again after this.
async fn another_look(error: &StoreError) -> Look {
    match error {
        StoreError::Vault(VaultError::Waiting(late)) => {
            match timeout(LATE_LIMIT, late.ended()).await {
                Ok(Err(error)) => Look::After(error.into()),
                Ok(Ok(())) | Err(_) => Look::Now,
            }
        }
        StoreError::Vault(VaultError::Unavailable { .. } | VaultError::GivenUp) => {
            sleep(LOOK_AGAIN).await;
            Look::Now
        }
        // Locked: asking opens the prompt that the person has just closed. Damaged: it stays so.
        StoreError::Vault(_) | StoreError::Damaged | StoreError::Newer(_) => pending().await,
    }
}
