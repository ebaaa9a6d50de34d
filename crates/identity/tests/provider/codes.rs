//! One-time codes: typed in the browser that asked, few times, and not for long.

use crate::support::{Answer, Attempt, Browser, Local, between, decoded};

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

/// What the page says above the field.
fn said(page: &Answer) -> &str {
    assert_eq!(page.status, 422, "{}", page.body);
    between(&page.body, "role=\"alert\">", "</p>").expect("a word about it")
}

async fn stage(browser: &Browser, waiting: &str) -> String {
    let state = browser.get(&format!("{waiting}/state")).await.json();
    state["stage"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_typed_code_signs_in_and_the_tokens_say_so() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks_for_a_code(&local, &browser).await;
    let page = browser.get(&waiting).await;
    assert!(page.has("autocomplete=\"one-time-code\"") && page.has("inputmode=\"numeric\""));
    assert!(
        !page.has("http-equiv=\"refresh\""),
        "it would empty the field"
    );
    assert_eq!(stage(&browser, &waiting).await, "code");

    let code = local.newest_code().await;
    assert!(!page.has(&code), "the code is in the letter only");
    let pasted = format!(" {}-{} ", &code[..3], &code[3..]);
    let back = browser.types(&waiting, &pasted).await;
    let back = format!("{}{}", local.base, back.location());
    let back = attempt.back_from(&browser.get(&back).await);
    let got = local.redeem(attempt.exchange(&back)).await.json();

    assert_eq!(got["oauth_token"]["auth_method"], "OTP");
    let access = decoded(got["oauth_token"]["access_token"].as_str().unwrap()).1;
    assert_eq!(access["authentication_method"], "OTP");
    assert_eq!(stage(&browser, &waiting).await, "signed_in");
}

#[tokio::test]
async fn a_code_typed_twice_is_told_how_the_sign_in_stands() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks_for_a_code(&local, &browser).await;
    let code = local.newest_code().await;
    let fields = browser.get(&waiting).await;
    let fields = [("form", fields.form_token()), ("code", code.as_str())];
    let typed = async || browser.post(&format!("{waiting}/code"), &fields).await;
    assert_eq!(typed().await.location(), "/app/return/1");
    assert_eq!(typed().await.location(), "/app/wait/1");
    assert!(browser.get(&waiting).await.has("Go back to Keyfob"));
}

#[tokio::test]
async fn five_wrong_codes_end_the_sign_in_and_a_slip_of_the_hand_costs_none() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks_for_a_code(&local, &browser).await;
    let code = local.newest_code().await;
    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        let page = browser.types(&waiting, wrong(&code)).await;
        assert_eq!(said(&page), format!("That is not the code. {left} left."));
        for slip in ["", "12345", "hello", "1234567"] {
            let page = browser.types(&waiting, slip).await;
            assert_eq!(said(&page), "The code has six digits.");
        }
    }
    let form = browser.get(&waiting).await.form_token().to_owned();
    let last = browser.types(&waiting, wrong(&code)).await;
    assert_eq!(last.location(), "/app/wait/1");
    assert_eq!(stage(&browser, &waiting).await, "ended");
    assert!(browser.get(&waiting).await.has("This sign-in was ended"));

    let fields = [("form", form.as_str()), ("code", code.as_str())];
    let late = browser.post(&format!("{waiting}/code"), &fields).await;
    assert_eq!(late.location(), "/app/wait/1");
    let again = browser
        .post(&format!("{waiting}/again"), &[("form", form.as_str())])
        .await;
    assert_eq!(again.status, 410);
}

#[tokio::test]
async fn an_expired_code_says_so_and_offers_a_new_one() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks_for_a_code(&local, &browser).await;
    let old = local.newest_code().await;
    let form = browser.get(&waiting).await.form_token().to_owned();
    local.minutes_pass(10);
    let fields = [("form", form.as_str()), ("code", old.as_str())];
    let late = browser.post(&format!("{waiting}/code"), &fields).await;
    assert_eq!(late.location(), "/app/wait/1");
    let page = browser.get(&waiting).await;
    assert!(page.has("The code has expired") && page.has("Send a new code"));

    browser
        .post(&format!("{waiting}/again"), &[("form", page.form_token())])
        .await
        .location();
    let new = local.newest_code().await;
    if old != new {
        let page = browser.types(&waiting, &old).await;
        let said = said(&page);
        assert!(said.contains("the newest letter, sent at"), "{said}");
    }
    assert_eq!(
        browser.types(&waiting, &new).await.location(),
        "/app/return/1"
    );
}

#[tokio::test]
async fn a_code_is_of_no_use_in_another_browser() {
    let local = Local::start().await;
    let (attempt, browser, thief) = (Attempt::new("state"), Browser::new(), Browser::phone());
    let waiting = attempt.asks_for_a_code(&local, &browser).await;
    let code = local.newest_code().await;
    let page = browser.get(&waiting).await;
    assert!(!thief.get(&waiting).await.has("name=\"code\""));
    let fields = [("form", page.form_token()), ("code", code.as_str())];
    let stolen = thief.post(&format!("{waiting}/code"), &fields).await;
    assert_eq!(stolen.status, 403);
    assert_eq!(
        browser.types(&waiting, &code).await.location(),
        "/app/return/1"
    );
}

#[tokio::test]
async fn a_code_can_be_had_instead_of_a_link_and_a_link_instead_of_a_code() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    let page = browser.get(&waiting).await;
    assert!(page.has("Send a code instead"));
    let wish = |method| [("form", page.form_token()), ("method", method)];
    browser
        .post(&format!("{waiting}/again"), &wish("OTP"))
        .await
        .location();
    assert!(browser.get(&link).await.has("A newer letter was sent"));
    assert!(browser.get(&waiting).await.has("Send a link instead"));
    assert_eq!(stage(&browser, &waiting).await, "code");

    browser
        .post(&format!("{waiting}/again"), &wish("MAGIC_LINK"))
        .await
        .location();
    assert_eq!(stage(&browser, &waiting).await, "mailed");
    let newest = local.newest_link().await;
    let back = browser.press(&newest, &[]).await;
    let back = browser
        .get(&format!("{}{}", local.base, back.location()))
        .await;
    let back = attempt.back_from(&back);
    let got = local.redeem(attempt.exchange(&back)).await.json();
    assert_eq!(got["oauth_token"]["auth_method"], "MAGIC_LINK");
}

#[tokio::test]
async fn a_phone_is_sent_a_code_by_the_channel_that_was_chosen() {
    let local = Local::start().await;
    let browser = Browser::new();
    for (state, rest, channel) in [
        ("none", "", "SMS"),
        ("null", "&use_channel=null", "SMS"),
        ("used", "&use_channel=WHATSAPP", "WhatsApp"),
        (
            "first",
            "&phone_channels[]=WHATSAPP&phone_channels[]=SMS",
            "WhatsApp",
        ),
    ] {
        let attempt = Attempt::new(state);
        let number = "&type=PHONE&direct_login=true&input=%2B4930901820";
        let address = attempt.address_with(&local, &format!("{number}{rest}"));
        let waiting = format!("{}{}", local.base, browser.get(&address).await.location());
        let page = browser.get(&waiting).await;
        assert!(
            page.has(&format!("by {channel}.")),
            "{state}: {}",
            page.body
        );
        let outbox = browser.get(&format!("{}/outbox", local.base)).await;
        let newest = between(&outbox.body, "<article", "</article>").unwrap();
        assert!(newest.contains(&format!("<h2>{channel}</h2>")), "{newest}");
        let code = local.newest_code().await;
        let back = browser.types(&waiting, &code).await;
        assert!(back.location().starts_with("/app/return/"));
    }
    let form = Attempt::new("form").address_with(&local, "&type=PHONE");
    let form = browser.get(&form).await;
    for text in [
        "value=\"SMS\"",
        "value=\"WHATSAPP\"",
        "Send me a code",
        "Send me a link instead",
    ] {
        assert!(form.has(text), "{text}");
    }
}

#[tokio::test]
async fn the_form_offers_what_the_client_leaves_open() {
    let local = Local::start().await;
    let browser = Browser::new();
    let form = async |rest: &str| {
        let address = Attempt::new("form").address_with(&local, &format!("&type=EMAIL{rest}"));
        browser.get(&address).await
    };
    let open = form("").await;
    assert!(open.has("Send me a link<") && open.has("Send me a code instead"));
    let codes = form("&auth_method=OTP").await;
    assert!(codes.has("Send me a code<") && !codes.has("instead"));
    let address = Attempt::new("form").address_with(&local, "&type=EMAIL");
    let fields = [("input", "ada@example.com"), ("method", "OTP")];
    let sent = browser.press(&address, &fields).await;
    let waiting = format!("{}{}", local.base, sent.location());
    assert_eq!(stage(&browser, &waiting).await, "code");
}

#[tokio::test]
async fn the_database_without_its_letters_does_not_tell_the_code() {
    let local = Local::start().await;
    let browser = Browser::new();
    Attempt::new("state")
        .asks_for_a_code(&local, &browser)
        .await;
    let code = local.newest_code().await;
    let record: String = local
        .database()
        .query_row("SELECT record FROM challenge", [], |row| row.get(0))
        .unwrap();
    assert!(!record.contains(&code));
}

#[tokio::test]
async fn a_loopback_redirect_may_follow_from_the_field() {
    let local = Local::start().await;
    let (attempt, browser) = (
        Attempt::returning_to("http://127.0.0.1:8395", "state"),
        Browser::new(),
    );
    let waiting = attempt.asks_for_a_code(&local, &browser).await;
    let page = browser.get(&waiting).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:8395;"));
    let back = browser.types(&waiting, &local.newest_code().await).await;
    let back = browser
        .get(&format!("{}{}", local.base, back.location()))
        .await;
    assert_eq!(attempt.back(back.location()).state, "state");
}
