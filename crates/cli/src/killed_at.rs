//! FOR TESTS ONLY, and only in debug builds: this program ends, as if by `kill -9`, when a renewal reaches a certain step.
//!
//! The engine says each of its steps as a log event; whoever listens there can stop it in between. A process cannot
//! end itself without a last word in any other way that is safe.

use std::{
    fmt,
    process::{self, Command},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::Context,
};

/// Where the steps of a renewal are said.
const STEPS: &str = "keyfob_auth::renewal";

/// Ends this program at the step of this name.
pub struct KilledAt(pub String);

impl KilledAt {
    /// What it listens to.
    pub fn filter() -> Targets {
        Targets::new().with_target(STEPS, LevelFilter::TRACE)
    }
}

impl<S: Subscriber> Layer<S> for KilledAt {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Says<'a>(&'a str, bool);
        impl Visit for Says<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.1 |= field.name() == "message" && format!("{value:?}") == self.0;
            }
        }
        let mut step = Says(&self.0, false);
        event.record(&mut step);
        if step.1 {
            let this = process::id().to_string();
            let _ = Command::new("kill").args(["-KILL", &this]).status();
        }
    }
}
