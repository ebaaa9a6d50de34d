//! What the doctor finds, for the window.
//!
//! The terminal's own doctor is asked, as another process. So there is one, and it answers what this process cannot know
//! of itself: whether a program that is started now reaches the keyring, and whether a link comes back.

use std::{
    ffi::OsString,
    process::{Output, Stdio},
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use keyfob_auth::{
    Reason,
    neighbours::{beside, without_a_console},
};
use serde::Deserialize;
use tokio::{process::Command, sync::OnceCell, time::timeout};

use super::{Desk, lock};
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

type Diagnosis = Result<Vec<FindingView>, Problem>;

/// The doctor's rounds: one at a time, however often somebody asks, because it opens links and the keyring's prompt.
#[derive(Default)]
pub(super) struct Rounds {
    /// Held while the doctor is at work.
    at_work: tokio::sync::Mutex<()>,
    /// The check-up that is under way, for as long as somebody waits for it.
    check_up: Mutex<Weak<CheckUp>>,
}

/// A check-up of one profile, and what it has found in the end.
struct CheckUp {
    profile: Option<String>,
    found: OnceCell<Diagnosis>,
}

impl Rounds {
    /// What is found by the check-up that is under way, or else by a new one, which `asking` makes.
    async fn check_up<Asked>(
        &self,
        profile: Option<&str>,
        asking: impl FnOnce() -> Asked,
    ) -> Diagnosis
    where
        Asked: Future<Output = Diagnosis>,
    {
        let check_up = self.under_way(profile);
        check_up.found.get_or_init(asking).await.clone()
    }

    fn under_way(&self, profile: Option<&str>) -> Arc<CheckUp> {
        let mut newest = lock(&self.check_up);
        let running = newest.upgrade();
        let running = running.filter(|it| it.profile.as_deref() == profile);
        running.unwrap_or_else(|| {
            let begun = Arc::new(CheckUp {
                profile: profile.map(str::to_owned),
                found: OnceCell::new(),
            });
            *newest = Arc::downgrade(&begun);
            begun
        })
    }
}

impl Desk {
    /// What the doctor finds.
    pub async fn check_up(&self) -> Diagnosis {
        let profile = self.profile_in_question();
        let profile = profile.as_deref();
        let asking = || self.ask_doctor(&[], profile);
        self.0.rounds.check_up(profile, asking).await
    }

    /// The same, after the doctor has mended what it can.
    pub async fn mend(&self) -> Diagnosis {
        let profile = self.profile_in_question();
        self.ask_doctor(&["--fix"], profile.as_deref()).await
    }

    fn profile_in_question(&self) -> Option<String> {
        self.served().map(|walk| walk.name().to_owned())
    }

    async fn ask_doctor(&self, more: &[&str], profile: Option<&str>) -> Diagnosis {
        let _alone = self.0.rounds.at_work.lock().await;
        // What is only just being registered would be found missing.
        self.links_come_to_us().await;
        let output = run(&arguments(more, profile)).await.map_err(failed)?;
        let findings = read(&output).map_err(failed)?;
        if let Some(come) = links_come(&findings) {
            self.links_turn_out(come);
        }
        Ok(findings.into_iter().map(FindingView::from).collect())
    }
}

fn arguments(more: &[&str], profile: Option<&str>) -> Vec<OsString> {
    let asked = ["doctor", "--json"].iter().chain(more);
    // In one word: a profile's name may begin as an option does.
    let profile = profile.map(|name| format!("--profile={name}").into());
    asked.map(Into::into).chain(profile).collect()
}

fn failed(words: String) -> Problem {
    Problem::saying(Reason::DiagnosticsFailed, words)
}

/// Runs the program `keyfob` that lies beside this one, to its end.
async fn run(arguments: &[OsString]) -> Result<Output, String> {
    let program = beside("keyfob").map_err(|error| error.to_string())?;
    if !program.exists() {
        return Err("the program keyfob, which checks it, is not beside this one".to_owned());
    }
    let mut asked = Command::new(&program);
    asked
        .args(arguments)
        // It is to look at what the window looks at, and the window does not go by these.
        .env_remove("KEYFOB_CONFIG_DIR")
        .env_remove("KEYFOB_PROFILE")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    without_a_console(&mut asked);
    match timeout(PATIENCE, asked.output()).await {
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
    use std::{cell::Cell, future::pending, pin::Pin, process::ExitStatus};

    use tokio::sync::Semaphore;

    use super::*;

    fn said(stdout: &str) -> Output {
        Output {
            status: ExitStatus::default(),
            stdout: stdout.into(),
            stderr: Vec::new(),
        }
    }

    #[test]
    fn a_profile_is_not_taken_for_an_option() {
        assert_eq!(arguments(&[], None), ["doctor", "--json"]);
        let all = ["doctor", "--json", "--fix", "--profile=-x"];
        assert_eq!(arguments(&["--fix"], Some("-x")), all);
    }

    #[test]
    fn who_asks_while_a_check_up_is_under_way_is_told_what_that_finds() {
        let rounds = Rounds::default();
        let begun = Cell::new(0);
        let gate = Semaphore::new(0);
        let ask = |profile| {
            let (begun, gate) = (&begun, &gate);
            rounds.check_up(profile, move || async move {
                begun.set(begun.get() + 1);
                let _open = gate.acquire().await;
                Ok(Vec::new())
            })
        };
        let work = Some("work");
        tauri::async_runtime::block_on(async {
            let open = async { gate.add_permits(1) };
            let (.., ()) = tokio::join!(ask(work), ask(work), ask(work), ask(None), open);
            assert_eq!(begun.get(), 2, "one for each profile");
            ask(work).await.unwrap();
            assert_eq!(begun.get(), 3, "what is over is asked anew");
        });
    }

    #[test]
    fn a_check_up_goes_on_when_who_asked_first_goes_away() {
        let rounds = Rounds::default();
        tauri::async_runtime::block_on(async {
            let mut first = Box::pin(rounds.check_up(None, pending));
            let mut second = Box::pin(rounds.check_up(None, || async { Ok(Vec::new()) }));
            for asked in [
                first.as_mut() as Pin<&mut dyn Future<Output = _>>,
                second.as_mut(),
            ] {
                assert!(timeout(Duration::ZERO, asked).await.is_err());
            }
            drop(first);
            second.await.unwrap();
        });
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
