//! A network that opens TLS on the way: a provider somewhere outside, and a proxy that everybody must use to reach it.

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::{Certificate, Client, Proxy};
use serde_json::json;
use tempfile::TempDir;
use xtask::processes;

use crate::oidc_peer::{OidcPeer, PeerVisitor};
use crate::peers::{RunningPeer, node_peer};

/// Where the provider is; no name server knows it.
const ORIGIN: &str = "https://login.company.test";

/// The provider, and the proxy before it.
#[derive(Debug)]
pub struct Interception {
    /// The provider behind it.
    pub provider: OidcPeer,
    /// The proxy's address.
    pub proxy: String,
    process: RunningPeer,
    home: TempDir,
}

impl Interception {
    /// Who issued the certificate that it shows.
    pub const AUTHORITY: &str = "Example Company Interception";

    /// Starts both.
    ///
    /// # Panics
    /// When one of them does not start, or no certificate can be made.
    pub fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        make_certificates(home.path());
        let provider = OidcPeer::set_up(&json!({ "origin": ORIGIN }));
        let mut proxy = node_peer("interception.js", home.path());
        proxy.args([provider.here.as_str(), "key.pem", "certificate.pem"]);
        let process = RunningPeer::start(&mut proxy);
        Self {
            provider,
            proxy: process.says(),
            process,
            home,
        }
    }

    /// The certificate of its authority, as a file that can be trusted.
    pub fn authority_file(&self) -> PathBuf {
        self.home.path().join("authority.pem")
    }

    /// Somebody in a browser that goes through it and trusts it.
    ///
    /// # Panics
    /// When there is no such browser.
    pub fn visited_by(&self, login: &str) -> PeerVisitor {
        let authority = std::fs::read(self.authority_file()).expect("it was made");
        let browser = Client::builder()
            .proxy(Proxy::all(&self.proxy).expect("an address"))
            .add_root_certificate(Certificate::from_pem(&authority).expect("a certificate"));
        self.provider.visited_with(browser, login)
    }

    /// The hosts that were asked for through it since this was last asked.
    pub fn was_asked_for(&self) -> Vec<String> {
        self.process.has_said()
    }
}

/// An authority, and a certificate of it for the provider's name.
fn make_certificates(folder: &Path) {
    let authority = format!("/CN={}", Interception::AUTHORITY);
    let make = |arguments: &[&str]| {
        let mut openssl = Command::new("openssl");
        openssl
            .current_dir(folder)
            .args(["req", "-x509", "-days", "1", "-nodes", "-newkey", "ec"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(arguments);
        processes::succeed(&mut openssl).unwrap_or_else(|error| panic!("{error}"));
    };
    make(&[
        "-subj",
        &authority,
        "-keyout",
        "authority.key",
        "-out",
        "authority.pem",
    ]);
    make(&[
        "-subj",
        "/CN=login.company.test",
        "-addext",
        "subjectAltName=DNS:login.company.test",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-CA",
        "authority.pem",
        "-CAkey",
        "authority.key",
        "-keyout",
        "key.pem",
        "-out",
        "certificate.pem",
    ]);
}
