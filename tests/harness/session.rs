//! One person's computer for one test.
//!
//! It starts with nothing but a desktop: the test says what else there is. What the test starts here sees only
//! this session, and ends with it, also when the test panics.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use url::Url;
use xtask::desktop::{PrivateDesktop, Services};
use xtask::processes;
use xtask::wait;

use crate::app::DEBUG_IDENTIFIER;
use crate::oidc_peer::OidcPeer;
use crate::page::eventually;
use crate::programs;
use crate::slot::Slot;
use crate::sweep::{Leak, Secrets};

/// A private desktop that belongs to one test.
///
/// The fields are in the order in which they must be dropped: the programs first, then their files, then the
/// right to run them.
#[derive(Debug)]
pub struct Session {
    pub(crate) desktop: PrivateDesktop,
    services: Services,
    pub(crate) home_is_read_only: bool,
    root: TempDir,
    name: String,
    edition: Edition,
    /// What providers have issued, as far as they were asked.
    secrets: Mutex<Secrets>,
    /// Where those that the session did not start say so.
    witnesses: Mutex<Vec<Url>>,
    _slot: Slot,
}

/// Which Keyfob a session is about.
#[derive(Clone, Copy, Debug)]
enum Edition {
    /// This workspace's debug build.
    Built,
    /// What a package has installed.
    Installed,
}

impl Session {
    /// Starts home, bus, keyring, display and window manager; waits first if two sessions run already.
    ///
    /// # Panics
    /// When one of the programs is missing or does not become ready; the message names it.
    pub fn start() -> Self {
        Self::start_as(Edition::Built, Services::Usual)
    }

    /// The same, and Keyfob is the one that the system has installed.
    pub fn start_with_the_installed_app() -> Self {
        Self::start_as(Edition::Installed, Services::Usual)
    }

    /// Starts the same on a computer that lacks some of the usual services.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_with(services: Services) -> Self {
        Self::start_as(Edition::Built, services)
    }

    fn start_as(edition: Edition, services: Services) -> Self {
        let slot = Slot::take(&programs::stories());
        let root = tempfile::Builder::new()
            .prefix("keyfob-")
            .tempdir()
            .expect("a temporary folder can be made");
        let desktop =
            PrivateDesktop::start_with(root.path(), services).expect("the private desktop starts");
        Self {
            desktop,
            services,
            home_is_read_only: false,
            root,
            name: test_name(),
            edition,
            secrets: Mutex::default(),
            witnesses: Mutex::default(),
            _slot: slot,
        }
    }

    /// Identifier, link scheme and keyring service of this session's Keyfob.
    pub fn identifier(&self) -> &'static str {
        match self.edition {
            Edition::Built => DEBUG_IDENTIFIER,
            Edition::Installed => "dev.keyfob",
        }
    }

    /// A program of this session's Keyfob.
    pub fn program(&self, name: &str) -> PathBuf {
        match self.edition {
            Edition::Built => programs::built(name),
            Edition::Installed => Path::new("/usr/bin").join(name),
        }
    }

    /// A command that runs in this session and sees nothing of the one that the tests run in.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = if self.home_is_read_only {
            self.command_that_respects_permissions(program.as_ref())
        } else {
            self.desktop.command(program)
        };
        // It lies below the root: what ends the session looks through it too.
        command.env("KEYFOB_RECORD_MESSAGES", self.root().join("messages"));
        command
    }

    /// What the page and the program have said to each other so far, a line for each message.
    pub fn messages(&self) -> String {
        fs::read_to_string(self.root().join("messages")).unwrap_or_default()
    }

    /// What the person's configuration file says.
    pub fn configuration(&self) -> String {
        fs::read_to_string(self.configuration_file()).unwrap_or_default()
    }

    /// Writes the person's configuration file.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn is_configured(&self, text: &str) {
        let file = self.configuration_file();
        fs::create_dir_all(file.parent().expect("it is in a folder"))
            .and_then(|()| fs::write(file, text))
            .expect("the configuration can be written");
    }

    fn configuration_file(&self) -> PathBuf {
        self.home().join(".config/keyfob/config.toml")
    }

    /// The person has chosen the local provider before, unless they have written something else.
    pub(crate) fn has_run_before(&self) {
        if !self.configuration_file().exists() {
            self.is_configured("profile = \"local\"\n");
        }
    }

    /// Runs a command to its end and gives what it printed.
    ///
    /// # Panics
    /// When it fails; the message carries its complaint.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
    ) -> String {
        let mut command = self.command(program);
        processes::succeed(command.args(arguments)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same for a command that may fail: nothing then.
    pub fn try_run<S: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Option<String> {
        let mut command = self.command(program);
        processes::succeed(command.args(arguments)).ok()
    }

    /// How bright the window with this id is on the whole, from 0 to 255; nothing when it cannot be photographed.
    pub fn brightness_of_window(&self, id: &str) -> Option<u8> {
        let picture = format!("x:{id}");
        let mean = self.try_run("identify", ["-format", "%[fx:int(255*mean)]", &picture])?;
        mean.trim().parse().ok()
    }

    /// Starts a program; its output is kept under `log`.
    pub(crate) fn spawn(&self, command: &mut Command, log: &str) -> Child {
        self.desktop
            .spawn(command, log)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Whether programs can find each other here.
    pub(crate) fn has_a_bus(&self) -> bool {
        self.services != Services::NoBus
    }

    /// The private home folder.
    pub fn home(&self) -> PathBuf {
        self.desktop.home()
    }

    /// Everything that the program with this log has printed so far.
    pub fn output_of(&self, log: &str) -> String {
        let file = self.desktop.logs().join(format!("{log}.log"));
        fs::read_to_string(file).unwrap_or_default()
    }

    /// Whether somebody owns this name on the session bus.
    ///
    /// # Panics
    /// When the bus does not answer.
    pub fn bus_name_is_owned(&self, name: &str) -> bool {
        self.desktop
            .bus_name_is_owned(name)
            .expect("the session bus answers")
    }

    /// The title of the window that has the focus, if one has.
    pub fn focused_window(&self) -> Option<String> {
        let mut command = self.command("xdotool");
        let title = processes::succeed(command.args(["getactivewindow", "getwindowname"])).ok()?;
        Some(title.trim().to_owned())
    }

    /// Waits until the window with this title has the focus.
    ///
    /// # Panics
    /// When it does not get it; the message names the one that has.
    pub async fn comes_to_the_front(&self, title: &str) {
        let is_there = eventually(async || (self.focused_window()? == title).then_some(())).await;
        let front = self.focused_window();
        assert!(
            is_there.is_some(),
            "not {title:?} is in front, but {front:?}"
        );
    }

    /// Closes the window with this title, which has the focus, by the keys that a person would press; again if
    /// nothing happens, for a busy window manager loses a key now and then.
    ///
    /// # Panics
    /// When the window stays.
    pub fn close_window(&self, title: &str) {
        let is_gone = || self.focused_window().is_none_or(|front| front != title);
        let closed = (0..5).any(|_| {
            self.press_keys("alt+F4");
            wait::until(Duration::from_secs(3), || is_gone().then_some(())).is_some()
        });
        assert!(closed, "the window {title:?} does not close");
    }

    /// Takes the window that has the focus off the display, into the list of windows.
    pub fn minimise_focused_window(&self) {
        self.run("xdotool", ["getactivewindow", "windowminimize"]);
    }

    /// Presses keys, by their names in X, in the window that has the focus.
    pub fn press_keys(&self, keys: &str) {
        self.run("xdotool", ["key", "--clearmodifiers", keys]);
    }

    /// Gives the window of this name the focus, as a person does who presses its title.
    pub fn goes_to_the_window(&self, name: &str) {
        let name = format!("^{name}$");
        self.run(
            "xdotool",
            ["search", "--name", &name, "windowactivate", "--sync"],
        );
    }

    /// Types a text into the window that has the focus.
    pub fn types(&self, text: &str) {
        self.run("xdotool", ["type", "--clearmodifiers", text]);
    }

    /// Waits until the window that has the focus shows more than an empty ground.
    ///
    /// # Panics
    /// When it stays empty for half a minute, or cannot be photographed.
    pub async fn focused_window_is_painted(&self) {
        const AN_EMPTY_GROUND: u32 = 16;
        let colours = async || {
            let window = self.run("xdotool", ["getactivewindow"]);
            let file = self.root().join("window.png");
            let mut import = self.command("import");
            import
                .args(["-silent", "-window", window.trim()])
                .arg(&file);
            processes::succeed(&mut import).ok()?;
            let count = self.run(
                "identify",
                ["-format".as_ref(), "%k".as_ref(), file.as_os_str()],
            );
            (count.trim().parse::<u32>().ok()? > AN_EMPTY_GROUND).then_some(())
        };
        eventually(colours)
            .await
            .expect("the window shows something");
    }

    /// Keeps a picture of the display as `target/stories/<test>/<name>.png` and says where it is.
    ///
    /// # Panics
    /// When no picture can be taken.
    pub fn keep_picture(&self, name: &str) -> PathBuf {
        let folder = self.folder_to_keep();
        let picture = folder.join(format!("{name}.png"));
        self.desktop
            .screenshot(&picture)
            .expect("the display can be photographed");
        picture
    }

    /// How long the computer has run.
    ///
    /// # Panics
    /// When it does not say.
    pub fn uptime(&self) -> Duration {
        let uptime = fs::read_to_string("/proc/uptime").expect("Linux says it");
        let seconds = uptime
            .split_whitespace()
            .next()
            .and_then(|it| it.parse().ok());
        Duration::from_secs_f64(seconds.expect("a number of seconds"))
    }

    /// The ids of all processes that belong to this session.
    pub fn processes(&self) -> Vec<u32> {
        self.desktop.processes()
    }

    /// The folder that holds everything of this session; it goes away with it.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Every secret of this session that lies in a file where it must not be. The end of the session asks this too.
    pub fn leaks(&self) -> BTreeSet<Leak> {
        self.note_what_was_issued();
        let browser = self.browser_profile();
        self.secrets().found_below(self.root(), &[browser])
    }

    /// What kinds of secrets are looked for, as the wire calls them.
    pub fn kinds_of_secrets(&self) -> BTreeSet<String> {
        self.note_what_was_issued();
        self.secrets().kinds()
    }

    /// Asks the running provider what it has issued: it knows nothing of that any more once it has ended.
    pub(crate) fn note_what_was_issued(&self) {
        let local = self
            .running_provider()
            .and_then(|base| base.join("/faults/issued").ok());
        let others = lock(&self.witnesses).clone();
        for witness in local.iter().chain(&others) {
            self.secrets().learn(witness);
        }
    }

    /// What this provider issues is looked for at the end of the session too. The provider must live until then.
    pub fn is_swept_for(&self, peer: &OidcPeer) {
        lock(&self.witnesses).push(peer.witness());
    }

    fn secrets(&self) -> MutexGuard<'_, Secrets> {
        lock(&self.secrets)
    }

    pub(crate) fn folder_to_keep(&self) -> PathBuf {
        let folder = programs::stories().join(&self.name);
        fs::create_dir_all(&folder).expect("a folder can be made in the target folder");
        folder
    }

    fn keep_evidence(&self) -> std::io::Result<PathBuf> {
        let folder = self.folder_to_keep();
        for entry in fs::read_dir(self.desktop.logs())? {
            let log = entry?;
            fs::copy(log.path(), folder.join(log.file_name()))?;
        }
        let provider_log = self.provider_log_file();
        if provider_log.exists() {
            fs::copy(provider_log, folder.join("provider.log"))?;
        }
        self.desktop.screenshot(&folder.join("failed.png"))?;
        Ok(folder)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.home_is_read_only {
            self.make_home_writable();
        }
        let leaks = if thread::panicking() {
            BTreeSet::new()
        } else {
            self.leaks()
        };
        if leaks.is_empty() && !thread::panicking() {
            return;
        }
        match self.keep_evidence() {
            Ok(folder) => eprintln!("output and a picture are in {}", folder.display()),
            Err(error) => eprintln!("the evidence could not be kept: {error}"),
        }
        let leaks: Vec<String> = leaks.iter().map(Leak::to_string).collect();
        assert!(
            leaks.is_empty(),
            "secrets were left behind:\n{}",
            leaks.join("\n")
        );
    }
}

/// The test harness runs each test on a thread of its name.
fn test_name() -> String {
    let name = thread::current().name().unwrap_or("unnamed").to_owned();
    name.replace("::", "-")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
