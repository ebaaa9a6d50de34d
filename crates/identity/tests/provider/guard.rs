//! Who may ask, and what every answer carries.

use reqwest::Method;
use serde_json::json;

use crate::support::{Attempt, Browser, Local, answer, client, header};

#[tokio::test]
async fn a_host_that_is_no_loopback_name_is_refused() {
    let local = Local::start().await;
    let ask = async |host: &str| {
        let request = client().get(format!("{}/health", local.base));
        answer(request.headers(header("host", host))).await
    };
    for host in [
        "example.com",
        "127.0.0.1.example.com",
        "localhost.example.com:80",
        "127.0.0.1:80:80",
        "",
    ] {
        ask(host).await.refusal(421);
    }
    for host in ["127.0.0.1", "localhost:8080", "[::1]", "[::1]:8080"] {
        assert_eq!(ask(host).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_change_nothing() {
    let local = Local::start().await;
    let post = async |origin: &str, site: Option<&str>| {
        let mut request = client()
            .post(format!("{}/verify", local.base))
            .json(&json!({}))
            .header("Origin", origin);
        if let Some(site) = site {
            request = request.header("Sec-Fetch-Site", site);
        }
        answer(request).await
    };
    post("https://example.com", None).await.refusal(403);
    post("http://localhost:1", None).await.refusal(403);
    post("null", Some("cross-site")).await.refusal(403);
    post("null", Some("same-site")).await.refusal(403);
    assert_eq!(post(&local.base, None).await.status, 200);
    assert_eq!(post("null", Some("same-origin")).await.status, 200);
}

#[tokio::test]
async fn a_form_is_taken_only_from_the_browser_that_was_shown_it() {
    let local = Local::start().await;
    let (attempt, browser, other) = (Attempt::new("state"), Browser::new(), Browser::phone());
    attempt.asks(&local, &browser).await;
    let link = local.newest_link().await;
    let page = browser.get(&link).await;
    let token = page.form_token();
    other.get(&link).await;
    assert_eq!(other.post(&link, &[("form", token)]).await.status, 403);
    assert_eq!(browser.post(&link, &[("form", "")]).await.status, 403);
    let fresh = Browser::new();
    assert_eq!(fresh.post(&link, &[("form", token)]).await.status, 403);
    assert_eq!(browser.post(&link, &[("form", token)]).await.status, 303);
}

#[tokio::test]
async fn every_page_forbids_frames_foreign_scripts_and_referrers() {
    let local = Local::start().await;
    let (attempt, browser) = (Attempt::new("state"), Browser::new());
    let waiting = attempt.asks(&local, &browser).await;
    let form = Attempt::new("form").address_with(&local, "&type=EMAIL");
    let link = local.newest_link().await;
    let outbox = format!("{}/outbox", local.base);
    for address in [&waiting, &form, &link, &outbox] {
        let page = browser.get(address).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{address}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert!(!page.has("style=") && !page.has("onclick") && !page.has("<script>"));
    }
}

#[tokio::test]
async fn the_cookie_goes_to_the_providers_pages_only() {
    let local = Local::start().await;
    let page = Browser::new()
        .get(&Attempt::new("state").address(&local))
        .await;
    let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
        assert!(cookie.contains("Path=/app;") || cookie.contains("Path=/magic;"));
    }
}

#[tokio::test]
async fn the_date_is_the_providers_own() {
    let local = Local::start().await;
    local.minutes_pass(12);
    let answer = local.call(Method::GET, "/health", None).await;
    assert_eq!(answer.headers["date"], "Fri, 20 Nov 2026 14:29:03 GMT");
    assert_eq!(
        answer.json(),
        json!({"program": "keyfob-identity", "version": env!("CARGO_PKG_VERSION"), "build": "test"})
    );
}

#[tokio::test]
async fn only_the_owner_of_the_folder_may_end_the_server() {
    let local = Local::start().await;
    let stop = || client().post(format!("{}/control/stop", local.base));
    answer(stop()).await.refusal(401);
    for wrong in ["", "guess", "null"] {
        answer(stop().bearer_auth(wrong)).await.refusal(401);
    }
    assert_eq!(local.call(Method::GET, "/health", None).await.status, 200);
}
