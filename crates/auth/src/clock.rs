//! The only place that reads the time.
//!
//! Two clocks matter. The *wall clock* says when a token expires, but a person or a battery may set it wrong, so
//! it is corrected by the offset learnt from the provider's `Date` headers. The *monotonic clock* cannot be set,
//! but stands still while the computer sleeps. A [`Clock`] holds both; a test holds a `Clock` that only moves
//! when it is told to.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the room that the rule sends everybody to"
)]

use std::{
    ops::{Add, Sub},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// A moment on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since 1970, the unit of a JWT's `NumericDate` (RFC 7519 §2).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From milliseconds since 1970.
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970.
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// How long from `earlier` until this moment; zero when it lies the other way round.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let milliseconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Self(milliseconds)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(duration)))
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The time, as the whole crate sees it. Clones share one clock.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Arc<Source>,
    /// Provider's time minus ours, in milliseconds.
    offset: Arc<Mutex<i64>>,
}

#[derive(Debug)]
enum Source {
    System { started: Instant },
    Held(Mutex<Held>),
}

#[derive(Clone, Copy, Debug)]
struct Held {
    wall: Timestamp,
    monotonic: Duration,
}

impl Clock {
    /// The computer's own clocks.
    pub fn system() -> Self {
        Self::from_source(Source::System {
            started: Instant::now(),
        })
    }

    /// A clock that stands at `wall` until [`advance`](Self::advance) moves it.
    pub fn held(wall: Timestamp) -> Self {
        Self::from_source(Source::Held(Mutex::new(Held {
            wall,
            monotonic: Duration::ZERO,
        })))
    }

    fn from_source(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            offset: Arc::default(),
        }
    }

    /// What the computer's wall clock shows, right or wrong.
    pub fn wall(&self) -> Timestamp {
        match &*self.source {
            Source::System { .. } => SystemTime::now().into(),
            Source::Held(held) => lock(held).wall,
        }
    }

    /// The best knowledge of the real time: the wall clock, corrected by what the provider's answers said.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.wall().0.saturating_add(*lock(&self.offset)))
    }

    /// Time since this clock was made, on a clock that nobody can set and that stands still in suspend.
    pub fn monotonic(&self) -> Duration {
        match &*self.source {
            Source::System { started } => started.elapsed(),
            Source::Held(held) => lock(held).monotonic,
        }
    }

    /// Learns from a provider's `Date` header (RFC 9110 §6.6.1).
    ///
    /// The header counts whole seconds and travels, so a difference under five seconds is taken for none.
    pub fn learn(&self, provider: Timestamp) {
        let difference = provider.0.saturating_sub(self.wall().0);
        *lock(&self.offset) = if difference.abs() < 5_000 {
            0
        } else {
            difference
        };
    }

    /// How far this computer's clock is off, in milliseconds: positive when it is slow. Zero until an answer came.
    pub fn offset_milliseconds(&self) -> i64 {
        *lock(&self.offset)
    }

    /// From the corrected time to what this computer's wall clock will show at that moment.
    pub fn as_shown(&self, real: Timestamp) -> Timestamp {
        Timestamp(real.0.saturating_sub(*lock(&self.offset)))
    }

    /// Sets a held clock's wall clock, as a person or a battery might; its monotonic clock goes on.
    pub fn set_wall(&self, wall: Timestamp) {
        if let Source::Held(held) = &*self.source {
            lock(held).wall = wall;
        }
    }

    /// Moves a held clock forward; the system's clock cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Held(held) = &*self.source {
            let mut held = lock(held);
            held.wall = held.wall + by;
            held.monotonic += by;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic between lock and unlock cannot leave a number half-written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    #[test]
    fn a_held_clock_moves_only_when_told() {
        let clock = Clock::held(NOON);
        assert_eq!(clock.wall(), NOON);
        clock.advance(Duration::from_mins(1));
        assert_eq!(clock.wall(), NOON + Duration::from_mins(1));
        assert_eq!(clock.monotonic(), Duration::from_mins(1));
    }

    #[test]
    fn a_slow_wall_clock_is_corrected_and_shown_as_it_stands() {
        let clock = Clock::held(NOON);
        clock.learn(NOON + Duration::from_mins(12));
        assert_eq!(clock.now(), NOON + Duration::from_mins(12));
        assert_eq!(clock.as_shown(clock.now()), NOON);
        assert_eq!(clock.offset_milliseconds(), 720_000);
    }

    #[test]
    fn a_difference_of_a_few_seconds_is_the_journey_of_the_answer() {
        let clock = Clock::held(NOON);
        clock.learn(NOON - Duration::from_secs(4));
        assert_eq!(clock.now(), NOON);
    }
}
