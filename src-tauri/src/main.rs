//! Keyfob's window: wiring between the page in `ui/`, the desktop, and `keyfob_auth`.
//!
//! A link of our scheme starts this program. When one runs already, the new one hands its arguments over and ends;
//! when the running one is just quitting, the new one takes its place.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod clipboard;
mod commands;
mod desk;
#[cfg(target_os = "linux")]
mod hand_over;
mod links;
mod local_provider;
mod shown;
mod window;
mod wire;

use std::{process::Command, time::Duration};

use keyfob_auth::Profile;
use tauri::{AppHandle, Manager, RunEvent};
use tauri_plugin_deep_link::DeepLinkExt;
use tokio::sync::mpsc;

use desk::Desk;
use links::Handler;

/// More links than a person can click before the program has started.
const MOST_RETURNS: usize = 32;

/// How long quitting waits for an exchange that is under way.
const QUIT_PATIENCE: Duration = Duration::from_secs(20);

/// Set for the one second try of a start that met a quitting instance.
const SECOND_TRY: &str = "KEYFOB_SECOND_TRY";

fn main() {
    start_logging();
    #[cfg(target_os = "linux")]
    if hand_over::to_running_instance(links::SCHEME, &arguments().collect::<Vec<_>>()) {
        return;
    }
    match build() {
        Ok(app) => app.run(|app, event| on_event(app, &event)),
        Err(error) => {
            tracing::warn!(%error, "could not start");
            // Most likely the instance that took our arguments was quitting and never answered.
            if !is_second_try() {
                start_again(Some(SECOND_TRY));
            }
            eprintln!("error: Keyfob could not start: {error}\nhint: start it again");
            std::process::exit(1);
        }
    }
}

fn build() -> tauri::Result<tauri::App> {
    let mut context = tauri::generate_context!();
    links::SCHEME.clone_into(&mut context.config_mut().identifier);
    let (sender, returns) = mpsc::channel(MOST_RETURNS);
    let desk = Desk::new(Profile::default_path(), sender);
    for link in links::among(arguments()) {
        desk.receive(link);
    }
    let second_instance = |app: &AppHandle, arguments: Vec<String>, _| {
        for link in links::among(arguments) {
            app.state::<Desk>().receive(link);
        }
        window::raise(app);
    };
    tauri::Builder::default()
        // First, so that a second instance ends before it does anything else.
        .plugin(tauri_plugin_single_instance::init(second_instance))
        .plugin(tauri_plugin_deep_link::init())
        .manage(desk.clone())
        .invoke_handler(tauri::generate_handler![
            commands::cancel_sign_in,
            commands::continue_in_browser,
            commands::copy_sign_in_address,
            commands::copy_token,
            commands::open_again,
            commands::open_outbox,
            commands::paste_return_address,
            commands::refresh,
            commands::session_state,
            commands::sign_in,
            commands::sign_out,
            commands::try_again,
            commands::try_another_way,
            commands::watch_session,
        ])
        .setup(move |app| {
            window::open(app.handle())?;
            desk.set_handler(Handler::register(app.handle()));
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

/// A link that comes while we are quitting is still dealt with; then its outcome is shown by a new instance.
fn on_event(app: &AppHandle, event: &RunEvent) {
    if matches!(event, RunEvent::Exit) {
        // From here on a link starts a new instance.
        tauri_plugin_single_instance::destroy(app);
        let desk = app.state::<Desk>().inner().clone();
        let link_came = desk.is_under_way();
        tauri::async_runtime::block_on(async {
            let idle = tokio::time::timeout(QUIT_PATIENCE, desk.idle());
            if idle.await.is_err() {
                tracing::warn!("quitting although something is still under way");
            }
        });
        if link_came {
            start_again(None);
        }
    }
}

/// Starts this program anew, with the same arguments when this start is to be tried again.
fn start_again(second_try: Option<&str>) {
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut command = Command::new(program);
    // Whatever this one starts, a browser for one, may start us again and has two tries of its own.
    command.env_remove(SECOND_TRY);
    if let Some(mark) = second_try {
        command.args(std::env::args_os().skip(1)).env(mark, "1");
    }
    match command.spawn() {
        Ok(_) if second_try.is_some() => std::process::exit(0),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "could not start again"),
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
fn is_second_try() -> bool {
    std::env::var_os(SECOND_TRY).is_some()
}

/// To standard error; `KEYFOB_LOG` takes the usual filter, for example `keyfob_auth=debug`.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the program: its environment is read here"
)]
fn start_logging() {
    let wanted = std::env::var("KEYFOB_LOG").unwrap_or_default();
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::Level::WARN.into())
        .parse_lossy(wanted);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
