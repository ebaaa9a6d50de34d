//! The program as others use it: what it prints, and what it does beyond that.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

#[cfg(unix)]
mod behaviour;
mod printed;
mod support;
