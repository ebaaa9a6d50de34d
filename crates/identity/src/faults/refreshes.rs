//! The refreshes since the start, counted where they happen: inside the provider, behind every fault of the wire.
//!
//! A refresh whose answer is lost has been granted. One that something else answered in the provider's place was never
//! presented.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

/// How often refresh tokens were presented, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {
    presented: AtomicU32,
    spent_before: AtomicU32,
    granted: AtomicU32,
}

impl Refreshes {
    /// Somebody presents a refresh token, which may have been `spent` before.
    pub(crate) fn presents(&self, spent: bool) {
        self.presented.fetch_add(1, Ordering::Relaxed);
        self.spent_before.fetch_add(spent.into(), Ordering::Relaxed);
    }

    /// New tokens were made for somebody.
    pub(crate) fn granted(&self) {
        self.granted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn statement(&self) -> Value {
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        json!({
            "presented": count(&self.presented),
            "spent_before": count(&self.spent_before),
            "granted": count(&self.granted),
        })
    }
}
