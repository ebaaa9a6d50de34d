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
#[derive(Debug, PartialEq)]
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
    links::sign_out(desktop)?;
    seen(display, Picture::SignIn)?;
    started.end()?;
    Ok(Quiet { idle, hidden })
}

fn a_while(root: u32) -> io::Result<Cost> {
    thread::sleep(SETTLING);
    let (begun, before) = (now(), Spent::of_tree(root));
    thread::sleep(WHILE);
    let after = Spent::of_tree(root);
    let ticks = TICKS_A_SECOND * (now() - begun).as_secs_f64();
    if after.0.is_empty() {
        return Err(io::Error::other("the app has ended"));
    }
    Ok(after.since(&before, ticks))
}

/// The ticks that the processes of a tree have spent so far, by their names.
struct Spent(BTreeMap<String, u64>);

impl Spent {
    fn of_tree(root: u32) -> Self {
        let mut spent = BTreeMap::new();
        for id in memory::tree(root) {
            // One that has just ended is counted by its parent.
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            if let Some((name, ticks)) = ticks(&stat) {
                *spent.entry(name.to_owned()).or_default() += ticks;
            }
        }
        Self(spent)
    }

    /// In percent of one core, of which `ticks` have gone by.
    fn since(&self, before: &Self, ticks: f64) -> Cost {
        let share =
            |of: &dyn Fn(&Self) -> u64| 100.0 * number(of(self).saturating_sub(of(before))) / ticks;
        let all = share(&|spent| spent.0.values().sum());
        let [page, network] = [PAGE, NETWORK]
            .map(|name| share(&|spent| spent.0.get(name).copied().unwrap_or_default()));
        Cost {
            all,
            page,
            network,
            program: all - page - network,
        }
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
    use super::{Cost, NETWORK, PAGE, Spent, ticks};

    #[test]
    fn a_process_answers_for_its_children_that_have_ended() {
        let stat = "42 (a) b) S 7 42 42 0 -1 4194304 900 0 0 0 30 4 2 1 20 0 9 0 81234 1 2";
        assert_eq!(ticks(stat), Some(("a) b", 37)));
        assert_eq!(ticks("42 (a) S 7 42"), None);
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn what_was_spent_before_is_not_counted() {
        let spent = |names: &[&str], ticks: &[u64]| {
            let names = names.iter().map(|name| (*name).to_owned());
            Spent(names.zip(ticks.iter().copied()).collect())
        };
        // The browser's start ended in between, and is in the program's own time since.
        let before = spent(
            &["keyfob-desktop", PAGE, NETWORK, "xdg-open"],
            &[100, 200, 50, 4],
        );
        let after = spent(&["keyfob-desktop", PAGE, NETWORK], &[112, 220, 50]);
        let cost = after.since(&before, 400.0);
        let expected = Cost {
            all: 7.0,
            page: 5.0,
            network: 0.0,
            program: 2.0,
        };
        assert_eq!(cost, expected);
    }
}
