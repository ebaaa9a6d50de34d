//! Everything that the program prints, as it is printed: on a computer of its own, with nothing but a home.
//!
//! Each test runs commands and compares what they print with a file in `snapshots/`. After a change that is meant,
//! `UPDATE_SNAPSHOTS=1 cargo test -p keyfob-cli` writes the files anew, for the reader of the change to judge. What
//! needs a keyring and a provider is told in the stories of the package `tests`.

use crate::support::{self, Computer};

#[test]
fn help() {
    let computer = Computer::new();
    let mut commands = vec!["--help".to_owned(), "-h".to_owned(), "--version".to_owned()];
    for name in [
        "login",
        "status",
        "token",
        "refresh",
        "logout",
        "exec",
        "doctor",
        "completion",
    ] {
        commands.push(format!("{name} --help"));
    }
    computer.prints("help", &commands);
}

#[test]
fn wrong_usage() {
    Computer::new().prints(
        "wrong_usage",
        &[
            "",
            "tokn",
            "token --min-vlid 5m",
            "token --min-valid 5d",
            "token --format yaml",
            "token --json --format env",
            "token --quiet --verbose",
            "refresh --adopt token",
            "login --port http",
            "login not-an-address",
            "login 030901820",
            "exec",
            "exec --env 1X true",
            "completion tcsh",
            "auth",
            "--json tokn",
            "--json login not-an-address",
        ],
    );
}

#[test]
fn completions() {
    let computer = Computer::new();
    for shell in ["bash", "fish", "zsh"] {
        let output = computer.run(["completion", shell]);
        assert!(output.status.success() && output.stderr.is_empty());
        let script = String::from_utf8(output.stdout).unwrap();
        support::compare(&format!("completion_{shell}"), &script);
    }
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let computer = Computer::new();
    let folder = computer.path("home");
    let output = computer.run(["man", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let mut pages: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    support::compare("manual_pages", &format!("{}\n", pages.join("\n")));
    let page = std::fs::read_to_string(folder.join("keyfob-token.1")).unwrap();
    let page = page.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    support::compare("manual_page_of_token", &page);
    computer.prints("manual_without_a_folder", &["man /nowhere", "man"]);
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_keyring() {
    Computer::with_a_profile().prints(
        "without_a_keyring",
        &[
            "status",
            "status --json",
            "whoami",
            "token",
            "token --json",
            "print-access-token --format header",
            "auth token --force-refresh",
            "refresh",
            "refresh --adopt -",
            "logout",
            "exec -- true",
            "login ada@example.com --no-browser",
            "login --json",
            "doctor",
            "doctor --fix --json",
        ],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn without_the_local_provider() {
    Computer::new().prints(
        "without_the_local_provider",
        &["token", "login", "--profile local status --json", "doctor"],
    );
}

#[test]
fn with_a_configuration_that_makes_no_sense() {
    Computer::with_configuration(
        "[profiles.work]\nprovider = \"cotter\"\napi_kee = \"\u{1b}[2J\"\n",
    )
    .prints(
        "with_a_configuration_that_makes_no_sense",
        &["token", "token --json", "login", "doctor"],
    );
}

#[test]
fn with_a_profile_that_is_not_there() {
    Computer::with_a_profile().prints(
        "with_a_profile_that_is_not_there",
        &["--profile home token", "token --profile home --json"],
    );
}
