//! Whoever answers in the provider's place. It is Node's own server, so that its TLS is not ours.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::processes;

use crate::peers::{RunningPeer, node_peer};

/// A server that gives the same answer to every request. It ends with this value.
#[derive(Debug)]
pub struct Impostor {
    /// Where it listens, without a trailing slash.
    pub base: String,
    process: RunningPeer,
    _home: TempDir,
}

impl Impostor {
    /// One that answers with this status, these headers and this body.
    pub fn answers(status: u16, headers: &Value, body: &str) -> Self {
        Self::start(
            home(),
            &json!({ "status": status, "headers": headers, "body": body }),
        )
    }

    /// One that speaks TLS, with a certificate that it has made itself and nobody else vouches for.
    ///
    /// # Panics
    /// When the certificate cannot be made.
    pub fn with_a_certificate_of_its_own() -> Self {
        let home = home();
        make_certificate(home.path());
        let options = json!({
            "status": 200,
            "body": "{}",
            "key": "key.pem",
            "certificate": "certificate.pem",
        });
        Self::start(home, &options)
    }

    fn start(home: TempDir, options: &Value) -> Self {
        let mut peer = node_peer("impostor.js", home.path());
        let process = RunningPeer::start(peer.arg(options.to_string()));
        Self {
            base: process.says(),
            process,
            _home: home,
        }
    }

    /// Asserts that a request has reached it since this was last asked.
    ///
    /// # Panics
    /// When none has.
    pub fn was_asked(&self) {
        self.process.says();
        self.process.has_said();
    }

    /// Asserts that no request has reached it.
    ///
    /// # Panics
    /// When one has.
    pub fn was_never_asked(&self) {
        assert_eq!(self.process.has_said(), Vec::<String>::new());
    }
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn make_certificate(folder: &Path) {
    let mut openssl = Command::new("openssl");
    openssl
        .current_dir(folder)
        .args(["req", "-x509", "-days", "1", "-nodes", "-newkey", "ec"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args([
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"]);
    processes::succeed(&mut openssl).unwrap_or_else(|error| panic!("{error}"));
}
