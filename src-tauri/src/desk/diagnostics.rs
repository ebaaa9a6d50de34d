//! What the doctor finds, for the window.
//!
//! The terminal's own doctor is asked, as another process. So there is one, and it answers what this process cannot know
//! of itself: whether a program that is started now reaches the keyring, and whether a link comes back.

use std::{
    env::consts::EXE_SUFFIX,
    ffi::OsString,
    process::{Output, Stdio},
    time::Duration,
};

use keyfob_auth::Reason;
use serde::Deserialize;
use tokio::{process::Command, time::timeout};

use super::Desk;
use crate::wire::{FindingView, Outcome, Problem};

/// How long all of the checks may take. Each has a limit of its own, and together they stay well below this.
const PATIENCE: Duration = Duration::from_mins(1);

/// What `keyfob doctor --json` prints, as far as the window needs it (docs/command-line.md).
#[derive(Deserialize)]
struct Report {
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    check: String,
    outcome: Outcome,
    found: String,
    reason: Option<String>,
    remedy: Option<String>,
    milliseconds: Option<u32>,
    fixed: Option<String>,
    /// A doctor of an older version does not say.
    #[serde(default)]
    fixable: bool,
}

impl Desk {
    /// What the doctor finds.
    pub async fn check_up(&self) -> Result<Vec<FindingView>, Problem> {
        self.ask_doctor(&[]).await
    }

    /// The same, after the doctor has mended what it can.
    pub async fn mend(&self) -> Result<Vec<FindingView>, Problem> {
        self.ask_doctor(&["--fix"]).await
    }

    async fn ask_doctor(&self, more: &[&str]) -> Result<Vec<FindingView>, Problem> {
        // However often somebody asks, one doctor is at work: it opens links, and the keyring's prompt.
        let _alone = self.0.diagnosing.lock().await;
        // What is only just being registered would be found missing.
        self.links_come_to_us().await;
        let mut arguments: Vec<OsString> = ["doctor", "--json"]
            .iter()
            .chain(more)
            .map(Into::into)
            .collect();
        if let Some(walk) = self.served() {
            arguments.extend(["--profile".into(), walk.name().into()]);
        }
        let output = run(&arguments).await.map_err(failed)?;
        let findings = read(&output).map_err(failed)?;
        if let Some(come) = links_come(&findings) {
            self.links_turn_out(come);
        }
        Ok(findings.into_iter().map(FindingView::from).collect())
    }
}

fn failed(words: String) -> Problem {
    Problem::saying(Reason::DiagnosticsFailed, words)
}

/// Runs the program `keyfob` that lies beside this one, to its end.
async fn run(arguments: &[OsString]) -> Result<Output, String> {
    let program = std::env::current_exe()
        .map_err(|error| error.to_string())?
        .with_file_name(format!("keyfob{EXE_SUFFIX}"));
    if !program.exists() {
        return Err("the program keyfob, which checks it, is not beside this one".to_owned());
    }
    let asked = Command::new(&program)
        .args(arguments)
        // It is to look at what the window looks at, and the window does not go by these.
        .env_remove("KEYFOB_CONFIG_DIR")
        .env_remove("KEYFOB_PROFILE")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    match timeout(PATIENCE, asked).await {
        Ok(output) => output.map_err(|error| format!("{}: {error}", program.display())),
        Err(_) => Err("keyfob did not answer within a minute".to_owned()),
    }
}

/// Reads what the doctor said. That it ended with an error says only that not all is well.
fn read(output: &Output) -> Result<Vec<Finding>, String> {
    let report: Report = serde_json::from_slice(&output.stdout).map_err(|error| {
        tracing::warn!(%error, status = %output.status, "the doctor's answer cannot be read");
        format!(
            "keyfob answered nothing that can be read ({})",
            output.status
        )
    })?;
    Ok(report.findings)
}

/// Whether links come to Keyfob, if that was found out.
fn links_come(findings: &[Finding]) -> Option<bool> {
    let outcome = |check| {
        let finding = findings.iter().find(|it| it.check == check)?;
        Some((finding.outcome, finding.reason.as_deref()))
    };
    let missing = (Outcome::Bad, Some(Reason::LinkHandlerMissing.word()));
    match (outcome("handler"), outcome("link")) {
        (_, Some((Outcome::Good, _))) => Some(true),
        (handler, link) if handler == Some(missing) || link == Some(missing) => Some(false),
        _ => None,
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            check: finding.check,
            outcome: finding.outcome,
            found: finding.found,
            remedy: finding.remedy,
            milliseconds: finding.milliseconds,
            fixed: finding.fixed,
            mendable: finding.fixable,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    fn said(stdout: &str) -> Output {
        Output {
            status: ExitStatus::default(),
            stdout: stdout.into(),
            stderr: Vec::new(),
        }
    }

    #[test]
    fn a_doctor_that_is_not_there_is_said() {
        // Beside a program of tests there is none.
        let error = tauri::async_runtime::block_on(run(&[])).unwrap_err();
        assert!(error.contains("is not beside this one"), "{error}");
    }

    /// What the built program prints is held by a test of its own.
    #[test]
    fn the_doctors_answer_is_understood() {
        let printed =
            include_str!("../../../crates/cli/tests/terminal/snapshots/without_a_keyring.txt");
        let answer = printed.lines().find(|line| line.contains("\"findings\""));
        let findings = read(&said(answer.unwrap())).unwrap();
        let of = |check: &str| findings.iter().find(|it| it.check == check).unwrap();
        assert_eq!(of("keyring").outcome, Outcome::Bad);
        assert!(of("keyring").remedy.is_some() && !of("keyring").fixable);
        assert_eq!(of("proxy").outcome, Outcome::Good);
        assert_eq!(of("clock").outcome, Outcome::Skipped);
        assert_eq!(of("programs").outcome, Outcome::Odd);
        assert_eq!(links_come(&findings), Some(false));
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for nothing in [
            "",
            "{}",
            "error: no",
            r#"{"v":1,"findings":[{"check":"x"}]}"#,
        ] {
            let error = read(&said(nothing)).err().unwrap();
            assert!(error.contains("nothing that can be read"), "{error}");
        }
    }

    #[test]
    fn whether_links_come_is_known_when_one_was_tried() {
        let findings = |handler: (Outcome, Option<Reason>), link: (Outcome, Option<Reason>)| {
            let finding = |check: &str, (outcome, reason): (Outcome, Option<Reason>)| Finding {
                check: check.to_owned(),
                outcome,
                found: String::new(),
                reason: reason.map(|it| it.word().to_owned()),
                remedy: None,
                milliseconds: None,
                fixed: None,
                fixable: false,
            };
            [finding("handler", handler), finding("link", link)]
        };
        let missing = (Outcome::Bad, Some(Reason::LinkHandlerMissing));
        let (good, skipped) = ((Outcome::Good, None), (Outcome::Skipped, None));
        let unusable = (Outcome::Bad, Some(Reason::StateFolderUnusable));
        assert_eq!(links_come(&findings(good, good)), Some(true));
        assert_eq!(links_come(&findings(missing, skipped)), Some(false));
        assert_eq!(links_come(&findings(good, missing)), Some(false));
        assert_eq!(links_come(&findings(good, skipped)), None);
        assert_eq!(links_come(&findings(good, unusable)), None);
        assert_eq!(links_come(&[]), None);
    }
}
