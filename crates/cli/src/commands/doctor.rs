//! `keyfob doctor`: what keeps Keyfob from working, and what to do about it.
//!
//! One check after the other, each with one finding, its reason and one remedy. Nothing is changed without `--fix`,
//! and with it only what cannot do harm; what was done is said.

mod configuration;
mod keeping;
mod links;
mod programs;
mod provider;
mod proxy;

use std::time::Duration;

use serde::Serialize;

use crate::{
    arguments::Doctor, output, surroundings::Surroundings, trouble::Trouble, words::Cause,
};

/// What one check has found.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    outcome: Outcome,
    found: String,
    /// The word that other programs may switch on.
    reason: Option<&'static str>,
    remedy: Option<String>,
    /// How long it took, where that says something.
    milliseconds: Option<u64>,
    /// What `--fix` has done about it.
    fixed: Option<String>,
    /// Whether `--fix` could do something about it, and has not just done so.
    fixable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Good,
    /// Something is missing that may not be needed.
    Odd,
    Bad,
    /// It could not be tried.
    Skipped,
}

#[derive(Serialize)]
struct Report<'a> {
    v: u32,
    well: bool,
    findings: &'a [Finding],
}

pub async fn run(surroundings: &Surroundings, wanted: &Doctor) -> Result<(), Trouble> {
    let configuration = configuration::look(surroundings);
    let keyring = keeping::look(surroundings).await;
    let provider = if configuration.outcome == Outcome::Bad {
        provider::not_asked("nobody knows which it is")
    } else {
        provider::look(surroundings).await
    };
    let mut findings = vec![programs::look().await, configuration, keyring];
    findings.extend(links::look(surroundings, wanted.fix).await);
    findings.extend(provider);
    findings.push(proxy::look(surroundings));

    let well = findings
        .iter()
        .all(|finding| finding.outcome != Outcome::Bad);
    if surroundings.output.json {
        output::json(&Report {
            v: output::VERSION,
            well,
            findings: &findings,
        })?;
    } else {
        let lines: Vec<_> = findings.iter().map(Finding::lines).collect();
        output::result(&lines.join("\n"))?;
    }
    if well {
        Ok(())
    } else {
        Err(Cause::NotWell.into())
    }
}

impl Finding {
    fn new(check: &'static str, outcome: Outcome, found: impl Into<String>) -> Self {
        Self {
            check,
            outcome,
            found: found.into(),
            reason: None,
            remedy: None,
            milliseconds: None,
            fixed: None,
            fixable: false,
        }
    }

    fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Outcome::Good, found)
    }

    fn skipped(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Outcome::Skipped, found)
    }

    fn bad(check: &'static str, trouble: &Trouble) -> Self {
        Self {
            reason: Some(trouble.cause.word()),
            remedy: Some(trouble.hint().to_owned()),
            ..Self::new(check, Outcome::Bad, trouble.message())
        }
    }

    fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }

    fn after(self, time: Duration) -> Self {
        Self {
            milliseconds: u64::try_from(time.as_millis()).ok(),
            ..self
        }
    }

    fn lines(&self) -> String {
        let mark = match self.outcome {
            Outcome::Good => "ok",
            Outcome::Odd => "odd",
            Outcome::Bad => "bad",
            Outcome::Skipped => "-",
        };
        let time = self
            .milliseconds
            .map_or_else(String::new, |time| format!(" ({time} ms)"));
        let indent = format!("\n{:19}", "");
        let found = self.found.trim_end().replace('\n', &indent);
        let first = format!("{mark:<4}{:<15}{found}{time}", self.check);
        let below = [("hint", &self.remedy), ("done", &self.fixed)];
        let below = below
            .into_iter()
            .filter_map(|(name, text)| Some(format!("{name}: {}", text.as_ref()?)));
        let lines: Vec<_> = std::iter::once(first).chain(below).collect();
        lines.join(&indent)
    }
}
