//! The program as others use it: `ensure`, `stop`, and what it leaves on the disk.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::StatusCode;
use serde_json::Value;

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
            .arg(command)
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
    const STATE: &str = "a-state-that-nobody-may-read";
    const VERIFIER: &str = "a-verifier-that-nobody-may-read-0123456789";
    let home = Home::new();
    let base = home.ensure();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let get = async |url: &str, cookie: &str| {
        client
            .get(url)
            .header("Cookie", cookie)
            .send()
            .await
            .unwrap()
    };
    let challenge = {
        use base64::Engine as _;
        use sha2::Digest as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(VERIFIER))
    };
    let key = keyfob_identity::API_KEY_ID;
    let asked = get(
        &format!("{base}/app?api_key={key}&redirect_url=dev.keyfob://callback&type=EMAIL&code_challenge={challenge}&state={STATE}&direct_login=true&input=ada%40example.com"),
        "",
    )
    .await;
    let cookie = asked.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let outbox = get(&format!("{base}/outbox"), "")
        .await
        .text()
        .await
        .unwrap();
    let link = between(&outbox, "/magic/", "\"");
    let url = format!("{base}/magic/{link}");
    let form = between(
        &get(&url, &cookie).await.text().await.unwrap(),
        "name=\"form\" value=\"",
        "\"",
    );
    let pressed = client
        .post(&url)
        .header("Cookie", &cookie)
        .body(format!("form={form}"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .send()
        .await
        .unwrap();
    assert_eq!(pressed.status(), StatusCode::SEE_OTHER);
    let back = get(&format!("{base}/app/return/1"), &cookie)
        .await
        .text()
        .await
        .unwrap();
    let code = between(&back, "callback?code=", "&");
    let exchange = serde_json::json!({
        "code_verifier": VERIFIER, "authorization_code": code, "challenge_id": 1, "redirect_url": "dev.keyfob://callback"
    });
    let tokens: Value = client
        .post(format!("{base}/verify/get_identity?oauth_token=true"))
        .header("API_KEY_ID", key)
        .json(&exchange)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let oauth = &tokens["oauth_token"];
    let refresh = oauth["refresh_token"].as_str().unwrap();
    let body = serde_json::json!({"grant_type": "refresh_token", "refresh_token": refresh});
    client
        .post(format!("{base}/token/{key}"))
        .json(&body)
        .send()
        .await
        .unwrap();
    home.run("stop");

    let log = home.log();
    assert!(
        log.contains("route=\"/magic/{token}\"") && log.contains("route=\"/token/{key}\""),
        "{log}"
    );
    let cookie = cookie.split_once('=').unwrap().1;
    for secret in [
        STATE,
        VERIFIER,
        &link,
        &form,
        &code,
        cookie,
        refresh.split_once(':').unwrap().1,
        "ada@example.com",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
    for token in ["access_token", "id_token"] {
        assert!(!log.contains(oauth[token].as_str().unwrap()));
    }
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).expect(before);
    rest.split_once(after).expect(after).0.to_owned()
}
