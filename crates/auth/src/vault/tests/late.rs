//! The vault over a keyring that hangs: calls that are late, calls that are stuck, and writes that happen after all.

use super::*;

/// For a caller who is to see the keyring waiting.
const SOON: Duration = Duration::from_millis(20);

fn late(outcome: std::result::Result<(), VaultError>) -> Late {
    match outcome {
        Err(VaultError::Waiting(late)) => late,
        other => panic!("expected to be told of waiting, got {other:?}"),
    }
}

/// Holds up the first call of this kind to this name until it is let go.
fn hold_up(daemon: &Daemon, call: Call, name: &'static str) -> mpsc::Sender<Result<()>> {
    let (let_go, held) = mpsc::channel::<Result<()>>();
    let held = Mutex::new(Some(held));
    daemon.guard(move |its_call, its_name| {
        if its_call == call && its_name == name {
            let first = held.lock().unwrap().take();
            if let Some(held) = first {
                return held.recv().unwrap();
            }
        }
        Ok(())
    });
    let_go
}

#[tokio::test]
async fn a_late_read_is_waiting_and_can_be_made_again_when_the_keyring_answers() {
    let daemon = Daemon::new();
    let patient = vault(&daemon);
    patient.write("session", secret("kept")).await.unwrap();
    let let_go = hold_up(&daemon, Call::Get, "session");
    let hasty = patient.clone().with_deadline(SOON);
    let outcome = hasty.read("session").await.map(|_| ());
    assert_eq!(
        outcome.as_ref().unwrap_err().reason(),
        Reason::KeyringWaiting
    );
    let late = late(outcome);
    let_go.send(Ok(())).unwrap();
    late.ended().await.unwrap();
    assert_eq!(read(&patient, "session").await.unwrap(), b"kept");
}

#[tokio::test]
async fn a_late_write_happens_and_its_end_is_told() {
    let daemon = Daemon::new();
    let patient = vault(&daemon);
    let let_go = hold_up(&daemon, Call::Set, "session");
    let hasty = patient.clone().with_deadline(SOON);
    let late = late(hasty.write("session", secret("late")).await);
    assert_eq!(daemon.names(), [] as [String; 0]);
    let_go.send(Ok(())).unwrap();
    late.ended().await.unwrap();
    late.clone().ended().await.unwrap();
    assert_eq!(read(&patient, "session").await.unwrap(), b"late");
}

#[tokio::test]
async fn a_late_call_tells_how_it_failed() {
    let daemon = Daemon::new();
    let hasty = vault(&daemon).with_deadline(SOON);
    let let_go = hold_up(&daemon, Call::Set, "session");
    let late = late(hasty.write("session", secret("late")).await);
    let_go.send(Err(locked())).unwrap();
    assert!(matches!(late.ended().await, Err(VaultError::Locked { .. })));
}

#[tokio::test]
async fn a_late_write_is_made_even_after_the_last_vault_is_gone() {
    let daemon = Daemon::new();
    let hasty = vault(&daemon).with_deadline(SOON);
    let let_go = hold_up(&daemon, Call::Get, "session");
    let first = late(hasty.write("session", secret("first")).await);
    let second = late(hasty.write("other", secret("second")).await);
    drop(hasty);
    let_go.send(Ok(())).unwrap();
    first.ended().await.unwrap();
    second.ended().await.unwrap();
    assert_eq!(daemon.names(), ["other", "session"]);
}

#[tokio::test]
async fn a_write_whose_caller_has_gone_away_is_made() {
    let daemon = Daemon::new();
    let vault = vault(&daemon);
    let let_go = hold_up(&daemon, Call::Set, "session");
    {
        let writing = vault.write("session", secret("kept"));
        assert!(timeout(SOON, writing).await.is_err());
    }
    let_go.send(Ok(())).unwrap();
    assert_eq!(read(&vault, "session").await.unwrap(), b"kept");
}

#[tokio::test]
async fn a_call_that_is_only_late_is_never_given_up() {
    let daemon = Daemon::new();
    let hasty = vault(&daemon).with_deadline(SOON).with_patience(SOON);
    let let_go = hold_up(&daemon, Call::Get, "session");
    let late = late(hasty.read("session").await.map(|_| ()));
    // Ten times the patience.
    assert!(timeout(SOON * 10, late.ended()).await.is_err());
    let_go.send(Ok(())).unwrap();
    late.ended().await.unwrap();
    assert_eq!(daemon.opened(), 1);
}

#[tokio::test]
async fn a_stuck_call_is_given_up_for_the_one_behind_it() {
    let daemon = Daemon::new();
    let hasty = vault(&daemon).with_deadline(SOON).with_patience(SOON);
    let let_go = hold_up(&daemon, Call::Get, "stuck");
    let stuck = late(hasty.read("stuck").await.map(|_| ()));
    let behind = late(hasty.write("session", secret("made")).await);
    behind.ended().await.unwrap();
    let error = stuck.ended().await.unwrap_err();
    assert!(matches!(error, VaultError::GivenUp));
    assert_eq!(error.reason(), Reason::KeyringWaiting);
    assert_eq!(daemon.opened(), 2);
    assert_eq!(
        read(&hasty.with_deadline(NEVER), "session").await.unwrap(),
        b"made"
    );
    drop(let_go);
}

#[tokio::test]
async fn a_write_that_was_given_up_before_it_began_is_not_made() {
    let daemon = Daemon::new();
    let hasty = vault(&daemon).with_deadline(SOON).with_patience(SOON);
    let let_go = hold_up(&daemon, Call::Get, "session");
    let stuck = late(hasty.write("session", secret("old")).await);
    let newer = late(hasty.write("session", secret("new")).await);
    newer.ended().await.unwrap();
    assert!(matches!(stuck.ended().await, Err(VaultError::GivenUp)));

    let sets = count(&daemon, Call::Set);
    let_go.send(Ok(())).unwrap();
    settled(&hasty).await;
    assert_eq!(sets.load(Ordering::SeqCst), 0);
    assert_eq!(
        read(&hasty.with_deadline(NEVER), "session").await.unwrap(),
        b"new"
    );
}

#[tokio::test]
async fn a_write_that_was_given_up_and_happens_late_does_not_stay_over_a_newer_one() {
    for newest in [Some(secret("new")), Some(long(6_000, 'N')), None] {
        let daemon = Daemon::new();
        let hasty = vault(&daemon).with_deadline(SOON).with_patience(SOON);
        let patient = hasty.clone().with_deadline(NEVER);
        let let_go = hold_up(&daemon, Call::Set, "session");
        let stuck = late(hasty.write("session", secret("old")).await);
        let newer = match newest.clone() {
            Some(record) => late(hasty.write("session", record).await),
            None => late(hasty.delete("session").await),
        };
        newer.ended().await.unwrap();
        assert!(matches!(stuck.ended().await, Err(VaultError::GivenUp)));
        assert_eq!(
            read(&patient, "session").await,
            newest.as_ref().map(|r| r.to_vec())
        );

        let_go.send(Ok(())).unwrap();
        settled(&hasty).await;
        assert_eq!(read(&patient, "session").await, newest.map(|r| r.to_vec()));
    }
}

#[tokio::test]
async fn a_repair_does_not_touch_what_another_program_has_written_since() {
    let daemon = Daemon::new();
    let hasty = vault(&daemon).with_deadline(SOON).with_patience(SOON);
    let let_go = hold_up(&daemon, Call::Set, "session");
    let stuck = late(hasty.write("session", secret("old")).await);
    late(hasty.write("session", secret("new")).await)
        .ended()
        .await
        .unwrap();
    assert!(stuck.ended().await.is_err());
    vault(&daemon)
        .write("session", secret("theirs"))
        .await
        .unwrap();
    // The old write never reached the keyring.
    let_go.send(Err(dead())).unwrap();
    settled(&hasty).await;
    assert_eq!(
        read(&hasty.with_deadline(NEVER), "session").await.unwrap(),
        b"theirs"
    );
}

#[tokio::test]
async fn no_more_threads_are_given_up_than_the_limit() {
    let daemon = Daemon::new();
    let hasty = vault(&daemon).with_deadline(SOON).with_patience(SOON);
    let (let_go, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    daemon.guard(move |_, _| {
        // The lock is as good as the channel: all but one thread wait for it, until the sender is gone.
        let held = held.lock().unwrap().recv();
        held.or(Ok(()))
    });
    let mut calls = Vec::new();
    for _ in 0..8 {
        calls.push(late(hasty.read("session").await.map(|_| ())));
    }
    for given_up in &calls[..4] {
        assert!(matches!(given_up.ended().await, Err(VaultError::GivenUp)));
    }
    assert!(timeout(SOON * 10, calls[4].ended()).await.is_err());
    drop(let_go);
    for late in &calls[4..] {
        late.ended().await.unwrap();
    }
}

/// Counts the calls of one kind from now on.
fn count(daemon: &Daemon, call: Call) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    daemon.guard(move |its_call, _| {
        counted.fetch_add(usize::from(its_call == call), Ordering::SeqCst);
        Ok(())
    });
    count
}

/// Waits until no thread is stuck any more, and what they have left behind is put right.
async fn settled(vault: &Vault) {
    while vault.handle.desk.is_unsettled() {
        tokio::task::yield_now().await;
    }
    vault
        .clone()
        .with_deadline(NEVER)
        .read("settled")
        .await
        .unwrap();
}
