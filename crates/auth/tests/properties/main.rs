//! What holds whatever comes: every parser, and everything that strangers can put before us, fed with what is generated.
//!
//! No case may panic; beyond that each property says what must be as it was before.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, a panic is how a failure is said"
)]

mod answers;
mod links;
mod records;
#[path = "../support/mod.rs"]
mod support;
mod texts;

use std::fmt::Debug;

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseResult, TestRunner},
};
use serde_json::{Map, Value};

/// Tries `cases` generated values and shows the smallest that breaks `property`.
fn holds<S: Strategy<Value: Debug>>(
    cases: u32,
    values: S,
    property: impl Fn(S::Value) -> TestCaseResult,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    if let Err(broken) = TestRunner::new(config).run(&values, property) {
        panic!("{broken}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// Any JSON there is, with a liking for the names that our wire and our records use.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let name = prop_oneof![
            3 => proptest::sample::select(NAMES).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((name, inner), 0..6)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

const NAMES: &[&str] = &[
    "oauth_token",
    "access_token",
    "id_token",
    "refresh_token",
    "expires_in",
    "token_type",
    "auth_method",
    "user",
    "ID",
    "identifier",
    "msg",
    "type",
    "keys",
    "kty",
    "crv",
    "kid",
    "use",
    "alg",
    "x",
    "y",
    "v",
    "generation",
    "account",
    "subject",
    "issuer",
    "received_at",
    "expires_at",
    "attempts",
    "state",
    "verifier",
    "begun_at",
];

/// One place in a JSON value that is to be something else.
#[derive(Clone, Debug)]
struct Change {
    place: prop::sample::Index,
    /// Nothing takes the member away.
    put: Option<Value>,
}

fn any_change() -> impl Strategy<Value = Change> {
    (
        any::<prop::sample::Index>(),
        proptest::option::of(any_json()),
    )
        .prop_map(|(place, put)| Change { place, put })
}

impl Change {
    /// Changes one member, however deep it lies.
    fn of(&self, value: &mut Value) {
        let mut places = Vec::new();
        list_members("", value, &mut places);
        if places.is_empty() {
            return;
        }
        let place = &places[self.place.index(places.len())];
        let (parent, name) = place.rsplit_once('/').unwrap();
        match (value.pointer_mut(parent), &self.put) {
            (Some(Value::Object(members)), Some(put)) => {
                members.insert(name.to_owned(), put.clone());
            }
            (Some(Value::Object(members)), None) => {
                members.remove(name);
            }
            (Some(Value::Array(items)), put) => {
                items[name.parse::<usize>().unwrap()] = put.clone().unwrap_or_default();
            }
            _ => unreachable!("a place that was listed"),
        }
    }
}

/// JSON pointers to every member of `value`.
fn list_members(path: &str, value: &Value, places: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), member))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        _ => Vec::new(),
    };
    for (name, member) in members {
        if name.contains(['/', '~']) {
            continue; // A pointer would have to escape it, and only what was made up has such names.
        }
        let place = format!("{path}/{name}");
        list_members(&place, member, places);
        places.push(place);
    }
}
