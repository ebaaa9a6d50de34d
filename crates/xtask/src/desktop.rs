//! A desktop of one's own, without a screen: home, session bus, keyring, display, window manager.
//!
//! Nothing of the person's own session is reached and nothing is left behind. Every program started inside
//! inherits one marked variable; the end looks for that mark in `/proc`, so that also a program which detached
//! itself (the local provider, a browser that `xdg-open` started) is ended, by its process id.
//!
//! The order matters: the keyring is unlocked by a password on standard input and must own its name *before*
//! anybody asks for it. Asking by name would start a second, locked daemon.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::processes::{marked, named, signal, succeed};
use crate::wait;

/// The variable by which the programs of one desktop are told from all others.
pub const MARK: &str = "KEYFOB_PRIVATE_DESKTOP";

/// What the keyring of a private desktop is unlocked with.
pub const KEYRING_PASSWORD: &str = "a password of this desktop only";

const KEYRING: &str = "org.freedesktop.secrets";
const PROMPTER: &str = "org.gnome.keyring.SystemPrompter";

const START_LIMIT: Duration = Duration::from_secs(20);
const END_LIMIT: Duration = Duration::from_secs(2);

/// The session bus of a private desktop, and the keyring on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Services {
    /// A bus that starts whatever is installed when somebody asks for it, and an unlocked keyring.
    Usual,
    /// A bus that starts nothing but the keyring's prompter, and an unlocked keyring: one that ends stays away.
    KeyringThatAsks,
    /// A bus that starts nothing at all, and an unlocked keyring: once locked, it can ask nobody for its password.
    KeyringThatCannotAsk,
    /// A bus that starts nothing at all.
    NoKeyring,
    /// Not even a bus.
    NoBus,
}

impl Services {
    fn has_keyring(self) -> bool {
        !matches!(self, Self::NoKeyring | Self::NoBus)
    }
}

/// A running private desktop. Dropping it ends every program that was started on it.
#[derive(Debug)]
pub struct PrivateDesktop {
    root: PathBuf,
    environment: BTreeMap<OsString, OsString>,
    children: Mutex<Vec<Child>>,
}

impl PrivateDesktop {
    /// Starts everything inside `root`, an existing empty folder with a short path (sockets live in it).
    ///
    /// # Errors
    /// When a program is missing or is not ready within 20 seconds; the message names it.
    pub fn start(root: &Path) -> io::Result<Self> {
        Self::start_with(root, Services::Usual)
    }

    /// As [`start`](Self::start), on a computer that lacks some of the usual services.
    ///
    /// # Errors
    /// As `start`.
    pub fn start_with(root: &Path, services: Services) -> io::Result<Self> {
        let mut desktop = Self {
            root: root.to_path_buf(),
            environment: BTreeMap::new(),
            children: Mutex::default(),
        };
        desktop.furnish()?;
        // Before the bus: what the bus starts, the keyring's prompter for one, inherits where the display is.
        desktop.start_display()?;
        desktop.start_bus(services)?;
        if services.has_keyring() {
            desktop.start_keyring()?;
        }
        desktop.start_window_manager()?;
        Ok(desktop)
    }

    /// The X display's name, such as `:99`.
    pub fn display(&self) -> String {
        let display = self.environment.get(OsStr::new("DISPLAY"));
        display.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The private home folder.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The folder of what the programs of this desktop printed: one `<name>.log` each.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// A command that runs on this desktop and sees nothing of the caller's session but `PATH`.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    /// Starts `command` and lets its output go to `logs()/<log>.log`.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(&self, command: &mut Command, log: &str) -> io::Result<Child> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(self.logs().join(format!("{log}.log")))?;
        command
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| named(&error, &command.get_program().to_string_lossy()))
    }

    /// Writes a picture of the whole display as PNG.
    ///
    /// # Errors
    /// When `import` (of imagemagick) is missing or fails.
    pub fn screenshot(&self, file: &Path) -> io::Result<()> {
        let mut command = self.command("import");
        command.args(["-silent", "-window", "root"]).arg(file);
        succeed(&mut command).map(drop)
    }

    /// Whether somebody owns `name` on the session bus. Asking never starts anything.
    ///
    /// # Errors
    /// When the bus does not answer.
    pub fn bus_name_is_owned(&self, name: &str) -> io::Result<bool> {
        Ok(self.ask_bus("NameHasOwner", name)?.contains("true"))
    }

    fn ask_bus(&self, what: &str, name: &str) -> io::Result<String> {
        succeed(self.command("dbus-send").args([
            "--session",
            "--print-reply=literal",
            "--dest=org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            &format!("org.freedesktop.DBus.{what}"),
            &format!("string:{name}"),
        ]))
    }

    /// The ids of the processes that belong to this desktop.
    pub fn processes(&self) -> Vec<u32> {
        marked(&self.root)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "PATH is the one thing a private desktop takes from its caller"
    )]
    fn furnish(&mut self) -> io::Result<()> {
        let home = self.home();
        let runtime = self.root.join("run");
        let folders = [
            ("HOME", home.clone()),
            ("XDG_CONFIG_HOME", home.join(".config")),
            ("XDG_DATA_HOME", home.join(".local/share")),
            ("XDG_STATE_HOME", home.join(".local/state")),
            ("XDG_CACHE_HOME", home.join(".cache")),
            ("XDG_RUNTIME_DIR", runtime.clone()),
            ("TMPDIR", self.root.join("tmp")),
        ];
        for (variable, folder) in folders {
            fs::create_dir_all(&folder)?;
            self.set(variable, folder);
        }
        fs::create_dir_all(self.logs())?;
        fs::create_dir_all(home.join(".local/share/applications"))?;
        fs::set_permissions(&runtime, Permissions::from_mode(0o700))?;

        self.set("PATH", std::env::var_os("PATH").unwrap_or_default());
        self.set("LANG", "C.UTF-8");
        self.set("RUST_BACKTRACE", "1");
        // The generic branch of `xdg-open` cannot run a quoted `Exec` line; GNOME's goes through GIO.
        self.set("XDG_CURRENT_DESKTOP", "GNOME");
        self.set("XDG_SESSION_TYPE", "x11");
        self.set("GDK_BACKEND", "x11");
        // No accessibility bus: each would start two more daemons that nothing here asks.
        self.set("NO_AT_BRIDGE", "1");
        self.set(MARK, self.root.clone());
        Ok(())
    }

    fn start_bus(&mut self, services: Services) -> io::Result<()> {
        let address = format!("unix:path={}", self.root.join("run/bus").display());
        if services == Services::NoBus {
            // An address at which nobody listens: without one, libraries start a bus of their own.
            self.set("DBUS_SESSION_BUS_ADDRESS", address);
            return Ok(());
        }
        let mut command = self.command("dbus-daemon");
        command.args(["--nofork", "--print-address=1", "--address"]);
        command.arg(&address);
        if services == Services::Usual {
            command.arg("--session");
        } else {
            let prompter = services == Services::KeyringThatAsks;
            let configuration = self.configure_bare_bus(prompter)?;
            command.arg("--config-file").arg(configuration);
        }
        self.spawn_and_read_a_line(&mut command, "bus")?;
        self.set("DBUS_SESSION_BUS_ADDRESS", address);
        Ok(())
    }

    /// A bus that starts nothing by itself, but for the program in which the keyring asks for its password.
    fn configure_bare_bus(&self, prompter: bool) -> io::Result<PathBuf> {
        let services = self.root.join("bus-services");
        fs::create_dir_all(&services)?;
        if prompter {
            let service = format!("{PROMPTER}.service");
            let installed = Path::new("/usr/share/dbus-1/services").join(&service);
            fs::copy(installed, services.join(service))?;
        }
        let configuration = self.root.join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>\
             <servicedir>{}</servicedir><policy context=\"default\"><allow send_destination=\"*\"/>\
             <allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>",
            services.display()
        );
        fs::write(&configuration, text)?;
        Ok(configuration)
    }

    /// Starts a keyring, or the same one again after it has ended, and unlocks it.
    ///
    /// # Errors
    /// When it is missing or is not ready within 20 seconds.
    ///
    /// # Panics
    /// Never: the daemon's standard input is a pipe.
    pub fn start_keyring(&self) -> io::Result<()> {
        self.start_keyring_with(&[])
    }

    /// Starts a keyring, unlocked, in the place of the one that runs: nobody meets a bus without one meanwhile, and so
    /// nobody has the bus start another, which would be locked.
    ///
    /// # Errors
    /// As [`start_keyring`](Self::start_keyring).
    pub fn replace_keyring(&self) -> io::Result<()> {
        self.start_keyring_with(&["--replace"])
    }

    fn start_keyring_with(&self, more: &[&str]) -> io::Result<()> {
        let mut command = self.command("gnome-keyring-daemon");
        command
            .args(["--foreground", "--unlock", "--components=secrets"])
            .args(more)
            .stdin(Stdio::piped());
        let mut child = self.spawn(&mut command, "keyring")?;
        let ours = child.id();
        let password = child.stdin.take();
        self.adopt(child);
        password
            .expect("standard input was asked to be a pipe")
            .write_all(KEYRING_PASSWORD.as_bytes())?;

        self.wait("the keyring's name on the bus", |desktop| {
            desktop.bus_name_is_owned(KEYRING).unwrap_or(false)
                && (more.is_empty() || desktop.keyring_process().is_ok_and(|it| it == ours))
        })?;
        self.wait("the keyring's default collection", |desktop| {
            desktop
                .default_collection()
                .is_ok_and(|path| path.len() > "/".len())
        })
    }

    /// Locks the keyring, as a person does or a screen saver.
    ///
    /// # Errors
    /// When the keyring does not do it.
    pub fn lock_keyring(&self) -> io::Result<()> {
        let collection = self.default_collection()?;
        let collections = format!("array:objpath:{collection}");
        self.ask_keyring("Lock", &collections).map(drop)
    }

    /// The process that the keyring is.
    ///
    /// # Errors
    /// When there is none.
    pub fn keyring_process(&self) -> io::Result<u32> {
        let answer = self.ask_bus("GetConnectionUnixProcessID", KEYRING)?;
        let number = answer.split_whitespace().last().unwrap_or_default();
        number.parse().map_err(io::Error::other)
    }

    fn default_collection(&self) -> io::Result<String> {
        let path = self.ask_keyring("ReadAlias", "string:default")?;
        Ok(path.trim().to_owned())
    }

    fn ask_keyring(&self, what: &str, argument: &str) -> io::Result<String> {
        succeed(self.command("dbus-send").args([
            "--session",
            "--print-reply=literal",
            &format!("--dest={KEYRING}"),
            "/org/freedesktop/secrets",
            &format!("org.freedesktop.Secret.Service.{what}"),
            argument,
        ]))
    }

    fn start_display(&mut self) -> io::Result<()> {
        let mut command = self.command("Xvfb");
        // With `-displayfd` the server itself chooses a free number: no race between two desktops.
        command.args(["-displayfd", "1", "-screen", "0", "1360x960x24"]);
        command.args(["-nolisten", "tcp", "-noreset"]);
        let number = self.spawn_and_read_a_line(&mut command, "display")?;
        self.set("DISPLAY", format!(":{number}"));
        Ok(())
    }

    /// Without a window manager no window ever has the focus.
    fn start_window_manager(&mut self) -> io::Result<()> {
        let mut command = self.command("openbox");
        let child = self.spawn(&mut command, "openbox")?;
        self.adopt(child);
        self.wait("the window manager", |desktop| {
            succeed(desktop.command("xdotool").arg("get_num_desktops")).is_ok()
        })
    }

    /// Takes note of a program that ends with the desktop.
    fn adopt(&self, child: Child) {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.push(child);
    }

    /// From now on, what is started here finds `variable` set to `value`.
    pub fn set(&mut self, variable: &str, value: impl Into<OsString>) {
        self.environment.insert(variable.into(), value.into());
    }

    fn wait(&self, what: &str, ready: impl Fn(&Self) -> bool) -> io::Result<()> {
        wait::until(START_LIMIT, || ready(self).then_some(())).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::TimedOut,
                format!("{what}: not there after {} s", START_LIMIT.as_secs()),
            )
        })
    }

    /// Starts a program that says on its first line of output that it is ready.
    fn spawn_and_read_a_line(&mut self, command: &mut Command, log: &str) -> io::Result<String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let errors = File::create(self.logs().join(format!("{log}.log")))?;
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(|error| named(&error, &program))?;
        let output = child.stdout.take();
        self.adopt(child);

        let mut line = String::new();
        BufReader::new(output.expect("standard output was asked to be a pipe"))
            .read_line(&mut line)?;
        if line.trim().is_empty() {
            return Err(io::Error::other(format!(
                "{program} ended before it was ready"
            )));
        }
        Ok(line.trim().to_owned())
    }
}

impl Drop for PrivateDesktop {
    fn drop(&mut self) {
        // Ask first: an X server that is killed leaves its lock file behind.
        signal("TERM", &self.processes());
        let children = self.children.get_mut();
        let mut children = std::mem::take(children.unwrap_or_else(PoisonError::into_inner));
        let gone = wait::until(END_LIMIT, || {
            children.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
            self.processes().is_empty().then_some(())
        });
        if gone.is_none() {
            signal("KILL", &self.processes());
        }
        for child in &mut children {
            // It has been told to end; waiting only takes it off the process table.
            let _ = child.wait();
        }
    }
}
