//! oidc-agent, the other program that keeps an OpenID Connect session and hands out its tokens, with a session of its
//! own at a provider that neither of us wrote. It wants a client with a secret.

use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use xtask::desktop::PrivateDesktop;
use xtask::processes::succeed;
use xtask::wait;

use super::browser;
use crate::command::root;

const SESSION: &str = "bench";
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running agent that holds a session.
pub(super) struct Agent<'desktop> {
    desktop: &'desktop PrivateDesktop,
    socket: PathBuf,
    running: [Child; 2],
}

impl<'desktop> Agent<'desktop> {
    /// Starts the provider and the agent, and gives it a session.
    pub(super) fn start(desktop: &'desktop PrivateDesktop) -> io::Result<Self> {
        let mut provider = desktop
            .command("node")
            .arg(root().join("tests/peers/oidc_provider.js"))
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = BufReader::new(provider.stdout.take().expect("it has an output"));
        let mut issuer = String::new();
        said.read_line(&mut issuer)?;
        let issuer = issuer.trim();

        let socket = desktop.home().join("oidc-agent.socket");
        let mut agent = desktop.command("oidc-agent");
        agent.arg("--console").arg("--bind_address").arg(&socket);
        let agent = desktop.spawn(&mut agent, "oidc-agent")?;
        wait::until(START_LIMIT, || socket.exists().then_some(()))
            .ok_or_else(|| io::Error::other("oidc-agent does not start"))?;
        let started = Self {
            desktop,
            socket,
            running: [provider, agent],
        };
        let base = issuer.trim_end_matches("/oidc");
        let refresh_token = browser::post(base, "/control/refresh_token")?;
        let mut generate = started.command("oidc-gen");
        generate
            .arg(SESSION)
            .args(["--manual", "--flow=refresh", "--rt-env", "--issuer", issuer])
            .args(["--client-id", "with-secret"])
            .args(["--client-secret", "a-secret-that-is-known-to-every-test"])
            .args(["--redirect-uri", "http://localhost:8080"])
            .args(["--scope", "openid profile email offline_access"])
            .args(["--pw-cmd", "echo a-password"])
            .args(["--prompt=none", "--confirm-default"])
            .env("OIDC_REFRESH_TOKEN", refresh_token.trim_matches('"'));
        succeed(&mut generate)?;
        Ok(started)
    }

    /// What prints the access token.
    pub(super) fn token(&self) -> Command {
        let mut token = self.command("oidc-token");
        token.arg(SESSION);
        token
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.desktop.command(program);
        command.env("OIDC_SOCK", &self.socket);
        command
    }
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
