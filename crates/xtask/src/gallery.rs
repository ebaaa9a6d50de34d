//! The gallery (a build of the page with a held clock and a host in memory), drawn by Chromium.
//!
//! `cargo xtask gallery` judges every state that it lists: it looks as it was approved to look, everybody can use
//! it, and all of it can be read in the smallest window. No state is named here.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::Failure;
use crate::command::{root, run, say};
use crate::page;
use crate::serve;
use crate::system::{self, Purpose};
use crate::tally::Tally;
use crate::test;
use crate::webdriver::{Size, Theme, Window};

/// The app's window.
pub(crate) const WINDOW: Size = Size {
    width: 420,
    height: 640,
    scale: 1,
};

/// The smallest that a person can make it, and what a zoom of 200 % leaves of the usual one.
const SMALL: [(&str, Size); 2] = [
    (
        "the smallest window",
        Size {
            width: 360,
            height: 520,
            scale: 1,
        },
    ),
    (
        "200 %",
        Size {
            width: 210,
            height: 320,
            scale: 2,
        },
    ),
];

/// What the page is used in.
const THEMES: [Theme; 4] = [
    Theme::Light,
    Theme::Dark,
    Theme::HighContrast,
    Theme::DarkHighContrast,
];

/// What every state has a picture in. High contrast changes colours and nothing else, so one picture of each screen
/// shows it, and the others would be as many bytes again.
const PICTURED: [Theme; 2] = [Theme::Light, Theme::Dark];
const PICTURED_ONCE: Theme = Theme::HighContrast;

/// As many windows as draw at the same time: a machine has two processors at least.
const WINDOWS: usize = 2;

/// The gallery, built and served.
pub(crate) struct Gallery {
    states: Vec<String>,
    address: String,
}

/// What came of judging: complaints, each with the state that it is about.
#[derive(Default)]
pub(crate) struct Verdict {
    /// Who cannot use it, and why.
    barriers: Vec<String>,
    /// What cannot be read where room is short.
    cut_off: Vec<String>,
}

impl Verdict {
    /// Each question, and the complaints that answer it.
    pub(crate) fn complaints(&self) -> [(&'static str, &[String]); 2] {
        [
            ("everybody can use the page's states", &self.barriers),
            ("they can be read where room is short", &self.cut_off),
        ]
    }
}

/// `cargo xtask gallery`: the judgements, without anything else.
pub(crate) fn judge() -> Result<(), Failure> {
    system::prepare(Purpose::Screenshots)?;
    page::install_packages()?;
    let mut tally = Tally::default();
    test::page_states(&mut tally)?;
    match tally.failed {
        0 => Ok(()),
        failed => Err(format!("{failed} of the judgements on the page's states")),
    }
}

/// `cargo xtask gallery --approve`: from now on every state has to look as it does now.
pub(crate) fn approve() -> Result<(), Failure> {
    system::prepare(Purpose::Screenshots)?;
    page::install_packages()?;
    Gallery::build()?.judge()?;
    run(compare().arg("--approve"))
}

/// Compares the pictures that judging has taken with the approved ones.
pub(crate) fn compare() -> Command {
    let mut compare = page::script("pictures");
    compare.arg("--").arg(pictures());
    compare
}

fn pictures() -> PathBuf {
    root().join("target/pictures")
}

impl Gallery {
    /// Builds the gallery and begins to serve it. What it is built with must be installed.
    pub(crate) fn build() -> Result<Self, Failure> {
        say("building the gallery");
        run(page::script("build:gallery").args(["--", "--logLevel", "warn"]))?;
        let folder = root().join("ui/dist-gallery");
        let list = folder.join("states.json");
        let list =
            fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
        let address = serve::start(folder).map_err(|error| format!("the gallery: {error}"))?;
        Ok(Self {
            states: states(&list)?,
            address,
        })
    }

    /// Every state that there is.
    pub(crate) fn states(&self) -> &[String] {
        &self.states
    }

    /// Draws each of the states, and hands `look` the window that shows it, its name, and which screen it is on.
    /// Gives what was seen, in the order of the states.
    pub(crate) fn each<Seen: Send>(
        &self,
        states: &[String],
        look: impl Fn(&Window, &str, &str) -> io::Result<Seen> + Sync,
    ) -> Result<Vec<Seen>, Failure> {
        let fonts = root().join("crates/xtask/src/gallery/fonts.conf");
        // Whichever window is free takes the next state.
        let waiting = Mutex::new(states.iter().enumerate());
        let next = || {
            waiting
                .lock()
                .expect("who takes a state does not panic")
                .next()
        };
        let work = || -> io::Result<Vec<(usize, Seen)>> {
            let window = Window::open(&fonts)?;
            let mut seen = Vec::new();
            while let Some((at, state)) = next() {
                window.resize(WINDOW)?;
                window.go_to(&format!("{}/gallery.html?state={state}", self.address))?;
                let screen = window.text("shown")?;
                let about = |error| io::Error::other(format!("{state}: {error}"));
                seen.push((at, look(&window, state, &screen).map_err(about)?));
            }
            Ok(seen)
        };
        let seen: io::Result<Vec<_>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..WINDOWS.min(states.len()))
                .map(|_| scope.spawn(work))
                .collect();
            let results = workers
                .into_iter()
                .map(|worker| worker.join().expect("a worker does not panic"));
            results.collect()
        });
        let seen = seen.map_err(|error| format!("the gallery: {error}"))?;
        let mut seen: Vec<_> = seen.into_iter().flatten().collect();
        seen.sort_by_key(|(at, _)| *at);
        Ok(seen.into_iter().map(|(_, seen)| seen).collect())
    }

    /// Judges every state in every theme, and takes the pictures that [`compare`] looks at.
    pub(crate) fn judge(&self) -> Result<Verdict, Failure> {
        let folder = pictures().join("now");
        // A picture of a state that is gone would be compared, too.
        let _ = fs::remove_dir_all(pictures());
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;

        // Who finds nothing may be blind.
        let overlooked = self.each(&self.states[..1], |window, _, _| {
            window.text("overlooked()")
        })?;
        if let Some(complaint) = overlooked.iter().flat_map(|all| all.lines()).next() {
            return Err(format!(
                "a fault was planted in the page and not found: {complaint}"
            ));
        }

        say(&format!("judging {} states", self.states.len()));
        let seen = self.each(&self.states, |window, state, screen| {
            Ok((screen.to_owned(), judge_one(window, state, &folder)?))
        })?;
        let mut screens = BTreeSet::new();
        let mut firsts = Vec::new();
        let mut all = Verdict::default();
        for (state, (screen, verdict)) in self.states.iter().zip(seen) {
            if screens.insert(screen) {
                firsts.push(state.clone());
            }
            all.barriers.extend(verdict.barriers);
            all.cut_off.extend(verdict.cut_off);
        }
        self.each(&firsts, |window, state, _| {
            photograph(window, state, PICTURED_ONCE, &folder)
        })?;
        Ok(all)
    }
}

fn judge_one(window: &Window, state: &str, pictures: &Path) -> io::Result<Verdict> {
    let mut verdict = Verdict::default();
    for theme in PICTURED {
        photograph(window, state, theme, pictures)?;
    }
    for theme in THEMES {
        window.put_on(theme)?;
        let complaints = window.text("barriers()")?;
        let about = |complaint| format!("{state}, {}: {complaint}", theme.name());
        verdict.barriers.extend(complaints.lines().map(about));
    }
    // No theme has measures of its own.
    for (name, size) in SMALL {
        window.resize(size)?;
        let complaints = window.text("cutOff()")?;
        let about = |complaint| format!("{state}, {name}: {complaint}");
        verdict.cut_off.extend(complaints.lines().map(about));
    }
    Ok(verdict)
}

fn photograph(window: &Window, state: &str, theme: Theme, folder: &Path) -> io::Result<()> {
    window.put_on(theme)?;
    let name = format!("{state}-{}.png", theme.name());
    fs::write(folder.join(name), window.picture()?)
}

/// The names in a JSON array of strings. They become file names, so anything but a plain word is refused; that
/// is also what makes this simple reading right.
fn states(json: &str) -> Result<Vec<String>, Failure> {
    let inside = json
        .trim()
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let inside = inside.ok_or("the gallery's list of states is not a JSON array")?;
    let names = inside.split(',').map(|item| item.trim().trim_matches('"'));
    let plain = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    names
        .map(|name| {
            let refusal =
                || format!("the gallery has a state whose name cannot be a file name: {name:?}");
            plain(name).then(|| name.to_owned()).ok_or_else(refusal)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::states;

    #[test]
    fn the_list_of_states_is_read_as_vite_writes_it() {
        let list = "[\n  \"sign-in\",\n  \"waiting\"\n]\n";
        assert_eq!(
            states(list),
            Ok(vec!["sign-in".to_owned(), "waiting".to_owned()])
        );
    }

    #[test]
    fn a_state_that_cannot_be_a_file_name_is_refused() {
        for list in [
            r#"["../up"]"#,
            r#"["a b"]"#,
            r#"[""]"#,
            r#"[["a"]]"#,
            r#"{"a": 1}"#,
        ] {
            assert!(states(list).is_err(), "{list}");
        }
    }
}
