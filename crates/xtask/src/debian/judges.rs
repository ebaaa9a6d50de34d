//! Who judges a package: the validators of the freedesktop.org files, and Debian's `lintian`.
//!
//! A warning fails like an error: what is let pass once is never looked at again. The validators see the files as
//! they are in the package, and none of them asks the network.

use std::path::Path;
use std::process::Command;

use super::tree::Tree;
use crate::Failure;

/// One of those who judge the package.
pub(crate) struct Judge {
    pub(crate) name: &'static str,
    command: Command,
    /// Whether anything that it prints is an objection. Else its status says all.
    must_be_silent: bool,
}

pub(super) fn of(file: &Path, tree: &Tree) -> Vec<Judge> {
    let installed = |path: &str| tree.root().join("usr/share").join(path);

    let mut desktop_file = Command::new("desktop-file-validate");
    desktop_file.arg(installed("applications/dev.keyfob.desktop"));

    let mut metainfo = Command::new("appstreamcli");
    metainfo.args(["validate", "--no-net", "--pedantic", "--strict"]);
    metainfo.arg(installed("metainfo/dev.keyfob.keyfob.metainfo.xml"));

    let mut lintian = Command::new("lintian");
    lintian.args(["--no-cfg", "--allow-root", "--profile", "debian"]);
    lintian.args(["--fail-on", "error,warning"]).arg(file);

    vec![
        Judge {
            name: "desktop-file-validate",
            command: desktop_file,
            // It ends well after a warning.
            must_be_silent: true,
        },
        Judge {
            name: "appstreamcli validate",
            command: metainfo,
            must_be_silent: false,
        },
        Judge {
            name: "lintian",
            command: lintian,
            must_be_silent: true,
        },
    ]
}

impl Judge {
    /// Asks; an objection is the failure, in the judge's own words.
    pub(crate) fn agrees(mut self) -> Result<(), Failure> {
        let output = self.command.output();
        let output = output.map_err(|error| format!("{} cannot run: {error}", self.name))?;
        let silent_enough = output.stdout.is_empty() || !self.must_be_silent;
        if output.status.success() && silent_enough {
            return Ok(());
        }
        Err(format!(
            "{} objects:\n{}{}",
            self.name,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}
