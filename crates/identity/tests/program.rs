//! The program as others use it: `ensure`, `stop`, and what it leaves on the disk.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyfob_identity::API_KEY_ID;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keyfob-identity");

/// A home of its own, whose server ends with the test.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, command: &str) -> Output {
        self.run_program(Path::new(PROGRAM), command)
    }

    fn run_program(&self, program: &Path, command: &str) -> Output {
        Command::new(program)
            .args(command.split(' '))
            .env_remove("HOME")
            .env("XDG_STATE_HOME", self.0.path())
            .output()
            .unwrap()
    }

    fn ensure(&self) -> String {
        address(&self.run("ensure"))
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("keyfob-identity")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.state().join("log")).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.run("stop");
    }
}

/// The one line that `ensure` prints.
fn address(output: &Output) -> String {
    let (stdout, stderr) = said(output);
    assert!(output.status.success(), "{stderr}");
    let line = stdout.strip_suffix('\n').expect("a line");
    assert!(
        !line.contains('\n') && line.starts_with("http://127.0.0.1:"),
        "{stdout}"
    );
    line.to_owned()
}

fn said(output: &Output) -> (String, String) {
    (
        String::from_utf8(output.stdout.clone()).unwrap(),
        String::from_utf8(output.stderr.clone()).unwrap(),
    )
}

async fn build_at(base: &str) -> String {
    let health = reqwest::get(format!("{base}/health")).await.unwrap();
    let health: Value = serde_json::from_str(&health.text().await.unwrap()).unwrap();
    health["build"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn eight_ensures_at_once_start_one_server() {
    let home = Home::new();
    let addresses: Vec<String> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..8).map(|_| scope.spawn(|| home.ensure())).collect();
        askers
            .into_iter()
            .map(|asker| asker.join().unwrap())
            .collect()
    });
    assert!(
        addresses.iter().all(|address| *address == addresses[0]),
        "{addresses:?}"
    );
    assert_eq!(home.log().matches("the local provider answers").count(), 1);
    build_at(&addresses[0]).await;
}

#[tokio::test]
async fn stop_ends_it_and_ensure_brings_it_back_at_the_same_address() {
    let home = Home::new();
    let first = home.ensure();
    assert!(home.run("stop").status.success());
    assert!(reqwest::get(format!("{first}/health")).await.is_err());
    assert!(
        home.run("stop").status.success(),
        "nothing to stop is no error"
    );
    assert_eq!(home.ensure(), first);
}

#[tokio::test]
async fn a_server_of_another_build_is_replaced_on_its_port() {
    let home = Home::new();
    let old = home.0.path().join("older-build");
    // By another process: a file that this one has open for writing could not be run while a sibling test forks.
    let copied = Command::new("cp").arg(PROGRAM).arg(&old).status().unwrap();
    assert!(copied.success());
    let first = address(&home.run_program(&old, "ensure"));
    let old_build = build_at(&first).await;
    let second = home.ensure();
    assert_eq!(second, first);
    assert_ne!(build_at(&second).await, old_build);
}

#[tokio::test]
async fn a_server_without_the_switchboard_is_replaced_when_one_is_asked_for() {
    let home = Home::new();
    let plain = home.ensure();
    let switchboard = async || {
        let answer = reqwest::get(format!("{plain}/faults")).await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(switchboard().await, 404);
    assert_eq!(address(&home.run("ensure --faults")), plain);
    assert_eq!(switchboard().await, 200);
    assert_eq!(home.ensure(), plain, "whoever asks for any takes this one");
    assert_eq!(switchboard().await, 200);
    assert!(home.log().contains("FOR TESTS ONLY"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_was_killed_is_replaced_on_its_port() {
    let home = Home::new();
    let first = home.ensure();
    let note = std::fs::read(home.state().join("running.json")).unwrap();
    let note: Value = serde_json::from_slice(&note).unwrap();
    let killed = Command::new("kill")
        .args(["-KILL", &note["process"].to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(home.ensure(), first);
    build_at(&first).await;
}

#[test]
fn a_port_that_a_stranger_took_is_left_and_said() {
    let home = Home::new();
    let first = home.ensure();
    home.run("stop");
    let port = first.rsplit(':').next().unwrap();
    let stranger = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();

    let moved = home.run("ensure");

    let second = address(&moved);
    assert_ne!(second, first);
    assert!(said(&moved).1.contains(port), "{}", said(&moved).1);
    home.run("stop");
    drop(stranger);
    assert_eq!(home.ensure(), second, "the new port is remembered");
}

#[test]
fn a_home_that_cannot_be_written_is_said_with_a_way_out() {
    let home = Home::new();
    let file = home.0.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = Command::new(PROGRAM)
        .arg("ensure")
        .env("XDG_STATE_HOME", &file)
        .output()
        .unwrap();
    let (stdout, stderr) = said(&output);
    assert!(output.status.code() == Some(1) && stdout.is_empty());
    assert!(stderr.starts_with("error: the folder "), "{stderr}");
    assert!(stderr.contains("hint: set XDG_STATE_HOME"), "{stderr}");

    let nowhere = Command::new(PROGRAM)
        .arg("ensure")
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
}

#[tokio::test]
async fn the_log_tells_what_happened_and_no_secret() {
    let home = Home::new();
    let secrets = walk(&home.ensure()).await;
    home.run("stop");

    let log = home.log();
    for route in [
        "/app",
        "/magic/{token}",
        "/verify/get_identity",
        "/token/{key}",
    ] {
        assert!(log.contains(&format!("route=\"{route}\"")), "{log}");
    }
    let poll = |status: u16| format!("route=\"/app/wait/{{id}}/state\" status={status}");
    assert!(
        log.contains(&poll(404)) && !log.contains(&poll(200)),
        "a page that waits asks every second: {log}"
    );
    for secret in secrets {
        assert!(
            secret.len() > 8 && !log.contains(&secret),
            "{secret} is in the log:\n{log}"
        );
    }
}

/// A whole sign-in and a refresh; everything in it that nobody else may read.
async fn walk(base: &str) -> Vec<String> {
    let state = "a-state-that-nobody-may-read".to_owned();
    let verifier = "a-verifier-that-nobody-may-read-0123456789".to_owned();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let page = async |path: &str, cookie: &str| {
        let request = client.get(format!("{base}{path}")).header("Cookie", cookie);
        request.send().await.unwrap()
    };
    let asked = page(
        &format!(
            "/app?api_key={API_KEY_ID}&redirect_url=dev.keyfob://callback&type=EMAIL&state={state}\
             &code_challenge={challenge}&direct_login=true&input=ada%40example.com"
        ),
        "",
    )
    .await;
    let cookie = asked.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(page("/app/wait/1/state", &cookie).await.status(), 200);
    assert_eq!(page("/app/wait/2/state", &cookie).await.status(), 404);
    let outbox = page("/outbox", "").await.text().await.unwrap();
    let link = between(&outbox, "/magic/", "\"");
    let magic = page(&format!("/magic/{link}"), &cookie).await;
    let form = between(&magic.text().await.unwrap(), "name=\"form\" value=\"", "\"");
    let pressed = client
        .post(format!("{base}/magic/{link}"))
        .header("Cookie", &cookie)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("form={form}"));
    assert_eq!(pressed.send().await.unwrap().status(), 303);
    let back = page("/app/return/1", &cookie).await.text().await.unwrap();
    let code = between(&back, "callback?code=", "&");
    let post = async |path: String, body: Value| -> Value {
        let request = client
            .post(format!("{base}{path}"))
            .header("API_KEY_ID", API_KEY_ID);
        request
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let exchange = json!({
        "code_verifier": verifier,
        "authorization_code": code,
        "challenge_id": 1,
        "redirect_url": "dev.keyfob://callback",
    });
    let got = post("/verify/get_identity?oauth_token=true".to_owned(), exchange).await;
    let first = &got["oauth_token"];
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]});
    let second = &post(format!("/token/{API_KEY_ID}"), refresh).await;

    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    let mut secrets = vec![
        state,
        verifier,
        link,
        form,
        code,
        cookie,
        "ada@example.com".to_owned(),
    ];
    for oauth in [first, second] {
        let (_, refresh) = oauth["refresh_token"]
            .as_str()
            .unwrap()
            .split_once(':')
            .unwrap();
        secrets.push(refresh.to_owned());
        secrets.push(oauth["access_token"].as_str().unwrap().to_owned());
        secrets.push(oauth["id_token"].as_str().unwrap().to_owned());
    }
    secrets
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).expect(before);
    rest.split_once(after).expect(after).0.to_owned()
}

#[test]
fn the_secret_key_is_printed_to_its_owner_and_stays_the_same() {
    let home = Home::new();
    let (before, _) = said(&home.run("secret"));
    home.ensure();
    let (after, _) = said(&home.run("secret"));
    assert_eq!(before.trim().len(), 43);
    assert_eq!(before, after);
    assert!(!home.log().contains(after.trim()));
}

#[test]
fn a_configuration_that_is_wrong_is_said_where_somebody_reads_it() {
    let home = Home::new();
    std::fs::create_dir_all(home.state()).unwrap();
    std::fs::write(home.state().join("identity.toml"), "[smtp]\nhots = \"x\"\n").unwrap();
    let output = home.run("ensure");
    assert_eq!(output.status.code(), Some(1));
    let stderr = said(&output).1;
    assert!(
        stderr.contains("identity.toml: line 2: ") && stderr.contains("hots"),
        "{stderr}"
    );
}
