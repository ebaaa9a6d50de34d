//! A local identity provider that speaks Cotter's passwordless wire.
//!
//! It is what Keyfob signs in to when nothing else is configured, the demonstration, and the peer of the tests. It
//! shares no code with the client: they meet on the wire, so that one misreading cannot agree with itself.
//!
//! A sign-in, in the order in which it happens:
//!
//! 1. A client opens `GET /app?…` in a browser, with an S256 challenge, a `state` and where to come back to. Only
//!    Keyfob's deep links and loopback addresses may be come back to.
//! 2. A link is mailed to the address (here: put into the outbox at `/outbox`), and the browser waits. It shows two
//!    digits. Or six digits are sent, to be typed into that browser, and step 3 is over with them.
//! 3. The person follows `GET /magic/<token>` and presses the one button there. Fetching the link does nothing, so a
//!    mail scanner cannot use it up. In another browser than the one that asked, the button wants the two digits:
//!    otherwise a stranger could begin a sign-in that the person finishes.
//! 4. The browser that asked is sent to the redirect URL with a code that lives for five minutes.
//! 5. The client exchanges code and verifier at `POST /verify/get_identity?oauth_token=true` for signed tokens, and
//!    later refreshes them at `POST /token/{key}`, where each refresh token works once.
//!
//! Mail leaves the computer only if `identity.toml` in the state folder names an SMTP server; phones get nothing but
//! what the outbox shows.
//!
//! Everything is kept in one SQLite file in the state folder, so that a link mailed today works after a restart;
//! codes, links and refresh tokens are kept as hashes. The server listens on loopback only, ends when it has been
//! unused for half an hour, and is started by [`ensure`].
//!
//! ```
//! use keyfob_identity::{Clock, Port, Server, Settings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let server = Server::start(Settings {
//!     folder: folder.path().to_owned(),
//!     port: Port::Exactly(0),
//!     clock: Clock::system(),
//!     build: "example".to_owned(),
//!     faults: false,
//! })
//! .await?;
//! assert!(server.base_url().starts_with("http://127.0.0.1:"));
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

mod agent;
mod browser;
mod build_id;
mod challenge;
mod clock;
mod configuration;
mod ensure;
mod faults;
mod guard;
mod identifier;
mod keys;
mod letter;
mod limits;
mod log;
mod mail;
mod method;
mod one_time_code;
mod page;
mod postman;
mod provider;
mod redirect;
mod refusal;
mod routes;
mod secret;
mod sending;
mod server;
mod sign_in_request;
mod state_folder;
mod store;
mod tokens;

pub use build_id::build_of_this_program;
pub use clock::Clock;
pub use configuration::Unconfigured;
pub use ensure::{EnsureError, Found, ensure, ensure_with_faults, stop};
pub use log::write_log_into;
pub use provider::API_KEY_ID;
pub use server::{Port, Server, Settings, StartError, api_secret_key};
pub use state_folder::{Surroundings, Unusable, usual_folder};
