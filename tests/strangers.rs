//! Strangers as judges: programs that we did not write, and that know nothing of each other, on our wire.
//!
//! | judge | written by | what it does here |
//! |---|---|---|
//! | `cotter` 0.0.7 (Python) | Cotter | signs in as a program does, validates, refreshes, stores, reloads |
//! | `cotter-token-js` (JavaScript) | Cotter | reads the tokens |
//! | `jose` (JavaScript) | neither of us | verifies the tokens by the published keys, refuses forged ones |
//!
//! They are used as they were published; only the addresses are ours. A person without a window does what a person
//! does in the browser.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use harness::{
    LastPage, LoneProvider, Provider, RunningPeer, Visitor, answer_of, follow_the_mail, in_session,
    node_peer, python_peer,
};
use keyfob_auth::{
    Clock, Identifier, Profile, Return, SERVICE, SessionManager, SessionStore, SignIn, StateFolder,
    Vault, door::loopback::Loopback,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use xtask::wait;

/// The public id that clients of the local provider name.
const API_KEY: &str = "0197f2b6-6c0e-7b5a-9d43-6b6579666f62";
const ADA: &str = "ada@example.com";
const ADAS_PHONE: &str = "+12025550143";

/// A script in which Cotter's Python SDK keeps its tokens in a file, and the provider that it talks to.
struct Sdk {
    provider: LoneProvider,
    file: PathBuf,
}

impl Sdk {
    fn new() -> Self {
        let provider = LoneProvider::start();
        let file = provider.home().join("tokens.json");
        Self { provider, file }
    }

    /// Has the SDK sign in, while the person follows the link that comes for `identifier`. Gives what it says of it.
    async fn signs_in_by_link(&self, method: &str, identifier: &str) -> Value {
        self.signs_in(method, async |person, sign_in_page| {
            person.ask(&sign_in_page, identifier).await;
            person.follow_the_newest_link().await
        })
        .await
    }

    /// The same with the code that comes for `identifier`, typed in the hosted page.
    async fn signs_in_by_code(&self, method: &str, identifier: &str) -> Value {
        self.signs_in(method, async |person, sign_in_page| {
            let waiting = person.ask(&sign_in_page, identifier).await;
            person.type_the_newest_code(&waiting).await
        })
        .await
    }

    async fn signs_in(
        &self,
        method: &str,
        in_the_browser: impl AsyncFnOnce(&Visitor, LastPage) -> LastPage,
    ) -> Value {
        let port = free_port().to_string();
        let mut script = python_peer("cotter_sdk.py", self.provider.home());
        script
            .args([&self.provider.base, API_KEY, "sign-in", method, &port])
            .arg(&self.file)
            // The person is the one who opens the address.
            .env("BROWSER", "true");
        let signing_in = RunningPeer::start(&mut script);
        let invitation = signing_in.says();
        let (_, address) = invitation.split_once(": ").expect("an address to open");
        waits_for_the_browser(&port);

        let person = Visitor::of(&self.provider.base);
        let sign_in_page = person.open(address).await;
        let end = in_the_browser(&person, sign_in_page).await;

        assert_eq!(end.address.port_or_known_default(), port.parse().ok());
        serde_json::from_str(&signing_in.says()).expect("JSON")
    }

    /// Another run of the script, with the same file.
    fn does(&self, command: &str) -> Value {
        let mut script = python_peer("cotter_sdk.py", self.provider.home());
        script.args([&self.provider.base, API_KEY, command]);
        answer_of(script.arg(&self.file), "")
    }

    /// The file, as the SDK wrote it.
    fn kept(&self) -> Value {
        let text = fs::read(&self.file).expect("the SDK has kept its tokens");
        serde_json::from_slice(&text).expect("JSON")
    }
}

#[tokio::test]
async fn cotters_python_sdk_signs_in_by_a_link_in_the_mail() {
    let sdk = Sdk::new();
    let answer = sdk.signs_in_by_link("email_link", ADA).await;
    assert_eq!(answer["auth_method"], "MAGIC_LINK");
    assert_eq!(answer["identifier"]["identifier"], ADA);
    assert_eq!(answer["identifier"]["identifier_type"], "EMAIL");
    assert_eq!(answer["user"]["identifier"], ADA);
    assert_is_valid_for(
        ADA,
        "MAGIC_LINK",
        &answer["user"]["ID"],
        &sdk.does("validate"),
    );
}

#[tokio::test]
async fn cotters_python_sdk_signs_in_by_a_link_to_the_phone() {
    let sdk = Sdk::new();
    let answer = sdk.signs_in_by_link("phone_link", ADAS_PHONE).await;
    assert_eq!(answer["identifier"]["identifier"], ADAS_PHONE);
    assert_eq!(answer["identifier"]["identifier_type"], "PHONE");
    let user = &answer["user"]["ID"];
    assert_is_valid_for(ADAS_PHONE, "MAGIC_LINK", user, &sdk.does("validate"));
}

#[tokio::test]
async fn cotters_python_sdk_signs_in_by_a_code_in_the_mail() {
    let sdk = Sdk::new();
    let answer = sdk.signs_in_by_code("email_otp", ADA).await;
    assert_eq!(answer["auth_method"], "OTP");
    assert_eq!(answer["user"]["identifier"], ADA);
    assert_is_valid_for(ADA, "OTP", &answer["user"]["ID"], &sdk.does("validate"));
}

#[tokio::test]
async fn cotters_python_sdk_signs_in_by_a_code_to_the_phone() {
    let sdk = Sdk::new();
    let answer = sdk.signs_in_by_code("phone_otp", ADAS_PHONE).await;
    assert_eq!(answer["auth_method"], "OTP");
    assert_eq!(answer["identifier"]["identifier"], ADAS_PHONE);
    let user = &answer["user"]["ID"];
    assert_is_valid_for(ADAS_PHONE, "OTP", user, &sdk.does("validate"));
}

#[tokio::test]
async fn cotters_python_sdk_reloads_what_it_stored_and_refreshes_it_once_it_expired() {
    let sdk = Sdk::new();
    sdk.signs_in_by_link("email_link", ADA).await;
    let stored = sdk.kept();

    let fresh = sdk.does("reload");
    assert!(sdk.kept() == stored, "tokens that hold are not refreshed");

    let refreshed = sdk.does("reload-after-expiry");
    for token in ["access_token", "id_token", "refresh_token"] {
        assert!(sdk.kept()[token] != stored[token], "{token} is another now");
    }
    for claim in ["sub", "identifier", "aud", "iss", "authentication_method"] {
        assert_eq!(refreshed["access"][claim], fresh["access"][claim]);
    }
    assert_eq!(refreshed["id"]["auth_time"], fresh["id"]["auth_time"]);
    assert_eq!(sdk.does("reload"), refreshed);
}

#[tokio::test]
async fn cotters_python_sdk_is_refused_a_refresh_token_that_it_used_before() {
    let sdk = Sdk::new();
    sdk.signs_in_by_link("email_link", ADA).await;
    assert_eq!(sdk.does("refresh-again"), json!({ "second": "refused" }));
}

#[tokio::test]
async fn cotters_token_library_reads_the_tokens() {
    let sdk = Sdk::new();
    sdk.signs_in_by_link("email_link", ADA).await;
    let valid = sdk.does("validate");

    let mut reader = node_peer("read_with_cotter.js", sdk.provider.home());
    let read = answer_of(&mut reader, &sdk.kept().to_string());

    for kind in ["access", "id"] {
        let (read, valid) = (&read[kind], &valid[kind]);
        assert_eq!(read["id"], valid["sub"]);
        assert_eq!(read["clientUserID"], valid["sub"]);
        assert_eq!(read["identifier"], ADA);
        assert_eq!(read["audience"], API_KEY);
        assert_eq!(read["issuedAt"], valid["iat"]);
        assert_eq!(read["expiration"], valid["exp"]);
    }
    assert_eq!(read["access"]["authMethod"], "MAGIC_LINK");
    assert_eq!(read["access"]["scope"], "access");
    let signed_in: i64 = read["id"]["authTime"]
        .as_str()
        .and_then(|seconds| seconds.parse().ok())
        .expect("seconds in a text, as the wire has them");
    assert!(signed_in <= valid["id"]["iat"].as_i64().expect("seconds"));
}

#[tokio::test]
async fn another_jose_library_verifies_the_tokens_and_refuses_what_a_thief_makes_of_them() {
    let sdk = Sdk::new();
    sdk.signs_in_by_link("email_link", ADA).await;
    let kept = sdk.kept();
    let tokens = json!({ "access": kept["access_token"], "id": kept["id_token"] });

    let verdicts = judged_by_jose(&sdk.provider.base, sdk.provider.home(), &tokens);

    let valid = sdk.does("validate");
    for kind in ["access", "id"] {
        let verdict = &verdicts[kind];
        assert_eq!(verdict["claims"], valid[kind], "both judges read the same");
        assert_eq!(verdict["claims"]["iss"], sdk.provider.base);
        assert_eq!(
            verdict["refused"],
            json!({
                "a longer life": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
                "another signature": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
                "no signature": "ERR_JOSE_ALG_NOT_ALLOWED",
                "another key": "ERR_JWKS_NO_MATCHING_KEY",
                "another issuer": "iss",
                "another audience": "aud",
                "after its time": "exp",
            })
        );
    }
}

#[tokio::test]
async fn after_a_planned_rollover_the_tokens_of_both_keys_hold() {
    let sdk = Sdk::new();
    sdk.signs_in_by_link("email_link", ADA).await;
    let before = sdk.kept();
    sdk.provider.fault("planned_rollover").once().await;
    sdk.does("reload-after-expiry");
    let after = sdk.kept();

    let tokens = json!({ "before": before["id_token"], "after": after["id_token"] });
    let verdicts = judged_by_jose(&sdk.provider.base, sdk.provider.home(), &tokens);

    assert_eq!(verdicts["before"]["claims"]["identifier"], ADA);
    assert_eq!(verdicts["after"]["claims"]["identifier"], ADA);
    assert_ne!(verdicts["before"]["keyId"], verdicts["after"]["keyId"]);
    for tokens in [before, after] {
        let token = tokens["access_token"].as_str().expect("a token");
        assert!(sdk.provider.accepts(token).await);
    }
}

#[tokio::test]
async fn after_the_loss_of_a_key_its_tokens_are_refused_and_the_sdk_gets_new_ones() {
    let sdk = Sdk::new();
    sdk.signs_in_by_link("email_link", ADA).await;
    let before = sdk.kept();
    sdk.provider
        .fault("key_rollover")
        .at("exchange")
        .once()
        .await;
    sdk.signs_in_by_link("email_link", "grace@example.com")
        .await;

    let tokens = json!({ "before": before["id_token"] });
    let verdicts = judged_by_jose(&sdk.provider.base, sdk.provider.home(), &tokens);
    assert_eq!(verdicts["before"], "ERR_JWKS_NO_MATCHING_KEY");

    fs::write(&sdk.file, before.to_string()).expect("the first tokens are put back");
    assert_eq!(sdk.does("reload")["access"]["identifier"], ADA);
    assert!(sdk.kept() != before, "the SDK has refreshed");
}

#[test]
fn the_token_that_keyfob_hands_out_convinces_every_stranger() {
    in_session(
        "the_token_that_keyfob_hands_out_convinces_every_stranger",
        || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
            runtime.block_on(keyfobs_token_is_judged());
        },
    );
}

async fn keyfobs_token_is_judged() {
    let provider = Provider::of_this_process();
    let sessions = keyfob_signs_in(&provider.base).await;
    let handed_out = sessions.access_token(None).await.expect("a token");
    let token = handed_out.token.expose();
    let home = tempfile::tempdir().expect("a temporary folder can be made");

    let tokens = json!({ "access": token });
    let verified = &judged_by_jose(&provider.base, home.path(), &tokens)["access"]["claims"];
    assert_eq!(verified["identifier"], ADA);
    assert_eq!(verified["type"], "access_token");

    let mut sdk = python_peer("cotter_sdk.py", home.path());
    sdk.args([&provider.base, API_KEY, "validate-access-token"]);
    assert_eq!(answer_of(&mut sdk, token), *verified);
}

/// The walk as the app does it, without its window.
async fn keyfob_signs_in(base: &str) -> SessionManager {
    let profile = Profile::local(&base.parse().expect("`ensure` prints an address"));
    let (clock, vault) = (Clock::system(), Vault::system("dev.keyfob.strangers"));
    let provider = keyfob_auth::Provider::new(&profile, &clock);
    let provider = Arc::new(provider);
    let store = SessionStore::new(vault.clone(), &profile.name, StateFolder::usual(SERVICE));
    let sign_in = SignIn::new(Arc::clone(&provider), vault, &profile.name, clock.clone());
    let sessions = SessionManager::new(provider, store, clock);

    let (returns, mut returned) = mpsc::channel(4);
    let door = Loopback::open(returns).await.expect("a port is free");
    let ada: Identifier = ADA.parse().expect("an address");
    let redirect_uri = door.redirect_uri().clone();
    let begun = sign_in.begin(Some(&ada), redirect_uri).await;
    let (attempt, _) = begun.expect("this provider need not be asked");
    follow_the_mail(base, &attempt.request.address).await;

    let address = returned.recv().await.expect("the browser came back");
    let Ok(Return::Answer(grant)) = sign_in.judge(&address).await else {
        panic!("the answer was not accepted");
    };
    let session = sign_in.redeem(grant).await.expect("tokens");
    let session = session.expect("nobody gave up meanwhile");
    sessions.adopt(session).await.expect("the session is kept");
    sessions
}

/// What jose says about the tokens that `issuer` gave out, each under its name.
fn judged_by_jose(issuer: &str, home: &Path, tokens: &Value) -> Value {
    let mut judge = node_peer("verify_with_jose.js", home);
    answer_of(judge.args([issuer, API_KEY]), &tokens.to_string())
}

/// What the SDK reads in the tokens of a fresh sign-in.
fn assert_is_valid_for(identifier: &str, method: &str, user: &Value, claims: &Value) {
    let (access, id) = (&claims["access"], &claims["id"]);
    for token in [access, id] {
        assert_eq!(token["identifier"], identifier);
        assert_eq!(token["sub"], *user);
        assert_eq!(token["aud"], API_KEY);
        let lifetime = token["exp"].as_i64().zip(token["iat"].as_i64());
        assert_eq!(lifetime.map(|(exp, iat)| exp - iat), Some(3600));
    }
    assert_eq!(access["type"], "access_token");
    assert_eq!(access["authentication_method"], method);
    assert_eq!(id["type"], "id_token");
    assert_ne!(access["jti"], id["jti"]);
}

/// A port that the SDK can listen on. It takes a number and does not find one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    address.port()
}

/// Waits until somebody listens on the port. Its server takes one connection and no more, so trying it would use it up;
/// the kernel's table says it as well.
fn waits_for_the_browser(port: &str) {
    let port: u16 = port.parse().expect("a number");
    let listening = format!("0100007F:{port:04X} 00000000:0000 0A");
    let there = wait::until(Duration::from_secs(30), || {
        let table = fs::read_to_string("/proc/net/tcp").ok()?;
        table.contains(&listening).then_some(())
    });
    assert!(there.is_some(), "the SDK listens");
}
