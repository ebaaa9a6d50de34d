//! The app: driven through its own web view, or started as a person or a link would start it.

use std::ops::Deref;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use serde_json::{Map, json};
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
        let name = format!("{}.SingleInstance", self.identifier());
        wait::until(END_LIMIT, || (!self.bus_name_is_owned(&name)).then_some(()))
            .expect("the app that ran before has ended");
    }
}

impl App<'_> {
    /// Waits for one of the page's stages: `starting`, `signed_out`, `signing_in`, `signed_in`.
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

    /// The reason of the problem that the page shows, if it shows one.
    pub async fn problem(&self) -> Option<String> {
        self.attribute("[role=alert][data-reason]", "data-reason")
            .await
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
