//! One instance for each session bus, settled before the window system is up.
//!
//! Whoever owns the name on the bus is the instance; every other start hands its arguments to it and ends. Asking
//! takes a few milliseconds, so a link reaches the window sooner, and a start that ends has no window system to take
//! down. Of many starts at once the bus chooses one, which takes arguments from the moment it has the name. One that
//! quits takes no more, and says so: the next start is then an instance of its own.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use zbus::{
    blocking::{Connection, connection},
    fdo::{self, RequestNameFlags},
    interface,
};

/// An instance that does not answer in this time hangs, and a link must not hang with it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a start finds an instance that is just ending, before it goes on without asking.
const TRIES: u32 = 200;

/// The rest between two such tries: about what an instance needs to give its name up.
const REST: Duration = Duration::from_millis(5);

/// What a start turned out to be.
pub enum Start {
    /// Another instance has the arguments: there is nothing left to do.
    HandedOver,
    /// It is the instance.
    Only(OnlyInstance),
}

/// The right to be the instance.
pub struct OnlyInstance {
    /// Nothing without a session bus: then nobody can be found, and nobody finds us.
    connection: Option<Connection>,
    name: String,
    door: Door,
}

/// Takes the arguments of other starts, until it is closed.
#[derive(Clone)]
struct Door(Arc<Mutex<Option<Receive>>>);

type Receive = Box<dyn Fn(Vec<String>) + Send>;

#[interface(name = "org.SingleInstance.DBus")]
impl Door {
    /// Answers only once the arguments were taken: no answer means that the caller must see to them.
    fn execute_callback(&self, arguments: Vec<String>, folder: String) -> fdo::Result<()> {
        // The caller's; an argument of ours never names a file.
        drop(folder);
        // Held while they are taken, so that after `close` nothing is half taken.
        match &*self.lock() {
            Some(receive) => {
                receive(arguments);
                Ok(())
            }
            None => Err(fdo::Error::Failed("quitting".to_owned())),
        }
    }
}

impl Door {
    fn lock(&self) -> MutexGuard<'_, Option<Receive>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands `arguments` to the running instance, or becomes the instance, for which `receive` takes what other starts
/// hand over.
pub fn settle(
    identifier: &str,
    arguments: &[String],
    receive: impl Fn(Vec<String>) + Send + 'static,
) -> Start {
    let name = format!("{identifier}.SingleInstance");
    let door = Door(Arc::new(Mutex::new(Some(Box::new(receive)))));
    let only = |connection| {
        Start::Only(OnlyInstance {
            connection,
            name: name.clone(),
            door: door.clone(),
        })
    };
    let connection = match connect(&path(&name), door.clone()) {
        Ok(connection) => connection,
        Err(error) => {
            tracing::warn!(%error, "without a session bus, links cannot be handed over");
            return only(None);
        }
    };
    for _ in 0..TRIES {
        match hand_over(&connection, &name, arguments) {
            Ok(()) => return Start::HandedOver,
            Err(error) if is_silence(&error) => break,
            Err(error) => tracing::debug!(%error, "nobody took the arguments"),
        }
        // Refused while somebody has it: in the queue we would become the instance without knowing.
        match connection.request_name_with_flags(name.as_str(), RequestNameFlags::DoNotQueue.into())
        {
            Ok(_) => return only(Some(connection)),
            Err(error) => tracing::debug!(%error, "somebody else is the instance"),
        }
        std::thread::sleep(REST);
    }
    tracing::warn!("the running instance does not answer; going on beside it");
    only(None)
}

impl OnlyInstance {
    /// Whether other starts find it and hand their links over.
    pub fn can_be_found(&self) -> bool {
        self.connection.is_some()
    }

    /// From here on other starts are instances of their own; what was handed over before was received.
    pub fn give_up(&self) {
        *self.door.lock() = None;
        if let Some(connection) = &self.connection
            && let Err(error) = connection.release_name(self.name.as_str())
        {
            tracing::warn!(%error, "the name on the session bus goes only with the process");
        }
    }
}

fn connect(path: &str, door: Door) -> zbus::Result<Connection> {
    connection::Builder::session()?
        .method_timeout(PATIENCE)
        // Served before anybody can find it by name.
        .serve_at(path, door)?
        .build()
}

fn hand_over(connection: &Connection, name: &str, arguments: &[String]) -> zbus::Result<()> {
    let folder = std::env::current_dir().unwrap_or_default();
    connection.call_method(
        Some(name),
        path(name),
        Some("org.SingleInstance.DBus"),
        "ExecuteCallback",
        &(arguments, folder.to_string_lossy().as_ref()),
    )?;
    Ok(())
}

fn path(name: &str) -> String {
    format!("/{}", name.replace('.', "/").replace('-', "_"))
}

fn is_silence(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::InputOutput(error) if error.kind() == std::io::ErrorKind::TimedOut)
}
