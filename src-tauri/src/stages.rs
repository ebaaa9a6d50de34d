//! Measuring points: which stage of a start, or of a link's way to the window, has been reached.
//!
//! They are ordinary log lines, silent unless `KEYFOB_LOG=keyfob_desktop::stages=debug` asks for them. `cargo xtask
//! bench` reads them to say where the time goes.

/// Says that a stage has been reached. Its name is a literal, so that nothing secret can be said here.
pub fn reached(stage: &'static str) {
    tracing::debug!("{stage}");
}
