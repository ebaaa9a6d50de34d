//! What a program does that shows a session for hours: it follows what other programs do with it, and renews it ahead.
//!
//! None of it ever asks a keyring again that is locked or does not answer: each question opens its prompt, and the
//! person has just closed it. It goes on when the keyring has answered somebody.

use std::time::Duration;

use tokio::sync::watch;

use super::{
    SessionError, SessionManager, SessionStatus, StoreError,
    manager::Inner,
    renewal::{Spend, Wish},
};
use crate::{ProviderError, VaultError, state_folder::Watch};

/// How often the sign of a change is looked at where the system does not tell of it: a look at the time of an empty file.
const LOOK: Duration = Duration::from_millis(500);

/// How long a change may take in all its files, once the system has told of the first.
const CHANGE: Duration = Duration::from_millis(50);

/// How often a keyring is looked for that is not there.
const LOOK_FOR_KEYRING: Duration = Duration::from_secs(3);

/// How often the token's age is looked at. Short, because a timer stands still while the computer sleeps: after it has
/// woken, the wall clock is looked at within this time.
const TICK: Duration = Duration::from_secs(15);

/// The shortest time between two looks at a token that lives for seconds only.
const SHORTEST_TICK: Duration = Duration::from_millis(500);

/// How long it rests at most between two attempts that failed, and how long when the provider asks for more.
const LONGEST_REST: Duration = Duration::from_mins(5);
const LONGEST_WAIT: Duration = Duration::from_hours(1);

impl SessionManager {
    /// Takes up what other programs do: they sign in or out, or renew the tokens. It runs until it is dropped.
    pub async fn follow(&self) {
        // Before the first look: what happens after it is told.
        let mut watch = self.0.store.watch();
        let mut seen = self.0.store.last_change();
        loop {
            let told = another_sign(watch.as_ref()).await;
            if told {
                tokio::time::sleep(CHANGE).await;
            } else {
                // The folder may be another one by now, or one that can be watched.
                watch = self.0.store.watch();
            }
            let now = self.0.store.last_change();
            if now == seen {
                continue;
            }
            seen = now;
            while let Err(error) = self.0.take_up_changes().await {
                tracing::debug!(%error, "a change by another program is not read yet");
                self.0.another_answer_of_the_keyring(&error).await;
            }
        }
    }

    /// Renews the token before it ends, by a fifth of its lifetime or 5 minutes, whichever is less, so that whoever asks
    /// for one does not wait. After a failure it rests, longer each time. It runs until it is dropped; the trouble that it
    /// had is then nobody's any more.
    ///
    /// `wake` is called before the provider is asked: the bundled one may be asleep.
    pub async fn stay_fresh<Woken: Future<Output = ()>>(&self, wake: impl Fn() -> Woken) {
        let _ours = OurTrouble(&self.0);
        let mut status = self.watch();
        let mut failures = 0;
        loop {
            let ahead = self.renew_ahead(&wake, failures).await;
            failures = if matches!(ahead, Ahead::Nothing(_)) {
                0
            } else {
                failures + 1
            };
            let rest = async {
                match ahead {
                    Ahead::Nothing(rest) | Ahead::Failed(rest) => self.rest(rest).await,
                    Ahead::Unasked(error) => self.0.another_answer_of_the_keyring(&error).await,
                }
            };
            tokio::select! {
                () = rest => {}
                () = signed_in_anew(&mut status) => failures = 0,
            }
        }
    }

    async fn renew_ahead<Woken: Future<Output = ()>>(
        &self,
        wake: &impl Fn() -> Woken,
        failures: u32,
    ) -> Ahead {
        let Ok(session) = self.0.session() else {
            return Ahead::Nothing(TICK);
        };
        let lead = session.lead();
        let tick = (lead / 4).clamp(SHORTEST_TICK, TICK);
        let left = session.remaining(&self.0.clock);
        if session.tokens.refresh.is_none() && left.is_zero() {
            self.0.in_trouble(&session, &SessionError::NotRenewable);
        }
        if session.ended().is_some() || session.tokens.refresh.is_none() {
            return Ahead::Nothing(TICK);
        }
        if left >= lead {
            return Ahead::Nothing(tick);
        }
        wake().await;
        let renewed = self.0.spend(&session, Spend::Own(Wish::Lives(lead))).await;
        let Err(error) = renewed else {
            return Ahead::Nothing(tick);
        };
        tracing::info!(reason = ?error.reason(), "the token is not renewed yet");
        let rest = (TICK * 2_u32.saturating_pow(failures).min(100)).min(LONGEST_REST);
        let rest = rest.max(asked_to_wait(&error).min(LONGEST_WAIT));
        // Until then, whoever asks gets a token that is good enough; later ones may not.
        if session.remaining(&self.0.clock) <= session.usual_wish().max(rest) {
            self.0.in_trouble(&session, &error);
        }
        match error {
            SessionError::Store(error) => Ahead::Unasked(error),
            _ => Ahead::Failed(rest),
        }
    }

    /// Rests so long, or until the computer has slept: then much may have changed.
    async fn rest(&self, long: Duration) {
        let mut left = long;
        while !left.is_zero() {
            let slice = left.min(TICK);
            let before = self.0.clock.wall();
            tokio::time::sleep(slice).await;
            if self.0.clock.wall().since(before) > slice + TICK {
                return;
            }
            left -= slice;
        }
    }
}

impl Inner {
    /// Reads what other programs may have changed, and gives the keyring again what it has lost of ours.
    async fn take_up_changes(self: &std::sync::Arc<Self>) -> Result<(), StoreError> {
        self.read_again().await?;
        self.settle_with_keyring().await?;
        self.look_into_outbox().await
    }

    /// Waits until it is worth asking the keyring again after this.
    pub(super) async fn another_answer_of_the_keyring(&self, error: &StoreError) {
        let answered = self.keyring_answered.notified();
        match error {
            StoreError::Vault(VaultError::Waiting(late)) => {
                let mut answered = std::pin::pin!(answered);
                let ended = tokio::select! {
                    ended = late.ended() => ended,
                    () = &mut answered => return,
                };
                match ended {
                    Ok(()) | Err(VaultError::Unavailable { .. } | VaultError::GivenUp) => {}
                    // The person has closed its prompt: asking opens it again.
                    Err(_) => answered.await,
                }
            }
            StoreError::Vault(VaultError::Unavailable { .. } | VaultError::GivenUp) => {
                tokio::time::sleep(LOOK_FOR_KEYRING).await;
            }
            // Locked: asking opens the prompt that the person has just closed. Damaged: it stays so until somebody signs
            // in anew.
            StoreError::Vault(_) | StoreError::Damaged | StoreError::Newer(_) => answered.await,
        }
    }
}

/// Takes back what was said of a renewal that nobody tries any more.
struct OurTrouble<'a>(&'a Inner);

impl Drop for OurTrouble<'_> {
    fn drop(&mut self) {
        self.0.out_of_trouble();
    }
}

/// What came of a look at the token's age.
enum Ahead {
    /// Nothing is to be done for so long.
    Nothing(Duration),
    /// It could not be renewed, and is tried again after so long.
    Failed(Duration),
    /// The keyring did not let the provider be asked.
    Unasked(StoreError),
}

fn asked_to_wait(error: &SessionError) -> Duration {
    match error {
        SessionError::Provider(ProviderError::Busy { wait: Some(wait) }) => *wait,
        _ => Duration::ZERO,
    }
}

/// Waits until it is worth looking for a change. Whether the system has told of one.
async fn another_sign(watch: Option<&Watch>) -> bool {
    let Some(watch) = watch else {
        tokio::time::sleep(LOOK).await;
        return false;
    };
    tokio::time::timeout(TICK, watch.changed()).await.is_ok()
}

/// Waits until another session is shown than now.
async fn signed_in_anew(status: &mut watch::Receiver<SessionStatus>) {
    let expires_at = |status: &SessionStatus| match status {
        SessionStatus::SignedIn(signed_in) => Some(signed_in.expires_at),
        SessionStatus::SignedOut => None,
    };
    let before = expires_at(&status.borrow_and_update());
    // The sender lives as long as the manager, which is borrowed here.
    let _ = status.wait_for(|now| expires_at(now) != before).await;
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::StateFolder;

    const A_MOMENT: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn where_nothing_is_told_it_is_looked_twice_a_second() {
        let sign = |patience| timeout(patience, another_sign(None));
        assert!(sign(LOOK.saturating_sub(A_MOMENT)).await.is_err());
        assert_eq!(sign(LOOK + A_MOMENT).await, Ok(false));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test(start_paused = true)]
    async fn where_changes_are_told_of_it_is_looked_at_once_and_else_rarely() {
        let root = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(root.path());
        let watch = folder.watch();
        let sign = |patience| timeout(patience, another_sign(watch.as_ref()));
        assert!(sign(TICK.saturating_sub(A_MOMENT)).await.is_err());
        assert_eq!(sign(TICK + A_MOMENT).await, Ok(false));
        folder.say_changed("work");
        assert_eq!(sign(A_MOMENT).await, Ok(true));
    }
}
