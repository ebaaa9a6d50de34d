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
        "profile",
        "profile list",
        "profile use",
        "profile add",
        "profile remove",
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
            "login ada@example.com --device",
            "login --no-qr",
            "logout --all --profile work",
            "profile",
            "profile use",
            "profile add",
            "profile add work",
            "profile add work --issuer https://login.example.com",
            "profile add work --client-id keyfob --preset okta",
            "profile add work --client-id keyfob --preset other",
            "profile add work --cotter",
            "profile add work --cotter --api-key-id K --client-id keyfob",
            "profile add work --api-key-id K",
            "profile add work --issuer https://login.example.com --client-id keyfob --parameter x",
            "profile add work --issuer https://login.example.com --client-id keyfob --ways pigeon",
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
            "logout --all",
            "status --all",
            "profile remove work",
            "login --device",
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

#[test]
fn profiles_in_the_configuration() {
    let computer = Computer::with_configuration(
        "# My settings.\n\nprofile = \"letters\" # usually\n\n\
         [profiles.letters]\nprovider = \"cotter\"\napi_key_id = \"K\"\n",
    );
    computer.prints(
        "profiles",
        &[
            "profile list",
            "profile add work --issuer https://login.example.com/oidc --client-id keyfob --offline",
            "profile add google --preset google --client-id keyfob --offline --json",
            "profile add company --preset auth0 --issuer https://company.test/ --client-id keyfob --offline \
             --scope openid --scope api:read --audience https://api.test --resource https://api.test/v1 \
             --acr-values phr --prompt login --port 41017,41018 --ways loopback --ca-file /etc/ssl/company.pem \
             --parameter organization=org_1 --issuer-name https://old.company.test",
            "profile add home --cotter --api-key-id 00000000-0000-0000-0000-000000000000 --offline",
            "profile list",
            "profile list --json",
            "profile list --profile work",
            "profile list --profile nobody",
            "profile use work",
            "profile use home --profile work",
            "profile use nobody",
            "profile use local --json",
            "profile add work --issuer https://login.example.com --client-id keyfob",
            "profile add local --issuer https://login.example.com --client-id keyfob",
            "profile add a.b --issuer https://login.example.com --client-id keyfob",
            "profile add plain --issuer http://login.example.com --client-id keyfob",
            "profile add plain --issuer https://login.example.com --client-id keyfob --prompt none --json",
            "profile add gone --issuer http://127.0.0.1:9/oidc --client-id keyfob",
            "profile add gone --cotter --api-key-id K --api-base http://127.0.0.1:9/api --json",
            "profile remove local",
            "profile remove nobody",
        ],
    );
    let file = std::fs::read_to_string(computer.path("home/config.toml")).unwrap();
    support::compare("profiles_as_they_are_written", &file);
}

#[test]
#[cfg(target_os = "linux")]
fn a_configuration_that_cannot_be_written_is_said() {
    let output = Computer::new()
        .command()
        .env("KEYFOB_CONFIG_DIR", "/proc/keyfob")
        .args(["profile", "use", "local"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.starts_with("error: the configuration could not be changed: /proc/keyfob/config.toml"),
        "{said}"
    );
}
