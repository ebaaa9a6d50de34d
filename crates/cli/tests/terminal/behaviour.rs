//! What the program does beyond what it prints.

use std::{fs, os::unix::fs::PermissionsExt, process::Stdio};

use crate::support::Computer;

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let computer = Computer::new();
    for arguments in [["--help", "--json"], ["completion", "bash"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = computer
            .command()
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let computer = Computer::new();
    let output = computer
        .command()
        .args(["completion", "fish"])
        .stdout(full.unwrap())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: the result could not be written"),
        "{said}"
    );
}

#[test]
fn the_environment_names_the_profile_and_the_command_line_overrides_it() {
    let computer = Computer::with_a_profile();
    let said = |named: &str, arguments: &[&str]| {
        let output = computer
            .command()
            .env("KEYFOB_PROFILE", named)
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said("home", &["token"]).contains("no profile called \"home\""));
    assert!(!said("", &["token"]).contains("no profile called"));
    assert!(!said("home", &["token", "--profile", "work"]).contains("no profile called"));
}

/// Whoever calls without a terminal gets no browser, whatever the environment has; a sign-in prints its address.
#[test]
fn a_call_without_a_terminal_opens_no_browser() {
    let computer = Computer::with_a_profile();
    let witness = computer.path("opened");
    let launcher = computer.path("bin/xdg-open");
    fs::write(&launcher, format!("#!/bin/sh\n: > {}\n", witness.display())).unwrap();
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).unwrap();
    for arguments in [["token", "-q"], ["refresh", "-q"], ["login", "-q"]] {
        let output = computer
            .command()
            .args(arguments)
            .env("DISPLAY", ":0")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
    }
    assert!(!witness.exists());
}

#[test]
fn what_is_logged_goes_to_standard_error_and_only_when_it_is_wanted() {
    let computer = Computer::with_a_profile();
    let lines = |arguments: &[&str]| {
        let output = computer.command().args(arguments).output().unwrap();
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap().lines().count()
    };
    assert_eq!(lines(&["token"]), 2);
    assert_eq!(lines(&["token", "--verbose"]), 3);
}
