//! What the window shows, as a pure function of what is known.

use std::{collections::BTreeMap, time::Duration};

use keyfob_auth::{Attempt, Clock, Identifier, Reason, SessionStatus, SignedIn, Timestamp};

use crate::wire::{
    AccountView, AttemptStep, AttemptView, DoorKind, IdentifierKind, Problem, ProfileView,
    SessionState, Stage, TokenView,
};

/// After this the sign-in page may be opened again.
const SEND_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// After this another way back is offered.
const ANOTHER_WAY_AFTER: Duration = Duration::from_secs(15);

/// A clock that is further off than this is worth a word.
const CLOCK_TOLERANCE_MS: u64 = 60_000;

/// Everything that the window's state is made from.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, whatever the others are"
)]
pub struct Shown {
    /// Who one signs in with.
    pub profile: ProfileView,
    /// Whether the configuration, the provider and the keyring have been asked.
    pub started: bool,
    /// Whether the keyring was asked for a session and has not said.
    pub session_unread: bool,
    /// The session.
    pub status: SessionStatus,
    /// The newest attempt.
    pub attempt: Option<Attempt>,
    /// When the attempt's page was last opened.
    pub opened_at: Option<Timestamp>,
    /// Where the exchange of its answer stands.
    pub redeeming: Redeeming,
    /// Whether only the API that a token is for can check it.
    pub opaque_tokens: bool,
    /// Whether the person's picture is at hand.
    pub pictured: bool,
    /// Whether the person has just signed out here, and the browser may still be signed in at the provider.
    pub browser_left: bool,
    /// What just went wrong.
    pub problem: Option<Problem>,
}

/// What the person should know whichever profile is shown, by reason.
#[derive(Default)]
pub struct Notices(BTreeMap<&'static str, Problem>);

/// Where the exchange of an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Redeeming {
    /// No answer has come.
    #[default]
    No,
    /// The provider is being asked.
    UnderWay,
    /// The provider could not be asked; the answer is still good.
    Stuck,
}

/// What can be said against the keyring; one at a time.
const OF_THE_KEYRING: [Reason; 4] = [
    Reason::KeyringWaiting,
    Reason::KeyringLocked,
    Reason::KeyringUnavailable,
    Reason::KeyringDamaged,
];

/// What can go wrong with a token, and not with the one after it.
const OF_A_TOKEN: [Reason; 5] = [
    Reason::VerificationFailed,
    Reason::Offline,
    Reason::ProviderBusy,
    Reason::ProviderBroken,
    Reason::ProviderRefused,
];

impl Notices {
    /// Says something, in place of what was said by the same reason.
    pub fn say(&mut self, problem: Problem) {
        self.0.insert(problem.reason.word(), problem);
    }

    /// Takes it back.
    pub fn take_back(&mut self, reason: Reason) {
        self.0.remove(reason.word());
    }

    /// Says what is wrong with the keyring, in place of what was said before.
    pub fn complain_of_keyring(&mut self, problem: Problem) {
        self.keyring_works();
        self.say(problem);
    }

    /// Takes back what was said against the keyring: it has done its part.
    pub fn keyring_works(&mut self) {
        for reason in OF_THE_KEYRING {
            self.take_back(reason);
        }
    }

    /// Whether something is said against the keyring.
    pub fn complains_of_keyring(&self) -> bool {
        OF_THE_KEYRING
            .iter()
            .any(|reason| self.0.contains_key(reason.word()))
    }
}

impl Shown {
    /// Whether there is a session.
    pub fn is_signed_in(&self) -> bool {
        matches!(self.status, SessionStatus::SignedIn(_))
    }

    /// The window comes here, perhaps again: what went wrong before is over, unless there is something to try again.
    pub fn come_to(&mut self, started: bool) {
        self.started |= started;
        self.browser_left = false;
        if self.redeeming != Redeeming::Stuck {
            self.problem = None;
        }
    }

    /// Takes up what the session is now, and says whether its token is one that nobody has checked in this run. With
    /// another token, what went wrong with the one before is over.
    pub fn take_up(&mut self, status: SessionStatus) -> bool {
        let expires_at = |status: &SessionStatus| match status {
            SessionStatus::SignedIn(signed_in) => Some(signed_in.expires_at),
            SessionStatus::SignedOut => None,
        };
        let is_another = expires_at(&status) != expires_at(&self.status);
        let of_a_token = |problem: &Problem| OF_A_TOKEN.contains(&problem.reason);
        if is_another && self.problem.as_ref().is_some_and(of_a_token) {
            self.problem = None;
        }
        let is_unchecked =
            matches!(&status, SessionStatus::SignedIn(now) if now.verified_by.is_none());
        if matches!(status, SessionStatus::SignedIn(_)) {
            self.browser_left = false;
        }
        self.status = status;
        is_another && is_unchecked && !self.opaque_tokens
    }

    /// Says that a link came that answers nothing, unless there is something better to say: a stranger's link hides no
    /// problem, takes away no "Try again", and is nothing to a person who is signed in.
    pub fn strange_link(&mut self, problem: Problem) {
        let about_a_link = |shown: &Problem| {
            matches!(
                shown.reason,
                Reason::LinkForeign | Reason::LinkMalformed | Reason::SignInExpired
            )
        };
        if !self.is_signed_in()
            && self.redeeming == Redeeming::No
            && self.problem.as_ref().is_none_or(about_a_link)
        {
            self.problem = Some(problem);
        }
    }

    /// The state as the page gets it.
    pub fn state(&self, notices: &Notices, clock: &Clock) -> SessionState {
        let mut notices: Vec<Problem> = notices.0.values().cloned().collect();
        notices.extend(clock_wrong(clock));
        SessionState {
            profile: self.profile.clone(),
            stage: self.stage(clock),
            notices,
            first_run: false,
            copied: None,
        }
    }

    fn stage(&self, clock: &Clock) -> Stage {
        let problem = self.problem.clone();
        match (&self.status, &self.attempt) {
            _ if !self.started => Stage::Starting,
            (SessionStatus::SignedIn(signed_in), _) => Stage::SignedIn {
                account: account(signed_in, self.pictured),
                token: token(signed_in, self.opaque_tokens, clock),
                kept: signed_in.kept,
                refreshing: signed_in.refreshing,
                problem: problem.or_else(|| signed_in.trouble.clone().map(Problem::from)),
            },
            (SessionStatus::SignedOut, Some(attempt)) => Stage::SigningIn {
                attempt: self.attempt_view(attempt),
                problem,
            },
            (SessionStatus::SignedOut, None) if self.session_unread => Stage::Unknown { problem },
            (SessionStatus::SignedOut, None) => Stage::SignedOut {
                problem,
                browser_left: self.browser_left,
            },
        }
    }

    /// An attempt goes by this computer's own clock, so its times are shown as they are.
    fn attempt_view(&self, attempt: &Attempt) -> AttemptView {
        let opened_at = self.opened_at.unwrap_or(attempt.begun_at);
        AttemptView {
            identifier: attempt.identifier.clone(),
            step: match self.redeeming {
                Redeeming::No => AttemptStep::Waiting,
                Redeeming::UnderWay | Redeeming::Stuck => AttemptStep::Redeeming,
            },
            door: if attempt.by_loopback {
                DoorKind::Loopback
            } else {
                DoorKind::DeepLink
            },
            waits_until_ms: attempt.expires_at.milliseconds(),
            send_again_at_ms: (opened_at.max(attempt.begun_at) + SEND_AGAIN_AFTER).milliseconds(),
            another_way_at_ms: (attempt.begun_at + ANOTHER_WAY_AFTER).milliseconds(),
        }
    }
}

fn account(signed_in: &SignedIn, pictured: bool) -> AccountView {
    let account = &signed_in.account;
    AccountView {
        name: account.name.clone(),
        pictured,
        identifier: account.identifier.clone(),
        identifier_kind: match account.identifier.parse() {
            Ok(Identifier::Email(_)) => IdentifierKind::Email,
            Ok(Identifier::Phone(_)) => IdentifierKind::Phone,
            Err(_) => IdentifierKind::Other,
        },
        subject: account.subject.clone(),
    }
}

fn token(signed_in: &SignedIn, opaque: bool, clock: &Clock) -> TokenView {
    TokenView {
        expires_at_ms: clock.as_shown(signed_in.expires_at).milliseconds(),
        lifetime_ms: i64::try_from(signed_in.lifetime.as_millis()).unwrap_or(i64::MAX),
        verified_by: signed_in.verified_by.clone(),
        opaque,
    }
}

fn clock_wrong(clock: &Clock) -> Option<Problem> {
    let offset = clock.offset_milliseconds();
    if offset.unsigned_abs() < CLOCK_TOLERANCE_MS {
        return None;
    }
    let minutes = (offset.unsigned_abs() + 30_000) / 60_000;
    let direction = if offset > 0 { "slow" } else { "fast" };
    Some(Problem {
        reason: Reason::ClockWrong,
        detail: Some(format!("it is {minutes} min {direction}")),
    })
}

#[cfg(test)]
mod tests {
    use keyfob_auth::Account;

    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn attempt() -> Attempt {
        Attempt {
            identifier: Some("ada@example.com".to_owned()),
            request: keyfob_auth::AuthorizationRequest {
                address: "http://127.0.0.1:4100/app?state=S".parse().unwrap(),
            },
            by_loopback: false,
            begun_at: NOON,
            expires_at: NOON + keyfob_auth::ATTEMPT_LIFETIME,
        }
    }

    fn signed_in() -> SessionStatus {
        SessionStatus::SignedIn(SignedIn {
            account: Account {
                subject: "S".to_owned(),
                issuer: "http://127.0.0.1:4100".to_owned(),
                identifier: "+442079460958".to_owned(),
                name: None,
                picture: None,
            },
            expires_at: NOON + Duration::from_hours(1),
            lifetime: Duration::from_hours(1),
            verified_by: None,
            kept: true,
            refreshing: false,
            trouble: None,
        })
    }

    fn started() -> Shown {
        Shown {
            started: true,
            ..Shown::default()
        }
    }

    #[test]
    fn until_everything_was_asked_nothing_is_claimed() {
        let shown = Shown::default();
        assert_eq!(
            shown.state(&Notices::default(), &Clock::held(NOON)).stage,
            Stage::Starting
        );
    }

    #[test]
    fn a_keyring_that_has_not_said_is_not_signed_out() {
        let shown = Shown {
            session_unread: true,
            ..started()
        };
        let stage = shown.state(&Notices::default(), &Clock::held(NOON)).stage;
        assert_eq!(stage, Stage::Unknown { problem: None });
    }

    #[test]
    fn one_thing_is_said_against_the_keyring_at_a_time() {
        let mut notices = Notices::default();
        for reason in OF_THE_KEYRING {
            notices.complain_of_keyring(reason.into());
            let state = started().state(&notices, &Clock::held(NOON));
            assert_eq!(state.notices, [Problem::from(reason)]);
        }
    }

    #[test]
    fn a_session_wins_over_an_attempt_that_was_left_behind() {
        let shown = Shown {
            status: signed_in(),
            attempt: Some(attempt()),
            ..started()
        };
        let Stage::SignedIn { account, token, .. } =
            shown.state(&Notices::default(), &Clock::held(NOON)).stage
        else {
            panic!("not signed in");
        };
        assert_eq!(account.identifier_kind, IdentifierKind::Phone);
        assert_eq!(token.expires_at_ms, 1_700_003_600_000);
    }

    #[test]
    fn an_attempt_says_until_when_it_waits() {
        let shown = Shown {
            attempt: Some(attempt()),
            ..started()
        };
        let Stage::SigningIn { attempt, .. } =
            shown.state(&Notices::default(), &Clock::held(NOON)).stage
        else {
            panic!("not signing in");
        };
        assert_eq!(attempt.waits_until_ms, 1_700_000_900_000);
        assert_eq!(attempt.send_again_at_ms, 1_700_000_060_000);
        assert_eq!(attempt.step, AttemptStep::Waiting);
    }

    #[test]
    fn sending_again_is_offered_a_minute_after_the_last_opening() {
        let shown = Shown {
            attempt: Some(attempt()),
            opened_at: Some(NOON + Duration::from_mins(5)),
            ..started()
        };
        let Stage::SigningIn { attempt, .. } =
            shown.state(&Notices::default(), &Clock::held(NOON)).stage
        else {
            panic!("not signing in");
        };
        assert_eq!(attempt.send_again_at_ms, 1_700_000_360_000);
    }

    #[test]
    fn an_answer_that_could_not_be_exchanged_is_not_waited_for_again() {
        let shown = Shown {
            attempt: Some(attempt()),
            redeeming: Redeeming::Stuck,
            problem: Some(Problem {
                reason: Reason::Offline,
                detail: None,
            }),
            ..started()
        };
        let Stage::SigningIn { attempt, problem } =
            shown.state(&Notices::default(), &Clock::held(NOON)).stage
        else {
            panic!("not signing in");
        };
        assert_eq!(attempt.step, AttemptStep::Redeeming);
        assert_eq!(problem.unwrap().reason, Reason::Offline);
    }

    #[test]
    fn a_token_is_checked_once_and_takes_away_what_was_said_of_the_one_before() {
        let mut shown = started();
        assert!(shown.take_up(signed_in()));
        assert!(!shown.take_up(signed_in()), "the same one");
        let renewed = |verified_by: Option<&str>, at: Timestamp| {
            let SessionStatus::SignedIn(mut session) = signed_in() else {
                panic!("not signed in");
            };
            session.expires_at = at;
            session.verified_by = verified_by.map(str::to_owned);
            SessionStatus::SignedIn(session)
        };
        shown.problem = Some(Reason::VerificationFailed.into());
        assert!(!shown.take_up(signed_in()));
        assert!(shown.problem.is_some(), "nothing has changed");
        assert!(!shown.take_up(renewed(Some("K1"), NOON + Duration::from_hours(2))));
        assert_eq!(shown.problem, None);
        shown.problem = Some(Reason::ClipboardFailed.into());
        assert!(shown.take_up(renewed(None, NOON + Duration::from_hours(3))));
        assert!(shown.problem.is_some(), "not about a token");
    }

    #[test]
    fn a_strange_link_is_said_to_who_waits_for_one() {
        let mut shown = Shown {
            attempt: Some(attempt()),
            ..started()
        };
        shown.strange_link(Reason::LinkForeign.into());
        assert_eq!(shown.problem.unwrap().reason, Reason::LinkForeign);
    }

    #[test]
    fn a_strange_link_hides_nothing_and_is_nothing_to_who_is_signed_in() {
        let offline = || Some(Problem::from(Reason::Offline));
        let stuck = Shown {
            redeeming: Redeeming::Stuck,
            problem: offline(),
            ..started()
        };
        let no_browser = Shown {
            problem: offline(),
            ..started()
        };
        let signed_in = Shown {
            status: signed_in(),
            ..started()
        };
        for (mut shown, said) in [
            (stuck, offline()),
            (no_browser, offline()),
            (signed_in, None),
        ] {
            shown.strange_link(Reason::LinkForeign.into());
            assert_eq!(shown.problem, said);
        }
    }

    #[test]
    fn a_keyring_that_works_again_is_not_complained_about() {
        let mut notices = Notices::default();
        for reason in [Reason::KeyringUnavailable, Reason::LinkHandlerMissing] {
            notices.say(reason.into());
        }
        notices.keyring_works();
        let state = started().state(&notices, &Clock::held(NOON));
        assert_eq!(state.notices, [Reason::LinkHandlerMissing.into()]);
    }

    #[test]
    fn nothing_that_the_page_gets_names_the_state_of_an_attempt() {
        let shown = Shown {
            attempt: Some(attempt()),
            ..started()
        };
        let sent = format!("{:?}", shown.state(&Notices::default(), &Clock::held(NOON)));
        assert!(!sent.contains("state=S"), "{sent}");
    }

    #[test]
    fn a_wrong_clock_is_said_and_times_are_shown_as_it_would_show_them() {
        let clock = Clock::held(NOON);
        clock.learn(NOON - Duration::from_mins(12));
        let shown = Shown {
            status: signed_in(),
            ..started()
        };
        let state = shown.state(&Notices::default(), &clock);
        assert_eq!(state.notices[0].reason, Reason::ClockWrong);
        assert_eq!(
            state.notices[0].detail.as_deref(),
            Some("it is 12 min fast")
        );
        let Stage::SignedIn { token, .. } = state.stage else {
            panic!("not signed in");
        };
        assert_eq!(token.expires_at_ms, 1_700_003_600_000 + 720_000);
    }
}
