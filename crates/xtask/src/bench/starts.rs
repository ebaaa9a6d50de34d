//! One cold start, from the moment the program is started to the picture on the display, and what it then holds.
//!
//! The display is asked again and again for one column of pixels; the same column for both programs, so that the
//! looking costs both the same.

use std::io;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use xtask::desktop::PrivateDesktop;
use xtask::{processes, wait};

use super::display::{Column, Display, longest_run};
use super::memory::Memory;
use super::stages::{FILTER, Stages};
use super::{memory, milliseconds, now};

/// Crosses what matters of every screen: beside the emblem and the words, through the buttons.
pub(super) const COLUMN: Column = Column {
    x: 60,
    top: 0,
    height: 640,
};

/// The page of the bare window.
const BARE_GROUND: u32 = 0x00c7_1585;

/// The app's `--ground`, `--surface` and `--accent` in its light colours (`ui/src/styles/tokens.css`).
const GROUND: u32 = 0x00f6_f7f6;
const SURFACE: u32 = 0x00ff_ffff;
const ACCENT: u32 = 0x000f_6b5c;

/// A primary button is 44 pixels high, and nothing else is so much of the accent.
const BUTTON: usize = 30;

/// The card around the token is the only surface of this height.
const CARD: usize = 100;

/// No screen has so little of its ground to see.
const BARE: usize = 50;

/// Between two looks at the display.
const PAUSE: Duration = Duration::from_millis(1);

/// No start takes as long, on any machine that can be measured on.
const LIMIT: Duration = Duration::from_secs(30);

/// Until the memory of a program that has painted stops changing much.
const SETTLING: Duration = Duration::from_secs(2);

/// What the display can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// The bare window's page.
    Bare,
    /// The app's page, whatever is on it.
    Ground,
    /// The app's field and its "Sign in" button.
    SignIn,
    /// The app's "Signed in", with the token's card.
    SignedIn,
}

impl Picture {
    pub(super) fn is_shown_in(self, column: &[u32]) -> bool {
        let button = || longest_run(column, ACCENT) >= BUTTON;
        let card = || longest_run(column, SURFACE) >= CARD;
        match self {
            Self::Bare => longest_run(column, BARE_GROUND) >= BARE,
            Self::Ground => longest_run(column, GROUND) >= BARE,
            Self::SignIn => button() && !card(),
            Self::SignedIn => button() && card(),
        }
    }
}

/// Looks at the display until it shows the picture, and says when it did.
pub(super) fn seen(display: &mut Display, picture: Picture) -> io::Result<Instant> {
    look(display, |column| picture.is_shown_in(column))?
        .ok_or_else(|| too_late(&format!("does not show {picture:?}")))
}

/// Looks at the display until it does not show the picture any more.
pub(super) fn gone(display: &mut Display, picture: Picture) -> io::Result<Instant> {
    look(display, |column| !picture.is_shown_in(column))?
        .ok_or_else(|| too_late(&format!("still shows {picture:?}")))
}

fn look(
    display: &mut Display,
    is_as_wanted: impl Fn(&[u32]) -> bool,
) -> io::Result<Option<Instant>> {
    let start = now();
    loop {
        let column = display.colours(COLUMN)?;
        let at = now();
        if is_as_wanted(&column) {
            return Ok(Some(at));
        }
        if at.duration_since(start) > LIMIT {
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}

fn too_late(what: &str) -> io::Error {
    let seconds = LIMIT.as_secs();
    io::Error::other(format!("the display {what} after {seconds} s"))
}

/// A program that was started and is painted.
pub(super) struct Started {
    child: Child,
    began: Instant,
    pub(super) stages: Stages,
}

/// What one start cost.
pub(super) struct Start {
    /// To the first picture of the page, in milliseconds.
    pub(super) painted: f64,
    /// To the picture that the person was waiting for; the same for the bare window.
    pub(super) ready: f64,
    /// The stages before, in milliseconds after the start.
    pub(super) stages: Vec<(String, f64)>,
    /// Of the whole tree of processes, once settled.
    pub(super) memory: Memory,
}

/// Starts a program. Its standard error is read for the stages of its start.
pub(super) fn spawn(desktop: &PrivateDesktop, program: &Path) -> io::Result<Started> {
    let mut command = desktop.command(program);
    command
        .env(FILTER.0, FILTER.1)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let began = now();
    let mut child = command.spawn()?;
    let stages = Stages::default();
    let output = child.stderr.take();
    stages.listen(output.expect("standard error was asked to be a pipe"));
    Ok(Started {
        child,
        began,
        stages,
    })
}

/// Starts a program, waits for its pictures one after the other, lets it settle, weighs it, and ends it.
pub(super) fn measure(
    desktop: &PrivateDesktop,
    display: &mut Display,
    program: &Path,
    [first, last]: [Picture; 2],
) -> io::Result<Start> {
    let started = spawn(desktop, program)?;
    let painted = seen(display, first)?;
    let ready = if first == last {
        painted
    } else {
        seen(display, last)?
    };
    thread::sleep(SETTLING);
    let memory = memory::of_tree(started.child.id())?;
    let start = Start {
        painted: milliseconds(painted - started.began),
        ready: milliseconds(ready - started.began),
        stages: started.stages.since(started.began),
        memory,
    };
    started.end()?;
    Ok(start)
}

impl Started {
    /// The program's own process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the program and waits until nothing of it is left: the next start must not find it.
    pub(super) fn end(mut self) -> io::Result<()> {
        let mut tree = memory::tree(self.child.id());
        processes::signal("TERM", &[self.child.id()]);
        self.child.wait()?;
        let gone = wait::until(LIMIT, || {
            tree.retain(|id| memory::runs(*id));
            tree.is_empty().then_some(())
        });
        gone.ok_or_else(|| io::Error::other("a process outlives the program that started it"))
    }
}

#[cfg(test)]
mod tests {
    use super::{ACCENT, GROUND, Picture, SURFACE};

    fn column(parts: &[(u32, usize)]) -> Vec<u32> {
        let parts = parts.iter();
        parts
            .flat_map(|&(colour, height)| vec![colour; height])
            .collect()
    }

    #[test]
    fn the_screens_are_told_apart_by_their_buttons_and_cards() {
        let empty = column(&[(SURFACE, 640)]);
        let sign_in = column(&[(GROUND, 300), (SURFACE, 44), (GROUND, 20), (ACCENT, 44)]);
        let waiting = column(&[(GROUND, 200), (SURFACE, 120), (GROUND, 320)]);
        let signed_in = column(&[(GROUND, 90), (SURFACE, 250), (ACCENT, 44), (SURFACE, 80)]);
        let shown = |picture: Picture| {
            [&empty, &sign_in, &waiting, &signed_in].map(|column| picture.is_shown_in(column))
        };
        assert_eq!(shown(Picture::Ground), [false, true, true, true]);
        assert_eq!(shown(Picture::SignIn), [false, true, false, false]);
        assert_eq!(shown(Picture::SignedIn), [false, false, false, true]);
        assert_eq!(shown(Picture::Bare), [false; 4]);
    }
}
