//! What time it is.
//!
//! Everything that ages here (links, codes, tokens, the server itself) asks a [`Clock`]. The program uses the
//! system's; a test holds its own and moves it, so that "fifteen minutes later" takes no time and is exact. This is
//! the only file that reads the machine's time.

use std::time::{Duration, Instant, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// A source of time: the system's, or one that its holder moves.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// What [`crate::faults`] adds to it; nothing, otherwise.
    ahead: watch::Sender<SignedDuration>,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    Held(watch::Sender<Timestamp>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::over(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it; its clones move with it.
    pub fn held(start: Timestamp) -> Self {
        Self::over(Source::Held(watch::Sender::new(start)))
    }

    fn over(source: Source) -> Self {
        Self {
            source,
            ahead: watch::Sender::new(SignedDuration::ZERO),
        }
    }

    /// Now, to the microsecond: what the database and the wire can carry.
    pub fn now(&self) -> Timestamp {
        let now = match &self.source {
            Source::System => system_now(),
            Source::Held(time) => *time.borrow(),
        };
        let now = now.saturating_add(*self.ahead.borrow()).unwrap_or(now);
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// Moves a held clock on.
    ///
    /// # Panics
    /// On the system's clock, which nobody here may move.
    pub fn advance(&self, by: Duration) {
        let Source::Held(time) = &self.source else {
            panic!("only a held clock can be moved");
        };
        time.send_modify(|now| *now += by);
    }

    /// How far this clock and its clones have been set ahead.
    pub(crate) fn ahead(&self) -> SignedDuration {
        *self.ahead.borrow()
    }

    /// Sets this clock and its clones `by` so much ahead of their source.
    pub(crate) fn set_ahead(&self, by: SignedDuration) {
        self.ahead.send_replace(by);
    }

    /// Returns once `when` has come.
    pub async fn reached(&self, when: Timestamp) {
        let mut ahead = self.ahead.subscribe();
        let set = async |ahead: &mut watch::Receiver<SignedDuration>| {
            // The sender lives in `self`, so the wait cannot end by its being dropped.
            let _ = ahead.changed().await;
        };
        match &self.source {
            Source::System => {
                while let Ok(left) = Duration::try_from(when.duration_since(self.now()))
                    && !left.is_zero()
                {
                    // In short steps: a sleeping laptop stops the timer, not the wall clock.
                    let step = tokio::time::sleep(left.min(Duration::from_secs(30)));
                    tokio::select! {
                        () = step => {}
                        () = set(&mut ahead) => {}
                    }
                }
            }
            Source::Held(time) => {
                let mut time = time.subscribe();
                while self.now() < when {
                    tokio::select! {
                        _ = time.changed() => {}
                        () = set(&mut ahead) => {}
                    }
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// How long something has taken, by the clock that never jumps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// A time of day as the person at this machine reads it, such as `14:32`.
pub(crate) fn time_of_day(when: Timestamp) -> String {
    when.to_zoned(jiff::tz::TimeZone::system())
        .strftime("%H:%M")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clones_of_a_held_clock_move_together() {
        let clock = Clock::held(Timestamp::UNIX_EPOCH);
        let clone = clock.clone();
        clock.advance(Duration::from_secs(90));
        assert_eq!(clone.now().as_second(), 90);
    }

    #[tokio::test]
    async fn a_moment_is_reached_when_the_held_clock_is_moved_there() {
        let clock = Clock::held(Timestamp::UNIX_EPOCH);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock
                    .reached(Timestamp::UNIX_EPOCH + Duration::from_mins(1))
                    .await;
                clock.now()
            }
        });
        clock.advance(Duration::from_mins(1));
        assert_eq!(waiting.await.expect("the waiter ends").as_second(), 60);
    }

    #[tokio::test]
    async fn a_moment_is_reached_when_the_clock_is_set_ahead() {
        let clock = Clock::system();
        let moment = clock.now() + Duration::from_hours(1);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.reached(moment).await }
        });
        clock.set_ahead(SignedDuration::from_hours(2));
        waiting.await.expect("the waiter ends");
        assert!(clock.now() > moment);
    }
}
