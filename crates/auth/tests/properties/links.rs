//! Links of our scheme, made up by anybody or damaged on their way.

use std::net::TcpListener;

use keyfob_auth::{Reason, Return, SessionStatus};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    holds, runtime,
    support::{App, Keyring, Peer},
};

/// What a stranger writes into a query.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[A-Za-z0-9_-]{1,60}",
        any::<i128>().prop_map(|number| number.to_string()),
        vec(any::<u8>(), 0..20).prop_map(|bytes| percent_encoded(&bytes)),
        any::<String>(),
        (0_usize..10_000).prop_map(|length| "a".repeat(length)),
    ]
}

fn percent_encoded(bytes: &[u8]) -> String {
    let encoded: Vec<String> = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    encoded.concat()
}

fn query() -> impl Strategy<Value = String> {
    let ours = select(&["state", "code", "error", "challenge_id"][..]).prop_map(str::to_owned);
    let others = select(
        &[
            "STATE",
            "state[]",
            "iss",
            "redirect_uri",
            "access_token",
            "%73tate",
        ][..],
    )
    .prop_map(str::to_owned);
    let name = prop_oneof![6 => ours, 2 => others, 1 => value()];
    let parameters = vec((name, value()), 0..6);
    (parameters, select(&["&", "&", "&", ";", "&&", "?"][..])).prop_map(
        |(parameters, separator)| {
            let parameters = parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            parameters.collect::<Vec<_>>().join(separator)
        },
    )
}

/// Any address at all; one that was followed would be noticed at `server`.
fn forged_link(server: &str) -> impl Strategy<Value = String> + use<> {
    let target = select(vec![
        "dev.keyfob://callback".to_owned(),
        "dev.keyfob:callback".to_owned(),
        "DEV.KEYFOB://CALLBACK/".to_owned(),
        "dev.keyfob://callback/work".to_owned(),
        "dev.keyfob://user:password@callback:99".to_owned(),
        "dev.keyfob:///../callback".to_owned(),
        format!("dev.keyfob://{server}/callback"),
        format!("http://{server}/callback"),
        format!("//{server}"),
        "file:///etc/passwd".to_owned(),
    ]);
    let end = prop_oneof![4 => Just(String::new()), 1 => value().prop_map(|end| format!("#{end}"))];
    prop_oneof![
        6 => (target, query(), end).prop_map(|(target, query, end)| format!("{target}?{query}{end}")),
        1 => any::<String>().prop_map(|rest| format!("dev.keyfob:{rest}")),
        1 => any::<String>(),
    ]
}

#[test]
fn no_forged_link_ends_an_attempt_or_a_session_or_makes_a_request() {
    let runtime = runtime();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let (peer, keyring) = (runtime.block_on(Peer::start()), Keyring::new());
    let app = runtime.block_on(App::signed_in(&peer, &keyring));
    let answer = runtime.block_on(app.begin());
    let attempt = runtime.block_on(app.sign_in.newest());
    let status = app.sessions.watch().borrow().clone();
    let kept = keyring.everything();
    let asked = (peer.asked().len(), peer.keys_asked());

    let links = forged_link(&server.local_addr().unwrap().to_string());
    holds(10_000, links, |link| {
        let judged = runtime.block_on(app.sign_in.judge(&link));
        let error = judged.expect_err("nobody can guess the state");
        prop_assert!(
            matches!(error.reason(), Reason::LinkForeign | Reason::LinkMalformed),
            "{error}"
        );
        prop_assert!(error.is_about_no_attempt());
        prop_assert_eq!(&runtime.block_on(app.sign_in.newest()), &attempt);
        Ok(())
    });

    assert_eq!(*app.sessions.watch().borrow(), status);
    assert_eq!(keyring.everything(), kept);
    assert_eq!((peer.asked().len(), peer.keys_asked()), asked);
    assert!(server.accept().is_err(), "somebody followed a link");
    let later = App::start(&peer, &keyring);
    runtime.block_on(later.sessions.restore()).unwrap();
    assert!(matches!(
        *later.sessions.watch().borrow(),
        SessionStatus::SignedIn(_)
    ));
    assert!(matches!(
        runtime.block_on(app.sign_in.judge(&answer)),
        Ok(Return::Answer(_))
    ));
}

/// What mail programs, terminals and people do to a link.
#[derive(Clone, Debug)]
enum Damage {
    Cut,
    Put(char),
    Take,
    Twice,
}

fn damages() -> impl Strategy<Value = Vec<(prop::sample::Index, Damage)>> {
    let damage = prop_oneof![
        Just(Damage::Cut),
        any::<char>().prop_map(Damage::Put),
        select(&['&', '=', '%', '#', ' ', '\n', '"', '?'][..]).prop_map(Damage::Put),
        Just(Damage::Take),
        Just(Damage::Twice),
    ];
    vec((any::<prop::sample::Index>(), damage), 1..4)
}

fn damaged(link: &str, damages: &[(prop::sample::Index, Damage)]) -> String {
    let mut characters: Vec<char> = link.chars().collect();
    for (place, damage) in damages {
        let place = place.index(characters.len() + 1);
        match damage {
            Damage::Cut => characters.truncate(place),
            Damage::Put(character) => characters.insert(place, *character),
            Damage::Take if place < characters.len() => drop(characters.remove(place)),
            Damage::Take => {}
            Damage::Twice => characters.extend_from_within(place..),
        }
    }
    characters.into_iter().collect()
}

#[test]
fn a_damaged_link_is_the_answer_or_leaves_the_whole_one_good() {
    let runtime = runtime();
    let peer = runtime.block_on(Peer::start());
    let app = App::start(&peer, &Keyring::new());
    holds(1_000, damages(), |damages| {
        runtime.block_on(async {
            let answer = app.begin().await;
            match app.sign_in.judge(&damaged(&answer, &damages)).await {
                Ok(returned) => prop_assert!(matches!(returned, Return::Answer(_))),
                Err(error) => {
                    prop_assert!(error.is_about_no_attempt(), "{}", error);
                    let whole = app.sign_in.judge(&answer).await;
                    prop_assert!(matches!(whole, Ok(Return::Answer(_))));
                }
            }
            app.sign_in.settle().await.unwrap();
            Ok(())
        })
    });
    assert!(peer.asked().is_empty() && peer.keys_asked() == 0);
}
