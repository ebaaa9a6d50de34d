//! What every sign-in by mail does, in a person's steps: ask for the link, find the letter, follow it.

use crate::app::App;
use crate::browser::Browser;

impl App<'_> {
    /// Types the address, presses "Sign in" and waits until the browser shows that a letter is on its way.
    pub async fn ask_for_a_letter(&self, browser: &Browser, address: &str) {
        self.reaches("signed_out").await;
        self.begin_by_mail(browser, address).await;
    }

    /// Signs in by mail while the keyring does not say whether somebody is signed in.
    pub async fn sign_in_for_now(&self, browser: &Browser, address: &str) {
        self.reaches("unknown").await;
        self.begin_by_mail(browser, address).await;
        self.follow_the_letter(browser, address).await;
    }

    async fn begin_by_mail(&self, browser: &Browser, address: &str) {
        self.type_into("input", address).await;
        self.press("Sign in").await;
        self.reaches("signing_in").await;
        browser.go_to_tab_that_says("/app/wait", address).await;
    }

    /// Signs in by mail from the first key to the last click.
    pub async fn sign_in_by_mail(&self, browser: &Browser, address: &str) {
        self.ask_for_a_letter(browser, address).await;
        self.follow_the_letter(browser, address).await;
    }

    /// What the person does once the letter is on its way.
    pub async fn follow_the_letter(&self, browser: &Browser, address: &str) {
        self.press("Open the outbox").await;
        browser.open_the_newest_letter(address).await;
        browser.press("Sign in").await;
        self.reaches("signed_in").await;
    }
}

impl Browser {
    /// In the outbox, follows the link of the newest letter, which is to `address`; the page behind the link
    /// then shows its one button.
    pub async fn open_the_newest_letter(&self, address: &str) {
        self.go_to_tab_that_says("/outbox", &format!("to {address}"))
            .await;
        self.press("Sign in to Keyfob").await;
        self.go_to_tab("/magic/").await;
    }
}
