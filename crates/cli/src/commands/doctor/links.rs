//! Do links of our scheme open Keyfob? The desktop is asked who opens them, and then one is opened.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use keyfob_auth::{
    Clock, Reason, SERVICE, StateFolder,
    door::{
        handler::{self, MADE_AT_RUN_TIME, PACKAGED},
        ping::Ping,
    },
};
use tokio::{process::Command, time::timeout};

use super::{Finding, programs};
use crate::{surroundings::Surroundings, trouble::Trouble};

const HANDLER: &str = "handler";
const ROUND_TRIP: &str = "link";

/// How long a link may take to be answered.
const PATIENCE: Duration = Duration::from_secs(5);

/// The rest between two looks whether it was.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// The program that links open.
const PROGRAM: &str = "keyfob-desktop";

pub(super) async fn look(surroundings: &Surroundings, fix: bool) -> Vec<Finding> {
    if !cfg!(target_os = "linux") {
        return vec![Finding::skipped(HANDLER, "this system cannot be asked")];
    }
    let mut handler = who_opens_them().await;
    let is_ours = handler.reason.is_none();
    let mut link = if is_ours {
        round_trip(surroundings).await
    } else {
        Finding::skipped(ROUND_TRIP, "it would open another program")
    };
    if fix && (!is_ours || link.reason.is_some()) {
        match register().await {
            Ok(done) => {
                handler = who_opens_them().await;
                handler.fixed = Some(done);
                if handler.reason.is_none() {
                    link = round_trip(surroundings).await;
                }
            }
            Err(said) => handler = handler.with_remedy(said),
        }
        // It has done what it can.
        (handler.fixable, link.fixable) = (false, false);
    }
    vec![handler, link]
}

/// What is wrong with the way of links, as far as another registration could set it right.
fn unregistered(check: &'static str, trouble: &Trouble) -> Finding {
    Finding {
        fixable: entry_to_register().is_ok(),
        ..Finding::bad(check, trouble)
    }
}

async fn who_opens_them() -> Finding {
    match handler::current(SERVICE).await.as_deref() {
        Some(ours @ (PACKAGED | MADE_AT_RUN_TIME)) => Finding::good(HANDLER, ours),
        Some("") => unregistered(HANDLER, &Reason::LinkHandlerMissing.into()),
        Some(other) => {
            let found = format!("they open {other}");
            unregistered(HANDLER, &Trouble::saying(Reason::LinkHandlerMissing, found))
        }
        None => Finding::bad(HANDLER, &Reason::LinkHandlerMissing.into())
            .with_remedy("install xdg-utils: its `xdg-mime` tells who opens links"),
    }
}

/// Opens a link of ours and waits for its answer.
async fn round_trip(surroundings: &Surroundings) -> Finding {
    if !surroundings.has_display {
        return Finding::skipped(ROUND_TRIP, "without a display nobody opens it");
    }
    let ping = Ping::random();
    let folder = StateFolder::usual(SERVICE);
    if let Err(error) = ping.lay(&folder) {
        let trouble = Trouble::saying(Reason::StateFolderUnusable, error);
        return Finding::bad(ROUND_TRIP, &trouble);
    }
    let clock = Clock::system();
    let answered = timeout(PATIENCE, async {
        open(&ping).await;
        while !ping.is_answered(&folder) {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    });
    if answered.await.is_ok() {
        return Finding::good(ROUND_TRIP, "came back to Keyfob").after(clock.monotonic());
    }
    // In the place of whoever should have.
    ping.answer(&folder);
    let found = format!(
        "one was opened, and did not come back within {} s",
        PATIENCE.as_secs()
    );
    unregistered(
        ROUND_TRIP,
        &Trouble::saying(Reason::LinkHandlerMissing, found),
    )
}

/// Opens it as the browser would. The launcher may run for longer than the link takes.
async fn open(ping: &Ping) {
    let launcher = Command::new("xdg-open")
        .arg(ping.address(SERVICE).as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = launcher {
        tracing::info!(%error, "xdg-open did not start");
    }
    tokio::task::yield_now().await;
}

/// The desktop file by which links of ours can be made to open Keyfob.
enum Entry {
    /// The package's.
    Packaged,
    /// One of this person's own, in `folder`, which names `program`.
    Own { folder: PathBuf, program: PathBuf },
}

/// The package's where there is one, else one for the program that lies beside this one. Says what there is neither of.
fn entry_to_register() -> Result<Entry, String> {
    if !cfg!(debug_assertions) && packaged().is_some() {
        return Ok(Entry::Packaged);
    }
    let program = programs::beside(PROGRAM)
        .ok_or_else(|| format!("install {PROGRAM} beside keyfob: links open it"))?;
    let folder = dirs::data_dir().ok_or("there is no folder for programs of your own")?;
    Ok(Entry::Own { folder, program })
}

/// Lets links of ours open Keyfob. Says what was done, or what keeps it from being done.
async fn register() -> Result<String, String> {
    let file = match entry_to_register()? {
        Entry::Packaged => PACKAGED,
        Entry::Own { folder, program } => {
            write_entry(&folder.join("applications"), &program).map_err(|error| {
                format!("let this user write into {}: {error}", folder.display())
            })?;
            MADE_AT_RUN_TIME
        }
    };
    let made = Command::new("xdg-mime")
        .args(["default", file, &handler::kind(SERVICE)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    match timeout(PATIENCE, made).await {
        Ok(Ok(status)) if status.success() => Ok(format!("{file} now opens links of {SERVICE}")),
        _ => Err("install xdg-utils: its `xdg-mime` says who opens links".to_owned()),
    }
}

/// The package's desktop file, where the package is installed.
fn packaged() -> Option<PathBuf> {
    ["/usr/local/share", "/usr/share"]
        .into_iter()
        .map(|folder| Path::new(folder).join("applications").join(PACKAGED))
        .find(|file| file.exists())
}

fn write_entry(folder: &Path, program: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let entry = entry(program).ok_or_else(|| io::Error::other("its path is no text"))?;
    fs::write(folder.join(MADE_AT_RUN_TIME), entry)
}

/// A desktop entry that opens `program` with a link; it is in no menu.
fn entry(program: &Path) -> Option<String> {
    let program = quoted(program.to_str()?)?;
    Some(format!(
        "[Desktop Entry]\nType=Application\nName=Keyfob\nNoDisplay=true\nExec={program} %u\nMimeType={};\n",
        handler::kind(SERVICE)
    ))
}

/// A path as `Exec` takes it (Desktop Entry Specification, "The Exec key"). Quoted only if need be: some launchers do
/// not take a quoted one.
fn quoted(path: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) {
        return Some(path.to_owned());
    }
    if path.chars().any(char::is_control) {
        return None;
    }
    let mut quoted = String::from("\"");
    for character in path.chars() {
        match character {
            // Escaped once for the quotes, and the backslash once more for the file.
            '"' | '`' | '$' => quoted.extend(["\\\\", &character.to_string()]),
            '\\' => quoted.push_str(r"\\\\"),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_the_program_and_the_kind_of_link() {
        let made = entry(Path::new("/opt/keyfob/keyfob-desktop")).unwrap();
        assert!(
            made.contains("\nExec=/opt/keyfob/keyfob-desktop %u\n"),
            "{made}"
        );
        assert!(made.contains(&format!("\nMimeType=x-scheme-handler/{SERVICE};\n")));
    }

    #[test]
    fn a_path_with_more_than_letters_is_quoted() {
        assert_eq!(quoted("/a b/c").unwrap(), "\"/a b/c\"");
        assert_eq!(quoted("/a$b%").unwrap(), "\"/a\\\\$b%%\"");
        assert_eq!(quoted("/a\nExec=evil"), None);
    }
}
