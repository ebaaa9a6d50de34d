//! Are the other programs beside this one, and of the same version?

use std::{path::PathBuf, process::Stdio, time::Duration};

use keyfob_auth::neighbours;
use tokio::{process::Command, time::timeout};

use super::{Finding, Outcome};

const CHECK: &str = "programs";

const OURS: &str = env!("CARGO_PKG_VERSION");

/// The others, and what does not work without them.
const OTHERS: [(&str, &str); 2] = [
    ("keyfob-desktop", "links open it"),
    ("keyfob-identity", "it is the local provider"),
];

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn look() -> Finding {
    let mut found = vec![format!("keyfob {OURS}")];
    let (mut missing, mut others) = (Vec::new(), false);
    for (name, without) in OTHERS {
        if let Some(version) = version(name).await {
            others |= version != OURS;
            found.push(format!("{name} {version}"));
        } else {
            found.push(format!("no {name}"));
            missing.push(format!("install {name} beside keyfob: {without}"));
        }
    }
    let found = found.join(", ");
    let remedy = match (missing.is_empty(), others) {
        (true, false) => return Finding::good(CHECK, found),
        (true, true) => "install all programs in the same version".to_owned(),
        (false, _) => missing.join("; "),
    };
    Finding::new(CHECK, Outcome::Odd, found).with_remedy(remedy)
}

/// The version that the program called `name`, which lies beside this one, says it has.
async fn version(name: &str) -> Option<String> {
    let program = beside(name)?;
    let asked = Command::new(&program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, asked).await.ok()?.ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = said.trim().strip_prefix(name)?.trim();
    (!version.is_empty()).then(|| version.to_owned())
}

/// The program called `name` beside this one, if it is there.
pub(super) fn beside(name: &str) -> Option<PathBuf> {
    let program = neighbours::beside(name).ok()?;
    program.exists().then_some(program)
}
