//! `cargo xtask run`: from a fresh clone to the open window.

use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::command::{cargo, programs, run, say};
use crate::page;
use crate::system::{self, Purpose};

/// Opens the app on the display that the caller sees.
pub(crate) fn on_this_display() -> Result<(), Failure> {
    if cfg!(target_os = "linux") && !has_display() {
        return Err("there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)\n\
                    hint: `cargo xtask run --virtual DIR` runs the app on a virtual display and keeps \
                    pictures of it in DIR"
            .to_owned());
    }
    system::prepare(Purpose::Run)?;
    build()?;
    say("Keyfob is open; it uses the local identity provider unless you have configured another");
    run(&mut Command::new(app()))
}

/// Opens the app where nobody sees it, and keeps pictures of it.
#[cfg(target_os = "linux")]
pub(crate) fn on_a_virtual_display(pictures: &Path) -> Result<(), Failure> {
    system::prepare(Purpose::RunVirtually)?;
    build()?;
    photographed::run(&app(), pictures)
}

/// Other systems always have a display.
#[cfg(not(target_os = "linux"))]
pub(crate) fn on_a_virtual_display(_pictures: &Path) -> Result<(), Failure> {
    Err("a virtual display is made of Linux programs; use `cargo xtask run`".to_owned())
}

fn build() -> Result<(), Failure> {
    page::install_packages()?;
    page::build()?;
    say("building the programs");
    // Programs only: whoever wants to see the window must not wait for what only the tests need.
    run(&mut cargo(["build", "--workspace", "--bins"]))
}

fn app() -> std::path::PathBuf {
    programs().join(format!("keyfob-desktop{}", std::env::consts::EXE_SUFFIX))
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether there is a display is asked once, here at the edge of the program"
)]
fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty()))
}

#[cfg(target_os = "linux")]
mod photographed {
    use std::collections::HashSet;
    use std::fs;
    use std::io;
    use std::path::Path;
    use std::process::Child;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use xtask::desktop::PrivateDesktop;

    use crate::Failure;
    use crate::command::say;

    const BETWEEN_PICTURES: Duration = Duration::from_secs(1);

    pub(super) fn run(app: &Path, pictures: &Path) -> Result<(), Failure> {
        photograph(app, pictures).map_err(|error| format!("the virtual display: {error}"))
    }

    fn photograph(app: &Path, pictures: &Path) -> io::Result<()> {
        // Ending by Ctrl-C must not leave the display and the provider behind.
        let interrupted = Arc::new(AtomicBool::new(false));
        flag::register(SIGINT, Arc::clone(&interrupted))?;
        flag::register(SIGTERM, Arc::clone(&interrupted))?;

        fs::create_dir_all(pictures)?;
        let pictures = pictures.canonicalize()?;
        let root = Root::new()?;
        let desktop = PrivateDesktop::start(&root.0)?;
        let newest = root.0.join("newest.png");
        desktop.screenshot(&newest)?;
        // A blinking caret makes two pictures by turns; each is kept once.
        let mut seen = HashSet::from([fs::read(&newest)?]);

        let mut app = desktop.spawn(&mut desktop.command(app), "app")?;
        say(
            "Keyfob runs on a virtual display, with a home, a bus and a keyring of its own; Ctrl-C ends it",
        );
        let mut number = 0;
        while is_running(&mut app)? && !interrupted.load(Ordering::Relaxed) {
            desktop.screenshot(&newest)?;
            let picture = fs::read(&newest)?;
            if !seen.contains(&picture) {
                number += 1;
                let file = pictures.join(format!("keyfob-{number:03}.png"));
                fs::write(&file, &picture)?;
                say(&file.display().to_string());
                seen.insert(picture);
            }
            thread::sleep(BETWEEN_PICTURES);
        }
        if !interrupted.load(Ordering::Relaxed) && !app.wait()?.success() {
            let printed = fs::read_to_string(desktop.logs().join("app.log"))?;
            return Err(io::Error::other(format!("the app failed:\n{printed}")));
        }
        Ok(())
    }

    fn is_running(app: &mut Child) -> io::Result<bool> {
        Ok(app.try_wait()?.is_none())
    }

    /// A folder with a short path for the private desktop's sockets, until it is dropped.
    struct Root(std::path::PathBuf);

    impl Root {
        fn new() -> io::Result<Self> {
            let folder = std::env::temp_dir().join(format!("keyfob-run-{}", std::process::id()));
            fs::create_dir(&folder)?;
            Ok(Self(folder))
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            if let Err(error) = fs::remove_dir_all(&self.0) {
                eprintln!("warning: {} is left behind: {error}", self.0.display());
            }
        }
    }
}
