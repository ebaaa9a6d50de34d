//! The mailed link: who may follow it, from where, and how often.

use crate::support::{Answer, Attempt, Browser, Local, between};

fn number_on(waiting: &Answer) -> String {
    between(&waiting.body, "<output", "</output>")
        .and_then(|output| output.split_once('>'))
        .expect("a number")
        .1
        .to_owned()
}

/// What the waiting page says of letters that were asked for again.
fn status_of(waiting: &Answer) -> String {
    between(&waiting.body, "id=\"said\" role=\"status\">", "</p>")
        .expect("a status")
        .to_owned()
}

fn wrong(number: &str) -> &'static str {
    if number == "10" { "11" } else { "10" }
}

async fn stage(browser: &Browser, waiting: &str) -> String {
    let state = browser.get(&format!("{waiting}/state")).await.json();
    state["stage"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn looking_at_a_link_does_not_use_it() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    let scanner = Browser::phone();
    for _ in 0..3 {
        assert_eq!(scanner.head(&link).await.status, 200);
        assert_eq!(scanner.get(&link).await.status, 200);
        assert_eq!(browser.get(&link).await.status, 200);
    }
    assert_eq!(browser.press(&link, &[]).await.location(), "/app/return/1");
}

#[tokio::test]
async fn the_browser_that_asked_needs_one_button_and_redirects_once() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    assert!(!browser.get(&link).await.has("name=\"number\""));

    let back = browser.press(&link, &[]).await;
    assert_eq!(stage(&browser, &waiting).await, "returning");
    let page = browser.get(&waiting).await;
    assert!(page.has("Go back to Keyfob") && page.has("href=\"/app/return/1\""));
    assert!(!page.has("You are signed in"), "nobody is, yet");

    let back = format!("{}{}", local.base, back.location());
    assert_eq!(browser.head(&back).await.body, "");
    let first = browser.get(&back).await;
    let again = browser.get(&back).await;
    assert!(first.has("data-go=\"now\"") && first.has("http-equiv=\"refresh\""));
    assert!(!again.has("data-go=\"now\"") && !again.has("http-equiv=\"refresh\""));
    assert_eq!(
        attempt.back_from(&first).code,
        attempt.back_from(&again).code
    );
    assert_eq!(attempt.back_from(&first).state, "state");
    for text in ["Open Keyfob", "Copy return link", "Nothing happened?"] {
        assert!(again.has(text), "{text}");
    }
    assert_eq!(browser.get(&link).await.status, 410, "the link is used");

    assert_eq!(stage(&browser, &waiting).await, "returning");
    let exchange = attempt.exchange(&attempt.back_from(&first));
    assert_eq!(local.redeem(exchange).await.status, 200);
    assert_eq!(stage(&browser, &waiting).await, "signed_in");
    assert!(browser.get(&waiting).await.has("You are signed in"));
    assert!(browser.get(&back).await.has("This sign-in is finished"));
}

#[tokio::test]
async fn a_sign_in_that_nobody_finished_in_time_is_not_called_one() {
    let local = Local::start().await;
    let (pressed, returned) = (Browser::new(), Browser::new());
    let waiting = Attempt::new("pressed").asks(&local, &pressed).await;
    pressed.press(&local.newest_link().await, &[]).await;
    let attempt = Attempt::new("returned");
    let other = attempt.asks(&local, &returned).await;
    let back = returned.press(&local.newest_link().await, &[]).await;
    let back = format!("{}{}", local.base, back.location());
    returned.get(&back).await;

    local.seconds_pass(5 * 60 - 1);
    assert_eq!(stage(&returned, &other).await, "returning");
    local.seconds_pass(1);
    assert_eq!(stage(&returned, &other).await, "expired");
    let late = returned.get(&back).await;
    assert!(late.status == 410 && late.has("came too late"));
    assert_eq!(stage(&pressed, &waiting).await, "returning");
    local.minutes_pass(10);
    assert_eq!(stage(&pressed, &waiting).await, "expired");
    assert!(pressed.get(&waiting).await.has("Send a new link"));
}

#[tokio::test]
async fn another_browser_needs_the_number_and_the_waiting_page_goes_on() {
    let local = Local::start().await;
    let (attempt, browser, phone) = (Attempt::new("state"), Browser::new(), Browser::phone());
    let waiting = attempt.asks(&local, &browser).await;
    let number = number_on(&browser.get(&waiting).await);
    let link = local.newest_link().await;
    let page = phone.get(&link).await;
    for text in [
        "name=\"number\"",
        "Firefox on Linux",
        "Keyfob",
        "ada@example.com",
    ] {
        assert!(page.has(text), "{text}");
    }
    assert!(
        !page.has(&format!(">{number}<")),
        "the number is not given away"
    );

    let without = phone.press(&link, &[]).await;
    assert_eq!(without.status, 422);
    assert_eq!(stage(&browser, &waiting).await, "mailed");
    let pressed = phone.press(&link, &[("number", &number)]).await;
    assert!(pressed.has("You can go back to where you started"));

    assert_eq!(stage(&phone, &waiting).await, "elsewhere");
    assert_eq!(stage(&browser, &waiting).await, "go");
    let back = browser.get(&waiting).await;
    let back = browser
        .get(&format!("{}{}", local.base, back.location()))
        .await;
    let exchange = attempt.exchange(&attempt.back_from(&back));
    assert_eq!(local.redeem(exchange).await.status, 200);
}

#[tokio::test]
async fn three_wrong_numbers_end_the_challenge() {
    let local = Local::start().await;
    let (attempt, browser, phone) = (Attempt::new("state"), Browser::new(), Browser::phone());
    let waiting = attempt.asks(&local, &browser).await;
    let number = number_on(&browser.get(&waiting).await);
    let link = local.newest_link().await;
    let guess = [("number", wrong(&number))];

    assert!(phone.press(&link, &guess).await.has("two tries"));
    assert!(phone.press(&link, &guess).await.has("one try"));
    assert_eq!(phone.press(&link, &guess).await.status, 410);

    assert_eq!(stage(&browser, &waiting).await, "ended");
    assert!(browser.get(&link).await.has("was ended"));
    local.minutes_pass(1);
    assert_eq!(browser.get(&attempt.address(&local)).await.status, 410);
    assert_eq!(local.outbox().await.0, 1, "no new letter");
}

#[tokio::test]
async fn the_answer_is_shown_to_the_asking_browser_only() {
    let local = Local::start().await;
    let (attempt, browser, thief) = (Attempt::new("state"), Browser::new(), Browser::phone());
    attempt.asks(&local, &browser).await;
    let back = browser.press(&local.newest_link().await, &[]).await;
    let back = format!("{}{}", local.base, back.location());
    let stolen = thief.get(&back).await;
    assert!(!stolen.has("return-link"));
    assert!(browser.get(&back).await.has("data-go=\"now\""));
}

#[tokio::test]
async fn an_expired_link_says_so_and_sends_a_new_one_for_the_same_attempt() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks(&local, &browser).await;
    let old = local.newest_link().await;
    local.minutes_pass(15);
    assert_eq!(stage(&browser, &waiting).await, "expired");
    let page = browser.get(&old).await;
    assert!(page.status == 410 && page.has("has expired") && page.has("Send a new link"));

    let sent = browser
        .post(&format!("{old}/again"), &[("form", page.form_token())])
        .await;
    assert!(sent.has("A new link is on its way"));

    let new = local.newest_link().await;
    assert_ne!(new, old);
    assert!(browser.get(&old).await.has("A newer letter was sent"));
    let back = browser.press(&new, &[]).await;
    assert_eq!(back.location(), "/app/return/1");
    let back = browser
        .get(&format!("{}{}", local.base, back.location()))
        .await;
    let exchange = attempt.exchange(&attempt.back_from(&back));
    assert_eq!(local.redeem(exchange).await.status, 200);
}

#[tokio::test]
async fn a_link_works_until_its_last_second_and_over_a_restart() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    local.seconds_pass(15 * 60 - 1);
    let path = link.strip_prefix(&local.base).unwrap().to_owned();
    let local = local.restart().await;
    let pressed = browser.press(&format!("{}{path}", local.base), &[]).await;
    assert_eq!(pressed.location(), "/app/return/1");
}

#[tokio::test]
async fn opening_the_address_again_replaces_the_letter_after_twenty_seconds() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let first = attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    local.seconds_pass(19);
    assert_eq!(attempt.asks(&local, &browser).await, first);
    assert_eq!(local.outbox().await.0, 1);

    local.seconds_pass(1);
    assert_eq!(attempt.asks(&local, &browser).await, first);
    let (letters, newer) = local.outbox().await;
    assert_eq!(letters, 2);
    assert!(browser.get(&link).await.has("A newer letter was sent"));
    assert_eq!(browser.press(&newer, &[]).await.location(), "/app/return/1");
}

#[tokio::test]
async fn a_new_link_for_a_used_one_is_mailed_at_once() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    attempt.asks(&local, &browser).await;
    let used = local.newest_link().await;
    let back = browser.press(&used, &[]).await;
    browser
        .get(&format!("{}{}", local.base, back.location()))
        .await;
    local.seconds_pass(5);
    let page = browser.get(&used).await;
    assert!(page.has("This link was used"));
    let wish = [("form", page.form_token())];
    let sent = browser.post(&format!("{used}/again"), &wish).await;
    assert!(sent.has("A new link is on its way"));
    let (letters, newer) = local.outbox().await;
    assert_eq!(letters, 2);

    let again = browser.post(&format!("{used}/again"), &wish).await;
    assert!(again.has("A new link is on its way"));
    assert_eq!(local.outbox().await.0, 2, "that one is on its way still");
    assert_eq!(browser.press(&newer, &[]).await.location(), "/app/return/1");
}

#[tokio::test]
async fn send_again_on_the_waiting_page_sends_again() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks(&local, &browser).await;
    local.seconds_pass(20);
    let page = browser.get(&waiting).await;
    let token = [("form", page.form_token())];
    assert!(!page.has("Sent again") && !page.has("You can ask again"));
    let again = browser.post(&format!("{waiting}/again"), &token).await;
    assert_eq!(local.outbox().await.0, 2);
    let page = format!("{}{}", local.base, again.location());
    let said = status_of(&browser.get(&page).await);
    assert!(said.starts_with("Sent again at "), "{said}");

    local.seconds_pass(8);
    let again = browser.post(&format!("{waiting}/again"), &token).await;
    assert_eq!(local.outbox().await.0, 2, "too early");
    let page = format!("{}{}", local.base, again.location());
    let said = status_of(&browser.get(&page).await);
    assert!(said.ends_with("You can ask again in 12 s."), "{said}");
    local.seconds_pass(12);
    let said = status_of(&browser.get(&page).await);
    assert!(!said.contains("You can ask again"), "{said}");
    let foreign = Browser::phone()
        .post(&format!("{waiting}/again"), &token)
        .await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn a_browser_that_opens_the_address_later_takes_the_sign_in_over() {
    let local = Local::start().await;
    let (attempt, first, second) = (Attempt::new("state"), Browser::new(), Browser::phone());
    let waiting = attempt.asks(&local, &first).await;
    attempt.asks(&local, &second).await;
    assert_eq!(stage(&first, &waiting).await, "elsewhere");
    let link = local.newest_link().await;
    assert!(first.get(&link).await.has("name=\"number\""));
    assert_eq!(second.press(&link, &[]).await.location(), "/app/return/1");
}

#[tokio::test]
async fn a_link_that_nobody_mailed_is_unknown() {
    let local = Local::start().await;
    let page = Browser::new()
        .get(&format!("{}/magic/abc", local.base))
        .await;
    assert!(page.status == 404 && page.has("not known here"));
}

#[tokio::test]
async fn a_finished_sign_in_stays_finished() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let back = attempt.comes_back(&local, &browser).await;
    assert_eq!(local.redeem(attempt.exchange(&back)).await.status, 200);
    local.minutes_pass(1);
    let page = browser.get(&attempt.address(&local)).await;
    assert!(page.has("This sign-in is finished"));
    assert_eq!(local.outbox().await.0, 1);
}
