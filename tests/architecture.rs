//! What is absent on purpose.
//!
//! Each test holds one absence that the design rests on: a dependency that must not be there, a call that only
//! one place may make. What is expected is written here and nowhere else; the message says why. Every scan also
//! says how much it has seen, so that a folder that moves away fails instead of passing unseen.
#![expect(
    clippy::unwrap_used,
    reason = "in a test, a panic is how a failure is said"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

const AUTH: &str = "keyfob-auth";
const IDENTITY: &str = "keyfob-identity";
const DESKTOP: &str = "keyfob-desktop";
const CLI: &str = "keyfob-cli";

#[test]
fn the_shells_have_no_http_and_no_keyring_of_their_own() {
    let forbidden = [
        "reqwest",
        "hyper",
        "ureq",
        "keyring",
        "keyring-core",
        "secret-service",
    ];
    let words = [
        "reqwest::",
        "hyper::",
        "keyring::",
        "keyring_core::",
        "std::net::",
        "tokio::net::",
    ];
    for (package, folder) in [(DESKTOP, "src-tauri/src"), (CLI, "crates/cli/src")] {
        let found = METADATA
            .direct_dependencies(package)
            .intersection_with(&forbidden);
        assert_eq!(
            found, NOTHING,
            "{package} only wires; requests and secrets are keyfob-auth's"
        );
        assert_eq!(
            rust_below(folder).lines_with_any(&words),
            NOTHING,
            "{package} speaks through keyfob-auth"
        );
    }
}

/// A name of a manager or a provider in another file would be a second way to a token.
#[test]
fn one_file_of_the_command_line_asks_the_engine() {
    let sources = rust_below("crates/cli/src");
    let asking: BTreeSet<_> = ["SessionManager", "SessionStore", "Provider::new"]
        .into_iter()
        .flat_map(|word| sources.files_with(word))
        .collect();
    assert_eq!(
        asking,
        BTreeSet::from(["crates/cli/src/walk.rs".to_owned()])
    );
}

#[test]
fn auth_knows_no_window_and_no_terminal() {
    let forbidden = [
        "tauri",
        "tauri-build",
        "wry",
        "tao",
        "clap",
        "rpassword",
        "crossterm",
    ];
    let found = METADATA.closure(AUTH).intersection_with(&forbidden);
    assert_eq!(
        found, NOTHING,
        "the command line and the window both stand on keyfob-auth"
    );

    let words = [
        "println!",
        "print!(",
        "eprint",
        "dbg!",
        "io::stdout",
        "io::stderr",
        "io::stdin",
    ];
    let printing = rust_below("crates/auth/src").lines_with_any(&words);
    assert_eq!(
        printing, NOTHING,
        "who calls decides what a person reads, and where"
    );
}

#[test]
fn identity_and_auth_meet_only_on_the_wire() {
    let (identity, auth) = (METADATA.closure(IDENTITY), METADATA.closure(AUTH));
    let shared: Vec<_> = METADATA
        .workspace
        .iter()
        .filter(|name| identity.0.contains(*name) && auth.0.contains(*name))
        .collect();
    assert!(
        shared.is_empty(),
        "{shared:?}: with shared code, one misreading of the wire would agree with itself"
    );
}

#[test]
fn only_the_session_manager_refreshes() {
    let mut sources = rust_below("crates/auth/src");
    sources.add(rust_below("src-tauri/src"));
    sources.add(rust_below("crates/cli/src"));
    sources.forget(&[
        "crates/auth/src/session/renewal.rs",
        "crates/auth/src/provider.rs",
    ]);
    // The manager's own `refresh()` takes nothing; the provider's takes the token that it spends.
    let spending: Vec<_> = sources
        .lines_with_any(&[".refresh("])
        .into_iter()
        .filter(|line| !line.contains(".refresh()"))
        .collect();
    assert_eq!(
        spending, NOTHING,
        "a refresh token is spent under the lock, in one place"
    );
}

#[test]
fn one_file_of_the_page_talks_to_the_program() {
    let sources = sources_below("ui/src", &["ts", "svelte"]);
    let importing: BTreeSet<_> = sources.files_with("@tauri-apps/").into_iter().collect();
    assert_eq!(
        importing,
        BTreeSet::from(["ui/src/host/tauri.ts".to_owned()]),
        "everything else works without a program behind it, as the gallery does"
    );
}

#[test]
fn only_clocks_read_the_time() {
    let mut sources = rust_below("crates/auth/src");
    sources.add(rust_below("crates/identity/src"));
    sources.add(rust_below("src-tauri/src"));
    sources.add(rust_below("crates/cli/src"));
    sources.forget(&["crates/auth/src/clock.rs", "crates/identity/src/clock.rs"]);
    let readings = [
        "Instant::now",
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
        "Utc::now",
    ];
    assert_eq!(
        sources.lines_with_any(&readings),
        NOTHING,
        "time is a value that a test can hold"
    );

    let lint = fs::read_to_string(root().join("clippy.toml")).unwrap();
    for method in ["std::time::SystemTime::now", "std::time::Instant::now"] {
        assert!(
            lint.contains(method),
            "clippy refuses {method} while it is written"
        );
    }
}

#[test]
fn the_page_may_call_our_commands_and_nothing_else() {
    let files = sources_below("src-tauri/capabilities", &["json"]);
    let mut granted = Vec::new();
    for (file, text) in &files.0 {
        let capability: Value = serde_json::from_str(text).unwrap();
        assert!(
            capability.get("remote").is_none(),
            "{file}: no page from elsewhere gets commands"
        );
        for permission in capability["permissions"].as_array().unwrap() {
            granted.push(
                permission
                    .as_str()
                    .expect("a plain name, no scope")
                    .to_owned(),
            );
        }
    }
    assert!(
        granted.len() >= 10,
        "our own commands are granted one by one"
    );
    let foreign: Vec<_> = granted
        .iter()
        .filter(|name| !name.starts_with("allow-"))
        .collect();
    assert!(
        foreign.is_empty(),
        "{foreign:?}: plugins emit the raw return link as an event, so the page gets no events and no plugins"
    );
}

/// What goes another way is missed by the record that the stories search for secrets.
#[test]
fn everything_to_the_page_goes_through_one_door() {
    let commands = fs::read_to_string(root().join("src-tauri/src/commands.rs")).unwrap();
    assert!(signatures_in(&commands).count() >= 20, "commands are here");
    assert_eq!(past_the_door(&commands), NOTHING, "src-tauri/src/page.rs");

    let program = fs::read_to_string(root().join("src-tauri/src/main.rs")).unwrap();
    let handlers = program.split("generate_handler![").nth(1).unwrap();
    let handlers = handlers.split(']').next().unwrap().split(',');
    let others: Vec<_> = handlers
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.starts_with("commands::"))
        .collect();
    assert!(others.is_empty(), "{others:?}: no other file answers");

    let around = [".emit(", ".emit_to(", ".emit_filter(", ".eval("];
    assert_eq!(
        rust_below("src-tauri/src").lines_with_any(&around),
        NOTHING,
        "the page is told nothing that it has not asked for"
    );
}

#[test]
fn the_page_runs_only_its_own_code() {
    let app = &tauri_config()["app"];
    assert_eq!(
        app["withGlobalTauri"], false,
        "no global object for injected code to find"
    );

    let policy = app["security"]["csp"]
        .as_str()
        .expect("a policy in one string");
    let directives: BTreeMap<&str, Vec<&str>> = policy
        .split(';')
        .map(|directive| directive.split_whitespace())
        .filter_map(|mut words| Some((words.next()?, words.collect())))
        .collect();
    assert_eq!(
        directives["default-src"],
        ["'none'"],
        "what is not named is refused"
    );
    for kind in ["script-src", "style-src", "font-src"] {
        assert_eq!(
            directives[kind],
            ["'self'"],
            "{kind}: nothing inline, nothing from elsewhere"
        );
    }
    assert_eq!(
        directives["img-src"],
        ["'self'", "data:"],
        "a person's picture comes from the program, and from nowhere else"
    );
    assert_eq!(
        directives["connect-src"],
        ["ipc:", "http://ipc.localhost"],
        "the page talks to its program and to nobody else"
    );
    for kind in ["base-uri", "form-action", "frame-ancestors"] {
        assert_eq!(directives[kind], ["'none'"], "{kind}");
    }
}

#[test]
fn no_word_that_crosses_to_the_page_holds_a_secret() {
    let wire = fs::read_to_string(root().join("ui/src/host/wire.ts")).unwrap();
    assert!(
        wire.contains("export type SessionState"),
        "this is the file of what crosses"
    );
    for secret in [
        "access_token",
        "refresh_token",
        "id_token",
        "verifier",
        "nonce",
        "\"code\"",
        " code:",
    ] {
        assert!(
            !wire.contains(secret),
            "{secret}: the page shows who is signed in, it holds no key to it"
        );
    }
}

/// The provider's pages and letters share no code with the window; that they look like it is a decision.
#[test]
fn the_local_provider_wears_the_windows_colours() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let of_the_window: BTreeSet<String> = colours_in(&read("ui/src/styles/tokens.css")).collect();
    for path in [
        "crates/identity/src/assets/page.css",
        "crates/identity/src/mail.rs",
    ] {
        let text = read(path);
        let others: Vec<_> = colours_in(&text)
            .filter(|colour| !of_the_window.contains(colour))
            .collect();
        assert!(colours_in(&text).count() > 5, "{path} has hardly a colour");
        assert!(
            others.is_empty(),
            "{path} has colours of its own: {others:?}"
        );
    }
}

#[test]
fn the_keyring_is_asked_without_tokio() {
    let features = METADATA.features("zbus");
    assert!(
        !features.is_empty(),
        "zbus is how the keyring is asked on Linux"
    );
    assert!(
        !features.contains("tokio"),
        "with this feature on, a blocking call of the keyring panics on a tokio worker"
    );
}

#[test]
fn no_test_needs_an_outside_network() {
    let mut tests = rust_below("tests");
    tests.add(sources_below("ui/src", &["test.ts"]));
    for package in [
        "crates/auth",
        "crates/cli",
        "crates/identity",
        "crates/xtask",
        "src-tauri",
    ] {
        let inside = rust_below(&format!("{package}/src")).cut_before("#[cfg(test)]");
        tests.add(inside);
        if root().join(package).join("tests").exists() {
            tests.add(rust_below(&format!("{package}/tests")));
        }
    }
    let outside: Vec<String> = tests
        .0
        .iter()
        .flat_map(|(file, text)| hosts_in(text).map(move |host| format!("{file}: {host}")))
        .filter(|found| !is_nowhere_or_here(found.rsplit(' ').next().unwrap()))
        .filter(|found| !ONLY_PARSED.contains(&found.as_str()))
        .collect();
    assert_eq!(
        outside, NOTHING,
        "a test that asks somebody else fails when they do"
    );
}

#[test]
fn the_scans_find_what_they_look_for() {
    let sources = Sources(BTreeMap::from([(
        "a.rs".to_owned(),
        "// println! in a comment\nfn f() { println!(\"x\"); }\n#[cfg(test)]\nmod tests { /* https://real.host/x */ }\n"
            .to_owned(),
    )]));
    assert_eq!(
        sources.lines_with_any(&["println!"]),
        ["a.rs:2: fn f() { println!(\"x\"); }"]
    );
    assert_eq!(sources.files_with("mod tests"), ["a.rs"]);
    let inside = sources.cut_before("#[cfg(test)]");
    let hosts: Vec<_> = hosts_in(&inside.0["a.rs"]).collect();
    assert_eq!(hosts, ["real.host"]);
    assert!(!is_nowhere_or_here("real.host"));
    for here in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "issuer.test",
        "a.example.com",
        "10.0.0.1",
    ] {
        assert!(is_nowhere_or_here(here), "{here}");
    }
    assert!(
        METADATA.closure(DESKTOP).0.contains("reqwest"),
        "through keyfob-auth"
    );
}

#[test]
fn what_goes_past_the_door_is_found() {
    for good in [
        "pub fn a(x: X) -> Told<Y> { }",
        "pub async fn a() -> Answer<Vec<Y>> { }",
        "pub async fn a(\n    x: X,\n) -> Done {\n}",
        "pub fn a(channel: Channel<Told<Y>>) { f(); }",
        "pub async fn reveal_token(x: X) -> Result<Revealed, Refused> { }",
        "type Done = Answer<()>; fn helper() -> String { }",
    ] {
        assert_eq!(past_the_door(good), NOTHING, "{good}");
    }
    for bad in [
        "pub fn a() -> String { }",
        "pub async fn a(\n    x: X,\n) -> Result<Y, Problem> {\n}",
        "pub fn a() -> Option<Told<Y>> { }",
        "pub fn a(channel: Channel<Y>) { }",
        "pub fn a(channel: tauri::ipc::Channel) { }",
        "pub fn a() -> Result<Revealed, Refused> { }",
        "pub fn reveal_token() -> Result<String, Refused> { }",
        "pub(crate) fn a() -> String { }",
        "type Done = Result<String, Refused>;",
        "type Answer<T> = Result<T, Refused>;",
        "#[tauri::command]\nfn a() -> String { }",
    ] {
        assert_eq!(past_the_door(bad).len(), 1, "{bad}");
    }
}

/// Hosts that a test names but never asks: it only looks at the address.
const ONLY_PARSED: [&str; 4] = [
    // "Our scheme, but as a host": must not be taken for a link of ours.
    "crates/auth/src/door/deep_link.rs: dev.keyfob",
    // The public service that a configuration without a base URL means.
    "crates/auth/src/profile.rs: www.cotter.app",
    // And its sign-in page.
    "crates/auth/src/profile.rs: js.cotter.app",
    // What a profile is called whose provider is below a country's second level; no reserved name has that form.
    "crates/auth/src/profile/naming.rs: id.example.co.uk",
];

const NOTHING: Vec<String> = Vec::new();

/// Source files, by their path from the root.
struct Sources(BTreeMap<String, String>);

impl Sources {
    fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Takes out files that may do what the others may not. They must exist, or the exception is stale.
    fn forget(&mut self, files: &[&str]) {
        for file in files {
            assert!(self.0.remove(*file).is_some(), "{file} is where it was");
        }
    }

    /// Lines of code, not of comment, that hold one of the words.
    fn lines_with_any(&self, words: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for (file, text) in &self.0 {
            for (number, line) in text.lines().enumerate() {
                let code = line.trim_start();
                if !code.starts_with("//") && words.iter().any(|word| code.contains(word)) {
                    found.push(format!("{file}:{}: {code}", number + 1));
                }
            }
        }
        found
    }

    fn files_with(&self, word: &str) -> Vec<String> {
        let holding = self.0.iter().filter(|(_, text)| text.contains(word));
        holding.map(|(file, _)| file.clone()).collect()
    }

    /// Each file from `mark` on; files without it are dropped.
    fn cut_before(&self, mark: &str) -> Self {
        let cut = |(file, text): (&String, &String)| {
            text.find(mark)
                .map(|at| (file.clone(), text[at..].to_owned()))
        };
        Self(self.0.iter().filter_map(cut).collect())
    }
}

fn rust_below(folder: &str) -> Sources {
    sources_below(folder, &["rs"])
}

/// All files below `folder` whose names end in one of `endings`, this file excepted: it names what it forbids.
fn sources_below(folder: &str, endings: &[&str]) -> Sources {
    let mut sources = Sources(BTreeMap::new());
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            let wanted = endings
                .iter()
                .any(|ending| name.ends_with(&format!(".{ending}")));
            if wanted && name != "tests/architecture.rs" {
                sources.0.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!sources.0.is_empty(), "{folder} holds sources");
    sources
}

/// Commands that answer the page in another way than through `page.rs`, and words with other meanings than there.
fn past_the_door(commands: &str) -> Vec<String> {
    let answered_elsewhere = signatures_in(commands).filter(|signature| {
        let (taken, answer) = signature.rsplit_once("->").unwrap_or((signature, ""));
        let answer = answer.trim();
        let reveals = taken.starts_with("reveal_token(") && answer == "Result<Revealed, Refused>";
        let is_told = ["Told<", "Answer<"].iter().any(|it| answer.starts_with(it));
        let is_silent = answer.is_empty() || answer == "Done";
        let channels = taken.matches("Channel").count();
        let are_told = channels == taken.matches("Channel<Told<").count();
        !(are_told && (is_told || is_silent || reveals))
    });
    let redefined = commands.lines().map(str::trim).filter(|line| {
        let is_type = line.starts_with("type ") || line.starts_with("pub type ");
        is_type && !line.starts_with("type Done = Answer<()>;")
    });
    let found = answered_elsewhere.chain(redefined.map(str::to_owned));
    found.collect()
}

/// Of every function that others may call, from its name to its body, in one line. A command that is none of those is one
/// all the same.
fn signatures_in(text: &str) -> impl Iterator<Item = String> {
    let starts = text.match_indices("fn ").filter(|(at, _)| {
        let before = text[..*at].trim_end().trim_end_matches("async").trim_end();
        let word = before.rsplit(char::is_whitespace).next();
        word.is_some_and(|word| word.starts_with("pub") || word.ends_with("command]"))
    });
    let signatures: Vec<String> = starts
        .filter_map(|(at, _)| {
            let signature = text[at + "fn ".len()..].split('{').next()?;
            Some(signature.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect();
    signatures.into_iter()
}

/// The hosts of all http and https addresses in a text.
fn hosts_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("://")
        .collect::<Vec<_>>()
        .windows(2)
        .filter_map(|pair| {
            let [before, after] = pair else { return None };
            if !before.ends_with("http") && !before.ends_with("https") {
                return None;
            }
            let end = |c: char| c.is_whitespace() || "/\"'`?#&<>(){}\\,;|".contains(c);
            let authority = &after[..after.find(end).unwrap_or(after.len())];
            let host = authority.rsplit('@').next()?;
            let host = match host.strip_prefix('[') {
                Some(v6) => &host[..v6.find(']')? + 2],
                None => host.split(':').next()?,
            };
            (!host.is_empty()).then_some(host)
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// Colours as six hexadecimal digits.
fn colours_in(text: &str) -> impl Iterator<Item = String> {
    text.split('#').skip(1).filter_map(|after| {
        let digits: String = after.chars().take_while(char::is_ascii_hexdigit).collect();
        (digits.len() == 6).then(|| digits.to_lowercase())
    })
}

/// This computer, private networks, a name that is set aside for examples (RFC 2606, RFC 6761), or a name
/// without a dot, which no public name lacks.
fn is_nowhere_or_here(host: &str) -> bool {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        return match address {
            std::net::IpAddr::V4(address) => {
                address.is_loopback()
                    || address.is_private()
                    || address.is_unspecified()
                    || address.is_documentation()
            }
            std::net::IpAddr::V6(address) => address.is_loopback() || address.is_unspecified(),
        };
    }
    let set_aside = [
        "test",
        "example",
        "invalid",
        "localhost",
        "example.com",
        "example.org",
        "example.net",
    ];
    // An address on this computer, also in the short forms that are there to be refused.
    !host.contains('.')
        || host.starts_with("127.")
        || set_aside
            .iter()
            .any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

fn tauri_config() -> Value {
    let text = fs::read_to_string(root().join("src-tauri/tauri.conf.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

static METADATA: LazyLock<Metadata> = LazyLock::new(Metadata::read);

/// What cargo has resolved: who depends on whom, with which features.
struct Metadata {
    workspace: BTreeSet<String>,
    packages: BTreeMap<String, Package>,
}

#[derive(Default)]
struct Package {
    /// Normal and build dependencies; what only tests use is nobody's concern here.
    dependencies: BTreeSet<String>,
    features: BTreeSet<String>,
}

struct Names(BTreeSet<String>);

impl Names {
    fn intersection_with(&self, forbidden: &[&str]) -> Vec<String> {
        forbidden
            .iter()
            .filter(|name| self.0.contains(**name))
            .map(|name| (*name).to_owned())
            .collect()
    }
}

impl Metadata {
    fn read() -> Self {
        let output = Command::new(env!("CARGO"))
            // Of all platforms: `cargo xtask test` has fetched what no build here asks for.
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();

        let list = |value: &Value| value.as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let mut packages: BTreeMap<String, Package> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            // Several versions of one name are taken together: each of them would be one too many.
            let package = packages
                .entry(names[node["id"].as_str().unwrap()].clone())
                .or_default();
            package
                .features
                .extend(list(&node["features"]).iter().map(text));
            for dependency in list(&node["deps"]) {
                let only_for_tests = list(&dependency["dep_kinds"])
                    .iter()
                    .all(|kind| kind["kind"] == "dev");
                if !only_for_tests {
                    package
                        .dependencies
                        .insert(names[dependency["pkg"].as_str().unwrap()].clone());
                }
            }
        }
        let workspace = list(&metadata["workspace_members"])
            .iter()
            .map(|id| names[id.as_str().unwrap()].clone())
            .collect();
        Self {
            workspace,
            packages,
        }
    }

    fn direct_dependencies(&self, package: &str) -> Names {
        Names(self.packages[package].dependencies.clone())
    }

    /// A package and everything that it stands on.
    fn closure(&self, package: &str) -> Names {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![package.to_owned()];
        while let Some(name) = waiting.pop() {
            if seen.insert(name.clone()) {
                waiting.extend(self.packages[&name].dependencies.iter().cloned());
            }
        }
        Names(seen)
    }

    fn features(&self, package: &str) -> BTreeSet<String> {
        self.packages[package].features.clone()
    }
}
