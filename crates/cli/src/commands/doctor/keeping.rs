//! Does the keyring keep what it is given? A throw-away entry is written, read and deleted.

use keyfob_auth::{Clock, Reason};

use super::Finding;
use crate::{surroundings::Surroundings, walk};

const CHECK: &str = "keyring";

const START_ONE: &str =
    "start one, such as gnome-keyring or KWallet; over SSH, `dbus-run-session` gives it a bus";

pub(super) async fn look(surroundings: &Surroundings) -> Finding {
    let clock = Clock::system();
    let vault = walk::vault(surroundings);
    match walk::patiently(surroundings, vault.probe()).await {
        Ok(()) => Finding::good(CHECK, "keeps what it is given").after(clock.monotonic()),
        Err(error) if error.reason() == Reason::KeyringUnavailable => {
            Finding::bad(CHECK, &error.into()).with_remedy(START_ONE)
        }
        Err(error) => Finding::bad(CHECK, &error.into()),
    }
}
