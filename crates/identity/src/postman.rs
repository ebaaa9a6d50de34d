//! Mail that leaves the computer, through the SMTP server of `identity.toml`.
//!
//! A letter is posted after its transaction: the browser does not wait for the mail server. What became of it is
//! written down beside the letter, which stays in the outbox either way.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::configuration::{Smtp, TlsKind};
use crate::letter::{Letter, Post};
use crate::mail::message;
use crate::provider::Provider;
use crate::store::LetterId;

/// Who takes e-mail to a mail server.
pub(crate) struct Postman {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    patience: Duration,
}

impl Postman {
    /// # Errors
    /// When the system's certificates cannot be read, or the host is no name.
    pub(crate) fn new(smtp: &Smtp) -> Result<Self, smtp::Error> {
        let tls = || TlsParameters::new(smtp.host.clone());
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port())
            .timeout(Some(smtp.timeout()))
            .tls(match smtp.tls {
                TlsKind::None => Tls::None,
                TlsKind::Starttls => Tls::Required(tls()?),
                TlsKind::Tls => Tls::Wrapper(tls()?),
            });
        if let Some((user, password)) = smtp.login() {
            server = server.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            server: server.build(),
            from: smtp.from.clone(),
            patience: smtp.timeout(),
        })
    }

    async fn deliver(&self, letter: &Letter) -> Post {
        let Ok(message) = message(letter, &self.from) else {
            return failed("no mail server would take this address");
        };
        // The library's time-out is for each step; a slow talker must not hold us for all of them.
        let sent = tokio::time::timeout(self.patience, self.server.send(message)).await;
        match sent {
            Ok(Ok(_)) => Post::Sent,
            Ok(Err(error)) => Post::Failed(in_words(&error)),
            Err(_) => failed("the mail server did not answer in time"),
        }
    }
}

fn failed(why: &str) -> Post {
    Post::Failed(why.to_owned())
}

/// What the server said is not repeated: it is a stranger's text, and may name the address.
fn in_words(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("the mail server refused it (code {code})");
    }
    if error.is_timeout() {
        "the mail server did not answer in time"
    } else if error.is_tls() || is_about_a_certificate(error) {
        "no secure connection to the mail server could be made"
    } else if error.is_response() || error.is_client() {
        "the mail server answered in a way that mail servers do not"
    } else {
        "the mail server could not be reached"
    }
    .to_owned()
}

/// TLS says no as an I/O error: of data that it does not believe.
fn is_about_a_certificate(error: &smtp::Error) -> bool {
    std::iter::successors(error.source(), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::InvalidData)
}

impl Provider {
    /// Has the postman take a letter away, and remembers what became of it.
    pub(crate) fn post(self: &Arc<Self>, id: LetterId, letter: Letter) {
        let provider = Arc::clone(self);
        tokio::spawn(async move {
            let Some(postman) = &provider.postman else {
                return;
            };
            let post = postman.deliver(&letter).await;
            if let Post::Failed(why) = &post {
                tracing::warn!(letter = id, "not sent: {why}");
            } else {
                tracing::info!(letter = id, "sent");
            }
            let kept = provider
                .store
                .write(move |records| records.keep_post(id, &post));
            if let Err(error) = kept.await as rusqlite::Result<()> {
                tracing::error!(%error, "the database failed");
            }
        });
    }
}
