//! A running provider: from a folder and a port to an address that answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::configuration::{Configuration, Unconfigured};
use crate::faults::Faults;
use crate::keys::Keys;
use crate::postman::Postman;
use crate::provider::Provider;
use crate::routes;
use crate::secret::{random, random_text};
use crate::state_folder::{Lease, Running, StateFolder, Unusable};
use crate::store::Store;

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its state folder; made if need be.
    pub folder: PathBuf,
    pub port: Port,
    pub clock: Clock,
    /// Tells one build of the program from another; see [`crate::build_of_this_program`].
    pub build: String,
    /// Opens the switchboard under `/faults`, for tests only: it breaks answers at will and hands out every secret.
    pub faults: bool,
}

/// Which port of 127.0.0.1 to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The port of last time, so that links mailed then still work; a new one if a stranger has taken it.
    Remembered,
    /// This one or none; 0 lets the system choose.
    Exactly(u16),
}

/// A server could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Folder(#[from] Unusable),
    #[error("a local provider already runs with this folder")]
    AlreadyRunning,
    #[error("port {port} of 127.0.0.1 cannot be used: {cause}")]
    Port { port: u16, cause: io::Error },
    #[error("the database cannot be opened: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the state folder failed: {0}")]
    State(#[from] io::Error),
    #[error(transparent)]
    Configuration(#[from] Unconfigured),
    #[error("the connection to the mail server cannot be prepared: {0}")]
    Mail(lettre::transport::smtp::Error),
}

/// A running server. Dropping it lets it run on; [`Server::stop`] ends it.
#[derive(Debug)]
pub struct Server {
    base_url: String,
    moved_from: Option<u16>,
    identity_public_key: [u8; 32],
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a provider, which answers when this returns.
    ///
    /// # Errors
    /// When the folder cannot be used, already has a server, or the port is taken.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let opened = tokio::task::spawn_blocking({
            let settings = settings.clone();
            move || Opened::of(&settings)
        });
        let opened = opened.await.expect("opening the folder does not panic")?;
        let bound = bind(settings.port, opened.last_port).await?;
        let port = bound.listener.local_addr()?.port();
        if settings.port == Port::Remembered && opened.last_port != Some(port) {
            opened
                .store
                .write(move |records| records.keep_setting("port", port.to_string().as_bytes()))
                .await
                .map_err(|error: rusqlite::Error| StartError::Database(error))?;
        }
        let running = Running {
            base_url: format!("http://127.0.0.1:{port}"),
            port,
            process: std::process::id(),
            moved_from: bound.moved_from,
            control: random_text(),
        };
        if let Some(left) = bound.moved_from {
            tracing::warn!(left, port, "another program has the port; moved");
        }
        let mut provider = Provider::new(
            opened.store,
            opened.keys,
            settings.clock,
            running.base_url.clone(),
            settings.build,
            &running.control,
        );
        if settings.faults {
            tracing::warn!(
                "--faults: FOR TESTS ONLY; answers break on request, and {}/faults/issued shows every secret",
                running.base_url
            );
            provider.faults = Some(Faults::default());
        }
        provider.limits = opened.configuration.limits;
        provider.lifetimes = opened.configuration.tokens;
        provider.postman = opened.postman;
        let provider = Arc::new(provider);
        opened.folder.announce(&running)?;
        tracing::info!(base_url = running.base_url, "the local provider answers");
        Ok(Self {
            base_url: running.base_url,
            moved_from: running.moved_from,
            identity_public_key: provider.keys.identity_public_key(),
            stop: provider.stop.clone(),
            task: tokio::spawn(serve(bound.listener, provider, opened.folder, opened.lease)),
        })
    }

    /// Where it answers, without a final slash: `http://127.0.0.1:41017`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The remembered port that another program has taken, if there was one.
    pub fn moved_from(&self) -> Option<u16> {
        self.moved_from
    }

    /// The Ed25519 key that signs the old identity token (`token.signature` of an exchange).
    pub fn identity_public_key(&self) -> [u8; 32] {
        self.identity_public_key
    }

    /// Ends the server once the requests in flight are answered.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.ended().await;
    }

    /// Returns when the server has ended: told to, or idle for half an hour.
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the server broke off");
        }
    }

    /// What ends the server when `true` is sent, for whoever listens to signals.
    pub fn stopper(&self) -> watch::Sender<bool> {
        self.stop.clone()
    }
}

/// The secret key of the provider in a folder, whether it runs or not: what a client's server sends in
/// `API_SECRET_KEY`. It never leaves this computer by itself.
///
/// # Errors
/// When the folder or its database cannot be used.
pub fn api_secret_key(folder: &Path) -> Result<String, StartError> {
    let folder = StateFolder::open(folder)?;
    let store = Store::open(&folder.database()?)?;
    let keys = store.write_blocking(Keys::load)?;
    Ok(keys.api_secret_key())
}

/// A folder that is ours now, and what it holds.
struct Opened {
    folder: StateFolder,
    lease: Lease,
    store: Store,
    keys: Keys,
    last_port: Option<u16>,
    configuration: Configuration,
    postman: Option<Postman>,
}

impl Opened {
    fn of(settings: &Settings) -> Result<Self, StartError> {
        let folder = StateFolder::open(&settings.folder)?;
        let lease = folder
            .lease(Duration::from_secs(1))?
            .ok_or(StartError::AlreadyRunning)?;
        folder.retract()?;
        let configuration = Configuration::read(folder.path())?;
        let postman = configuration.smtp.as_ref().map(Postman::new);
        let postman = postman.transpose().map_err(StartError::Mail)?;
        let store = Store::open(&folder.database()?)?;
        let now = settings.clock.now();
        let (keys, last_port) =
            store.write_blocking(|records| -> rusqlite::Result<(Keys, Option<u16>)> {
                records.tidy(now)?;
                records.give_up_sending()?;
                let port = records.setting("port")?;
                let port = port.and_then(|text| String::from_utf8(text).ok()?.parse().ok());
                Ok((Keys::load(records)?, port))
            })?;
        Ok(Self {
            folder,
            lease,
            store,
            keys,
            last_port,
            configuration,
            postman,
        })
    }
}

struct Bound {
    listener: TcpListener,
    moved_from: Option<u16>,
}

async fn bind(wanted: Port, last_port: Option<u16>) -> Result<Bound, StartError> {
    let at = async |port: u16| TcpListener::bind(("127.0.0.1", port)).await;
    if let Port::Exactly(port) = wanted {
        let listener = at(port)
            .await
            .map_err(|cause| StartError::Port { port, cause })?;
        return Ok(Bound {
            listener,
            moved_from: None,
        });
    }
    if let Some(port) = last_port
        && let Ok(listener) = at(port).await
    {
        return Ok(Bound {
            listener,
            moved_from: None,
        });
    }
    // Below the range from which systems serve outgoing connections: nobody is handed our port while we sleep.
    for _ in 0..50 {
        let port = 20_000 + u16::from_be_bytes(random()) % 12_000;
        if let Ok(listener) = at(port).await {
            return Ok(Bound {
                listener,
                moved_from: last_port,
            });
        }
    }
    let listener = at(0)
        .await
        .map_err(|cause| StartError::Port { port: 0, cause })?;
    Ok(Bound {
        listener,
        moved_from: last_port,
    })
}

async fn serve(listener: TcpListener, provider: Arc<Provider>, folder: StateFolder, lease: Lease) {
    let mut told = provider.stop.subscribe();
    let router = routes::router(Arc::clone(&provider));
    let end = {
        let provider = Arc::clone(&provider);
        async move {
            let mut told = provider.stop.subscribe();
            tokio::select! {
                _ = told.wait_for(|stop| *stop) => tracing::info!("told to end"),
                () = provider.idle() => tracing::info!("unused for half an hour: ending"),
            }
            provider.stop.send_replace(true);
        }
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(end);
    let overdue = async {
        let _ = told.wait_for(|stop| *stop).await;
        // A connection that is held open must not keep a successor from the port.
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    tokio::select! {
        result = serving.into_future() => if let Err(error) = result {
            tracing::error!(%error, "the server failed");
        },
        () = overdue => {}
    }
    if let Err(error) = folder.retract() {
        tracing::warn!(%error, "the note of the running server stayed behind");
    }
    // Only now may a successor start.
    drop(lease);
}
