//! The person's browser: a headed Chromium with a profile of its own that the system opens addresses with.
//!
//! It is driven, and it is the default: a desktop file in the private home runs Chromium with the same profile,
//! so that what the app opens with `xdg-open` becomes a new tab in the window we drive.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use xtask::chromium;

use crate::driver;
use crate::page::{Page, eventually};
use crate::session::Session;

/// The folder of the browser's profile, in the home folder.
pub(crate) const BROWSER_PROFILE: &str = "browser";

const DESKTOP_FILE: &str = "keyfob-test-browser.desktop";

/// The person's browser, showing one of its tabs.
#[derive(Debug)]
pub struct Browser {
    page: Page,
}

impl Session {
    /// Starts the browser and makes it the one that addresses open in.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn browser(&self) -> Browser {
        self.browser_that_trusts(&self.provider().base).await
    }

    /// Starts a browser that opens our links without asking when a page of `origin` wants it to: what a person
    /// gets by ticking "always allow".
    pub async fn browser_that_trusts(&self, origin: &str) -> Browser {
        allow_our_links(&self.browser_profile(), self.identifier(), origin);
        self.browser_that_asks().await
    }

    /// Starts a browser that asks before it opens a link of ours, as a new one does.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn browser_that_asks(&self) -> Browser {
        let profile = self.browser_profile();
        self.make_default_browser(&profile);
        self.start_browser(&profile, "browser").await
    }

    /// Starts another browser, as on a phone: it knows nothing of what the first one did, and no address opens in it
    /// by itself.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn another_browser(&self) -> Browser {
        let profile = self.home().join("another-browser");
        self.start_browser(&profile, "another-browser").await
    }

    async fn start_browser(&self, profile: &Path, log: &str) -> Browser {
        let mut arguments = vec![
            format!("--user-data-dir={}", profile.display()),
            "--window-size=900,800".to_owned(),
        ];
        arguments.extend(chromium::switches().into_iter().map(str::to_owned));
        // With either of these switches a running Chromium turns away the second one that asks it to open a
        // tab, so no address that the app opens would ever arrive.
        let options = json!({
            "binary": "/usr/bin/chromium",
            "args": arguments,
            "excludeSwitches": ["enable-automation", "test-type"],
        });
        let capabilities = Map::from_iter([("goog:chromeOptions".to_owned(), options)]);
        let mut server = self.command("chromedriver");
        let (driver, _) = driver::start(self, &mut server, log, capabilities).await;
        Browser {
            page: Page { driver },
        }
    }

    pub(crate) fn browser_profile(&self) -> PathBuf {
        self.home().join(BROWSER_PROFILE)
    }

    fn make_default_browser(&self, profile: &Path) {
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Browser\nExec=chromium --user-data-dir={} {} %U\n\
             MimeType=x-scheme-handler/http;x-scheme-handler/https;text/html;\n",
            profile.display(),
            chromium::switches().join(" "),
        );
        let file = self.applications().join(DESKTOP_FILE);
        fs::write(file, entry).expect("a desktop file can be written");
        for scheme in ["http", "https"] {
            let kind = format!("x-scheme-handler/{scheme}");
            self.run("xdg-mime", ["default", DESKTOP_FILE, &kind]);
        }
    }

    /// The folder of the person's own desktop files.
    pub fn applications(&self) -> PathBuf {
        self.home().join(".local/share/applications")
    }
}

impl Browser {
    /// Shows the tab whose path begins with `path`, once there is one; the newest if there are several.
    pub async fn go_to_tab(&self, path: &str) {
        let found = eventually(async || {
            let mut tabs = self.driver.windows().await.ok()?;
            tabs.reverse();
            for tab in tabs {
                self.driver.switch_to_window(tab).await.ok()?;
                let address = self.driver.current_url().await.ok()?;
                if address.path().starts_with(path) && address.scheme() == "http" {
                    return Some(());
                }
            }
            None
        })
        .await;
        if found.is_none() {
            self.fail(&format!("no tab shows {path}")).await;
        }
    }

    /// Shows the tab whose path begins with `path` and whose page says `text`, once there is one.
    pub async fn go_to_tab_that_says(&self, path: &str, text: &str) {
        let found = eventually(async || {
            for tab in self.driver.windows().await.ok()? {
                self.driver.switch_to_window(tab).await.ok()?;
                let address = self.driver.current_url().await.ok()?;
                if address.path().starts_with(path) && self.text().await.contains(text) {
                    return Some(());
                }
            }
            None
        })
        .await;
        if found.is_none() {
            self.fail(&format!("no tab at {path} says \"{text}\""))
                .await;
        }
    }

    /// How many tabs show a path that begins with `path`.
    pub async fn tabs(&self, path: &str) -> usize {
        let mut count = 0;
        for tab in self.driver.windows().await.unwrap_or_default() {
            let switched = self.driver.switch_to_window(tab).await;
            if let (Ok(()), Ok(address)) = (switched, self.driver.current_url().await)
                && address.path().starts_with(path)
            {
                count += 1;
            }
        }
        count
    }

    /// Closes every tab but an empty one, so that the next one to be looked for is a new one.
    ///
    /// # Panics
    /// When the browser does not do it.
    pub async fn close_tabs(&self) {
        // A tab that is just opening or closing is refused by the driver: then all is looked at anew.
        let only_an_empty_one = async || {
            let mut tabs = self.driver.windows().await.ok()?;
            let kept = tabs.pop()?;
            for tab in tabs {
                self.driver.switch_to_window(tab).await.ok()?;
                self.driver.close_window().await.ok()?;
            }
            self.driver.switch_to_window(kept).await.ok()?;
            self.driver.goto("about:blank").await.ok()?;
            (self.driver.windows().await.ok()?.len() == 1).then_some(())
        };
        eventually(only_an_empty_one)
            .await
            .expect("the tabs close and an empty one stays");
    }

    /// Loads the current tab's page again.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub async fn reload(&self) {
        self.driver
            .refresh()
            .await
            .unwrap_or_else(|error| panic!("the page does not load again: {error}"));
    }

    /// Types an address into the current tab.
    ///
    /// # Panics
    /// When the page cannot be opened.
    pub async fn open(&self, address: &str) {
        self.driver
            .goto(address)
            .await
            .unwrap_or_else(|error| panic!("the page does not open: {error}"));
    }
}

impl Deref for Browser {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

/// Writes into a fresh profile what "always allow this site to open such links" would write.
fn allow_our_links(profile: &Path, scheme: &str, origin: &str) {
    let mut schemes = Map::new();
    schemes.insert(scheme.to_owned(), Value::Bool(true));
    let mut origins = Map::new();
    origins.insert(origin.to_owned(), Value::Object(schemes));
    let preferences = json!({
        "protocol_handler": { "allowed_origin_protocol_pairs": origins },
        // It would lay its question over the page.
        "credentials_enable_service": false,
    });
    let folder = profile.join("Default");
    fs::create_dir_all(&folder).expect("the profile's folder can be made");
    fs::write(folder.join("Preferences"), preferences.to_string())
        .expect("the profile's preferences can be written");
}
