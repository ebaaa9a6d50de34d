//! Measuring points: which stage of a call has been reached.
//!
//! They are ordinary log lines, silent unless `KEYFOB_LOG=keyfob::stages=trace,keyfob_auth::stages=trace` asks for them.
//! `cargo xtask bench` reads them to say where the time goes.

/// Says that a stage has been reached. Its name is a literal, so that nothing secret can be said here.
pub fn reached(stage: &'static str) {
    tracing::trace!("{stage}");
}
