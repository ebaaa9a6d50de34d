//! The memory of a program and of everything it started: the sum of their proportional set sizes.
//!
//! PSS divides each shared page among those that share it, so the sum over a tree is what the tree costs. RSS
//! would count the web view's libraries once for each of its processes.

use std::collections::BTreeMap;
use std::fs;
use std::io;

/// The PSS of a tree of processes, in MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// Of all of them.
    pub(super) all: f64,
    /// Of the program itself, without the processes that draw and fetch for its web view.
    pub(super) own: f64,
    /// How many processes it is.
    pub(super) processes: usize,
}

/// The PSS of a process and all its descendants.
pub(super) fn of_tree(root: u32) -> io::Result<Memory> {
    let tree = descendants(root, &parents());
    let mut memory = Memory {
        all: 0.0,
        own: 0.0,
        processes: tree.len(),
    };
    for id in tree {
        let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
        let pss = pss(&rollup)
            .ok_or_else(|| io::Error::other(format!("/proc/{id}/smaps_rollup has no Pss")))?;
        memory.all += pss / 1_024.0;
        if id == root {
            memory.own = pss / 1_024.0;
        }
    }
    Ok(memory)
}

/// The process and all its descendants that run now.
pub(super) fn tree(root: u32) -> Vec<u32> {
    descendants(root, &parents())
}

/// Whether a process runs. One that has ended stays in the table until its parent has asked for its status.
pub(super) fn runs(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// The parent of every process.
fn parents() -> BTreeMap<u32, u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|id| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            Some((id, parent(&stat)?))
        })
        .collect()
}

/// The fourth field of `/proc/<id>/stat`. The second, the program's name in brackets, may hold anything.
fn parent(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

fn descendants(root: u32, parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(parent) = tree.get(next).copied() {
        let children = parents.iter().filter(|(_, of)| **of == parent);
        tree.extend(children.map(|(id, _)| *id));
        next += 1;
    }
    tree
}

/// The proportional set size that `smaps_rollup` states, in KiB.
fn pss(rollup: &str) -> Option<f64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{descendants, parent, pss, tree};

    #[test]
    fn pss_is_read_from_the_line_of_that_name() {
        let rollup = "5581c000-7ffd1000 ---p 00000000 00:00 0    [rollup]\n\
                      Rss:              188420 kB\n\
                      Pss:               91234 kB\n\
                      Pss_Dirty:         20000 kB\n";
        assert_eq!(pss(rollup), Some(91_234.0));
        assert_eq!(pss("Rss: 1 kB\n"), None);
    }

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        assert_eq!(parent("42 (a) b (c)) S 7 42 42 0"), Some(7));
        assert_eq!(parent("42 (broken"), None);
    }

    #[test]
    fn a_tree_holds_grandchildren_and_nobody_else() {
        let parents = BTreeMap::from([(1, 0), (5, 1), (6, 5), (7, 6), (8, 1)]);
        assert_eq!(descendants(5, &parents), [5, 6, 7]);
    }

    #[test]
    fn this_process_is_in_its_own_tree() {
        assert!(tree(std::process::id()).contains(&std::process::id()));
    }
}
