//! What comes back: return addresses, by whatever door, one after the other.

use keyfob_auth::{FinishError, Return};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{Desk, Walk, lock};
use crate::wire::Problem;

impl Desk {
    /// Puts a return address into the stream that every door feeds.
    pub fn receive(&self, address: String) {
        self.0.under_way.send_modify(|count| *count += 1);
        if self.0.returns.try_send(address).is_err() {
            self.0.under_way.send_modify(|count| *count -= 1);
            tracing::warn!("more links came than anybody can click; one was dropped");
        }
    }

    /// Deals with what comes back, one after the other, for as long as the program runs. Each brings the window up.
    pub async fn take_returns(&self, mut returns: mpsc::Receiver<String>, raise: impl Fn()) {
        while let Some(address) = returns.recv().await {
            raise();
            self.returned(&address).await;
            self.0
                .under_way
                .send_modify(|count| *count = count.saturating_sub(1));
        }
    }

    /// Whether a link came that has not been dealt with.
    pub fn is_under_way(&self) -> bool {
        *self.0.under_way.borrow() > 0
    }

    /// Waits until nothing is under way that would be lost when the program ends.
    pub async fn idle(&self) {
        let mut under_way = self.0.under_way.subscribe();
        let _ = under_way.wait_for(|count| *count == 0).await;
        if let Some(walk) = self.0.walk.get() {
            walk.sessions.idle().await;
        }
    }

    async fn returned(&self, address: &str) {
        let Ok(walk) = self.walk().await else {
            return;
        };
        let grant = match walk.sign_in.judge(address).await {
            Ok(Return::Answer(grant)) => grant,
            Ok(Return::AlreadyAnswered) => return,
            Err(error) => return self.not_finished(walk, address, &error).await,
        };
        self.change(|shown| {
            shown.redeeming = true;
            shown.problem = None;
        });
        let redeemed = walk.sign_in.redeem(grant).await;
        if !self.shown().redeeming {
            // Cancelled while the provider was asked: what it answered is not wanted any more.
            return;
        }
        match redeemed {
            Ok(session) => {
                if let Err(error) = walk.sessions.adopt(session).await {
                    self.keyring_problem(&error);
                }
                let status = walk.sessions.watch().borrow().clone();
                self.change(|shown| {
                    shown.redeeming = false;
                    shown.status = status;
                });
                self.forget_attempts().await;
            }
            Err(error) => self.not_finished(walk, address, &error).await,
        }
    }

    async fn not_finished(&self, walk: &Walk, address: &str, error: &FinishError) {
        tracing::info!(reason = ?error.reason(), "a return link did not lead to a session");
        if error.is_transient() {
            *lock(&self.0.unfinished) = Some(Zeroizing::new(address.to_owned()));
        }
        let newest = walk.sign_in.newest().await;
        self.change(|shown| {
            shown.redeeming = false;
            shown.attempt = newest;
            shown.problem = Some(Problem {
                reason: error.reason(),
                detail: error.detail(),
            });
        });
    }
}
