//! The hosted page and the outbox, as a browser meets them.

use std::time::Duration;

use crate::support::{ADA, Attempt, Browser, Local};

#[tokio::test]
async fn the_form_asks_for_an_address_and_sends_the_link() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let address = attempt.address_with(&local, "&type=EMAIL");
    assert!(browser.get(&address).await.has("type=\"email\""));
    assert_eq!(
        local.outbox().await.0,
        0,
        "nothing is sent before the form is"
    );

    let wrong = browser.press(&address, &[("input", "ada<b>")]).await;
    assert!(wrong.status == 422 && wrong.has("not an e-mail address"));
    assert!(wrong.has("value=\"ada&lt;b&gt;\"") && !wrong.has("ada<b>"));

    let sent = browser.press(&address, &[("input", ADA)]).await;
    let waiting = browser
        .get(&format!("{}{}", local.base, sent.location()))
        .await;
    assert!(waiting.has(ADA) && waiting.has("/outbox"));
    assert_eq!(local.outbox().await.0, 1);
}

#[tokio::test]
async fn a_phone_is_sent_a_message_by_the_chosen_channel() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let address = attempt.address_with(
        &local,
        "&type=PHONE&phone_channels[]=SMS&phone_channels[]=WHATSAPP",
    );
    assert!(browser.get(&address).await.has("WhatsApp"));
    let fields = [
        ("input", "+49 30 901820"),
        ("channel", "WHATSAPP"),
        ("method", "MAGIC_LINK"),
    ];
    browser.press(&address, &fields).await.location();
    let outbox = browser.get(&format!("{}/outbox", local.base)).await;
    assert!(outbox.has("<h2>WhatsApp</h2>") && outbox.has("+4930901820"));
    let pressed = browser.press(&local.newest_link().await, &[]).await;
    let page = browser
        .get(&format!("{}{}", local.base, pressed.location()))
        .await;
    let exchange = attempt.exchange(&attempt.back_from(&page));
    let got = local.redeem(exchange).await.json();
    assert_eq!(got["identifier"]["identifier_type"], "PHONE");
    assert_eq!(got["user"]["identifier"], "+4930901820");
}

#[tokio::test]
async fn a_mobile_clients_concatenated_query_sends_at_once() {
    let local = Local::start().await;
    let attempt = Attempt::new("state");
    let address = attempt
        .address_with(
            &local,
            "&type=EMAIL&use_channel=null&direct_login=true&input=ada%40example.com",
        )
        .replace("dev.keyfob%3A%2F%2Fcallback", "dev.keyfob://callback");
    let browser = Browser::new();
    assert_eq!(browser.get(&address).await.location(), "/app/wait/1");
    assert_eq!(browser.head(&address).await.status, 200);
    assert_eq!(local.outbox().await.0, 1);
}

#[tokio::test]
async fn a_corrected_address_gets_its_letter_at_once() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    attempt.asks(&local, &browser).await;
    let typo = local.newest_link().await;
    let other = attempt
        .address(&local)
        .replace("ada%40example.com", "ada%40example.org");
    browser.get(&other).await.location();
    let (letters, _) = local.outbox().await;
    assert_eq!(letters, 2);
    assert!(browser.get(&typo).await.has("A newer letter was sent"));
}

#[tokio::test]
async fn a_redirect_url_outside_the_list_gets_the_documented_page_and_no_redirect() {
    let local = Local::start().await;
    for elsewhere in [
        "https://example.com/cb",
        "dev.keyfob://other",
        "http://localhost.example.com",
    ] {
        let attempt = Attempt::returning_to(elsewhere, "state");
        let page = Browser::new().get(&attempt.address(&local)).await;
        assert_eq!(page.status, 403);
        assert!(page.headers.get("location").is_none());
        let words = format!(
            "The redirect URL {elsewhere} or the parent origin :// is not in the list of allowed URLs. Please contact the site owner."
        );
        assert!(page.has(&words), "{}", page.body);
    }
    assert_eq!(local.outbox().await.0, 0);
}

#[tokio::test]
async fn a_loopback_redirect_happens_outright() {
    let local = Local::start().await;
    for redirect_url in [
        "http://127.0.0.1:8395",
        "http://localhost:8080/callback?kept=1",
        "http://[::1]:9000/callback",
    ] {
        let state = format!("state{}", redirect_url.len());
        let attempt = Attempt::returning_to(redirect_url, &state);
        let browser = Browser::new();
        attempt.asks(&local, &browser).await;
        let link = local.newest_link().await;
        let button = browser.get(&link).await;
        let policy = button.headers["content-security-policy"].to_str().unwrap();
        let origin = url::Url::parse(redirect_url)
            .unwrap()
            .origin()
            .ascii_serialization();
        assert!(
            policy.contains(&format!("form-action 'self' {origin};")),
            "{policy}"
        );

        let pressed = browser.press(&link, &[]).await;
        let back = format!("{}{}", local.base, pressed.location());
        let redirect = browser.get(&back).await;
        let came = attempt.back(redirect.location());
        assert_eq!(came.state, state);
        assert!(came.challenge_id.parse::<i64>().is_ok());
        assert!(browser.get(&back).await.has("Open Keyfob"), "only once");
    }
}

#[tokio::test]
async fn what_no_client_should_ask_for_is_refused_in_words() {
    let local = Local::start().await;
    let attempt = Attempt::new("state");
    let page = async |address: String| Browser::new().get(&address).await;
    let face = page(attempt.address_with(&local, "&type=EMAIL&auth_method=BIOMETRIC")).await;
    assert!(face.status == 400 && face.has("parameter auth_method"));
    let fax = page(attempt.address_with(&local, "&type=FAX")).await;
    assert!(fax.status == 400 && fax.has("parameter type"));
    let key = page(format!("{}/app?api_key=x", local.base)).await;
    assert!(key.status == 401 && key.has("API key id"));
    let user = page(attempt.address(&local) + "&cotter_user_id=nobody").await;
    assert!(user.status == 400 && user.has("does not know"));
}

#[tokio::test]
async fn the_outbox_shows_letters_newest_first_and_keeps_them_for_a_day() {
    let local = Local::start().await;
    let browser = Browser::new();
    let outbox = format!("{}/outbox", local.base);
    assert!(browser.get(&outbox).await.has("No letters yet"));
    Attempt::new("one").asks(&local, &browser).await;
    local.minutes_pass(1);
    let eve = Attempt::new("two")
        .address(&local)
        .replace("ada%40", "eve%40");
    browser.get(&eve).await.location();
    let page = browser.get(&outbox).await;
    let place = |text: &str| page.body.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("to eve@example.com") < place("to ada@example.com"));
    // What the page's script tells new letters from old ones by.
    assert!(page.has("data-newest=\"2\""));
    assert!(place("data-letter=\"2\"") < place("data-letter=\"1\""));
    assert!(page.has("Sign in to Keyfob</a>"));

    let local = local.sleeps(Duration::from_hours(24)).await;
    let page = browser.get(&format!("{}/outbox", local.base)).await;
    assert!(page.has("eve@example.com"), "exactly a day old");
    assert!(!page.has("ada@example.com"), "a minute older");
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_what_it_needs() {
    let local = Local::start().await;
    let sent = Browser::new()
        .get(&Attempt::new("state").address(&local))
        .await;
    let page = Browser::new()
        .get(&format!("{}{}", local.base, sent.location()))
        .await;
    assert!(page.status == 403 && page.has("needs a cookie"));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_on_a_page_of_ours() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    let base = &local.base;
    for address in ["/app/wait/abc", "/app/return/1e3", "/magic/%ff"] {
        let page = browser.get(&format!("{base}{address}")).await;
        assert!(page.status == 404 && page.has("<h1>There is nothing here</h1>"));
    }
    for address in [
        &link,
        &format!("{link}/again"),
        &format!("{waiting}/again"),
        &attempt.address(&local),
    ] {
        let page = browser.post(address, &[]).await;
        assert!(page.status.is_client_error() && page.has("<h1>This form came incomplete</h1>"));
    }
    for path in ["/app/wait/abc/state", "/user/%ff", "/assets/%ff"] {
        local
            .call(reqwest::Method::GET, path, None)
            .await
            .refusal(404);
    }
}

#[tokio::test]
async fn a_lost_visitor_is_shown_the_way() {
    let local = Local::start().await;
    let lost = Browser::new().get(&format!("{}/nowhere", local.base)).await;
    assert!(lost.status == 404 && lost.has("<h1>There is nothing here</h1>"));
    assert!(Browser::new().get(&local.base).await.has("/outbox"));
    local
        .call(reqwest::Method::GET, "/nowhere", None)
        .await
        .refusal(404);
    local
        .call(reqwest::Method::PUT, "/outbox", None)
        .await
        .refusal(405);
}
