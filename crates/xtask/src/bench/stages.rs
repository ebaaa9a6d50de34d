//! The stages that programs say they have reached, and the time at which they said so.
//!
//! A program that is asked to writes one line to standard error for each stage, ending in `stages: <name>`. The
//! line is stamped here when it arrives, a fraction of a millisecond later, so that all programs and what is seen
//! on the display go by one clock.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::figures::Sample;
use super::now;

/// Asks the app for these lines.
pub(super) const FILTER: (&str, &str) = ("KEYFOB_LOG", "keyfob_desktop::stages=debug");

/// What the programs that write to one place have said so far.
#[derive(Clone, Default)]
pub(super) struct Stages(Arc<Mutex<Vec<(String, Instant)>>>);

impl Stages {
    /// Listens to a program until it closes its output.
    pub(super) fn listen(&self, output: impl Read + Send + 'static) {
        let stages = self.clone();
        thread::spawn(move || {
            // Lossy, because a line that is no text must not end the listening: the program would be blocked.
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if let Some(stage) = stage(&String::from_utf8_lossy(&line)) {
                    let mut said = stages.0.lock().unwrap_or_else(PoisonError::into_inner);
                    said.push((stage.to_owned(), now()));
                }
            }
        });
    }

    /// When each stage was reached first at or after `start`, in milliseconds after it.
    pub(super) fn since(&self, start: Instant) -> Vec<(String, f64)> {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stages: Vec<(String, f64)> = Vec::new();
        for (name, at) in said.iter().filter(|(_, at)| *at >= start) {
            if stages.iter().all(|(known, _)| known != name) {
                let after = at.saturating_duration_since(start).as_secs_f64();
                stages.push((name.clone(), after * 1_000.0));
            }
        }
        stages
    }
}

/// The stage that a line of a program's log names.
fn stage(line: &str) -> Option<&str> {
    let (_, name) = line.rsplit_once("stages: ")?;
    let name = name.trim();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

/// How long after the start each stage was reached, over many starts.
#[derive(Debug, Default)]
pub(super) struct Course(Vec<(String, Sample)>);

impl Course {
    pub(super) fn add(&mut self, stages: impl IntoIterator<Item = (String, f64)>) {
        for (name, at) in stages {
            match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sample)) => sample.add(at),
                None => self.0.push((name, Sample::from_iter([at]))),
            }
        }
    }

    /// The stages by the median of when they were reached.
    pub(super) fn medians(&self) -> Vec<(&str, f64)> {
        let medians = self.0.iter().map(|(name, at)| (name.as_str(), at.median()));
        let mut medians: Vec<_> = medians.collect();
        medians.sort_by(|one, other| one.1.total_cmp(&other.1));
        medians
    }
}

#[cfg(test)]
mod tests {
    use super::{Course, stage};

    #[test]
    fn a_stage_is_read_from_either_programs_line() {
        let logged = "2026-11-21T02:12:00.123456Z DEBUG keyfob_desktop::stages: page-loaded";
        assert_eq!(stage(logged), Some("page-loaded"));
        assert_eq!(stage("stages: main"), Some("main"));
        assert_eq!(stage("WARN keyfob_desktop: stages: of a Life"), None);
        assert_eq!(stage("nothing of the kind"), None);
    }

    #[test]
    fn a_course_is_in_the_order_of_its_medians() {
        let mut course = Course::default();
        course.add([("window".to_owned(), 60.0), ("main".to_owned(), 10.0)]);
        course.add([("main".to_owned(), 12.0), ("window".to_owned(), 64.0)]);
        assert_eq!(course.medians(), [("main", 11.0), ("window", 62.0)]);
    }
}
