//! What the chores and the stories share: a desktop of their own, Chromium, other people's programs, and waiting
//! for things to happen.
//!
//! `cargo xtask run --virtual` shows the app on a [`desktop::PrivateDesktop`]; each story in `tests/` runs on
//! one. There is one recipe for it, here, on the standard library alone, so that `xtask` compiles in seconds
//! on a fresh machine.

pub mod chromium;
#[cfg(target_os = "linux")]
pub mod desktop;
pub mod peers;
#[cfg(target_os = "linux")]
pub mod processes;
pub mod wait;
