//! The rules of a challenge, without a server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::redemption::Redemption;
use super::*;
use crate::identifier::IdentifierKind;

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn asking(browser: &str) -> Asking {
    Asking {
        identifier: Identifier::parse(IdentifierKind::Email, "ada@example.com")
            .expect("an address"),
        channel: Channel::Email,
        browser: SecretHash::of(browser),
        agent: "Firefox on Linux".to_owned(),
    }
}

fn challenge() -> Challenge {
    let attempt = Attempt {
        redirect_url: RedirectUrl::parse("dev.keyfob://callback").expect("allowed"),
        code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest("verifier")),
        state: "state".to_owned(),
        user: None,
    };
    Challenge::ask(attempt, asking("asker"), Proof::Link(link()), START)
}

fn link() -> SecretHash {
    SecretHash::of("link")
}

fn key() -> SealingKey {
    SealingKey::from_bytes([1; 32])
}

#[test]
fn a_browser_that_takes_over_gets_a_number_of_its_own_and_the_first_cannot_finish() {
    let before = challenge();
    let mut changed = false;
    for _ in 0..20 {
        let Again::Wait(after) = before.clone().ask_again(asking("second"), None, START) else {
            panic!("too young for another letter");
        };
        changed |= after.number != before.number;
        assert_eq!(
            after.seen_from(&SecretHash::of("asker"), START),
            Standing::Elsewhere
        );
        let (after, clicked) = after.click(&link(), &SecretHash::of("second"), None, START);
        assert_eq!(clicked, Clicked::Here);
        assert!(after.clone().answer(1, "asker", &key(), START).is_none());
        assert!(after.answer(1, "second", &key(), START).is_some());
    }
    assert!(changed);
}

#[test]
fn an_approval_does_not_pass_to_a_browser_that_opens_the_address_later() {
    let before = challenge();
    let number = before.number.to_string();
    let (approved, _) = before.click(&link(), &SecretHash::of("phone"), Some(&number), START);
    let Again::Mail(taken_over) = approved.ask_again(asking("thief"), None, START) else {
        panic!("a new link is due");
    };
    let taken_over = taken_over.mailed(Proof::Link(SecretHash::of("new link")), START);
    assert!(taken_over.answer(1, "thief", &key(), START).is_none());
}

#[test]
fn a_corrected_address_is_mailed_at_once() {
    let corrected = Asking {
        identifier: Identifier::parse(IdentifierKind::Email, "ada@example.org")
            .expect("an address"),
        ..asking("asker")
    };
    assert!(matches!(
        challenge().ask_again(corrected, None, START),
        Again::Mail(_)
    ));
}

#[test]
fn wrong_numbers_are_counted_across_letters() {
    let other = SecretHash::of("phone");
    let (challenge, first) = challenge().click(&link(), &other, Some("1"), START);
    assert_eq!(first, Clicked::WrongNumber { left: 2 });
    let newer = SecretHash::of("newer");
    let challenge = challenge.mailed(Proof::Link(newer.clone()), START);
    let (challenge, second) = challenge.click(&newer, &other, None, START);
    assert_eq!(second, Clicked::WrongNumber { left: 1 });
    let (_, third) = challenge.click(&newer, &other, Some("1000"), START);
    assert_eq!(third, Clicked::Dead(LinkState::Ended));
}

#[test]
fn the_answer_can_be_shown_again_but_redirects_once() {
    let (approved, _) = challenge().click(&link(), &SecretHash::of("asker"), None, START);
    let first = approved.answer(1, "asker", &key(), START).expect("ready");
    let again = first
        .challenge
        .answer(1, "asker", &key(), START)
        .expect("still there");
    assert!(first.first && !again.first);
    assert_eq!(first.code, again.code);
}

#[test]
fn a_new_letter_ends_the_code_of_the_old_one() {
    let (approved, _) = challenge().click(&link(), &SecretHash::of("asker"), None, START);
    let answer = approved.answer(1, "asker", &key(), START).expect("ready");
    let renewed = answer
        .challenge
        .mailed(Proof::Link(SecretHash::of("new")), START);
    let redemption = Redemption {
        code: &answer.code,
        verifier: "verifier",
        redirect_url: "dev.keyfob://callback",
    };
    assert!(matches!(renewed.judge(&redemption, START), Judged::Unknown));
}

/// A challenge that waits for `012345` in the browser `asker`.
fn waiting_for_a_code() -> Challenge {
    let challenge = challenge();
    let key = key();
    let proof = Proof::Code(code("012345").sealed(challenge.attempt.seal(&key, "asker")));
    challenge.mailed(proof, START)
}

fn code(text: &str) -> OneTimeCode {
    OneTimeCode::typed(text).expect("six digits")
}

#[test]
fn a_code_is_taken_once_and_only_in_the_browser_that_asked() {
    let waiting = waiting_for_a_code();
    let right = code("012345");
    let (waiting, elsewhere) = waiting.type_code(&right, "other", &key(), START);
    assert_eq!(elsewhere, Typed::NotNow);
    let (approved, here) = waiting.type_code(&right, "asker", &key(), START);
    assert_eq!(here, Typed::Right);
    let (approved, again) = approved.type_code(&right, "asker", &key(), START);
    assert_eq!(again, Typed::NotNow);
    assert!(approved.answer(1, "asker", &key(), START).is_some());
}

#[test]
fn a_code_is_good_for_ten_minutes() {
    let minutes = |minutes| START + Duration::from_mins(minutes);
    let typed = |now| {
        let (_, typed) = waiting_for_a_code().type_code(&code("012345"), "asker", &key(), now);
        typed
    };
    assert_eq!(typed(minutes(10) - Duration::from_secs(1)), Typed::Right);
    assert_eq!(typed(minutes(10)), Typed::NotNow);
}

#[test]
fn five_wrong_codes_end_it_also_over_two_letters() {
    let mut challenge = waiting_for_a_code();
    for left in [4, 3, 2] {
        let typed;
        (challenge, typed) = challenge.type_code(&code("999999"), "asker", &key(), START);
        assert_eq!(typed, Typed::Wrong { left });
    }
    let fresh = Proof::Code(code("111111").sealed(challenge.attempt.seal(&key(), "asker")));
    challenge = challenge.mailed(fresh, START);
    for left in [1, 0] {
        let typed;
        (challenge, typed) = challenge.type_code(&code("012345"), "asker", &key(), START);
        assert_eq!(typed, Typed::Wrong { left });
    }
    let (ended, typed) = challenge.type_code(&code("111111"), "asker", &key(), START);
    assert_eq!(typed, Typed::NotNow);
    assert!(matches!(
        ended.renew(Method::OneTimeCode, START),
        Again::Ended
    ));
}

#[test]
fn a_browser_that_takes_over_needs_a_code_of_its_own() {
    assert!(matches!(
        waiting_for_a_code().ask_again(asking("second"), None, START),
        Again::Mail(Challenge {
            method: Method::OneTimeCode,
            ..
        })
    ));
}

#[test]
fn a_code_replaces_the_link_and_opening_the_address_again_does_not_bring_it_back() {
    let waiting = waiting_for_a_code();
    assert_eq!(waiting.link_state(&link(), START), LinkState::Replaced);
    let Again::Wait(waiting) = waiting.ask_again(asking("asker"), None, START) else {
        panic!("too young for another letter");
    };
    assert_eq!(
        waiting.seen_from(&SecretHash::of("asker"), START),
        Standing::Code
    );
    assert!(matches!(
        waiting.ask_again(asking("asker"), Some(Method::MagicLink), START),
        Again::Mail(Challenge {
            method: Method::MagicLink,
            ..
        })
    ));
}
