//! The gallery (a build of the page with a held clock and a host in memory), drawn by Chromium. No state is named here.

use std::fs;
use std::io;
use std::sync::Mutex;
use std::thread;

use crate::Failure;
use crate::command::{root, run, say};
use crate::page;
use crate::serve;
use crate::webdriver::{Size, Window};

/// The app's window.
pub(crate) const WINDOW: Size = Size {
    width: 420,
    height: 640,
    scale: 1,
};

/// As many windows as draw at the same time: a machine has two processors at least.
const WINDOWS: usize = 2;

/// The gallery, built and served.
pub(crate) struct Gallery {
    states: Vec<String>,
    address: String,
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
