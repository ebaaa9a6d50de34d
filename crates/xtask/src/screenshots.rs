//! `cargo xtask screenshots`: every state of the page as a picture, to look at before anybody else does.
//!
//! The gallery (a build of the page with a held clock and a host in memory) lists its own states; Chromium
//! draws each of them in light and dark, at one and at two device pixels per pixel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread::{self, ScopedJoinHandle};

use xtask::chromium;

use crate::Failure;
use crate::command::{npm, root, run, say};
use crate::page;
use crate::serve;
use crate::system::{self, Purpose};

/// The window's own size in pixels.
const WINDOW: &str = "--window-size=420,640";

/// One picture to take.
struct Picture {
    state: String,
    dark: bool,
    percent: u32,
}

pub(crate) fn take(folder: &Path) -> Result<(), Failure> {
    system::prepare(Purpose::Screenshots)?;
    page::install_packages()?;
    say("building the gallery");
    run(npm(["run", "--silent", "build:gallery"]).args(["--", "--logLevel", "warn"]))?;

    let gallery = root().join("ui/dist-gallery");
    let list = gallery.join("states.json");
    let list = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let mut pictures = pictures_of(&states(&list)?);
    let count = pictures.len();
    let base = serve::start(gallery).map_err(|error| format!("the gallery's server: {error}"))?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;

    say(&format!("taking {count} pictures"));
    pictures.reverse();
    let pictures = Mutex::new(pictures);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = || take_until_none_is_left(&pictures, &base, folder);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut outcomes = workers.into_iter().map(ScopedJoinHandle::join);
        outcomes.try_for_each(|outcome| outcome.expect("a worker does not panic"))
    })?;
    say(&format!("{count} pictures are in {}", folder.display()));
    Ok(())
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

fn pictures_of(states: &[String]) -> Vec<Picture> {
    let mut pictures = Vec::new();
    for state in states {
        for dark in [false, true] {
            for percent in [100, 200] {
                let state = state.clone();
                pictures.push(Picture {
                    state,
                    dark,
                    percent,
                });
            }
        }
    }
    pictures
}

fn take_until_none_is_left(
    pictures: &Mutex<Vec<Picture>>,
    base: &str,
    folder: &Path,
) -> Result<(), Failure> {
    let next = || {
        pictures
            .lock()
            .expect("no worker panics while it holds this")
            .pop()
    };
    while let Some(picture) = next() {
        picture.take(base, folder)?;
    }
    Ok(())
}

impl Picture {
    fn file(&self, folder: &Path) -> PathBuf {
        let theme = if self.dark { "dark" } else { "light" };
        folder.join(format!("{}-{theme}-{}.png", self.state, self.percent))
    }

    fn take(&self, base: &str, folder: &Path) -> Result<(), Failure> {
        let file = self.file(folder);
        let profile = std::env::temp_dir().join(format!(
            "keyfob-picture-{}-{:?}",
            std::process::id(),
            thread::current().id()
        ));
        let mut chromium = Command::new("chromium");
        chromium
            .arg("--headless")
            .args(chromium::switches())
            .arg(format!("--user-data-dir={}", profile.display()))
            .args([WINDOW, "--hide-scrollbars", "--virtual-time-budget=1000"])
            .arg(format!(
                "--force-device-scale-factor={}",
                self.percent / 100
            ))
            .arg(format!("--screenshot={}", file.display()))
            .args(
                self.dark
                    .then_some("--blink-settings=preferredColorScheme=0"),
            )
            .arg(format!("{base}/gallery.html?state={}", self.state))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // An old picture must not stand in for one that could not be taken.
        let _ = fs::remove_file(&file);
        run(&mut chromium)?;
        if file.exists() {
            Ok(())
        } else {
            Err(format!("Chromium drew no picture of {}", self.state))
        }
    }
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
