//! From a clicked link to "Signed in" on the display, in an app that runs and waits for it.
//!
//! The app is used as a person would: keys typed into its window, its buttons clicked. What the browser does
//! before the link is clicked (the mail, the provider's page) is not measured. The clock starts with `xdg-open`,
//! which is what a browser starts, and stops when the display shows the token's card.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use xtask::desktop::PrivateDesktop;
use xtask::processes::succeed;
use xtask::wait;

use super::browser;
use super::display::Display;
use super::stages::{FILTER, Stages};
use super::starts::{self, Picture, Started, seen};
use super::{milliseconds, now};

/// Between the letter and the click nothing happens: what the machine still does for the steps before is over.
const REST: Duration = Duration::from_millis(700);

const LIMIT: Duration = Duration::from_secs(20);

/// What one click cost.
pub(super) struct Click {
    /// To "Signed in", in milliseconds.
    pub(super) signed_in: f64,
    /// The stages before, in milliseconds after the click.
    pub(super) stages: Vec<(String, f64)>,
}

/// The desktop's default browser, for as long as the app runs: a script that writes down what it is to open.
pub(super) struct BrowserToBe {
    opened: PathBuf,
}

impl BrowserToBe {
    pub(super) fn install(desktop: &PrivateDesktop) -> io::Result<Self> {
        let home = desktop.home();
        let opened = home.join("opened");
        let program = home.join("browser");
        let script = format!(
            "#!/bin/sh\nprintf %s \"$1\" > '{0}.new' && mv '{0}.new' '{0}'\n",
            opened.display()
        );
        fs::write(&program, script)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Browser\nExec={} %u\nMimeType=x-scheme-handler/http;\n",
            program.display()
        );
        fs::write(
            home.join(".local/share/applications/browser.desktop"),
            entry,
        )?;
        let mut make_default = desktop.command("xdg-mime");
        succeed(make_default.args(["default", "browser.desktop", "x-scheme-handler/http"]))?;
        Ok(Self { opened })
    }

    /// The address that it was told to open, waited for.
    fn is_asked_to_open(&self) -> io::Result<String> {
        let address = wait::until(LIMIT, || fs::read_to_string(&self.opened).ok());
        let address = address.ok_or_else(|| io::Error::other("the app opens no browser"))?;
        fs::remove_file(&self.opened)?;
        Ok(address)
    }
}

/// Signs in `count` times in one run of the app, and once before to warm up.
pub(super) fn measure(
    desktop: &PrivateDesktop,
    display: &mut Display,
    app: &Path,
    base: &str,
    count: usize,
) -> io::Result<Vec<Click>> {
    let browser = BrowserToBe::install(desktop)?;
    let started = starts::spawn(desktop, app)?;
    let mut clicks = Vec::new();
    for number in 0..=count {
        // Another address each time, so that no limit on the letters to one person is met.
        let address = format!("ada{number}@example.com");
        clicks.push(sign_in(
            desktop, display, &started, &browser, base, &address,
        )?);
        thread::sleep(REST);
        sign_out(desktop, display)?;
    }
    started.end()?;
    clicks.remove(0);
    Ok(clicks)
}

/// Signs in as a person does, and says what the click on the link cost.
pub(super) fn sign_in(
    desktop: &PrivateDesktop,
    display: &mut Display,
    app: &Started,
    browser: &BrowserToBe,
    base: &str,
    address: &str,
) -> io::Result<Click> {
    seen(display, Picture::SignIn)?;
    press(desktop, &["type", "--delay", "4", address])?;
    press(desktop, &["key", "Return"])?;
    let page = browser.is_asked_to_open()?;
    let link = browser::follow_the_mail(base, &page)?;
    thread::sleep(REST);
    click(desktop, display, &app.stages, &link)
}

/// Presses the key for it, and waits until nobody is signed in any more.
pub(super) fn sign_out(desktop: &PrivateDesktop, display: &mut Display) -> io::Result<()> {
    press(desktop, &["key", "ctrl+shift+o"])?;
    seen(display, Picture::SignIn).map(drop)
}

fn click(
    desktop: &PrivateDesktop,
    display: &mut Display,
    stages: &Stages,
    link: &str,
) -> io::Result<Click> {
    let mut xdg_open = desktop.command("xdg-open");
    xdg_open
        .arg(link)
        .env(FILTER.0, FILTER.1)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let clicked = now();
    let mut child = xdg_open.spawn()?;
    // The second start of the app writes where `xdg-open` does.
    let output = child.stderr.take();
    stages.listen(output.expect("standard error was asked to be a pipe"));
    let signed_in = seen(display, Picture::SignedIn)?;
    child.wait()?;
    Ok(Click {
        signed_in: milliseconds(signed_in - clicked),
        stages: stages.since(clicked),
    })
}

fn press(desktop: &PrivateDesktop, arguments: &[&str]) -> io::Result<()> {
    succeed(desktop.command("xdotool").args(arguments)).map(drop)
}
