//! What comes back: return addresses, by whatever door, one after the other.

use std::sync::{Arc, atomic::Ordering};

use keyfob_auth::{AuthorizationGrant, FinishError, Reason, Return};
use tokio::{sync::mpsc, task::JoinSet};
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
        // All at once: from now on none of them spends anything.
        let mut idling = JoinSet::new();
        for walk in self.known_walks() {
            idling.spawn(async move { walk.sessions.idle().await });
        }
        idling.join_all().await;
    }

    async fn returned(&self, address: &str) {
        let walk = match self.ready().await {
            Ok(walk) => walk,
            Err(problem) => return self.not_yet(None, address, problem),
        };
        let judged = match self.judge(&walk, address).await {
            // It may answer a sign-in that was begun before the window came here.
            Ok(Err(FinishError::Foreign)) => match self.profile_that_awaits(address).await {
                Some(name) => return self.returned_to(&name, address).await,
                None => Err(FinishError::Foreign),
            },
            Ok(judged) => judged,
            Err(problem) => return self.not_yet(Some(&walk), address, problem),
        };
        self.answered(&walk, address, judged).await;
    }

    /// Brings the window to the profile whose answer this is: it is judged and redeemed there, and nowhere else.
    async fn returned_to(&self, name: &str, address: &str) {
        tracing::info!("an answer to another profile's sign-in came");
        let walk = match self.go_to(name).await {
            Ok(walk) => walk,
            // It is looked at again wherever the window goes, or when the person asks for it.
            Err(problem) => return self.not_yet(None, address, problem),
        };
        match self.judge(&walk, address).await {
            Ok(judged) => self.answered(&walk, address, judged).await,
            Err(problem) => self.not_yet(Some(&walk), address, problem),
        }
    }

    /// Judges it at this profile, or says why it cannot be judged yet.
    async fn judge(
        &self,
        walk: &Arc<Walk>,
        address: &str,
    ) -> Result<Result<Return, FinishError>, Problem> {
        let judged = walk.sign_in.judge(address).await;
        // A link that fits no attempt, while the keyring has not said which there are, may still be ours.
        let attempts_known = walk.attempts_known.load(Ordering::Acquire);
        if !matches!(judged, Err(FinishError::Foreign)) || attempts_known {
            return Ok(judged);
        }
        if let Err(error) = self.restore_attempts(walk).await {
            return Err((&error).into());
        }
        Ok(walk.sign_in.judge(address).await)
    }

    async fn answered(&self, walk: &Arc<Walk>, address: &str, judged: Result<Return, FinishError>) {
        match judged {
            Ok(Return::Answer(grant)) => {
                stages::reached("judged");
                self.redeem(walk, address, grant).await;
            }
            Ok(Return::AlreadyAnswered) => {}
            Err(error) => self.not_finished(walk, address, &error).await,
        }
    }

    async fn redeem(&self, walk: &Arc<Walk>, address: &str, grant: AuthorizationGrant) {
        self.change_of(walk, |shown| {
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
        self.show_session(walk);
        stages::reached("shown");
        self.forget_attempts(walk).await;
    }

    /// Keeps an answer that cannot be dealt with now, for "Try again".
    fn not_yet(&self, walk: Option<&Walk>, address: &str, problem: Problem) {
        let unfinished = walk.map_or(&self.0.early, |walk| &walk.unfinished);
        *lock(unfinished) = Some(Zeroizing::new(address.to_owned()));
        match walk {
            Some(walk) => self.change_of(walk, |shown| shown.problem = Some(problem)),
            None => self.change(|shown| shown.problem = Some(problem)),
        }
    }

    async fn not_finished(&self, walk: &Walk, address: &str, error: &FinishError) {
        tracing::info!(reason = ?error.reason(), "a return link did not lead to a session");
        let problem = Problem::from(error);
        if error.is_transient() {
            self.change_of(walk, |shown| shown.redeeming = Redeeming::Stuck);
            return self.not_yet(Some(walk), address, problem);
        }
        let newest = walk.sign_in.newest().await;
        self.change_of(walk, |shown| {
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
