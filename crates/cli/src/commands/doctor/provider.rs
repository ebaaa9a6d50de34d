//! Does the provider answer, and what time does it have?

use std::time::Duration;

use keyfob_auth::{Clock, Reason};

use super::{Finding, Outcome};
use crate::{moment, surroundings::Surroundings, trouble::Trouble, walk::Walk, words::Cause};

const PROVIDER: &str = "provider";
const CLOCK: &str = "clock";

/// A clock that is less wrong than this spoils nothing.
const TOLERABLE: Duration = Duration::from_mins(1);

pub(super) async fn look(surroundings: &Surroundings) -> [Finding; 2] {
    let began = Clock::system();
    let walk = match Walk::begin(surroundings).await {
        Ok(walk) => walk,
        Err(trouble) => return [bad(&trouble), nothing_to_compare()],
    };
    match walk.ask_provider().await {
        Ok(()) => {
            let found = format!("{} answers, and gives its keys", walk.provider.issuer());
            [
                Finding::good(PROVIDER, found).after(began.monotonic()),
                clock(&walk.clock),
            ]
        }
        Err(trouble) if trouble.cause == Cause::Auth(Reason::Offline) => {
            [bad(&trouble), nothing_to_compare()]
        }
        // Whatever it answered, it said what time it is.
        Err(trouble) => [bad(&trouble), clock(&walk.clock)],
    }
}

/// What is found when the provider cannot be asked.
pub(super) fn not_asked(why: &str) -> [Finding; 2] {
    [Finding::skipped(PROVIDER, why), nothing_to_compare()]
}

fn nothing_to_compare() -> Finding {
    Finding::skipped(CLOCK, "there is no answer to compare it with")
}

fn bad(trouble: &Trouble) -> Finding {
    let finding = Finding::bad(PROVIDER, trouble);
    if trouble.cause == Cause::Auth(Reason::LocalProviderNotStarted) {
        finding.with_remedy("install keyfob-identity beside keyfob; its own log says more")
    } else {
        finding
    }
}

/// This computer's clock beside the provider's.
fn clock(clock: &Clock) -> Finding {
    let offset = clock.offset_milliseconds();
    if offset == 0 {
        return Finding::good(CLOCK, "agrees with the provider's");
    }
    let off = Duration::from_millis(offset.unsigned_abs());
    let which = if offset > 0 { "slow" } else { "fast" };
    let found = format!("{} {which}, by the provider's", moment::spoken(off));
    let trouble = Trouble::saying(Reason::ClockWrong, found);
    let finding = Finding::bad(CLOCK, &trouble);
    if off < TOLERABLE {
        Finding {
            outcome: Outcome::Odd,
            ..finding
        }
    } else {
        finding
    }
}

#[cfg(test)]
mod tests {
    use keyfob_auth::Timestamp;

    use super::*;

    #[test]
    fn a_wrong_clock_is_said_with_its_direction() {
        let noon = Timestamp::from_seconds(1_700_000_000);
        let held = Clock::held(noon);
        assert!(clock(&held).outcome == Outcome::Good);
        held.learn(noon + Duration::from_mins(12));
        let slow = clock(&held);
        assert!(slow.outcome == Outcome::Bad && slow.found.contains("12 min 0 s slow"));
        held.learn(noon + Duration::from_secs(20));
        assert!(clock(&held).outcome == Outcome::Odd);
        held.learn(noon);
        held.advance(Duration::from_hours(3));
        held.learn(noon);
        assert!(clock(&held).found.contains("3 h 0 min fast"));
    }
}
