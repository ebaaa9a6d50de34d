//! What every story stands on: a person's computer, made for one test and taken away after it.
//!
//! A story starts a [`Session`] (home, session bus, keyring, display, all its own), asks it for the person's
//! [`Browser`] and [launches](Session::launch) the [`App`], and then does what a person would do: types, presses
//! buttons by the words on them, reads the mail, looks at the clipboard, asks the keyring with `secret-tool`.
//!
//! ```no_run
//! # async fn story() {
//! let session = harness::Session::start();
//! let browser = session.browser().await;
//! let app = session.launch().await;
//! app.type_into("input", "ada@example.com").await;
//! app.press("Sign in").await;
//! browser.go_to_tab("/app").await;
//! # }
//! ```
//!
//! A test that needs the real keyring inside its own process runs [`in_session`]; one that changes the system
//! itself, [`on_a_system_of_its_own`].
//!
//! When a session ends, everything that its programs wrote is searched for the secrets that its provider issued; a
//! session in which one is found fails its test.
//!
//! When a test fails, what the programs printed and a picture of the display are kept in
//! `target/stories/<test>/`. However it ends, no process is left.
#![cfg(target_os = "linux")]

mod app;
mod browser;
mod clipboard;
mod driver;
mod faults;
mod impostor;
mod inner;
pub mod inside;
mod interception;
mod keyring;
mod lone_provider;
mod machine;
mod mail;
mod oidc_peer;
mod own_system;
mod page;
mod peers;
mod programs;
mod provider;
mod script;
mod session;
mod slot;
mod sweep;
mod terminal;

pub use app::{App, DEBUG_IDENTIFIER, Program};
pub use browser::Browser;
pub use clipboard::Clipboard;
pub use faults::{Fault, Refreshes};
pub use impostor::Impostor;
pub use inner::in_session;
pub use interception::Interception;
pub use keyring::KeyringEntry;
pub use lone_provider::LoneProvider;
pub use machine::{FullDisk, Holder, WallClock};
pub use oidc_peer::{OidcPeer, PeerVisitor, WayEnds};
pub use own_system::on_a_system_of_its_own;
pub use page::{Page, eventually};
pub use peers::{RunningPeer, answer_of, node_peer, python_peer};
pub use programs::{built, package};
pub use provider::Provider;
pub use script::{LastPage, Visitor, follow_the_mail};
pub use session::Session;
pub use sweep::Leak;
pub use terminal::{Login, Ran, Running};
pub use xtask::desktop::Services;
