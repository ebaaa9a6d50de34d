//! The vault over keyring-core's mock: what a caller sees when the keyring works, fails and dies half-way.

mod late;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use keyring_core::{Entry, Error, Result};

use super::fake::{Call, Daemon, SERVICE};
use super::*;
use crate::Reason;

/// For a caller who is to see an answer, however busy the machine.
const NEVER: Duration = Duration::from_mins(10);

fn vault(daemon: &Daemon) -> Vault {
    let daemon = daemon.clone();
    Vault::over(SERVICE, move || Ok(daemon.open())).with_deadline(NEVER)
}

/// The same keyring, of entries that hold any record.
fn vault_of_long_entries(daemon: &Daemon) -> Vault {
    let daemon = daemon.clone();
    let vault = Vault::from_source(Source {
        service: SERVICE.to_owned(),
        open: Box::new(move || Ok(daemon.open())),
        modifiers: &[],
        longest_body: framing::RECORD_LIMIT,
        lasts: true,
    });
    vault.with_deadline(NEVER)
}

fn secret(bytes: impl Into<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.into())
}

/// A text of this length in which every place is different from its neighbours.
fn long(length: usize, first: char) -> Zeroizing<Vec<u8>> {
    let text: String = std::iter::once(first)
        .chain(('a'..='z').cycle())
        .take(length)
        .collect();
    secret(text)
}

fn dead() -> Error {
    Error::PlatformFailure("the bus is gone".into())
}

fn locked() -> Error {
    Error::NoStorageAccess("the prompt was dismissed".into())
}

async fn read(vault: &Vault, name: &str) -> Option<Vec<u8>> {
    vault
        .read(name)
        .await
        .unwrap()
        .map(|record| record.to_vec())
}

#[tokio::test]
async fn a_record_is_read_as_it_was_written_until_it_is_deleted() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    for record in [
        secret(""),
        secret("{\"v\":1}"),
        secret([0, 159, 146, 150]),
        long(2_500, 'A'),
        long(2_501, 'B'),
        long(9_000, 'C'),
        secret(vec![0xFF; 5_000]),
        secret("ü".repeat(4_000)),
        long(100, 'D'),
    ] {
        vault.write("session", record.clone()).await.unwrap();
        assert_eq!(read(&vault, "session").await, Some(record.to_vec()));
    }
    vault.delete("session").await.unwrap();
    assert_eq!(read(&vault, "session").await, None);
}

#[tokio::test]
async fn no_entry_is_longer_than_windows_takes_and_all_are_text() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    for record in [
        long(2_500, 'A'),
        long(50_000, 'B'),
        secret(vec![0xFF; 9_000]),
        secret("€".repeat(5_000)),
    ] {
        vault.write("session", record).await.unwrap();
        for (name, entry) in daemon.contents() {
            assert!(entry.len() <= 2_560, "{name} has {} bytes", entry.len());
            assert!(std::str::from_utf8(&entry).is_ok(), "{name} is not UTF-8");
        }
    }
}

#[tokio::test]
async fn a_long_record_is_split_and_a_shorter_one_leaves_no_parts_behind() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    vault.write("session", long(6_000, 'A')).await.unwrap();
    assert_eq!(
        daemon.names(),
        ["session", "session#a1", "session#a2", "session#a3"]
    );
    vault.write("session", long(3_000, 'B')).await.unwrap();
    assert_eq!(daemon.names(), ["session", "session#b1", "session#b2"]);
    vault.write("session", secret("short")).await.unwrap();
    assert_eq!(daemon.names(), ["session"]);
}

#[tokio::test]
async fn where_entries_have_no_limit_a_long_record_is_one_of_them() {
    let daemon = Daemon::new();
    let vault = vault_of_long_entries(&daemon);
    vault.write("session", long(150_000, 'A')).await.unwrap();
    assert_eq!(daemon.names(), ["session"]);
    let read = read(&vault, "session").await;
    assert_eq!(read, Some(long(150_000, 'A').to_vec()));
}

#[tokio::test]
async fn a_record_in_parts_is_read_where_it_would_be_written_whole_and_put_together_by_the_next_write()
 {
    let daemon = Daemon::new();
    let before = vault(&daemon);
    before.write("session", long(6_000, 'A')).await.unwrap();
    let vault = vault_of_long_entries(&daemon);
    let parts = read(&vault, "session").await;
    assert_eq!(parts, Some(long(6_000, 'A').to_vec()));
    vault.write("session", long(7_000, 'B')).await.unwrap();
    assert_eq!(daemon.names(), ["session"]);
    let whole = read(&before, "session").await;
    assert_eq!(whole, Some(long(7_000, 'B').to_vec()), "by the older one");
}

#[tokio::test]
async fn a_deleted_record_leaves_nothing_behind_and_deleting_again_is_fine() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    // As a program that was killed between the parts and the head leaves it.
    for name in ["session#b1", "session#b2"] {
        daemon.entry(name).set_secret(b"left over").unwrap();
    }
    vault.write("other", secret("stays")).await.unwrap();
    daemon.guard(|call, _| {
        if call == Call::Delete {
            Err(dead())
        } else {
            Ok(())
        }
    });
    vault.write("session", long(6_000, 'A')).await.unwrap();
    daemon.relent();
    assert_eq!(daemon.names().len(), 7);

    vault.delete("session").await.unwrap();
    assert_eq!(daemon.names(), ["other"]);
    vault.delete("session").await.unwrap();
}

#[tokio::test]
async fn a_record_beyond_the_limit_is_refused_and_the_old_one_stays() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    vault.write("session", secret("old")).await.unwrap();
    let outcome = vault.write("session", long(200_000, 'A')).await;
    assert!(matches!(outcome, Err(VaultError::Refused { .. })));
    assert_eq!(read(&vault, "session").await.unwrap(), b"old");
}

#[tokio::test]
async fn a_name_that_could_be_a_part_is_refused() {
    let vault = vault(&Daemon::new());
    let outcome = vault.write("session#a1", secret("x")).await;
    assert!(matches!(outcome, Err(VaultError::Refused { .. })));
}

/// For every number of calls after which a write can be cut off: the old record is read, or the new one.
async fn a_cut_off_write_leaves_the_old_or_the_new(old: &[u8], new: &[u8]) {
    let mut kept_old = 0;
    for calls in 0.. {
        let daemon = Daemon::new();
        let writer = vault(&daemon);
        // Twice, so that both sides have been in use.
        writer.write("session", long(9_000, 'X')).await.unwrap();
        writer.write("session", secret(old)).await.unwrap();
        let left = Arc::new(AtomicUsize::new(calls));
        daemon.guard(move |call, _| {
            let take = |left: usize| left.checked_sub(1);
            match call {
                Call::Get => Ok(()),
                Call::Set | Call::Delete => left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
                    .map(|_| ())
                    .map_err(|_| dead()),
            }
        });
        let written = writer.write("session", secret(new)).await;
        daemon.relent();

        let reader = vault(&daemon);
        let standing = read(&reader, "session").await.unwrap();
        if written.is_err() {
            assert_eq!(standing, old, "after {calls} calls");
            kept_old += 1;
        } else {
            assert_eq!(standing, new, "after {calls} calls");
        }
        // And whatever it has left behind is in nobody's way.
        reader.write("session", secret(new)).await.unwrap();
        assert_eq!(read(&reader, "session").await.unwrap(), new);
        let names = daemon.names();
        reader.delete("session").await.unwrap();
        assert_eq!(daemon.names(), [] as [String; 0], "from {names:?}");
        if calls > 20 {
            break;
        }
    }
    assert!(kept_old > 0);
}

#[tokio::test]
async fn a_write_cut_off_anywhere_leaves_the_old_record_or_the_new() {
    let lengths = [10, 3_000, 6_000, 11_000];
    for old in lengths {
        for new in lengths {
            a_cut_off_write_leaves_the_old_or_the_new(&long(old, 'O'), &long(new, 'N')).await;
        }
    }
}

#[tokio::test]
async fn a_reader_that_meets_a_change_half_way_reads_the_new_record() {
    let daemon = Daemon::new();
    let reader = vault(&daemon);
    let writer = vault(&daemon);
    writer.write("session", long(6_000, 'O')).await.unwrap();
    // Between the reader's head and its second part, another program writes.
    let (asked, is_asked) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(Some(may_go_on));
    daemon.guard(move |_, name| {
        if name == "session#a2"
            && let Some(gate) = may_go_on.lock().unwrap().take()
        {
            asked.send(()).unwrap();
            gate.recv().unwrap();
        }
        Ok(())
    });
    let reading = tokio::spawn(async move { read(&reader, "session").await });
    tokio::task::spawn_blocking(move || is_asked.recv().unwrap())
        .await
        .unwrap();
    daemon.relent();
    writer.write("session", long(5_000, 'N')).await.unwrap();
    go_on.send(()).unwrap();
    assert_eq!(reading.await.unwrap(), Some(long(5_000, 'N').to_vec()));
}

#[tokio::test]
async fn parts_that_stay_torn_are_read_four_times_and_then_damaged() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    vault.write("session", long(6_000, 'A')).await.unwrap();
    daemon.entry("session#a2").delete_credential().unwrap();
    let heads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heads);
    daemon.guard(move |_, name| {
        counted.fetch_add(usize::from(name == "session"), Ordering::SeqCst);
        Ok(())
    });
    let error = vault.read("session").await.unwrap_err();
    assert!(matches!(error, VaultError::Damaged(Damage::Torn)));
    assert_eq!(error.reason(), Reason::KeyringDamaged);
    assert_eq!(heads.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_damaged_record_is_replaced_by_the_next_write() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    daemon.entry("session").set_secret(b"not ours").unwrap();
    let error = vault.read("session").await.unwrap_err();
    assert!(matches!(error, VaultError::Damaged(Damage::Foreign)));
    vault.write("session", secret("new")).await.unwrap();
    assert_eq!(read(&vault, "session").await.unwrap(), b"new");
}

#[tokio::test]
async fn a_store_that_failed_is_opened_anew_and_asked_once_more() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    vault.write("session", secret("kept")).await.unwrap();
    assert_eq!(daemon.opened(), 1);
    daemon.fail_once("session", dead());
    assert_eq!(read(&vault, "session").await.unwrap(), b"kept");
    assert_eq!(daemon.opened(), 2);
}

#[tokio::test]
async fn a_store_that_fails_again_is_unavailable_until_it_works() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    daemon.guard(|_, _| Err(dead()));
    let error = vault.read("session").await.unwrap_err();
    assert!(matches!(error, VaultError::Unavailable { .. }));
    assert_eq!(error.reason(), Reason::KeyringUnavailable);
    assert_eq!(daemon.opened(), 2);
    daemon.relent();
    assert_eq!(read(&vault, "session").await, None);
}

#[tokio::test]
async fn a_keyring_that_cannot_be_opened_is_tried_again_at_the_next_call() {
    let daemon = Daemon::new();
    let bus = Arc::new(Mutex::new(Some(dead())));
    let (vaults_daemon, vaults_bus) = (daemon.clone(), Arc::clone(&bus));
    let vault = Vault::over(SERVICE, move || match vaults_bus.lock().unwrap().take() {
        Some(error) => Err(error),
        None => Ok(vaults_daemon.open()),
    })
    .with_deadline(NEVER);
    let error = vault.probe().await.unwrap_err();
    assert!(matches!(error, VaultError::Unavailable { .. }));
    vault.probe().await.unwrap();
}

#[tokio::test]
async fn a_dismissed_prompt_is_not_shown_again_at_once() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    let prompts = Arc::new(AtomicUsize::new(0));
    let shown = Arc::clone(&prompts);
    daemon.guard(move |_, _| {
        shown.fetch_add(1, Ordering::SeqCst);
        Err(locked())
    });
    let error = vault.write("session", secret("x")).await.unwrap_err();
    assert!(matches!(error, VaultError::Locked { .. }));
    assert_eq!(error.reason(), Reason::KeyringLocked);
    assert_eq!(prompts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn each_failure_of_the_keyring_has_its_name() {
    type Check = fn(&VaultError) -> bool;
    let text = || "because".to_owned();
    let unavailable: Check = |e| matches!(e, VaultError::Unavailable { .. });
    let refused: Check = |e| matches!(e, VaultError::Refused { .. });
    let undecodable: Check = |e| matches!(e, VaultError::Damaged(Damage::Undecodable));
    let cases: [(Error, Check); 9] = [
        (locked(), |e| matches!(e, VaultError::Locked { .. })),
        (Error::NoDefaultStore, unavailable),
        (Error::BadStoreFormat(text()), unavailable),
        (Error::TooLong(text(), 3), refused),
        (Error::Invalid(text(), text()), refused),
        (Error::NotSupportedByStore(text()), refused),
        (Error::BadEncoding(b"hunter2".to_vec()), undecodable),
        (
            Error::BadDataFormat(b"hunter2".to_vec(), "x".into()),
            undecodable,
        ),
        (Error::Ambiguous(Vec::new()), |e| {
            matches!(e, VaultError::Damaged(Damage::Ambiguous))
        }),
    ];
    for (failure, is_named) in cases {
        let daemon = Daemon::new();
        let said = failure.to_string();
        daemon.fail_once("session", failure);
        let error = vault(&daemon).read("session").await.unwrap_err();
        assert!(is_named(&error), "{said} became {error:?}");
        assert!(
            !format!("{error:?}").contains("104, 117"),
            "{said} printed the secret"
        );
    }
}

#[tokio::test]
async fn of_several_entries_of_one_name_a_write_makes_one_and_a_deletion_none() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    let twins = || -> Vec<Entry> {
        let twins = [daemon.entry("one"), daemon.entry("two")];
        for twin in &twins {
            twin.set_secret(b"twin").unwrap();
        }
        twins.into()
    };
    let set = Mutex::new(Some(Error::Ambiguous(Vec::new())));
    let delete = Mutex::new(Some(Error::Ambiguous(twins())));
    daemon.guard(move |call, name| {
        let ambiguous = match call {
            Call::Set if name == "session" => set.lock().unwrap().take(),
            Call::Delete if name == "session" => delete.lock().unwrap().take(),
            _ => None,
        };
        ambiguous.map_or(Ok(()), Err)
    });
    vault.write("session", secret("mine")).await.unwrap();
    assert_eq!(daemon.names(), ["session"]);

    daemon.fail_once("session", Error::Ambiguous(twins()));
    vault.delete("session").await.unwrap();
    assert!(!daemon.names().contains(&"one".to_owned()));
}

#[tokio::test]
async fn a_probe_passes_where_things_are_kept_and_leaves_nothing() {
    let daemon = Daemon::new();
    vault(&daemon).probe().await.unwrap();
    assert_eq!(daemon.names(), [] as [String; 0]);
}

#[tokio::test]
async fn a_probe_fails_where_only_reading_works() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    daemon.guard(|call, _| {
        if call == Call::Set {
            Err(locked())
        } else {
            Ok(())
        }
    });
    assert_eq!(read(&vault, "session").await, None);
    let error = vault.probe().await.unwrap_err();
    assert!(matches!(error, VaultError::Locked { .. }));
}

#[tokio::test]
async fn a_keyring_that_forgets_fails_the_probe() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    daemon.guard({
        let daemon = daemon.clone();
        move |call, name| {
            if call == Call::Get && name.starts_with("probe.") {
                drop(daemon.entry(name).delete_credential());
            }
            Ok(())
        }
    });
    let error = vault.probe().await.unwrap_err();
    assert!(matches!(error, VaultError::Forgetful));
}

#[tokio::test]
async fn a_library_that_panics_is_unavailable_once_and_opened_anew() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    daemon.guard(|_, _| panic!("a poisoned lock, as the test wants it"));
    let error = vault.read("session").await.unwrap_err();
    assert!(matches!(error, VaultError::Unavailable { .. }));
    daemon.relent();
    vault.write("session", secret("x")).await.unwrap();
    assert_eq!(daemon.opened(), 2);
}

#[tokio::test]
async fn a_vault_for_this_run_holds_records_as_a_keyring_does_and_no_longer() {
    let vault = Vault::for_this_run(SERVICE).with_deadline(NEVER);
    vault.probe().await.unwrap();
    let longest = secret(vec![b'x'; framing::RECORD_LIMIT]);
    for record in [secret(""), secret([0, 159, 146, 150]), longest] {
        vault.write("session", record.clone()).await.unwrap();
        assert_eq!(read(&vault, "session").await, Some(record.to_vec()));
    }
    let clone = vault.clone();
    drop(vault);
    assert!(read(&clone, "session").await.is_some());
    let other = Vault::for_this_run(SERVICE).with_deadline(NEVER);
    assert_eq!(read(&other, "session").await, None);
    for _ in 0..2 {
        clone.delete("session").await.unwrap();
        assert_eq!(read(&clone, "session").await, None);
    }
}

#[tokio::test]
async fn of_all_vaults_only_one_for_this_run_does_not_last() {
    assert!(!Vault::for_this_run(SERVICE).clone().lasts());
    assert!(vault(&Daemon::new()).lasts());
    assert!(Vault::system(SERVICE).lasts(), "it is not opened for that");
}

#[test]
fn a_vault_shows_its_service_and_nothing_else() {
    let vault = vault(&Daemon::new());
    assert_eq!(
        format!("{vault:?}"),
        "Vault { service: \"dev.keyfob.test\", .. }"
    );
}
