//! WebDriver servers: one process for one window, started inside the session.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::{Map, Value};
use thirtyfour::{Capabilities, WebDriver};
use tokio::time;

use crate::page::eventually;
use crate::session::Session;

/// A start can hang for ever (the app's bus name was not free yet): then the test must fail, not the run.
const START_LIMIT: Duration = Duration::from_secs(40);
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Starts a WebDriver server and with it the program that it drives.
pub(crate) async fn start(
    session: &Session,
    server: &mut Command,
    log: &str,
    capabilities: Map<String, Value>,
) -> (WebDriver, Child) {
    let port = free_port();
    let process = session.spawn(server.arg(format!("--port={port}")), log);
    let address = (Ipv4Addr::LOCALHOST, port);
    eventually(async || TcpStream::connect(address).ok())
        .await
        .expect("the WebDriver server listens");

    let wanted = Capabilities::from(capabilities);
    let connecting = WebDriver::builder(format!("http://127.0.0.1:{port}"), wanted)
        .request_timeout(COMMAND_LIMIT)
        .connect();
    let driver = time::timeout(START_LIMIT, connecting)
        .await
        .unwrap_or_else(|_| panic!("no window opened:\n{}", session.output_of(log)))
        .unwrap_or_else(|error| panic!("{error}\n{}", session.output_of(log)));
    (driver, process)
}

/// A port that nobody listens on. Another program could take it before the server does; then the server says
/// so and the test fails.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a port on loopback is free")
        .port()
}
