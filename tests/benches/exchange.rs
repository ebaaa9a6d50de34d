//! How long an answer takes from the address that came back to a session in hand, beside openid-client, the certified
//! library of npm, at the same provider and by turns.
//!
//! Both do the same: code and verifier for tokens, and the whole check of the ID token with its signature; it says who the
//! person is. Both have asked the provider what it is and for its keys before. No keyring takes part.
//!
//! `cargo bench -p keyfob-tests`; `cargo xtask bench` runs it too and takes its figures up: a line for each, with the
//! median, the least and the most in milliseconds.
#![cfg_attr(not(target_os = "linux"), allow(unused))]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::time::Instant;

use harness::{OidcPeer, node_peer};
use keyfob_auth::{
    Clock, OidcConfig, Profile, Provider, ProviderConfig, RedirectUri, Return, SignIn, Vault,
};
use tempfile::TempDir;
use url::Url;

const ROUNDS: usize = 40;

/// Where both come back to; nobody listens there.
const CALLBACK: &str = "http://127.0.0.1/callback/oidc";

/// openid-client, in a process that was started before.
struct Other {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _home: TempDir,
}

impl Other {
    fn start(issuer: &Url) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let mut process = node_peer("openid_client.js", home.path())
            .args([issuer.as_str(), CALLBACK])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        Self {
            input: process.stdin.take().expect("it has an input"),
            output: BufReader::new(process.stdout.take().expect("it has an output")),
            process,
            _home: home,
        }
    }

    fn says(&mut self, to: &str) -> String {
        writeln!(self.input, "{to}").expect("it reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim().to_owned()
    }

    async fn signs_in(&mut self, peer: &OidcPeer) -> f64 {
        let page = self.says("begin").parse().expect("an address");
        let back = peer.visited_by("ada@example.com").is_sent_back(&page).await;
        self.says(back.as_str()).parse().expect("milliseconds")
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ours, without a keyring: what waits is remembered for this run.
fn ours(peer: &OidcPeer) -> SignIn {
    let config = OidcConfig::new(peer.issuer.as_str(), OidcPeer::CLIENT);
    let profile = Profile {
        name: "oidc".to_owned(),
        provider: ProviderConfig::Oidc(config),
    };
    let clock = Clock::system();
    let provider = Arc::new(Provider::new(&profile, &clock));
    let nothing = || Err(keyring_core::Error::NoDefaultStore);
    SignIn::new(
        provider,
        Vault::over("dev.keyfob.bench", nothing),
        "oidc",
        clock,
    )
}

async fn signs_in(sign_in: &SignIn, peer: &OidcPeer) -> f64 {
    let redirect_uri = RedirectUri::new(CALLBACK.parse().expect("an address"));
    let begun = sign_in.begin(None, redirect_uri).await;
    let (attempt, _) = begun.expect("the provider answers");
    let visitor = peer.visited_by("ada@example.com");
    let back = visitor.is_sent_back(&attempt.request.address).await;

    #[expect(clippy::disallowed_methods, reason = "this is what is measured")]
    let begun = Instant::now();
    let Ok(Return::Answer(grant)) = sign_in.judge(back.as_str()).await else {
        panic!("this is the answer that was waited for");
    };
    let session = sign_in
        .redeem(grant)
        .await
        .expect("the provider gives tokens");
    let took = begun.elapsed();
    assert!(session.is_some(), "nobody cancelled");
    sign_in.settle().await.ok();
    took.as_secs_f64() * 1_000.0
}

#[tokio::main]
async fn main() {
    let peer = OidcPeer::start();
    let sign_in = ours(&peer);
    let mut other = Other::start(&peer.issuer);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (mine, its) = (signs_in(&sign_in, &peer).await, other.signs_in(&peer).await);
        // The first of each warms up.
        if round > 0 {
            ours.push(mine);
            theirs.push(its);
        }
    }
    for (name, mut times) in [("keyfob", ours), ("openid-client", theirs)] {
        times.sort_by(f64::total_cmp);
        let (median, least, most) = (times[ROUNDS / 2], times[0], times[ROUNDS - 1]);
        println!("{name} {median:.3} {least:.3} {most:.3}");
    }
}
