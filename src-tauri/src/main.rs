//! Keyfob's window: wiring between the page in `ui/`, the desktop, and `keyfob_auth`.
//!
//! A link of our scheme starts this program. When one runs already, the new one hands its arguments over and ends;
//! when the running one is just quitting, the new one takes its place. A ping, by which `keyfob doctor` tries whether
//! links come here, is answered before any of that.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod clipboard;
mod commands;
mod copied;
mod desk;
mod links;
mod logging;
#[cfg(target_os = "linux")]
mod only_instance;
mod page;
mod shown;
mod stages;
mod window;
mod wire;

#[cfg(target_os = "linux")]
use std::sync::{Arc, OnceLock};
use std::{process::Command, time::Duration};

use keyfob_auth::{Profile, SERVICE, StateFolder, door::ping::Ping};
use tauri::{AppHandle, Manager, RunEvent, Runtime, ipc::Invoke};
use tauri_plugin_deep_link::DeepLinkExt;
use tokio::sync::mpsc;

use desk::Desk;
use links::Handler;
#[cfg(target_os = "linux")]
use only_instance::Start;

/// More links than a person can click before the program has started.
const MOST_RETURNS: usize = 32;

/// How long quitting waits for an exchange that is under way.
const QUIT_PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    if arguments().skip(1).eq(["--version"]) {
        println!("keyfob-desktop {}", env!("CARGO_PKG_VERSION"));
        return;
    }
    let links = links::among(arguments());
    if let Some(ping) = Ping::among(SERVICE, &links) {
        ping.answer(&StateFolder::usual(SERVICE));
        return;
    }
    start_logging();
    #[cfg(debug_assertions)]
    start_recording();
    stages::reached("main");
    #[cfg(target_os = "linux")]
    window::let_it_not_weigh_itself();
    let (sender, returns) = mpsc::channel(MOST_RETURNS);
    let desk = Desk::new(Profile::default_path(), sender);
    #[cfg(target_os = "linux")]
    let (only_instance, started) = {
        let started = Arc::new(OnceLock::new());
        let (ours, app) = (desk.clone(), Arc::clone(&started));
        let arguments: Vec<String> = arguments().collect();
        let receive = move |theirs| another_start(&ours, app.get(), theirs);
        match only_instance::settle(SERVICE, &arguments, receive) {
            Start::HandedOver => {
                stages::reached("handed-over");
                return;
            }
            Start::Only(only_instance) => {
                stages::reached("alone");
                (only_instance, started)
            }
        }
    };
    for link in links {
        desk.receive(link);
    }
    #[cfg(target_os = "linux")]
    let can_be_found = only_instance.can_be_found();
    #[cfg(not(target_os = "linux"))]
    let can_be_found = true;
    let app = build(&desk, returns, can_be_found).unwrap_or_else(|error| {
        eprintln!("error: Keyfob could not start: {error}\nhint: start it again");
        std::process::exit(1)
    });
    #[cfg(target_os = "linux")]
    started.get_or_init(|| app.handle().clone());
    #[cfg(target_os = "linux")]
    let give_up = move |_: &AppHandle| only_instance.give_up();
    #[cfg(not(target_os = "linux"))]
    let give_up = |app: &AppHandle| tauri_plugin_single_instance::destroy(app);
    app.run(move |app, event| {
        if matches!(event, RunEvent::Exit) {
            // From here on a link starts a new instance.
            give_up(app);
            quit(&desk);
        }
    });
}

/// A start that was not the first. Before there is a window, there is none to raise: it opens in front.
fn another_start(desk: &Desk, app: Option<&AppHandle>, arguments: Vec<String>) {
    for link in links::among(arguments) {
        desk.receive(link);
    }
    if let Some(app) = app {
        window::raise(app);
    }
}

fn build(
    desk: &Desk,
    returns: mpsc::Receiver<String>,
    can_be_found: bool,
) -> tauri::Result<tauri::App> {
    let mut context = tauri::generate_context!();
    SERVICE.clone_into(&mut context.config_mut().identifier);
    let desk = desk.clone();
    let builder = tauri::Builder::default();
    // First, so that a second instance ends before it does anything else.
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(tauri_plugin_single_instance::init(
        |app: &AppHandle, arguments, _| another_start(&app.state::<Desk>(), Some(app), arguments),
    ));
    builder
        .plugin(tauri_plugin_deep_link::init())
        .manage(desk.clone())
        .invoke_handler(noting(tauri::generate_handler![
            commands::account_picture,
            commands::add_profile,
            commands::cancel_sign_in,
            commands::change_setting,
            commands::check_up,
            commands::continue_in_browser,
            commands::copy_sign_in_address,
            commands::copy_token,
            commands::open_again,
            commands::open_outbox,
            commands::paste_return_address,
            commands::profiles,
            commands::refresh,
            commands::remove_profile,
            commands::reveal_token,
            commands::session_state,
            commands::settings,
            commands::sign_in,
            commands::sign_out,
            commands::sign_out_in_browser,
            commands::token_details,
            commands::try_again,
            commands::try_another_way,
            commands::use_profile,
            commands::watch_session,
        ]))
        .setup(move |app| {
            stages::reached("set-up");
            window::open(app.handle(), desk.window_settings().theme)?;
            stages::reached("window");
            desk.set_handler(Handler::register(app.handle(), can_be_found));
            receive_links_from_the_system(app.handle());
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                desk.start().await;
                desk.take_returns(returns, || window::raise(&handle)).await;
            });
            Ok(())
        })
        .build(context)
}

/// The same handler, but what it is asked is noted first.
fn noting<R: Runtime>(
    handler: impl Fn(Invoke<R>) -> bool + Send + Sync + 'static,
) -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    move |invoke| {
        page::asked(&invoke);
        handler(invoke)
    }
}

/// On macOS links do not come as arguments but as events, also to a program that runs already.
fn receive_links_from_the_system(app: &AppHandle) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        if cfg!(target_os = "macos") {
            for link in event.urls() {
                handle.state::<Desk>().receive(link.into());
            }
        }
    });
}

/// A link that came while we were quitting is still dealt with, by us, who may alone remember the attempt; then a new instance
/// shows its outcome. Of a session that is kept for this run only there is none to show: the provider is told that it is over
/// before we end ([`Desk::idle`] begins with the links), and the new window shows nobody signed in.
fn quit(desk: &Desk) {
    let link_came = desk.is_under_way();
    tauri::async_runtime::block_on(async {
        let idle = async { tokio::join!(desk.idle(), desk.clear_clipboard()) };
        let idle = tokio::time::timeout(QUIT_PATIENCE, idle);
        if idle.await.is_err() {
            tracing::warn!("quitting although something is still under way");
        }
    });
    if link_came {
        start_again();
    }
}

fn start_again() {
    let started = std::env::current_exe().and_then(|program| Command::new(program).spawn());
    if let Err(error) = started {
        tracing::warn!(%error, "could not start again");
    }
}

/// A program's arguments may be any bytes; a link is text, and what is beside it does not matter.
fn arguments() -> impl Iterator<Item = String> {
    std::env::args_os().map(|argument| argument.to_string_lossy().into_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the program: its environment is read here"
)]
fn start_logging() {
    logging::start(&std::env::var("KEYFOB_LOG").unwrap_or_default());
}

/// Where a story wants to read what the page and the program say to each other.
#[cfg(debug_assertions)]
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the program: its environment is read here"
)]
fn start_recording() {
    if let Some(path) = std::env::var_os("KEYFOB_RECORD_MESSAGES") {
        page::record_into(path.as_ref()).expect("what a story asks for can be written");
    }
}
