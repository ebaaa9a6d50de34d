//! What a person types or pastes, line by line.

use std::{io, thread};

use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// More than a person can type before one is looked at.
const MOST_LINES: usize = 4;

/// Lines from standard input. The thread ends with the program: a read cannot be called off.
pub fn lines() -> mpsc::Receiver<Zeroizing<String>> {
    let (sender, lines) = mpsc::channel(MOST_LINES);
    thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(Zeroizing::new(line)).is_err() {
                return;
            }
        }
    });
    lines
}
