//! What a program does that shows a session for hours: it follows what other programs do with it, and renews it ahead.

use std::time::Duration;

use super::{
    SessionError, SessionManager, SessionStatus,
    renewal::{Spend, Wish},
};
use crate::ProviderError;

/// How often the sign of a change is looked at: a look at the time of an empty file.
const LOOK: Duration = Duration::from_millis(500);

/// How often the token's age is looked at. Short, because a timer stands still while the computer sleeps: after it has
/// woken, the wall clock is looked at within this time.
const TICK: Duration = Duration::from_secs(15);

/// The shortest time between two looks at a token that lives for seconds only.
const SHORTEST_TICK: Duration = Duration::from_millis(500);

/// How long it rests at most between two attempts that failed.
const LONGEST_REST: Duration = Duration::from_mins(5);

impl SessionManager {
    /// Takes up what other programs do: they sign in or out, or renew the tokens. It runs until it is dropped.
    pub async fn follow(&self) {
        let mut seen = self.0.store.last_change();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.0.store.last_change();
            if now == seen {
                continue;
            }
            match self.0.read_again().await {
                Ok(()) => seen = now,
                // Looked at again soon: the change is not known yet.
                Err(error) => {
                    tracing::debug!(%error, "a change by another program is not read yet");
                }
            }
        }
    }

    /// Renews the token before it ends, by a fifth of its lifetime or 5 minutes, whichever is less, so that whoever asks
    /// for one does not wait. After a failure it rests, longer each time. It runs until it is dropped.
    ///
    /// `wake` is called before the provider is asked: the bundled one may be asleep.
    pub async fn stay_fresh<Woken: Future<Output = ()>>(&self, wake: impl Fn() -> Woken) {
        let mut status = self.watch();
        let mut failures = 0;
        loop {
            let rest = match self.renew_ahead(&wake).await {
                Ahead::Nothing(tick) => {
                    failures = 0;
                    tick
                }
                Ahead::Failed(wait) => {
                    failures += 1;
                    let rest = TICK * 2_u32.saturating_pow(failures - 1).min(100);
                    rest.min(LONGEST_REST).max(wait)
                }
            };
            let somebody_else = signed_in_anew(&mut status);
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = somebody_else => failures = 0,
            }
        }
    }

    async fn renew_ahead<Woken: Future<Output = ()>>(&self, wake: &impl Fn() -> Woken) -> Ahead {
        let Ok(session) = self.0.session() else {
            return Ahead::Nothing(TICK);
        };
        let lead = session.lead();
        let tick = (lead / 4).clamp(SHORTEST_TICK, TICK);
        if session.ended().is_some() || session.tokens.refresh.is_none() {
            return Ahead::Nothing(TICK);
        }
        if session.remaining(&self.0.clock) >= lead {
            return Ahead::Nothing(tick);
        }
        wake().await;
        match self.0.spend(&session, Spend::Own(Wish::Lives(lead))).await {
            Ok(_) => Ahead::Nothing(tick),
            Err(error) => {
                tracing::info!(reason = ?error.reason(), "the token is not renewed yet");
                // Until now, whoever asked got a token that was good enough.
                if session.remaining(&self.0.clock) <= session.usual_wish() {
                    self.0.in_trouble(&error);
                }
                Ahead::Failed(asked_to_wait(&error))
            }
        }
    }
}

/// What came of a look at the token's age.
enum Ahead {
    /// Nothing is to be done for so long.
    Nothing(Duration),
    /// It could not be renewed, and the provider asks to be left alone for so long.
    Failed(Duration),
}

fn asked_to_wait(error: &SessionError) -> Duration {
    match error {
        SessionError::Provider(ProviderError::Busy { wait: Some(wait) }) => *wait,
        _ => Duration::ZERO,
    }
}

/// Waits until another session is shown than now.
async fn signed_in_anew(status: &mut tokio::sync::watch::Receiver<SessionStatus>) {
    let expires_at = |status: &SessionStatus| match status {
        SessionStatus::SignedIn(signed_in) => Some(signed_in.expires_at),
        SessionStatus::SignedOut => None,
    };
    let before = expires_at(&status.borrow_and_update());
    // The sender lives as long as the manager, which is borrowed here.
    let _ = status.wait_for(|now| expires_at(now) != before).await;
}
