//! A browser without a window, for tests that need what a browser brings back and not what it shows.

use url::Url;

/// Where a sign-in ended in the browser.
#[derive(Debug)]
pub struct LastPage {
    /// The address, without what it was redirected from.
    pub address: Url,
    text: String,
}

/// Opens the local provider's sign-in page, finds the newest letter in its outbox, follows the link, presses the one
/// button, and follows the redirects.
///
/// # Panics
/// When the provider at `base` does not play its part.
pub async fn follow_the_mail(base: &str, sign_in_page: &Url) -> LastPage {
    let browser = reqwest::Client::builder()
        .cookie_store(true)
        .no_proxy()
        .build()
        .expect("a client");
    let page = browser.get(sign_in_page.clone()).send().await;
    assert!(page.expect("the sign-in page opens").status().is_success());
    let outbox = text(&browser, &format!("{base}/outbox")).await;
    let link = format!("{base}/magic/{}", between(&outbox, "/magic/", "\""));
    let form = between(&text(&browser, &link).await, "name=\"form\" value=\"", "\"");
    let pressed = browser
        .post(&link)
        .form(&[("form", form)])
        .header("origin", base);
    let last = pressed.send().await.expect("the browser is sent back");
    LastPage {
        address: last.url().clone(),
        text: last.text().await.expect("the page is text"),
    }
}

impl LastPage {
    /// The return link that the page offers.
    ///
    /// # Panics
    /// When it offers none.
    pub fn return_link(&self) -> String {
        let (_, link) = self
            .text
            .split_once("id=\"return-link\"")
            .expect("the page has a return link");
        between(link, "href=\"", "\"").replace("&amp;", "&")
    }
}

async fn text(browser: &reqwest::Client, address: &str) -> String {
    let page = browser.get(address).send().await.expect("the page opens");
    page.text().await.expect("the page is text")
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).expect("the page has it");
    let (found, _) = rest.split_once(after).expect("the page ends it");
    found.to_owned()
}
