//! A local provider in a home of its own, for tests that need no desktop.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use xtask::processes;

use crate::programs;
use crate::provider::Provider;

/// A provider that nobody else knows. It ends with this value, and its data with it.
#[derive(Debug)]
pub struct LoneProvider {
    provider: Provider,
    home: TempDir,
}

impl LoneProvider {
    /// Starts it, with an empty database, on a port that is free and with its switchboard open.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        Self::configured("")
    }

    /// Starts it with this text as its `identity.toml`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn configured(configuration: &str) -> Self {
        let home = tempfile::Builder::new()
            .prefix("keyfob-")
            .tempdir()
            .expect("a temporary folder can be made");
        let folder = home.path().join("provider");
        fs::create_dir(&folder).expect("a folder can be made");
        let file = folder.join("identity.toml");
        fs::write(&file, configuration).expect("a file can be written");
        // It may hold a password.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("it is ours");
        let base = processes::succeed(program(home.path()).args(["ensure", "--faults"]))
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            provider: Provider {
                base: base.trim().trim_end_matches('/').to_owned(),
            },
            home,
        }
    }

    /// A folder that goes with the provider.
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Deref for LoneProvider {
    type Target = Provider;

    fn deref(&self) -> &Provider {
        &self.provider
    }
}

impl Drop for LoneProvider {
    fn drop(&mut self) {
        // Not stopped, it would end by itself after half an hour: no reason to hide why a test failed.
        let _ = processes::succeed(program(self.home.path()).arg("stop"));
    }
}

fn program(home: &Path) -> Command {
    let mut program = Command::new(programs::built("keyfob-identity"));
    program.env_clear().arg("--data").arg(home.join("provider"));
    program
}
