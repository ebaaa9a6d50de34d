//! What each chore needs of the system, why, and how it gets there.
//!
//! A need is looked for itself (a program, a library, a font), not the package that would bring it, so that it
//! counts however it came. On Debian and Ubuntu the missing packages are installed; on other Linux systems they
//! are named, and the chore stops. macOS and Windows bring the web view, the keyring and the link registration
//! themselves (written from their documentation, not run by us so far).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Failure;
use crate::command::{read, run, say};

/// Something that a chore does not work without.
struct Need {
    thing: Thing,
    /// The package that brings it, by its name in Debian.
    package: &'static str,
    why: &'static str,
}

enum Thing {
    /// A program on `PATH`.
    Program(&'static str),
    /// A library by its name in pkg-config.
    Library(&'static str),
    /// The part of Python's own library that makes environments; Debian packs it by itself.
    PythonEnvironments,
    /// Something that the session bus can start by this name, whoever made it.
    OnBus(&'static str),
    /// The font that pictures are drawn with.
    Font,
}

use Thing::{Font, Library, OnBus, Program, PythonEnvironments};

const fn need(thing: Thing, package: &'static str, why: &'static str) -> Need {
    Need {
        thing,
        package,
        why,
    }
}

const BUILD: &[Need] = &[
    need(
        Program("pkg-config"),
        "pkg-config",
        "tells the build where libraries are",
    ),
    need(
        Library("webkit2gtk-4.1"),
        "libwebkit2gtk-4.1-dev",
        "the web view in the window",
    ),
];

const RUN: &[Need] = &[
    need(
        Program("xdg-open"),
        "xdg-utils",
        "opens the browser, registers the app's links",
    ),
    need(
        Program("update-desktop-database"),
        "desktop-file-utils",
        "makes the desktop notice that registration",
    ),
    need(
        OnBus("org.freedesktop.secrets"),
        "gnome-keyring",
        "keeps the session",
    ),
];

const VIRTUAL: &[Need] = &[
    need(Program("Xvfb"), "xvfb", "a display that needs no screen"),
    need(
        Program("openbox"),
        "openbox",
        "a window manager, so that windows get the focus",
    ),
    need(
        Program("xdotool"),
        "xdotool",
        "asks which window has the focus, presses keys",
    ),
    need(
        Program("import"),
        "imagemagick",
        "takes pictures of the display",
    ),
    need(
        Program("dbus-daemon"),
        "dbus-daemon",
        "a session bus of its own",
    ),
    need(
        Program("dbus-send"),
        "dbus-bin",
        "asks that bus who is there",
    ),
    need(
        Program("gnome-keyring-daemon"),
        "gnome-keyring",
        "a keyring of its own",
    ),
    need(
        Program("gio"),
        "libglib2.0-bin",
        "what xdg-open hands links to",
    ),
    need(Font, "fonts-dejavu-core", "letters to read in the pictures"),
];

const BENCH: &[Need] = &[
    need(
        Program("secret-tool"),
        "libsecret-tools",
        "the least that a program can do to read a secret",
    ),
    need(
        Program("gh"),
        "gh",
        "prints a token, too, and is compared with",
    ),
    need(
        Program("oidc-token"),
        "oidc-agent-cli",
        "keeps a session, too, and is compared with",
    ),
];

const TEST: &[Need] = &[
    need(
        Program("WebKitWebDriver"),
        "webkit2gtk-driver",
        "drives the app's own window",
    ),
    need(
        Program("chromium"),
        "chromium",
        "the person's browser in the stories",
    ),
    need(
        Program("chromedriver"),
        "chromium-driver",
        "drives that browser",
    ),
    need(
        OnBus("org.gnome.keyring.SystemPrompter"),
        "gcr",
        "asks for the password of a locked keyring",
    ),
    need(
        Program("secret-tool"),
        "libsecret-tools",
        "asks the keyring, without our code",
    ),
    need(
        Program("xclip"),
        "xclip",
        "reads the clipboard, without our code",
    ),
    need(
        Program("faketime"),
        "faketime",
        "shows the programs a wall clock that is wrong",
    ),
    need(
        Program("openssl"),
        "openssl",
        "makes a certificate that nobody vouches for",
    ),
    need(
        Program("python3"),
        "python3",
        "runs Cotter's own client against our provider",
    ),
    need(
        PythonEnvironments,
        "python3-venv",
        "keeps that client's packages out of the system",
    ),
];

const PACKAGE: &[Need] = &[
    need(
        Program("dpkg-shlibdeps"),
        "dpkg-dev",
        "knows which packages the programs' libraries are in",
    ),
    need(
        Program("desktop-file-validate"),
        "desktop-file-utils",
        "judges the desktop file",
    ),
    need(
        Program("appstreamcli"),
        "appstream",
        "judges what software centres show",
    ),
    need(Program("lintian"), "lintian", "judges the whole package"),
];

const SCREENSHOTS: &[Need] = &[
    need(Program("chromium"), "chromium", "draws the page"),
    need(
        Program("chromedriver"),
        "chromium-driver",
        "tells it which page to draw",
    ),
    need(Font, "fonts-dejavu-core", "letters to read in the pictures"),
];

/// What a chore is about to do, as far as the system must help.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Run,
    RunVirtually,
    Test,
    Package,
    Bindings,
    Screenshots,
    Bench,
}

impl Purpose {
    fn needs(self) -> Vec<&'static Need> {
        let groups: &[&[Need]] = match self {
            Self::Run => &[BUILD, RUN],
            Self::RunVirtually => &[BUILD, RUN, VIRTUAL],
            Self::Bench => &[BUILD, RUN, VIRTUAL, BENCH],
            Self::Test => &[BUILD, RUN, VIRTUAL, PACKAGE, TEST],
            Self::Package => &[BUILD, PACKAGE],
            Self::Bindings => &[BUILD],
            Self::Screenshots => &[SCREENSHOTS],
        };
        groups.iter().copied().flatten().collect()
    }
}

/// Makes the system ready for `purpose`.
pub(crate) fn prepare(purpose: Purpose) -> Result<(), Failure> {
    if cfg!(windows) {
        say(
            "needs the WebView2 runtime (part of Windows 11) and the Visual Studio C++ build tools",
        );
        return Ok(());
    }
    if !on_path("npm") {
        return Err("npm is missing: install Node.js 20 or newer, then run this again".to_owned());
    }
    if cfg!(target_os = "macos") {
        return if succeeds(Command::new("xcode-select").arg("-p")) {
            Ok(())
        } else {
            Err("the Xcode command line tools are missing: run `xcode-select --install`".to_owned())
        };
    }

    let mut missing: Vec<&Need> = purpose.needs();
    missing.retain(|need| !need.thing.is_here());
    if missing.is_empty() {
        return Ok(());
    }
    say("the system lacks these packages:");
    for need in &missing {
        println!("    {:<22} {}", need.package, need.why);
    }
    let mut packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    packages.dedup();
    if !on_path("apt-get") {
        return Err("this is neither Debian nor Ubuntu, whose names these are: \
                    install what corresponds to them, then run this again"
            .to_owned());
    }
    install(&packages)?;
    match missing.iter().find(|need| !need.thing.is_here()) {
        None => Ok(()),
        // Ubuntu's chromium, for one, is an empty package that points to a snap.
        Some(need) => Err(format!(
            "{} is installed, but what it is for is still missing",
            need.package
        )),
    }
}

impl Thing {
    fn is_here(&self) -> bool {
        match *self {
            Program(name) => on_path(name),
            Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
            PythonEnvironments => {
                succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
            }
            OnBus(name) => a_bus_service_provides(name),
            Font => lies_below(Path::new("/usr/share/fonts"), "DejaVuSans.ttf"),
        }
    }
}

/// Whether a file of this name is in a folder, or in one inside it.
fn lies_below(folder: &Path, name: &str) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry.file_name() == name || entry.path().is_dir() && lies_below(&entry.path(), name)
        })
    })
}

/// Whether some installed program answers to this name on the session bus.
fn a_bus_service_provides(name: &str) -> bool {
    let Ok(services) = fs::read_dir(Path::new("/usr/share/dbus-1/services")) else {
        return false;
    };
    let wanted = format!("Name={name}");
    services.flatten().any(|service| {
        fs::read_to_string(service.path())
            .is_ok_and(|text| text.lines().any(|line| line.trim() == wanted))
    })
}

fn on_path(program: &str) -> bool {
    succeeds(Command::new("sh").args(["-c", "command -v \"$1\"", "sh", program]))
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    let root = read(Command::new("id").arg("-u"))?.trim() == "0";
    if !root && !on_path("sudo") {
        return Err(format!(
            "run this as root, then try again:\n    apt-get install --no-install-recommends {}",
            packages.join(" ")
        ));
    }
    say(if root {
        "installing them with apt-get"
    } else {
        "installing them with sudo apt-get"
    });
    run(apt_get(root).arg("update"))?;
    run(apt_get(root)
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages))
}

fn apt_get(root: bool) -> Command {
    let mut command = Command::new(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]);
    // Another program may be installing something just now: wait for it, do not fail.
    command.args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}
