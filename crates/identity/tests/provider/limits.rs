//! Too many letters are not sent, and that is said.

use crate::support::{Answer, Attempt, Browser, Local, answer, client};

/// Asks for a letter to `address` in `browser`, as a sign-in of its own.
async fn asks(local: &Local, browser: &Browser, state: usize, address: &str) -> Answer {
    let attempt = Attempt::new(&format!("state{state}"));
    let asked = attempt
        .address(local)
        .replace("ada%40example.com", &address.replace('@', "%40"));
    browser.get(&asked).await
}

fn seconds(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429, "{}", answer.body);
    answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn five_letters_go_to_one_address_in_five_minutes() {
    let local = Local::start().await;
    for state in 0..5 {
        let browser = Browser::new();
        asks(&local, &browser, state, "ada@example.com")
            .await
            .location();
        local.seconds_pass(10);
    }
    let refused = asks(&local, &Browser::new(), 5, "Ada@Example.com").await;
    assert_eq!(seconds(&refused), 250);
    assert!(refused.has("Too many letters to this address. Try again at"));
    assert_eq!(local.outbox().await.0, 5);
    asks(&local, &Browser::new(), 6, "eve@example.com")
        .await
        .location();

    local.seconds_pass(249);
    assert_eq!(
        seconds(&asks(&local, &Browser::new(), 7, "ada@example.com").await),
        1
    );
    local.seconds_pass(1);
    asks(&local, &Browser::new(), 8, "ada@example.com")
        .await
        .location();
    let refused = asks(&local, &Browser::new(), 9, "ada@example.com").await;
    assert_eq!(seconds(&refused), 10, "the second of them is next");
}

#[tokio::test]
async fn ten_letters_go_out_for_one_browser_in_five_minutes() {
    let local = Local::start().await;
    let browser = Browser::new();
    for state in 0..10 {
        let address = format!("person{state}@example.com");
        asks(&local, &browser, state, &address).await.location();
    }
    let refused = asks(&local, &browser, 10, "one-more@example.com").await;
    assert_eq!(seconds(&refused), 300);
    assert!(refused.has("Too many letters asked for in this browser."));
    let other = Browser::phone();
    asks(&local, &other, 11, "one-more@example.com")
        .await
        .location();
}

#[tokio::test]
async fn thirty_letters_go_out_in_five_minutes_whoever_asks() {
    let local = Local::start().await;
    for state in 0..30 {
        let address = format!("person{state}@example.com");
        asks(&local, &Browser::new(), state, &address)
            .await
            .location();
    }
    let refused = asks(&local, &Browser::new(), 30, "one-more@example.com").await;
    assert!(seconds(&refused) == 300 && refused.has("on this computer"));
    local.minutes_pass(5);
    asks(&local, &Browser::new(), 31, "one-more@example.com")
        .await
        .location();
}

#[tokio::test]
async fn a_program_is_told_in_the_wires_form() {
    let local = Local::start().await;
    for state in 0..5 {
        asks(&local, &Browser::new(), state, "ada@example.com")
            .await
            .location();
    }
    let refused = answer(client().get(Attempt::new("program").address(&local))).await;
    assert_eq!(
        refused.refusal(429),
        "Too many letters to this address. Try again in 300 seconds."
    );
    assert_eq!(seconds(&refused), 300);
}

#[tokio::test]
async fn asking_again_for_one_sign_in_counts_too_and_its_last_letter_still_works() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks(&local, &browser).await;
    let page = browser.get(&waiting).await;
    let wish = [("form", page.form_token())];
    let again = async || {
        local.seconds_pass(20);
        browser.post(&format!("{waiting}/again"), &wish).await
    };
    for _ in 0..4 {
        again().await.location();
    }
    let link = local.newest_link().await;
    assert_eq!(seconds(&again().await), 200);
    let pressed = browser.press(&link, &[]).await;
    assert_eq!(pressed.location(), "/app/return/1");
}
