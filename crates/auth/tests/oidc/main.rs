//! Signing in at an OpenID Connect provider that does what no good one does.

#![allow(clippy::unwrap_used, reason = "a test that meets none has failed")]

mod answers;
mod conformance;
mod device;
mod discovery;
mod requests;
mod sign_out;
mod walk;

#[path = "../support/issuer.rs"]
#[allow(dead_code, reason = "shared with tests of other wires")]
mod issuer;
#[path = "../support/oidc_peer.rs"]
#[allow(dead_code, reason = "shared with tests inside the crate")]
mod peer;

use issuer::AnyKey;
