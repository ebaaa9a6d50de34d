//! The package: installed, used, and removed again.
//!
//! The system that it is installed on is this computer's, seen through a layer that the test may write to; see
//! [`on_a_system_of_its_own`].
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use harness::{Session, built, eventually, on_a_system_of_its_own, package};
use xtask::processes;

const PACKAGED: &str = "dev.keyfob.desktop";
const LINKS: &str = "x-scheme-handler/dev.keyfob";

#[test]
fn the_installed_program_signs_in_by_its_link_and_leaves_nothing_when_removed() {
    on_a_system_of_its_own(
        "the_installed_program_signs_in_by_its_link_and_leaves_nothing_when_removed",
        || {
            let before = System::now();
            let session = Session::start_with_the_installed_app();
            assert_eq!(what_opens_links(&session), "");

            dpkg(["--install".as_ref(), package().as_os_str()]);
            dpkg(["--verify", "keyfob"]);
            assert_eq!(what_opens_links(&session), PACKAGED);
            in_a_runtime(sign_in_by_the_link(&session));
            dpkg(["--purge", "keyfob"]);

            assert_eq!(what_opens_links(&session), "");
            drop(session);
            let after = System::now();
            assert_eq!(after.packages, before.packages);
            let more: Vec<_> = after.paths.difference(&before.paths).collect();
            let less: Vec<_> = before.paths.difference(&after.paths).collect();
            assert!(
                more.is_empty() && less.is_empty(),
                "left: {more:?}\nlost: {less:?}"
            );
            assert_eq!(kept_about_us(), Vec::<PathBuf>::new());
        },
    );
}

/// A build from source registers itself for the person who runs it, in a file of their own that goes before the
/// package's and stays when the build is thrown away.
#[test]
fn a_build_from_source_that_is_gone_does_not_keep_links_from_the_installed_program() {
    on_a_system_of_its_own(
        "a_build_from_source_that_is_gone_does_not_keep_links_from_the_installed_program",
        || {
            let session = Session::start_with_the_installed_app();
            let entry = "[Desktop Entry]\nType=Application\nName=Keyfob\nNoDisplay=true\n\
                         Exec=\"/nowhere/keyfob-desktop\" %u\nMimeType=x-scheme-handler/dev.keyfob;\n";
            let file = session
                .applications()
                .join("keyfob-desktop-handler.desktop");
            fs::write(file, entry).expect("a desktop file can be written");
            session.run(
                "xdg-mime",
                ["default", "keyfob-desktop-handler.desktop", LINKS],
            );

            dpkg(["--install".as_ref(), package().as_os_str()]);

            in_a_runtime(sign_in_by_the_link(&session));
        },
    );
}

/// The release build, to which nothing of a test's belongs: what `storm.rs` and `killed.rs` hold of the debug build.
#[test]
fn the_installed_command_shares_a_session_and_may_be_killed_at_any_moment() {
    on_a_system_of_its_own(
        "the_installed_command_shares_a_session_and_may_be_killed_at_any_moment",
        || {
            let session = Session::start_with_the_installed_app();
            dpkg(["--install".as_ref(), package().as_os_str()]);
            in_a_runtime(ask_at_once_and_kill(&session));
        },
    );
}

async fn ask_at_once_and_kill(session: &Session) {
    const FORCED: [&str; 2] = ["token", "--force-refresh"];
    let provider = session.provider_configured("[tokens]\nreuse_grace_seconds = 60\n");
    session
        .signs_in_at_the_terminal(&provider, "ada@example.com")
        .await;

    session.kept_tokens_grow_older(Duration::from_hours(2));
    let calls: Vec<_> = (0..50)
        .map(|_| session.keyfob_started(&["token"]))
        .collect();
    let tokens: BTreeSet<_> = calls.into_iter().map(|it| it.ends().result()).collect();
    assert_eq!(tokens.len(), 1);
    let refreshes = provider.refreshes().await;
    assert_eq!((refreshes.presented, refreshes.granted), (1, 1));

    let mut killed = 0;
    for round in 0..100 {
        let after = Duration::from_micros(round * 500);
        let refresh = session.keyfob_started(&FORCED);
        thread::sleep(after);
        killed += usize::from(refresh.is_killed());
        let ran = session.keyfob(&FORCED);
        assert_eq!(ran.code, Some(0), "killed after {after:?}: {}", ran.said);
    }
    let refreshes = provider.refreshes().await;
    println!("{killed} of 100 were killed: {refreshes:?}");
    assert!(killed > 10, "only {killed} were killed");
    let token = session.keyfob(&["token"]).result();
    assert!(provider.accepts(&token).await);
}

#[test]
fn the_manual_names_every_command_and_option_of_the_provider() {
    let help = processes::succeed(Command::new(built("keyfob-identity")).arg("--help"))
        .expect("the provider explains itself");
    let serve =
        processes::succeed(Command::new(built("keyfob-identity")).args(["serve", "--help"]))
            .expect("the provider explains a command");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/man/keyfob-identity.1");
    let page = fs::read_to_string(page)
        .expect("there is a manual page")
        .replace('\\', "");

    let missing: Vec<_> = names_in(&help)
        .chain(names_in(&serve))
        .filter(|name| !page.contains(name.as_str()))
        .collect();

    assert_eq!(names_in(&help).next().as_deref(), Some("serve"));
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "packaging/man/keyfob-identity.1 lacks them"
    );
}

/// The link finds the app closed: whoever starts it must have read the package's desktop file.
async fn sign_in_by_the_link(session: &Session) {
    let app = session.launch().await;
    app.reaches("signed_out").await;
    let provider = session.run("/usr/bin/keyfob-identity", ["ensure"]);
    let browser = session
        .browser_that_trusts(provider.trim().trim_end_matches('/'))
        .await;
    app.ask_for_a_letter(&browser, "ada@example.com").await;
    app.press("Open the outbox").await;
    browser.open_the_newest_letter("ada@example.com").await;
    app.quit().await;
    assert_eq!(session.keyring_names(), ["local.sign-in"]);

    browser.press("Sign in").await;

    let kept =
        eventually(async || (session.keyring_names() == ["local.session"]).then_some(())).await;
    assert!(
        kept.is_some(),
        "the keyring holds {:?}",
        session.keyring_names()
    );
    session.comes_to_the_front("Keyfob").await;
    session.focused_window_is_painted().await;
    session.keep_picture("started-by-the-link");
    assert_eq!(
        our_running_programs(session),
        ["/usr/bin/keyfob-desktop", "/usr/bin/keyfob-identity"]
            .map(PathBuf::from)
            .into()
    );

    session.close_window("Keyfob");
    let app = session.launch().await;
    app.reaches("signed_in").await;
    app.shows("ada@example.com").await;
    app.quit().await;
}

fn in_a_runtime(story: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new()
        .expect("a runtime starts")
        .block_on(story);
}

/// The desktop file that opens our links, asked as a browser asks.
fn what_opens_links(session: &Session) -> String {
    session
        .run("xdg-mime", ["query", "default", LINKS])
        .trim()
        .to_owned()
}

fn our_running_programs(session: &Session) -> BTreeSet<PathBuf> {
    let programs = session.processes().into_iter();
    programs
        .filter_map(|id| fs::read_link(format!("/proc/{id}/exe")).ok())
        .filter(|program| program.to_string_lossy().contains("keyfob-"))
        .collect()
}

fn dpkg<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) {
    let mut command = Command::new("dpkg");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(arguments);
    processes::succeed(&mut command).unwrap_or_else(|error| panic!("{error}"));
}

/// What a package could leave behind: files, and what the package database says.
struct System {
    paths: BTreeSet<PathBuf>,
    packages: String,
}

impl System {
    fn now() -> Self {
        // A few folders may not be read by everybody; a package of ours has no part in them.
        let list = Command::new("find")
            .args(["/usr", "/etc", "/var/lib", "-print0"])
            .output()
            .expect("find can be started");
        let list = String::from_utf8_lossy(&list.stdout).into_owned();
        assert!(list.contains("/usr/bin/dpkg\0"), "find finds nothing");
        let packages = processes::succeed(
            Command::new("dpkg-query")
                .args(["--show", "--showformat=${Package} ${Version} ${Status}\n"]),
        );
        Self {
            paths: list.split_terminator('\0').map(PathBuf::from).collect(),
            packages: packages.expect("the package database can be read"),
        }
    }
}

/// The files that are made out of what all packages bring, as far as they name ours.
fn kept_about_us() -> Vec<PathBuf> {
    let caches = [
        "/usr/share/applications/mimeinfo.cache",
        "/usr/share/icons/hicolor/icon-theme.cache",
        "/var/lib/dpkg/status",
    ];
    let caches = caches.into_iter().map(PathBuf::from);
    caches
        .filter(|cache| {
            let content = fs::read(cache).unwrap_or_default();
            content.windows(6).any(|word| word == b"keyfob")
        })
        .collect()
}

/// The commands and long options that a help text lists, each at the start of its line.
fn names_in(help: &str) -> impl Iterator<Item = String> + '_ {
    let listed = help.lines().filter(|line| line.starts_with("  "));
    listed.filter_map(|line| {
        let mut words = line.split([' ', ',']).filter(|word| !word.is_empty());
        let first = words.next()?;
        let name = if first.starts_with('-') && !first.starts_with("--") {
            words.next()?
        } else {
            first
        };
        (name != "help").then(|| name.to_owned())
    })
}
