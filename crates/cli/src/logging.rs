//! What the program says about itself, on standard error, when somebody asks for it.
//!
//! A person at a terminal is told what matters in whole sentences, so unlike in the window not even warnings are
//! logged unasked.

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

#[cfg(debug_assertions)]
use crate::killed_at::KilledAt;
use crate::surroundings::Surroundings;

/// Starts it. `KEYFOB_LOG` takes levels and `module=level` pairs, for example `keyfob_auth=debug,zbus=info`; without it,
/// `verbosity` counts how often more was asked for.
pub fn start(verbosity: u8, surroundings: &Surroundings) {
    let wanted = surroundings.log.as_deref();
    let of_ours = match verbosity {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let by_verbosity = Targets::new().with_targets([("keyfob_auth", of_ours), ("keyfob", of_ours)]);
    let filter = match wanted.map(str::parse) {
        Some(Ok(filter)) => filter,
        Some(Err(_)) | None => by_verbosity,
    };
    let lines = (wanted.is_some() || verbosity > 0).then(|| {
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        lines.without_time().with_filter(filter)
    });
    #[cfg(debug_assertions)]
    let killed_at = surroundings
        .killed_at
        .clone()
        .map(|step| KilledAt(step).with_filter(KilledAt::filter()));
    #[cfg(not(debug_assertions))]
    let killed_at = None::<LevelFilter>;
    if lines.is_some() || killed_at.is_some() {
        tracing_subscriber::registry()
            .with(lines)
            .with(killed_at)
            .init();
    }
}
