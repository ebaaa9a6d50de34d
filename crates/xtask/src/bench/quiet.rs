//! What the app costs the processor while nobody does anything with it: "Signed in", the countdown running, first in
//! sight and then minimised.
//!
//! Processor time is counted by the kernel and not by the wall: whatever else the machine does, the figures stay. It is
//! counted for the whole tree of processes, those included that end in between.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use xtask::desktop::PrivateDesktop;
use xtask::processes::succeed;

use super::display::Display;
use super::figures::Figures;
use super::links::{self, BrowserToBe};
use super::report::number;
use super::starts::{self, Picture, gone, seen};
use super::{memory, now};

/// Until what a sign-in or a changed window still causes is over: the web view tidies up some seconds later.
const SETTLING: Duration = Duration::from_secs(10);

/// Long enough for every timer of the program to fire, and for the words on the page to change at least once.
const WHILE: Duration = Duration::from_mins(1);

/// In `/proc`, time is counted in hundredths of a second on every system that we know (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;

/// What the kernel calls the web view's two processes; it keeps fifteen characters of a name.
const PAGE: &str = "WebKitWebProces";
const NETWORK: &str = "WebKitNetworkPr";

/// The processor time of one while, in percent of one core.
#[derive(Debug)]
pub(super) struct Cost {
    all: f64,
    /// Of the process that runs and draws the page.
    page: f64,
    network: f64,
    /// Of the program's own process, and of any others that it started.
    program: f64,
}

/// What the two whiles found.
pub(super) struct Quiet {
    idle: Cost,
    hidden: Cost,
}

pub(super) fn measure(
    desktop: &PrivateDesktop,
    display: &mut Display,
    app: &Path,
    base: &str,
) -> io::Result<Quiet> {
    crate::command::say(&format!(
        "{} quiet seconds in sight, as many minimised",
        WHILE.as_secs()
    ));
    let browser = BrowserToBe::install(desktop)?;
    let started = starts::spawn(desktop, app)?;
    links::sign_in(
        desktop,
        display,
        &started,
        &browser,
        base,
        "quiet@example.com",
    )?;
    let idle = a_while(started.id())?;
    seen(display, Picture::SignedIn)?;

    let window = succeed(desktop.command("xdotool").arg("getactivewindow"))?;
    let ask = |what: &str| succeed(desktop.command("xdotool").args([what, window.trim()]));
    ask("windowminimize")?;
    gone(display, Picture::Ground)?;
    let hidden = a_while(started.id())?;
    ask("windowactivate")?;
    seen(display, Picture::SignedIn)?;
    links::sign_out(desktop, display)?;
    started.end()?;
    Ok(Quiet { idle, hidden })
}

fn a_while(root: u32) -> io::Result<Cost> {
    thread::sleep(SETTLING);
    let (begun, before) = (now(), Spent::of_tree(root));
    thread::sleep(WHILE);
    let after = Spent::of_tree(root);
    if after.0.is_empty() {
        return Err(io::Error::other("the app has ended"));
    }
    Ok(after.since(&before, (now() - begun).as_secs_f64()))
}

/// What the processes of a tree have spent so far, by their ids.
struct Spent(BTreeMap<u32, Process>);

struct Process {
    name: String,
    /// Of each of its threads that run, in nanoseconds.
    by_threads: BTreeMap<u32, u64>,
    /// Of all its threads, and of its children that have ended.
    ticks: u64,
}

impl Spent {
    fn of_tree(root: u32) -> Self {
        let tree = memory::tree(root).into_iter();
        // One that has just ended is counted by its parent.
        Self(
            tree.filter_map(|id| Some((id, Process::now(id)?)))
                .collect(),
        )
    }

    /// In percent of one core, of which so many seconds have gone by.
    fn since(&self, before: &Self, seconds: f64) -> Cost {
        let share = |is_meant: &dyn Fn(&str) -> bool| {
            let meant = self.0.iter().filter(|(_, process)| is_meant(&process.name));
            let spent = meant.map(|(id, process)| process.seconds_since(before.0.get(id)));
            100.0 * spent.sum::<f64>() / seconds
        };
        Cost {
            all: share(&|_| true),
            page: share(&|name| name == PAGE),
            network: share(&|name| name == NETWORK),
            program: share(&|name| ![PAGE, NETWORK].contains(&name)),
        }
    }
}

impl Process {
    fn now(id: u32) -> Option<Self> {
        let folder = Path::new("/proc").join(id.to_string());
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let (name, ticks) = ticks(&stat)?;
        let threads = fs::read_dir(folder.join("task")).ok()?.flatten();
        let of_thread = |thread: fs::DirEntry| {
            let id = thread.file_name().to_str()?.parse().ok()?;
            let schedstat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            Some((id, schedstat.split(' ').next()?.parse().ok()?))
        };
        Some(Self {
            name: name.to_owned(),
            by_threads: threads.filter_map(of_thread).collect(),
            ticks,
        })
    }

    /// The kernel counts exactly by threads, but forgets those that end, and forgets nobody in ticks, but counts whole
    /// ones. A tick more may be hardly any time, so that one less is what was spent at least.
    fn seconds_since(&self, before: Option<&Self>) -> f64 {
        let of_thread = |id| before.and_then(|before| before.by_threads.get(id));
        let by_threads = self.by_threads.iter();
        let by_threads =
            by_threads.map(|(id, spent)| spent.saturating_sub(*of_thread(id).unwrap_or(&0)));
        let by_threads = Duration::from_nanos(by_threads.sum());
        let ticks = self.ticks - before.map_or(0, |before| before.ticks);
        let at_least = number(ticks.saturating_sub(1)) / TICKS_A_SECOND;
        by_threads.as_secs_f64().max(at_least)
    }
}

/// Whose `/proc/<id>/stat` it is, and its time as user and as system, with that of its children that have ended
/// (fields 14 to 17). The name in brackets may hold anything.
fn ticks(stat: &str) -> Option<(&str, u64)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let times = after.split_whitespace().skip(11).take(4);
    let times: Option<Vec<u64>> = times.map(|time| time.parse().ok()).collect();
    let times = times.filter(|times| times.len() == 4)?;
    Some((name, times.iter().sum()))
}

impl Quiet {
    pub(super) fn add_to(&self, figures: &mut Figures) {
        for (name, cost) in [("idle", &self.idle), ("hidden", &self.hidden)] {
            figures.add(format!("{name}_cpu_percent"), cost.all);
            figures.add(format!("{name}_cpu_program_percent"), cost.program);
            figures.add(format!("{name}_cpu_page_percent"), cost.page);
            figures.add(format!("{name}_cpu_network_percent"), cost.network);
        }
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "\n{:<44}{:>10}{:>10}{:>10}{:>10}",
            format!("processor over {} s, % of a core", WHILE.as_secs()),
            "all",
            "program",
            "page",
            "network"
        )?;
        for (what, cost) in [
            ("\"Signed in\", nobody does anything", &self.idle),
            ("the same, minimised", &self.hidden),
        ] {
            let Cost {
                all,
                page,
                network,
                program,
            } = cost;
            writeln!(
                out,
                "{what:<44}{all:>10.3}{program:>10.3}{page:>10.3}{network:>10.3}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{NETWORK, PAGE, Process, Spent, ticks};

    #[test]
    fn a_process_answers_for_its_children_that_have_ended() {
        let stat = "42 (a) b) S 7 42 42 0 -1 4194304 900 0 0 0 30 4 2 1 20 0 9 0 81234 1 2";
        assert_eq!(ticks(stat), Some(("a) b", 37)));
        assert_eq!(ticks("42 (a) S 7 42"), None);
        assert_eq!(ticks(""), None);
    }

    fn process(name: &str, by_thread: u64, ticks: u64) -> Process {
        Process {
            name: name.to_owned(),
            by_threads: BTreeMap::from([(1, by_thread)]),
            ticks,
        }
    }

    #[test]
    fn what_was_spent_before_is_not_counted_and_each_process_has_its_share() {
        let before = Spent(BTreeMap::from([
            (7, process("keyfob-desktop", 500_000_000, 50)),
            (8, process(PAGE, 900_000_000, 90)),
        ]));
        let after = Spent(BTreeMap::from([
            (7, process("keyfob-desktop", 504_000_000, 50)),
            (8, process(PAGE, 916_000_000, 91)),
            (9, process(NETWORK, 2_000_000, 0)),
        ]));
        let cost = after.since(&before, 2.0);
        for (found, expected) in [
            (cost.all, 1.1),
            (cost.program, 0.2),
            (cost.page, 0.8),
            (cost.network, 0.1),
        ] {
            assert!((found - expected).abs() < 1e-9, "{cost:?}");
        }
    }

    #[test]
    fn threads_and_children_that_have_ended_are_counted_too() {
        let mut before = process("keyfob-desktop", 500_000_000, 50);
        before.by_threads.insert(2, 300_000_000);
        let after = process("keyfob-desktop", 504_000_000, 50);
        let spent = after.seconds_since(Some(&before));
        assert!((spent - 0.004).abs() < 1e-9, "{spent}");
        let after = process("keyfob-desktop", 504_000_000, 58);
        let spent = after.seconds_since(Some(&before));
        assert!((spent - 0.07).abs() < 1e-9, "{spent}");
    }
}
