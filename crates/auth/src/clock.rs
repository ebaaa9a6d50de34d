//! The only place that reads the time.
//!
//! Two clocks matter. The *wall clock* says when a token expires, but a person or a battery may set it wrong, so
//! it is corrected by the offset learnt from the provider's `Date` headers. The *monotonic clock* cannot be set,
//! but stands still while the computer sleeps. A [`Clock`] holds both; a test holds a `Clock` that only moves
//! when it is told to.
//!
//! Neither helps a process that reads what another one wrote: the first may have been set in between, the second began
//! anew. Where the system has it, a third does, the time since the computer was started ([`BootMoment`]).

#![expect(
    clippy::disallowed_methods,
    reason = "this is the room that the rule sends everybody to"
)]

use std::{
    ops::{Add, Sub},
    sync::{Arc, Mutex, OnceLock, PoisonError},
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

/// A moment on the clock that counts since the computer was started, sleep included: nobody can set it, and every
/// process reads the same one until the computer is started again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BootMoment {
    /// Which start of the computer it counts from.
    boot: String,
    /// Milliseconds since then.
    ms: u64,
}

impl BootMoment {
    /// How long from this moment until `later`; nothing when they do not count from the same start.
    pub(crate) fn until(&self, later: &Self) -> Option<Duration> {
        let passed = later.ms.checked_sub(self.ms)?;
        (self.boot == later.boot).then(|| Duration::from_millis(passed))
    }
}

/// The time, as the whole crate sees it. Clones share one clock.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Arc<Source>,
    offset: Arc<Mutex<Offset>>,
}

/// Provider's time minus ours, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Offset {
    ms: i64,
    /// Whether an answer taught it to this process; otherwise it is what an earlier one knew, if anything.
    learnt: bool,
}

#[derive(Debug)]
enum Source {
    System {
        started: Instant,
        /// Which start of the computer this is, asked for once.
        boot: OnceLock<Option<String>>,
    },
    Held(Mutex<Held>),
}

#[derive(Clone, Copy, Debug)]
struct Held {
    wall: Timestamp,
    monotonic: Duration,
    since_boot: Duration,
}

impl Clock {
    /// The computer's own clocks.
    pub fn system() -> Self {
        Self::from_source(Source::System {
            started: Instant::now(),
            boot: OnceLock::new(),
        })
    }

    /// A clock that stands at `wall` until [`advance`](Self::advance) moves it.
    pub fn held(wall: Timestamp) -> Self {
        Self::from_source(Source::Held(Mutex::new(Held {
            wall,
            monotonic: Duration::ZERO,
            since_boot: Duration::ZERO,
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
        Timestamp(self.wall().0.saturating_add(lock(&self.offset).ms))
    }

    /// Time since this clock was made, on a clock that nobody can set and that stands still in suspend.
    pub fn monotonic(&self) -> Duration {
        match &*self.source {
            Source::System { started, .. } => started.elapsed(),
            Source::Held(held) => lock(held).monotonic,
        }
    }

    /// The time since the computer was started, sleep included; nothing where the system does not tell it as a file.
    pub(crate) fn since_boot(&self) -> Option<BootMoment> {
        match &*self.source {
            Source::System { boot, .. } => Some(BootMoment {
                boot: boot.get_or_init(this_boot).clone()?,
                ms: uptime()?,
            }),
            Source::Held(held) => Some(BootMoment {
                boot: "held".to_owned(),
                ms: u64::try_from(lock(held).since_boot.as_millis()).ok()?,
            }),
        }
    }

    /// Learns from a provider's `Date` header (RFC 9110 §6.6.1).
    ///
    /// The header counts whole seconds and travels, so a difference under five seconds is taken for none.
    pub fn learn(&self, provider: Timestamp) {
        let difference = provider.0.saturating_sub(self.wall().0);
        *lock(&self.offset) = Offset {
            ms: if difference.abs() < 5_000 {
                0
            } else {
                difference
            },
            learnt: true,
        };
    }

    /// How far this computer's clock is off, in milliseconds: positive when it is slow. Zero until an answer came.
    pub fn offset_milliseconds(&self) -> i64 {
        let offset = lock(&self.offset);
        if offset.learnt { offset.ms } else { 0 }
    }

    /// What this process goes by, for the next one.
    pub(crate) fn offset_to_hand_on(&self) -> i64 {
        lock(&self.offset).ms
    }

    /// Whether the corrected time is only what an earlier process knew, and far from what the wall clock shows: somebody
    /// may have set that right since.
    pub(crate) fn goes_by_hearsay(&self, tolerance: Duration) -> bool {
        let offset = lock(&self.offset);
        !offset.learnt && Duration::from_millis(offset.ms.unsigned_abs()) > tolerance
    }

    /// Goes by what an earlier process knew, until an answer says better. Without it, each process of a computer whose
    /// clock is wrong would take a good token for an old one.
    pub(crate) fn inherit(&self, milliseconds: i64) {
        let mut offset = lock(&self.offset);
        if !offset.learnt {
            offset.ms = milliseconds;
        }
    }

    /// From the corrected time to what this computer's wall clock will show at that moment.
    pub fn as_shown(&self, real: Timestamp) -> Timestamp {
        Timestamp(real.0.saturating_sub(lock(&self.offset).ms))
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
            held.since_boot += by;
        }
    }

    /// Lets a held clock's computer sleep: its monotonic clock stands still meanwhile.
    pub fn sleep(&self, by: Duration) {
        if let Source::Held(held) = &*self.source {
            let mut held = lock(held);
            held.wall = held.wall + by;
            held.since_boot += by;
        }
    }

    /// The clock as another process of the same computer reads it; an own one only as far as time is held.
    #[must_use]
    pub fn of_another_process(&self) -> Self {
        match &*self.source {
            Source::System { .. } => Self::system(),
            Source::Held(held) => Self::from_source(Source::Held(Mutex::new(Held {
                monotonic: Duration::ZERO,
                ..*lock(held)
            }))),
        }
    }
}

/// Which start of the computer this is. Only Linux tells it in a file.
fn this_boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// Milliseconds since then, sleep included (`proc(5)`: seconds, with two decimals).
fn uptime() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    let hundredths: u64 = hundredths.parse().ok()?;
    Some(seconds * 1000 + hundredths * 10)
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
    fn what_an_earlier_process_knew_is_gone_by_until_an_answer_comes_and_not_complained_of() {
        let clock = Clock::held(NOON);
        clock.inherit(720_000);
        assert_eq!(clock.now(), NOON + Duration::from_mins(12));
        assert_eq!(clock.offset_milliseconds(), 0);
        clock.learn(NOON);
        clock.inherit(720_000);
        assert_eq!(clock.now(), NOON);
    }

    #[test]
    fn a_computer_that_slept_is_older_than_its_processes_noticed() {
        let clock = Clock::held(NOON);
        let before = clock.since_boot().unwrap();
        clock.sleep(Duration::from_hours(3));
        assert_eq!(clock.monotonic(), Duration::ZERO);
        let after = clock.of_another_process().since_boot().unwrap();
        assert_eq!(before.until(&after), Some(Duration::from_hours(3)));
        assert_eq!(after.until(&before), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn two_processes_count_from_the_same_start_of_the_computer() {
        let one = Clock::system().since_boot().unwrap();
        let other = Clock::system().of_another_process().since_boot().unwrap();
        assert!(
            one.until(&other)
                .is_some_and(|passed| passed < Duration::from_mins(1))
        );
    }

    #[test]
    fn a_difference_of_a_few_seconds_is_the_journey_of_the_answer() {
        let clock = Clock::held(NOON);
        clock.learn(NOON - Duration::from_secs(4));
        assert_eq!(clock.now(), NOON);
    }
}
