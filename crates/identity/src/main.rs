//! The program `keyfob-identity`: the local identity provider, and the two commands that manage it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use keyfob_identity::{
    Clock, Port, Server, Settings, StartError, Surroundings, api_secret_key, build_of_this_program,
    ensure, ensure_with_faults, stop, usual_folder, write_log_into,
};

/// A local identity provider that speaks Cotter's passwordless wire, for trying things out.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The folder for its data, instead of the user's usual one.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to end, or unused for half an hour.
    Serve {
        /// The port on 127.0.0.1, instead of last time's; 0 takes any.
        #[arg(long, value_name = "N")]
        port: Option<u16>,
        #[command(flatten)]
        tests: ForTests,
    },
    /// Print the address of the running provider, starting one if need be.
    Ensure {
        #[command(flatten)]
        tests: ForTests,
    },
    /// End the running provider, if there is one.
    Stop,
    /// Print the secret key with which a client's server adds custom claims; it belongs in no app.
    Secret,
}

#[derive(Args)]
struct ForTests {
    /// FOR TESTS ONLY: open a switchboard under /faults, by which any program on this computer breaks answers, moves
    /// the clock and reads every token.
    #[arg(long)]
    faults: bool,
}

/// How to have the data in another folder, on this system.
const WHERE_ELSE: &str = if cfg!(any(windows, target_os = "macos")) {
    "pass --data DIR with a folder that you can write to"
} else {
    "set XDG_STATE_HOME to a folder that you can write to, or pass --data DIR"
};

fn main() -> ExitCode {
    let Arguments { command, data } = Arguments::parse();
    let done = data
        .map_or_else(|| Ok(usual_folder(&surroundings())?), Ok)
        .and_then(|folder| run(&command, &folder));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if error.is::<keyfob_identity::Unusable>() || is_about_the_folder(&*error) {
                eprintln!("hint: {WHERE_ELSE}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    match command {
        Command::Serve { port, tests } => serve(folder, *port, tests),
        Command::Ensure { tests } => {
            let find = if tests.faults {
                ensure_with_faults
            } else {
                ensure
            };
            let found = find(folder, &build_of_this_program())?;
            if let Some(port) = found.moved_from {
                eprintln!(
                    "note: another program has taken port {port}; links mailed before no longer work"
                );
            }
            println!("{}", found.base_url);
            Ok(())
        }
        Command::Stop => Ok(stop(folder)?),
        Command::Secret => {
            println!("{}", api_secret_key(folder)?);
            Ok(())
        }
    }
}

fn serve(
    folder: &Path,
    port: Option<u16>,
    tests: &ForTests,
) -> Result<(), Box<dyn std::error::Error>> {
    write_log_into(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let served = runtime.block_on(async {
        let server = Server::start(Settings {
            folder: folder.to_owned(),
            port: port.map_or(Port::Remembered, Port::Exactly),
            clock: Clock::system(),
            build: build_of_this_program(),
            faults: tests.faults,
        })
        .await?;
        if let Some(port) = server.moved_from() {
            eprintln!(
                "note: another program has taken port {port}; links mailed before no longer work"
            );
        }
        eprintln!(
            "The local provider answers at {0}; its outbox is {0}/outbox",
            server.base_url()
        );
        if tests.faults {
            eprintln!(
                "warning: --faults is FOR TESTS ONLY: {}/faults breaks answers and shows every token",
                server.base_url()
            );
        }
        let stopper = server.stopper();
        tokio::spawn(async move {
            told_to_end().await;
            stopper.send_replace(true);
        });
        server.ended().await;
        Ok::<(), StartError>(())
    });
    if let Err(error) = &served {
        // Detached, stderr leads nowhere: `ensure` reads the reason here.
        tracing::error!("{error}");
    }
    Ok(served?)
}

#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

fn is_about_the_folder(error: &(dyn std::error::Error + 'static)) -> bool {
    use keyfob_identity::EnsureError;
    matches!(error.downcast_ref(), Some(EnsureError::Folder(_)))
        || matches!(error.downcast_ref(), Some(StartError::Folder(_)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the program, where the environment is read once"
)]
fn surroundings() -> Surroundings {
    Surroundings {
        xdg_state_home: std::env::var_os("XDG_STATE_HOME"),
        home: std::env::var_os("HOME"),
        local_app_data: std::env::var_os("LOCALAPPDATA"),
    }
}
