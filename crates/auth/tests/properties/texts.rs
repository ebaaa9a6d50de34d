//! What is typed, pasted, or stands on a command line.

use keyfob_auth::{
    Identifier,
    door::{
        deep_link,
        paste::{self, Pasted},
    },
};
use proptest::{collection::vec, prelude::*};

use url::{Host, Url};

use crate::holds;

const SCHEME: &str = "dev.keyfob";

/// One argument, of any bytes, as a program makes a text of it; often with a link in it.
fn argument() -> impl Strategy<Value = String> {
    let any_bytes =
        vec(any::<u8>(), 0..30).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let link = (
        "[ \t\n]{0,2}",
        "(dev.keyfob|Dev.Keyfob|dev.keyfob.debug|http)",
        ":",
        any_bytes,
    )
        .prop_map(|(space, scheme, colon, rest)| format!("{space}{scheme}{colon}{rest}"));
    prop_oneof![
        vec(any::<u8>(), 0..30).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        "-{0,2}[a-z]{0,8}(=dev.keyfob:x)?",
        link,
    ]
}

#[test]
fn every_link_of_ours_is_found_among_any_arguments_and_nothing_else_is() {
    holds(3_000, vec(argument(), 0..12), |arguments| {
        let found = deep_link::among(SCHEME, &arguments);
        let is_ours = |argument: &str| {
            let start = argument.get(..SCHEME.len() + 1);
            start.is_some_and(|start| start.eq_ignore_ascii_case("dev.keyfob:"))
        };
        let mut expected: Vec<&str> = Vec::new();
        for argument in arguments.iter().map(|argument| argument.trim()) {
            if is_ours(argument) && !expected.contains(&argument) {
                expected.push(argument);
            }
        }
        prop_assert_eq!(found, expected);
        Ok(())
    });
}

#[test]
fn a_pasted_text_leads_to_the_provider_or_back_and_nowhere_else() {
    let page = "https://provider.test/app".parse().unwrap();
    let word = prop_oneof![
        argument(),
        any::<String>(),
        "https?://(provider.test|127.0.0.1|evil.test|provider.test@evil.test)(:[0-9]{1,5})?/[a-z]{0,5}(\\?state=1&code=2)?",
    ];
    holds(3_000, vec(word, 0..6), |words| {
        match paste::read(&words.join(" "), SCHEME, &page) {
            Pasted::MailLink(address) => prop_assert_eq!(address.origin(), page.origin()),
            Pasted::ReturnAddress(address) => {
                let ours = deep_link::is_of_scheme(SCHEME, &address);
                prop_assert!(ours || is_on_this_computer(&address), "{}", address);
            }
            Pasted::Neither => {}
        }
        Ok(())
    });
}

/// As a browser reads it: `http://127.0/` is 127.0.0.0.
fn is_on_this_computer(address: &str) -> bool {
    match address.parse::<Url>().unwrap().host().unwrap() {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[test]
fn an_identifier_is_of_one_line_and_is_itself_when_typed_again() {
    let typed = prop_oneof![
        any::<String>(),
        "[ -~]{0,20}@[ -~]{0,20}",
        "\\+?[0-9 ()./\u{a0}-]{0,24}",
    ];
    holds(3_000, typed, |typed| {
        let Ok(identifier) = typed.parse::<Identifier>() else {
            return Ok(());
        };
        let text = identifier.as_str();
        prop_assert_eq!(text.parse(), Ok(identifier.clone()));
        prop_assert!(
            text.bytes().all(|byte| byte.is_ascii_graphic()),
            "{:?}",
            text
        );
        match identifier {
            Identifier::Email(_) => prop_assert_eq!(text.matches('@').count(), 1),
            Identifier::Phone(_) => {
                let digits = text.strip_prefix('+').unwrap();
                prop_assert!((7..=15).contains(&digits.len()) && !digits.starts_with('0'));
                prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
        Ok(())
    });
}

#[test]
fn a_plain_address_and_a_plain_number_are_taken_as_they_are() {
    let plain = prop_oneof![
        "[a-z0-9][a-z0-9.+_-]{0,20}@[a-z0-9]{1,12}(\\.[a-z]{2,6}){1,2}",
        "\\+[1-9][0-9]{6,14}",
    ];
    holds(1_000, plain, |plain| {
        let identifier: Identifier = plain
            .parse()
            .map_err(|error| TestCaseError::fail(format!("{error}")))?;
        prop_assert_eq!(identifier.as_str(), plain);
        Ok(())
    });
}
