//! A page as a person meets it: words to read, buttons to press, a field to type into.
//!
//! Every verb waits for what it needs, with a limit, and fails with what the page showed instead.

use std::path::Path;
use std::time::Duration;

use thirtyfour::{By, WebDriver, WebElement};
use tokio::time;

/// Longer than anything here takes on a busy machine; a person would have given up.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(40);

/// A driven page, in the app's window or in a browser's tab.
#[derive(Debug)]
pub struct Page {
    pub(crate) driver: WebDriver,
}

impl Page {
    /// Presses the button or link with exactly this text, once it can be pressed.
    pub async fn press(&self, text: &str) {
        let pressed = eventually(async || self.press_if_it_is_there(text).await);
        if pressed.await.is_none() {
            self.fail(&format!("there is no button \"{text}\" to press"))
                .await;
        }
    }

    /// Presses it if it can be pressed now, and says whether it could.
    pub async fn press_if_it_is_there(&self, text: &str) -> Option<()> {
        let path = format!(
            "//*[self::button or self::a or @role='button'][normalize-space(.)={}]",
            quoted(text)
        );
        let element = self.visible(By::XPath(path.as_str())).await?;
        if !element.is_enabled().await.ok()? {
            return None;
        }
        element.click().await.ok()
    }

    /// Presses the first visible element that the CSS selector matches, once it can be pressed.
    pub async fn press_at(&self, selector: &str) {
        let pressed = eventually(async || {
            let element = self.visible(By::Css(selector)).await?;
            if !element.is_enabled().await.ok()? {
                return None;
            }
            element.click().await.ok()
        });
        if pressed.await.is_none() {
            self.fail(&format!("there is no {selector} to press")).await;
        }
    }

    /// Presses the button with exactly this text and holds it down.
    pub async fn hold(&self, text: &str) {
        let path = format!("//button[normalize-space(.)={}]", quoted(text));
        let held = eventually(async || {
            let button = self.visible(By::XPath(path.as_str())).await?;
            let hand = self.driver.action_chain();
            hand.click_and_hold_element(&button).perform().await.ok()
        });
        if held.await.is_none() {
            self.fail(&format!("there is no button \"{text}\" to hold"))
                .await;
        }
    }

    /// Lets go of what is held.
    ///
    /// # Panics
    /// When the driver does not answer.
    pub async fn let_go(&self) {
        let hand = self.driver.action_chain();
        hand.release().perform().await.expect("the hand lets go");
    }

    /// The value of a CSS property of the first element that the selector matches.
    ///
    /// # Panics
    /// When there is none.
    pub async fn style_of(&self, selector: &str, property: &str) -> String {
        let element = self.driver.find(By::Css(selector)).await;
        let element = element.unwrap_or_else(|error| panic!("{selector}: {error}"));
        let style = element.css_value(property).await;
        style.unwrap_or_else(|error| panic!("{property} of {selector}: {error}"))
    }

    /// Chooses the radio button or the switch with this value, by its label.
    pub async fn chooses(&self, value: &str) {
        self.press_at(&format!("label:has(input[value='{value}'])"))
            .await;
    }

    /// Waits until something that the CSS selector matches can be seen.
    pub async fn has(&self, selector: &str) {
        let seen = eventually(async || self.visible(By::Css(selector)).await.map(drop));
        if seen.await.is_none() {
            self.fail(&format!("there is no {selector} to see")).await;
        }
    }

    /// Waits until nothing that the CSS selector matches can be seen.
    pub async fn has_no(&self, selector: &str) {
        let gone = eventually(async || {
            self.visible(By::Css(selector))
                .await
                .is_none()
                .then_some(())
        });
        if gone.await.is_none() {
            self.fail(&format!("there is still {selector} to see"))
                .await;
        }
    }

    /// Types into the first visible element that the CSS selector matches.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let typed = eventually(async || {
            let field = self.visible(By::Css(selector)).await?;
            field.send_keys(text).await.ok()
        })
        .await;
        if typed.is_none() {
            self.fail(&format!("there is no field {selector} to type into"))
                .await;
        }
    }

    /// What the first visible element that the CSS selector matches reads, once there is one.
    pub async fn text_of(&self, selector: &str) -> String {
        let text = eventually(async || self.visible(By::Css(selector)).await?.text().await.ok());
        match text.await {
            Some(text) => text,
            None => self.fail(&format!("there is no {selector} to read")).await,
        }
    }

    /// Waits until the page shows `text`.
    pub async fn shows(&self, text: &str) {
        let seen = eventually(async || self.text().await.contains(text).then_some(())).await;
        if seen.is_none() {
            self.fail(&format!("the page does not say \"{text}\""))
                .await;
        }
    }

    /// Waits until the page shows `text` no more, for a minute at most.
    pub async fn says_no_more(&self, text: &str) {
        for _ in 0..2 {
            let gone = eventually(async || (!self.text().await.contains(text)).then_some(()));
            if gone.await.is_some() {
                return;
            }
        }
        self.fail(&format!("the page still says \"{text}\"")).await;
    }

    /// Everything readable on the page now.
    pub async fn text(&self) -> String {
        match self.driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The page's document as the page itself could read it.
    ///
    /// # Panics
    /// When the driver does not answer.
    pub async fn source(&self) -> String {
        self.driver.source().await.expect("the driver answers")
    }

    /// The attribute of the first element that the CSS selector matches, if both exist.
    pub async fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let element = self.driver.find(By::Css(selector)).await.ok()?;
        element.attr(name).await.ok()?
    }

    /// Saves a picture of the page.
    ///
    /// # Panics
    /// When the driver cannot take one.
    pub async fn picture(&self, file: &Path) {
        self.driver
            .screenshot(file)
            .await
            .expect("the page can be photographed");
    }

    /// Ends the test and says what the page showed instead.
    pub(crate) async fn fail(&self, what: &str) -> ! {
        let address = match self.driver.current_url().await {
            // The query of a sign-in address is nobody's business, also in a failed test's output.
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(error) => format!("no address: {error}"),
        };
        panic!("{what}.\n{address} shows:\n{}", self.text().await)
    }

    async fn visible(&self, by: By) -> Option<WebElement> {
        for element in self.driver.find_all(by).await.ok()? {
            if element.is_displayed().await.ok()? {
                return Some(element);
            }
        }
        None
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // The session ends the driven program by its process id; asking a driver that may hang would only
        // hold a failing test up. A driver that was told to quit is past leaking, and that is fine as well.
        let _ = self.driver.clone().leak();
    }
}

/// Asks until there is an answer; `None` when a person would have given up.
pub async fn eventually<T>(mut probe: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let asking = async {
        loop {
            if let Some(answer) = probe().await {
                return answer;
            }
            time::sleep(PAUSE).await;
        }
    };
    time::timeout(PATIENCE, asking).await.ok()
}

/// A text as an `XPath` literal; texts with both kinds of quotes do not occur on a button.
fn quoted(text: &str) -> String {
    assert!(
        !text.contains('"'),
        "a button's text holds no double quotes"
    );
    format!("\"{text}\"")
}
