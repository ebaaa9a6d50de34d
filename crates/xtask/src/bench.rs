//! `cargo xtask bench`: how fast the app starts, how much memory it takes, how large it is, how long a clicked
//! link takes to "Signed in", and what the app costs while nobody uses it; whole release programs, on a desktop of their own.
//!
//! A figure alone says more about the machine than about the app. So each is compared with the least that a Tauri
//! program can be (`bench/bare-window`), built in the same profile and started by turns with the app: whatever else
//! the machine does meets both. [`starts`] measures one start, [`memory`] what it holds, [`links`] one clicked link,
//! [`quiet`] what it costs when nobody does anything; [`stages`] says where the time went. [`terminal`] measures `keyfob token` beside other programs that print a secret,
//! and many of it at once; [`inside`] what a token costs within a program, [`exchange`] what an answer costs beside
//! another library.

mod agent;
mod browser;
mod display;
mod exchange;
mod figures;
mod inside;
mod links;
mod memory;
mod quiet;
mod report;
mod stages;
mod starts;
mod terminal;
mod zipped;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xtask::desktop::PrivateDesktop;
use xtask::processes::succeed;

use self::display::Display;
use self::figures::{Figures, Sample};
use self::report::Sizes;
use self::stages::Course;
use self::starts::{Picture, Start};
use crate::Failure;
use crate::command::{cargo, root, run, say};
use crate::packages;
use crate::page;
use crate::system::{self, Purpose};

/// What is asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Where the figures go as JSON.
    json: Option<PathBuf>,
    /// How many pairs of starts are measured.
    runs: usize,
}

/// So many pairs of starts are measured unless it is said otherwise: of ten, the medians still move by a twentieth.
const RUNS: usize = 20;

/// Fewer pairs than this say little.
const FEWEST_RUNS: usize = 10;

/// How many links are clicked.
const CLICKS: usize = 20;

impl Wish {
    /// `[--json FILE] [--runs N]`, in any order.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        let mut wish = Self {
            json: None,
            runs: RUNS,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let value = rest
                .next()
                .ok_or_else(|| format!("{argument} needs a value"))?;
            match *argument {
                "--json" => wish.json = Some(PathBuf::from(value)),
                "--runs" => {
                    wish.runs = value.parse().map_err(|_| "--runs needs a number")?;
                }
                _ => return Err(format!("the bench knows no {argument}")),
            }
        }
        if wish.runs < FEWEST_RUNS {
            return Err(format!(
                "{} runs say little: measure at least {FEWEST_RUNS}",
                wish.runs
            ));
        }
        Ok(wish)
    }
}

/// The release programs.
struct Programs {
    app: PathBuf,
    terminal: PathBuf,
    bare: PathBuf,
    provider: PathBuf,
}

/// What the pairs of starts found out about one program.
#[derive(Default)]
struct Starts {
    painted: Sample,
    ready: Sample,
    /// In MiB.
    memory: Sample,
    /// The share of the program itself, in MiB.
    memory_own: Sample,
    processes: Sample,
    course: Course,
}

/// Builds, measures, shows the figures, and writes them where they are wanted.
pub(crate) fn measure(wish: &Wish) -> Result<(), Failure> {
    system::prepare(Purpose::Bench)?;
    page::install_packages()?;
    packages::from_npm("tests/peers")?;
    page::build()?;
    say("building the programs as they are released");
    let packages = [
        "keyfob-desktop",
        "keyfob-cli",
        "keyfob-identity",
        "bare-window",
    ];
    for package in packages {
        // One after the other: together, cargo would give each of them the features that the others ask for.
        run(&mut cargo(["build", "--release", "--package", package]))?;
    }
    let mut figures = on_a_desktop(wish).map_err(|error| format!("the bench: {error}"))?;
    let inside = inside::measure()?;
    print!("{inside}");
    inside.add_to(&mut figures);
    let exchange = exchange::measure()?;
    print!("{exchange}");
    exchange.add_to(&mut figures);
    if let Some(file) = &wish.json {
        fs::write(file, figures.json()).map_err(|error| format!("{}: {error}", file.display()))?;
        say(&format!("the figures are in {}", file.display()));
    }
    Ok(())
}

fn on_a_desktop(wish: &Wish) -> io::Result<Figures> {
    let load_before = load();
    let folder = tempfile_folder()?;
    let outcome = measure_in(&folder, wish, load_before);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn measure_in(folder: &Path, wish: &Wish, load_before: f64) -> io::Result<Figures> {
    place_windows_in_the_corner(folder)?;
    let desktop = PrivateDesktop::start(folder)?;
    let found = measure_on(&desktop, &folder.join("programs"), wish, load_before);
    if found.is_err() {
        let picture = root().join("target/bench-failed.png");
        desktop.screenshot(&picture)?;
        say(&format!(
            "what the display showed is in {}",
            picture.display()
        ));
    }
    found
}

fn measure_on(
    desktop: &PrivateDesktop,
    programs: &Path,
    wish: &Wish,
    load_before: f64,
) -> io::Result<Figures> {
    let programs = install(programs)?;
    let sizes = Sizes::of(&programs)?;
    let provider = succeed(desktop.command(&programs.provider).arg("ensure"))?;
    let provider = provider.trim().trim_end_matches('/');
    configure(desktop, provider)?;
    let mut display = Display::connect(&desktop.display())?;

    say("first start of each in a home of nothing");
    let first_bare = start_bare(desktop, &mut display, &programs)?;
    let first_app = start_app(desktop, &mut display, &programs)?;
    say(&format!(
        "{} pairs of starts, one warm-up pair before",
        wish.runs
    ));
    start_bare(desktop, &mut display, &programs)?;
    start_app(desktop, &mut display, &programs)?;
    let (mut bare, mut app) = (Starts::default(), Starts::default());
    for _ in 0..wish.runs {
        bare.add(start_bare(desktop, &mut display, &programs)?);
        app.add(start_app(desktop, &mut display, &programs)?);
    }
    say(&format!("{CLICKS} clicked links, one before to warm up"));
    let clicks = links::measure(desktop, &mut display, &programs.app, provider, CLICKS)?;
    let quiet = quiet::measure(desktop, &mut display, &programs.app, provider)?;

    let load_after = load();
    let found = report::Found {
        sizes,
        first: [first_bare.painted, first_app.painted],
        bare,
        app,
        clicks,
        load: [load_before, load_after],
    };
    print!("{found}{quiet}");
    let mut figures = found.figures();
    quiet.add_to(&mut figures);
    let terminal = terminal::measure(desktop, &programs, provider)?;
    print!("{terminal}");
    terminal.add_to(&mut figures);
    Ok(figures)
}

fn start_bare(
    desktop: &PrivateDesktop,
    display: &mut Display,
    programs: &Programs,
) -> io::Result<Start> {
    starts::measure(desktop, display, &programs.bare, [Picture::Bare; 2])
}

fn start_app(
    desktop: &PrivateDesktop,
    display: &mut Display,
    programs: &Programs,
) -> io::Result<Start> {
    // Its ground is the window's own, and there before the page: the page's first picture is known by its button.
    starts::measure(desktop, display, &programs.app, [Picture::SignIn; 2])
}

impl Starts {
    fn add(&mut self, start: Start) {
        self.painted.add(start.painted);
        self.ready.add(start.ready);
        self.memory.add(start.memory.all);
        self.memory_own.add(start.memory.own);
        self.processes.add(report::number(start.memory.processes));
        self.course.add(start.stages);
    }
}

/// Copies the programs beside each other, as a package installs them.
fn install(folder: &Path) -> io::Result<Programs> {
    let built = root().join("target/release");
    fs::create_dir(folder)?;
    let copy = |name: &str| {
        let program = folder.join(name);
        fs::copy(built.join(name), &program).map(|_| program)
    };
    Ok(Programs {
        app: copy("keyfob-desktop")?,
        terminal: copy("keyfob")?,
        bare: copy("bare-window")?,
        provider: copy("keyfob-identity")?,
    })
}

/// A profile at the running local provider, as a person would configure one.
fn configure(desktop: &PrivateDesktop, base: &str) -> io::Result<()> {
    let folder = desktop.home().join(".config/keyfob");
    fs::create_dir_all(&folder)?;
    let profile = format!(
        "[profiles.bench]\nprovider = \"cotter\"\napi_key_id = \"{API_KEY_ID}\"\n\
         api_base = \"{base}\"\nsign_in_page = \"{base}/app\"\nissuer = \"{base}\"\n"
    );
    fs::write(folder.join("config.toml"), profile)
}

/// The local provider's own. It is public, as every API key id is.
const API_KEY_ID: &str = "0197f2b6-6c0e-7b5a-9d43-6b6579666f62";

/// So that the pixels to look at are known: every window's content begins at the display's corner.
fn place_windows_in_the_corner(folder: &Path) -> io::Result<()> {
    const RULE: &str = r#"<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <applications>
    <application class="*">
      <decor>no</decor>
      <position force="yes"><x>0</x><y>0</y></position>
    </application>
  </applications>
</openbox_config>
"#;
    let settings = folder.join("home/.config/openbox");
    fs::create_dir_all(&settings)?;
    fs::write(settings.join("rc.xml"), RULE)
}

/// A folder with a short path: sockets live in it.
fn tempfile_folder() -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("keyfob-bench-{}", std::process::id()));
    fs::create_dir(&folder)?;
    Ok(folder)
}

/// How busy the machine was over the last minute. It belongs beside every figure.
fn load() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_minute = load.split(' ').next().and_then(|text| text.parse().ok());
    last_minute.unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured here is real time; no test holds it"
)]
fn now() -> Instant {
    Instant::now()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Wish;

    #[test]
    fn the_bench_is_asked_in_any_order() {
        let wish = Wish {
            json: Some(PathBuf::from("figures.json")),
            runs: 15,
        };
        let said = ["--runs", "15", "--json", "figures.json"];
        assert_eq!(Wish::parse(&said).unwrap(), wish);
        let said = ["--json", "figures.json", "--runs", "15"];
        assert_eq!(Wish::parse(&said).unwrap(), wish);
    }

    #[test]
    fn what_the_bench_cannot_do_is_refused() {
        for said in [
            &["--json"][..],
            &["--runs", "many"],
            &["--runs", "3"],
            &["--fast", "yes"],
        ] {
            assert!(Wish::parse(said).is_err(), "{said:?}");
        }
    }
}
