//! `cargo xtask screenshots`: every state of the page as a picture, to look at before anybody else does.
//!
//! The gallery (a build of the page with a held clock and a host in memory) lists its own states; Chromium
//! draws each of them in light and dark, at one and at two device pixels per pixel.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use crate::Failure;
use crate::command::{root, run, say};
use crate::page;
use crate::serve;
use crate::system::{self, Purpose};
use crate::webdriver::{Look, Window};

/// The app's window in pixels.
const WINDOW: (u32, u32) = (420, 640);

pub(crate) fn take(folder: &Path) -> Result<(), Failure> {
    system::prepare(Purpose::Screenshots)?;
    page::install_packages()?;
    say("building the gallery");
    run(page::script("build:gallery").args(["--", "--logLevel", "warn"]))?;

    let gallery = root().join("ui/dist-gallery");
    let list = gallery.join("states.json");
    let list = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let states = states(&list)?;
    say(&format!("taking pictures of {} states", states.len()));
    photograph(gallery, &states, folder).map_err(|error| format!("the pictures: {error}"))?;
    say(&format!("they are in {}", folder.display()));
    Ok(())
}

fn photograph(gallery: std::path::PathBuf, states: &[String], folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let base = serve::start(gallery)?;
    // Two at a time: each theme has a window of its own.
    thread::scope(|scope| {
        let work = |dark| {
            let base = &base;
            scope.spawn(move || {
                [1, 2].iter().try_for_each(|&scale| {
                    photograph_all(states, Look { dark, scale }, base, folder)
                })
            })
        };
        let workers = [work(false), work(true)];
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })
}

fn photograph_all(states: &[String], look: Look, base: &str, folder: &Path) -> io::Result<()> {
    let window = Window::open(look, WINDOW.0, WINDOW.1)?;
    let theme = if look.dark { "dark" } else { "light" };
    for state in states {
        window.go_to(&format!("{base}/gallery.html?state={state}"))?;
        let name = format!("{state}-{theme}-{}.png", look.scale * 100);
        fs::write(folder.join(name), window.picture()?)?;
    }
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
