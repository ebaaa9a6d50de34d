//! Being told to end, by a person's Ctrl-C or by another program.

use std::future::pending;

/// Waits until somebody tells this program to end.
pub async fn interrupted() {
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => {
            if pressed.is_err() {
                // Nobody can tell us then; the system still can.
                pending::<()>().await;
            }
        }
        () = told() => {}
    }
}

#[cfg(unix)]
async fn told() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn told() {
    pending().await
}
