//! What the keyring may hold under our names, whoever wrote it.

use keyfob_auth::{Reason, SessionStatus};
use proptest::{collection::vec, prelude::*};

use crate::{
    Change, any_change, any_json, holds, runtime,
    support::{App, Keyring, Peer},
};

const SESSION: &str = "work.session";
const ATTEMPTS: &str = "work.sign-in";

/// What lies in the place of a good record.
#[derive(Clone, Debug)]
enum Found {
    Bytes(Vec<u8>),
    /// A whole record of ours, with this in it.
    Json(serde_json::Value),
    /// The good one, one member of which is another.
    Changed(Change),
    /// The good one's bytes, some of which are others.
    Flipped(Vec<(prop::sample::Index, u8)>),
}

fn found() -> impl Strategy<Value = Found> {
    let header = "keyfob/1 (whole|split|part) [0-9a-f]{16} (text|base64) [0-9]{1,20}( [ab] [0-9]{1,20})?\n.{0,40}";
    prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(Found::Bytes),
        header.prop_map(|text| Found::Bytes(text.into_bytes())),
        any_json().prop_map(Found::Json),
        any_change().prop_map(Found::Changed),
        vec((any::<prop::sample::Index>(), any::<u8>()), 1..4).prop_map(Found::Flipped),
    ]
}

impl Found {
    fn put(&self, keyring: &Keyring, entry: &str, good: &[u8]) {
        let framed = |body: &str| {
            let length = body.len();
            format!("keyfob/1 whole 0123456789abcdef text {length}\n{body}").into_bytes()
        };
        let bytes = match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Json(json) => framed(&json.to_string()),
            Self::Changed(change) => {
                let line = good.iter().position(|byte| *byte == b'\n').unwrap();
                let mut json = serde_json::from_slice(&good[line + 1..]).unwrap();
                change.of(&mut json);
                framed(&json.to_string())
            }
            Self::Flipped(flips) => {
                let mut bytes = good.to_vec();
                for (place, byte) in flips {
                    let place = place.index(bytes.len());
                    bytes[place] = *byte;
                }
                bytes
            }
        };
        keyring.put(entry, &bytes);
    }
}

#[test]
fn any_kept_session_is_one_or_is_damaged_and_stays_where_it_is() {
    let runtime = runtime();
    let (peer, donor) = (runtime.block_on(Peer::start()), Keyring::new());
    let app = runtime.block_on(App::signed_in(&peer, &donor));
    let good = donor.get(SESSION).unwrap();
    holds(600, found(), |found| {
        let keyring = Keyring::new();
        found.put(&keyring, SESSION, &good);
        let there = keyring.get(SESSION);
        let app = app.another_over(&keyring);
        runtime.block_on(async {
            let restored = app.sessions.restore().await;
            let status = app.sessions.watch().borrow().clone();
            match restored {
                // Another provider's tokens are not taken up, and not touched.
                Ok(()) => prop_assert_eq!(
                    matches!(status, SessionStatus::SignedIn(_)),
                    names_issuer(there.as_deref(), peer.base())
                ),
                Err(error) => {
                    prop_assert_eq!(error.reason(), Reason::KeyringDamaged);
                    prop_assert_eq!(status, SessionStatus::SignedOut);
                }
            }
            prop_assert_eq!(keyring.get(SESSION), there);
            Ok(())
        })
    });
    assert_eq!(peer.asked().len(), 1, "reading a record asks nobody");
}

#[test]
fn any_kept_attempts_are_read_or_given_up_and_a_new_one_can_begin() {
    let runtime = runtime();
    let (peer, donor) = (runtime.block_on(Peer::start()), Keyring::new());
    let app = App::start(&peer, &donor);
    runtime.block_on(app.begin());
    let good = donor.get(ATTEMPTS).unwrap();
    holds(600, found(), |found| {
        let keyring = Keyring::new();
        found.put(&keyring, ATTEMPTS, &good);
        let app = app.another_over(&keyring);
        runtime.block_on(async {
            let restored = app.sign_in.restore().await;
            prop_assert!(
                restored.is_ok(),
                "a damaged attempt is no error: {:?}",
                restored
            );
            let answer = app.begin().await;
            let judged = app.sign_in.judge(&answer).await;
            prop_assert!(matches!(judged, Ok(keyfob_auth::Return::Answer(_))));
            Ok(())
        })
    });
    assert!(peer.asked().is_empty());
}

fn names_issuer(record: Option<&[u8]>, issuer: &str) -> bool {
    let member = format!("\"issuer\":\"{issuer}\"");
    record.is_some_and(|record| String::from_utf8_lossy(record).contains(&member))
}
