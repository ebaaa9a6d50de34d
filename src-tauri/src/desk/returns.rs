//! What comes back: return addresses, by whatever door, one after the other.

use std::sync::atomic::Ordering;

use keyfob_auth::{AuthorizationGrant, FinishError, Reason, Return};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{Desk, Walk, lock};
use crate::{shown::Redeeming, stages, wire::Problem};

impl Desk {
    /// Puts a return address into the stream that every door feeds.
    pub fn receive(&self, address: String) {
        stages::reached("received");
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
        let walk = match self.ready().await {
            Ok(walk) => walk,
            Err(problem) => return self.not_yet(address, problem),
        };
        let mut judged = walk.sign_in.judge(address).await;
        // A link that fits no attempt, while the keyring has not said which there are, may still be ours.
        let attempts_known = self.0.attempts_known.load(Ordering::Acquire);
        if matches!(judged, Err(FinishError::Foreign)) && !attempts_known {
            if let Err(error) = self.restore_attempts(walk).await {
                return self.not_yet(address, (&error).into());
            }
            judged = walk.sign_in.judge(address).await;
        }
        match judged {
            Ok(Return::Answer(grant)) => {
                stages::reached("judged");
                self.redeem(walk, address, grant).await;
            }
            Ok(Return::AlreadyAnswered) => {}
            Err(error) => self.not_finished(walk, address, &error).await,
        }
    }

    async fn redeem(&self, walk: &Walk, address: &str, grant: AuthorizationGrant) {
        self.change(|shown| {
            shown.redeeming = Redeeming::UnderWay;
            shown.problem = None;
        });
        let session = match walk.sign_in.redeem(grant).await {
            Ok(Some(session)) => session,
            // Cancelled while the provider was asked: what it answered is not wanted any more.
            Ok(None) => return,
            Err(error) => return self.not_finished(walk, address, &error).await,
        };
        stages::reached("redeemed");
        if let Err(error) = walk.sessions.adopt(session).await {
            self.keyring_problem(error);
        }
        stages::reached("kept");
        let status = walk.sessions.watch().borrow().clone();
        self.change(|shown| shown.status = status);
        stages::reached("shown");
        self.forget_attempts().await;
    }

    /// Keeps an answer that cannot be dealt with now, for "Try again".
    fn not_yet(&self, address: &str, problem: Problem) {
        *lock(&self.0.unfinished) = Some(Zeroizing::new(address.to_owned()));
        self.fail(problem);
    }

    async fn not_finished(&self, walk: &Walk, address: &str, error: &FinishError) {
        tracing::info!(reason = ?error.reason(), "a return link did not lead to a session");
        let problem = Problem::from(error);
        if error.is_transient() {
            self.change(|shown| shown.redeeming = Redeeming::Stuck);
            return self.not_yet(address, problem);
        }
        let newest = walk.sign_in.newest().await;
        self.change(|shown| {
            let waited_for = newest.is_none() && !shown.is_signed_in();
            if error.is_about_no_attempt() {
                shown.strange_link(problem);
            } else if problem.reason == Reason::SignInExpired && !waited_for {
                // An older attempt's answer; the one that is waited for goes on.
                shown.strange_link(Reason::LinkForeign.into());
            } else {
                shown.redeeming = Redeeming::No;
                shown.attempt = newest;
                shown.problem = Some(problem);
            }
        });
    }
}
