//! Waiting for another program: ask, pause, ask again, give up in time.
//!
//! Programs that we start tell us nothing when they are ready, so something must ask. This is the one place
//! that does, with a limit, so that nothing waits for ever.

use std::thread;
use std::time::{Duration, Instant};

/// The pause between two questions: short beside what we wait for, long beside what a question costs.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `probe` until it has an answer; `None` once `limit` has passed.
#[expect(
    clippy::disallowed_methods,
    reason = "the limit on another program is real time; no test holds it"
)]
pub fn until<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if start.elapsed() >= limit {
            return None;
        }
        thread::sleep(PAUSE);
    }
}
