//! A computer on which something is broken or missing: the keyring, a program, the right to write.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use xtask::desktop::KEYRING_PASSWORD;
use xtask::{processes, wait};

use crate::browser::BROWSER_PROFILE;
use crate::page::eventually;
use crate::session::Session;

const END_LIMIT: Duration = Duration::from_secs(10);

/// The prompter's window, by its class.
const PROMPT: [&str; 3] = ["search", "--onlyvisible", "--class"];

/// The keyring, its moods and its prompt.
impl Session {
    /// Locks the keyring: from now on it wants its password.
    ///
    /// # Panics
    /// When it does not do so.
    pub fn lock_keyring(&self) {
        self.desktop
            .lock_keyring()
            .expect("the keyring can be locked");
    }

    /// Stops the keyring in the middle of whatever it does: it keeps its name and answers nothing.
    pub fn freeze_keyring(&self) {
        processes::signal("STOP", &[self.keyring_process()]);
    }

    /// Lets a frozen keyring, by its process id, go on.
    pub fn thaw_keyring(&self, process: u32) {
        processes::signal("CONT", &[process]);
    }

    /// Ends the keyring without a word, and waits until the bus knows.
    ///
    /// # Panics
    /// When there is none, or it stays.
    pub fn kill_keyring(&self) {
        processes::signal("KILL", &[self.keyring_process()]);
        wait::until(END_LIMIT, || {
            (!self.bus_name_is_owned("org.freedesktop.secrets")).then_some(())
        })
        .expect("the keyring has ended");
    }

    /// Starts the keyring again after it has ended, with what it held, unlocked.
    ///
    /// # Panics
    /// When it is not ready in time.
    pub fn start_keyring(&self) {
        self.desktop.start_keyring().expect("the keyring starts");
    }

    /// Ends the keyring and starts it again, which also unlocks it.
    ///
    /// # Panics
    /// When it stays, or is not ready in time.
    pub fn restart_keyring(&self) {
        self.kill_keyring();
        self.start_keyring();
    }

    /// Another keyring, unlocked, takes the place of the one that runs.
    ///
    /// # Panics
    /// When it does not.
    pub fn replace_keyring(&self) {
        let replaced = self.desktop.replace_keyring();
        replaced.expect("another keyring takes its place");
    }

    /// The process that the keyring is.
    ///
    /// # Panics
    /// When there is none.
    pub fn keyring_process(&self) -> u32 {
        self.desktop.keyring_process().expect("there is a keyring")
    }

    /// Waits until the keyring asks for its password.
    ///
    /// # Panics
    /// When it does not.
    pub async fn keyring_asks(&self) {
        let asked = eventually(async || self.prompt()).await;
        assert!(asked.is_some(), "no prompt for the keyring's password");
    }

    /// Types the password into the keyring's prompt.
    ///
    /// # Panics
    /// When there is no prompt, or it stays.
    pub async fn answer_the_prompt(&self) {
        self.keyring_asks().await;
        let answered = eventually(async || {
            // A key that comes while the prompt is still opening is lost, so the field is cleared and typed again.
            self.press_keys("ctrl+a");
            self.run("xdotool", ["type", "--clearmodifiers", KEYRING_PASSWORD]);
            self.press_keys("Return");
            wait::until(Duration::from_secs(2), || {
                self.prompt().is_none().then_some(())
            })
        })
        .await;
        assert!(answered.is_some(), "the prompt stays");
    }

    /// Closes the keyring's prompt.
    ///
    /// # Panics
    /// When there is no prompt, or it stays.
    pub async fn dismiss_the_prompt(&self) {
        self.keyring_asks().await;
        let dismissed = eventually(async || {
            self.press_keys("Escape");
            wait::until(Duration::from_secs(2), || {
                self.prompt().is_none().then_some(())
            })
        })
        .await;
        assert!(dismissed.is_some(), "the prompt stays");
    }

    fn prompt(&self) -> Option<()> {
        let mut command = self.command("xdotool");
        let found = processes::succeed(command.args(PROMPT).arg("gcr-prompter")).ok()?;
        (!found.trim().is_empty()).then_some(())
    }
}

/// The programs that are installed.
impl Session {
    /// From now on, whatever is started here finds every program but these.
    ///
    /// # Panics
    /// When the folder of links cannot be made.
    pub fn uninstall(&mut self, names: &[&str]) {
        let folder = self.own_programs();
        for name in names {
            // Not all of them need to be there: what is missing already is uninstalled.
            let _ = fs::remove_file(folder.join(name));
        }
    }

    /// From now on, whatever is started here finds this script under the name of that program.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn replace_program(&mut self, name: &str, script: &str) {
        let program = self.own_programs().join(name);
        let _ = fs::remove_file(&program);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a script can be written");
        fs::set_permissions(&program, Permissions::from_mode(0o755))
            .expect("a script can be made a program");
    }

    /// From now on, no desktop file of the system is found: nothing is installed that could open an address.
    ///
    /// # Panics
    /// When the folder of links cannot be made.
    pub fn uninstall_every_desktop_file(&mut self) {
        let folder = self.root().join("share");
        link_all(&["/usr/local/share".into(), "/usr/share".into()], &folder);
        let _ = fs::remove_file(folder.join("applications"));
        self.desktop.set("XDG_DATA_DIRS", folder);
    }

    /// A folder of links to all that is installed, which is the session's own to change.
    fn own_programs(&mut self) -> PathBuf {
        let folder = self.root().join("programs");
        if !folder.exists() {
            link_all(&path_of(&self.command("true")), &folder);
            self.desktop.set("PATH", folder.clone());
        }
        folder
    }
}

fn path_of(command: &Command) -> Vec<PathBuf> {
    let path = command.get_envs().find(|(name, _)| *name == "PATH");
    let path = path.and_then(|(_, value)| value).unwrap_or_default();
    std::env::split_paths(path).collect()
}

/// Makes `folder` a folder of links to all that is in these.
fn link_all(folders: &[PathBuf], folder: &Path) {
    fs::create_dir_all(folder).expect("a folder can be made");
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    for entry in entries.flatten().flatten() {
        // The first of a name is the one that counts, as on any search path.
        let _ = symlink(entry.path(), folder.join(entry.file_name()));
    }
}

/// The files by which programs keep out of each other's way.
impl Session {
    /// The folders that they lie in: the person's own, and that of the login session.
    pub fn lock_folders(&self) -> [PathBuf; 2] {
        [self.home().join(".local/state"), self.root().join("run")]
            .map(|folder| folder.join(self.identifier()))
    }

    /// Another program, which is none of ours, takes the lock of this profile and does not let go of it.
    ///
    /// # Panics
    /// When it cannot have it.
    pub fn somebody_locks(&self, profile: &str) -> Holder {
        let file = self.lock_folders()[0].join(format!("{profile}.lock"));
        let mut flock = self.command("flock");
        flock.arg("--no-fork").arg(&file).args(["sleep", "600"]);
        let holder = Holder(self.spawn(&mut flock, "holder"));
        let mut try_it = self.command("flock");
        try_it.arg("--nonblock").arg(&file).arg("true");
        let is_held = || processes::succeed(&mut try_it).err().map(drop);
        wait::until(END_LIMIT, is_held).expect("the lock is taken");
        holder
    }
}

/// A program that holds a lock until this value is dropped.
#[derive(Debug)]
pub struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        // Killed, so that only the kernel can have given the lock back.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The wall clock of whatever is started in a session from now on. Every other clock goes on as it is, and so does the
/// provider's if it runs already.
#[derive(Debug)]
pub struct WallClock(PathBuf);

impl Session {
    /// A wall clock that can be set. It is right.
    ///
    /// # Panics
    /// When the programs do not look at it.
    pub fn wall_clock(&mut self) -> WallClock {
        let clock = WallClock(self.root().join("wall-clock"));
        // The loader puts the folder of this system's libraries in the place of `$LIB`.
        let library = "/usr/$LIB/faketime/libfaketimeMT.so.1";
        self.desktop.set("LD_PRELOAD", library);
        self.desktop.set("FAKETIME_TIMESTAMP_FILE", clock.0.clone());
        self.desktop.set("FAKETIME_NO_CACHE", "1");
        self.desktop.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        // The loader only mentions a library that it does not find.
        clock.is_off_by(-1_000_000_000);
        let year = self.run("date", ["+%Y"]).trim().to_owned();
        assert!(
            year.as_str() < "2010",
            "the wall clock cannot be set: install faketime"
        );
        clock.is_off_by(0);
        clock
    }
}

impl WallClock {
    /// Sets it so many seconds off what is right. It jumps under whatever runs.
    ///
    /// # Panics
    /// When that cannot be written down.
    pub fn is_off_by(&self, seconds: i64) {
        let next = self.0.with_extension("next");
        // Read at any moment: it is there whole or not at all.
        fs::write(&next, format!("{seconds:+}")).expect("a file can be written");
        fs::rename(&next, &self.0).expect("a file can be renamed");
    }
}

/// A folder on a disk that takes no more files. It is an ordinary one again after this value.
#[derive(Debug)]
pub struct FullDisk(PathBuf);

impl FullDisk {
    /// Mounts one over this folder, in a process that may have mounts of its own
    /// ([`on_a_system_of_its_own`](crate::on_a_system_of_its_own)).
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn over(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("a folder can be made");
        let mut mount = Command::new("mount");
        // Its root is the one file that it holds.
        mount
            .args(["-t", "tmpfs", "-o", "nr_inodes=1", "full"])
            .arg(&folder);
        processes::succeed(&mut mount).unwrap_or_else(|error| panic!("{error}"));
        let one_more = fs::write(folder.join("one-more"), "");
        let error = one_more.expect_err("the disk is full").kind();
        assert_eq!(error, std::io::ErrorKind::StorageFull);
        Self(folder)
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        // Lazily: nobody needs to have let go of it.
        let unmounted = processes::succeed(Command::new("umount").arg("--lazy").arg(&self.0));
        if let Err(error) = unmounted {
            eprintln!("{error}");
        }
    }
}

/// The right to write.
impl Session {
    /// From now on, nothing that is started here can write into the home folder, but for the browser, which stands
    /// for one on any computer.
    ///
    /// Permission bits are what holds a person; they do not hold root, so that for root the programs also lose the
    /// capability that lets it pass over them. No mount and no namespace is needed, which a container may refuse.
    pub fn make_home_read_only(&mut self) {
        self.home_is_read_only = true;
        set_modes(&self.home(), 0o555);
    }

    /// Gives back this folder in it, to a program that could not work at all without.
    ///
    /// # Panics
    /// When it is not there.
    pub fn make_writable_in_home(&self, folder: &str) {
        let folder = self.home().join(folder);
        fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("a folder of ours");
    }

    /// Gives it back.
    pub fn make_home_writable(&self) {
        set_modes(&self.home(), 0o755);
    }

    pub(crate) fn command_that_respects_permissions(&self, program: &OsStr) -> Command {
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| owner_of(&process) == 0);
        if !is_root {
            return self.desktop.command(program);
        }
        let mut command = self.desktop.command("setpriv");
        command
            .arg("--bounding-set=-dac_override,-dac_read_search,-fowner")
            .arg(program);
        command
    }
}

fn owner_of(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(metadata)
}

/// Of every folder in `folder`, itself included. Files cannot be replaced in a folder that cannot be written.
fn set_modes(folder: &Path, mode: u32) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && entry.file_name() != BROWSER_PROFILE {
            set_modes(&entry.path(), mode);
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(mode)).expect("a folder of ours");
}
