//! The rules of a challenge, without a server.

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
    Challenge::ask(attempt, asking("asker"), link(), START)
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
        let Again::Wait(after) = before.clone().ask_again(asking("second"), START) else {
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
    let Again::Mail(taken_over) = approved.ask_again(asking("thief"), START) else {
        panic!("a new link is due");
    };
    let taken_over = taken_over.mailed(SecretHash::of("new link"), START);
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
        challenge().ask_again(corrected, START),
        Again::Mail(_)
    ));
}

#[test]
fn wrong_numbers_are_counted_across_letters() {
    let other = SecretHash::of("phone");
    let (challenge, first) = challenge().click(&link(), &other, Some("1"), START);
    assert_eq!(first, Clicked::WrongNumber { left: 2 });
    let newer = SecretHash::of("newer");
    let challenge = challenge.mailed(newer.clone(), START);
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
    let renewed = answer.challenge.mailed(SecretHash::of("new"), START);
    let redemption = Redemption {
        code: &answer.code,
        verifier: "verifier",
        redirect_url: "dev.keyfob://callback",
    };
    assert!(matches!(renewed.judge(&redemption, START), Judged::Unknown));
}
