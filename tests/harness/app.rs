//! The app: driven through its own web view, or started as a person or a link would start it.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use serde_json::{Map, json};
use thirtyfour::By;
use xtask::{processes, wait};

use crate::driver;
use crate::page::{Page, eventually};
use crate::session::Session;

/// Identifier, link scheme and keyring service of a debug build: it never takes an installed app's links.
pub const DEBUG_IDENTIFIER: &str = "dev.keyfob.debug";

const END_LIMIT: Duration = Duration::from_secs(10);

/// The app's window under WebDriver.
#[derive(Debug)]
pub struct App<'session> {
    page: Page,
    server: Child,
    session: &'session Session,
}

impl Session {
    /// Starts the app and waits for its window.
    ///
    /// # Panics
    /// When no window opens in time.
    pub async fn launch(&self) -> App<'_> {
        self.has_run_before();
        self.launch_for_the_first_time().await
    }

    /// The same, and nobody has chosen anything before.
    ///
    /// # Panics
    /// As [`launch`](Self::launch).
    pub async fn launch_for_the_first_time(&self) -> App<'_> {
        self.wait_until_no_app_runs();
        let mut server = self.command("WebKitWebDriver");
        server
            .arg("--host=127.0.0.1")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        let options = json!({ "binary": self.program("keyfob-desktop"), "args": [] });
        let capabilities = Map::from_iter([("webkitgtk:browserOptions".to_owned(), options)]);
        let (driver, server) = driver::start(self, &mut server, "app", capabilities).await;
        App {
            page: Page { driver },
            server,
            session: self,
        }
    }

    /// Starts the app without WebDriver, as a menu or a terminal does.
    pub fn spawn_app(&self, arguments: &[&str]) -> Program {
        self.has_run_before();
        let mut command = self.command(self.program("keyfob-desktop"));
        Program {
            child: self.spawn(command.args(arguments), "app"),
        }
    }

    /// Waits until the running app, whoever started it, has let go of its name: a start before that would be
    /// handed to the one that is ending.
    ///
    /// # Panics
    /// When it still runs after ten seconds.
    pub fn wait_until_no_app_runs(&self) {
        if !self.has_a_bus() {
            return;
        }
        let name = format!("{}.SingleInstance", self.identifier());
        wait::until(END_LIMIT, || (!self.bus_name_is_owned(&name)).then_some(()))
            .expect("the app that ran before has ended");
    }
}

impl App<'_> {
    /// Waits for one of the page's stages: `starting`, `unknown`, `signed_out`, `signing_in`, `signed_in`.
    pub async fn reaches(&self, stage: &str) {
        let reached = eventually(async || (self.stage().await? == stage).then_some(())).await;
        if reached.is_none() {
            let now = self.stage().await.unwrap_or_default();
            self.fail(&format!("the app is not {stage} but {now:?}"))
                .await;
        }
    }

    /// The stage that the page shows now.
    pub async fn stage(&self) -> Option<String> {
        self.attribute("main", "data-stage").await
    }

    /// Waits until the window is at this profile.
    pub async fn is_at(&self, profile: &str) {
        let there = eventually(async || {
            let shown = self.text_of("button.provider strong").await;
            (shown == profile).then_some(())
        });
        if there.await.is_none() {
            self.fail(&format!("the window is not at {profile}")).await;
        }
    }

    /// The reason of the problem that the page shows, if it shows one.
    pub async fn problem(&self) -> Option<String> {
        self.attribute("[role=alert][data-reason]", "data-reason")
            .await
    }

    /// Waits until the page warns of this.
    pub async fn warns_of(&self, reason: &str) {
        let warned =
            eventually(async || self.warnings().await.contains(reason).then_some(())).await;
        if warned.is_none() {
            self.fail(&format!("no warning of {reason}")).await;
        }
    }

    /// Waits until the page warns of nothing.
    pub async fn warns_of_nothing(&self) {
        let silent = eventually(async || self.warnings().await.is_empty().then_some(())).await;
        if silent.is_none() {
            self.fail("it still warns").await;
        }
    }

    /// The reasons of the page's warnings.
    pub async fn warnings(&self) -> BTreeSet<String> {
        let mut reasons = BTreeSet::new();
        let notices = self.page.driver.find_all(By::Css("[data-notice]")).await;
        for notice in notices.unwrap_or_default() {
            if let Ok(Some(reason)) = notice.attr("data-notice").await {
                reasons.insert(reason);
            }
        }
        reasons
    }

    /// Keeps a picture of the page as `target/stories/<test>/<name>.png`.
    pub async fn keep_picture(&self, name: &str) {
        let folder = self.session.folder_to_keep();
        self.page.picture(&folder.join(format!("{name}.png"))).await;
    }

    /// Ends the app and waits until another one can start.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn quit(mut self) {
        let driver = self.page.driver.clone();
        driver
            .quit()
            .await
            .expect("the app ends when it is asked to");
        // The server ends the app only after it has answered: ended before that, it leaves the app behind.
        self.session.wait_until_no_app_runs();
        processes::signal("TERM", &[self.server.id()]);
        self.server.wait().expect("the WebDriver server ends");
    }
}

impl Deref for App<'_> {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

/// A program that runs in the session without being driven.
#[derive(Debug)]
pub struct Program {
    child: Child,
}

impl Program {
    /// Waits for the program's own end and gives its status.
    ///
    /// # Panics
    /// When it still runs after ten seconds.
    pub fn ends(&mut self) -> ExitStatus {
        wait::until(END_LIMIT, || self.child.try_wait().ok()?).expect("the program has ended")
    }
}
