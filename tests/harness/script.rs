//! A browser without a window, for tests that need what a browser brings back and not what it shows.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use url::Url;

/// A person at the local provider: keeps cookies, follows redirects, reads the outbox.
#[derive(Debug)]
pub struct Visitor {
    browser: Client,
    base: String,
}

/// A page that a visitor reached.
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
    let visitor = Visitor::of(base);
    visitor.open(sign_in_page.as_str()).await;
    visitor.follow_the_newest_link().await
}

impl Visitor {
    /// Somebody who was never at the provider at `base` before.
    ///
    /// # Panics
    /// When no client can be made.
    pub fn of(base: &str) -> Self {
        let browser = Client::builder().cookie_store(true).no_proxy().build();
        Self {
            browser: browser.expect("a client"),
            base: base.to_owned(),
        }
    }

    /// Somebody at another computer: a way back to this one leads nowhere there, and is what the address bar shows.
    ///
    /// # Panics
    /// When no client can be made.
    pub fn elsewhere(base: &str) -> Self {
        let provider: Url = base.parse().expect("an address");
        let there = Policy::custom(move |to| {
            if to.url().origin() == provider.origin() {
                to.follow()
            } else {
                to.stop()
            }
        });
        let browser = Client::builder().cookie_store(true).no_proxy();
        Self {
            browser: browser.redirect(there).build().expect("a client"),
            base: base.to_owned(),
        }
    }

    /// Opens a page.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn open(&self, address: &str) -> LastPage {
        reached(self.browser.get(address)).await
    }

    /// Types an address or a number into the sign-in page and asks to be sent what it takes. The answer is the page
    /// that waits.
    ///
    /// # Panics
    /// When the page does not take it.
    pub async fn ask(&self, sign_in_page: &LastPage, identifier: &str) -> LastPage {
        let fields = [("form", sign_in_page.form()), ("input", identifier)];
        self.press(&sign_in_page.address, &fields).await
    }

    /// Finds the newest letter in the outbox, follows the link, presses the one button, and follows the redirects.
    ///
    /// # Panics
    /// When there is no letter with a link, or the link does not work.
    pub async fn follow_the_newest_link(&self) -> LastPage {
        let outbox = self.open(&format!("{}/outbox", self.base)).await;
        let link = between(&outbox.text, "/magic/", "\"");
        self.follow(&format!("{}/magic/{link}", self.base)).await
    }

    /// Follows a mailed link, presses the one button, and follows the redirects.
    ///
    /// # Panics
    /// When the link does not work.
    pub async fn follow(&self, link: &str) -> LastPage {
        let page = self.open(link).await;
        self.press(&page.address, &[("form", page.form())]).await
    }

    /// Finds the newest letter in the outbox, types its code into the page that waits, and follows the redirects.
    ///
    /// # Panics
    /// When there is no letter with a code, or the code does not work.
    pub async fn type_the_newest_code(&self, waiting_page: &LastPage) -> LastPage {
        let outbox = self.open(&format!("{}/outbox", self.base)).await;
        let code = between(&outbox.text, "class=\"code\">", "<");
        self.type_code(waiting_page, code).await
    }

    /// Types a code into the page that waits, and follows the redirects.
    ///
    /// # Panics
    /// When the code does not work.
    pub async fn type_code(&self, waiting_page: &LastPage, code: &str) -> LastPage {
        let action = between(&waiting_page.text, "method=\"post\" action=\"", "\"");
        let address = waiting_page.address.join(action).expect("an address");
        let fields = [("form", waiting_page.form()), ("code", code)];
        self.press(&address, &fields).await
    }

    async fn press(&self, address: &Url, fields: &[(&str, &str)]) -> LastPage {
        let pressed = self.browser.post(address.clone()).form(fields);
        reached(pressed.header("origin", &self.base)).await
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

    /// Whether the page holds this text.
    pub fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// What the page's form proves itself with.
    fn form(&self) -> &str {
        between(&self.text, "name=\"form\" value=\"", "\"")
    }
}

async fn reached(request: RequestBuilder) -> LastPage {
    let page = request.send().await.expect("the page opens");
    let led_away = page
        .headers()
        .get("location")
        .and_then(|to| to.to_str().ok());
    if let Some(address) = led_away.and_then(|to| to.parse().ok()) {
        let text = String::new();
        return LastPage { address, text };
    }
    let (address, status) = (page.url().clone(), page.status());
    let text = page.text().await.expect("the page is text");
    assert!(
        status.is_success(),
        "{} answers {status}:\n{text}",
        address.path()
    );
    LastPage { address, text }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).expect("the page has it");
    let (found, _) = rest.split_once(after).expect("the page ends it");
    found
}
