//! `keyfob login --device`: signing in on another screen, by a code that is typed or scanned there (RFC 8628).
//!
//! Nothing comes back to this computer: it asks the provider, at the provider's pace, whether the person is done.

use std::{convert::Infallible, future::pending, time::Duration};

use keyfob_auth::{Clock, DeviceSignIn};

use super::picture;
use crate::{
    arguments::Login, interrupt::interrupted, moment, output, surroundings::Surroundings,
    trouble::Trouble, walk::Walk, words::Cause,
};

const SECOND: Duration = Duration::from_secs(1);

/// Signs in, and keeps the session.
pub async fn sign_in(
    surroundings: &Surroundings,
    wanted: &Login,
    walk: &Walk,
) -> Result<(), Trouble> {
    // The session will live nowhere but in the keyring: better to know now that it cannot.
    walk.probe_keyring(surroundings).await?;
    let begun_at = walk.clock.monotonic();
    let device = walk.begin_elsewhere().await?;
    show(surroundings, wanted, &device);
    let ends_at = begun_at + device.lifetime();
    let outcome = tokio::select! {
        session = device.finish() => session.map_err(Trouble::from),
        never = count_down(surroundings, &walk.clock, ends_at) => match never {},
        () = interrupted() => Err(Cause::Cancelled.into()),
    };
    if counts(surroundings) {
        output::say_instead("");
    }
    walk.adopt(outcome?).await
}

/// Shows where to go and what to type there. Without it there is no way on, so it is said even to those who want to
/// hear little.
fn show(surroundings: &Surroundings, wanted: &Login, device: &DeviceSignIn) {
    let (address, code) = (device.address(), device.user_code());
    output::say("Open this address on any device, and type the code there:");
    output::say(&format!("\n  {address}\n  {code}\n"));
    let Some(complete) = device.address_with_code() else {
        return;
    };
    if !surroundings.output.quiet
        && surroundings.shows_blocks
        && !wanted.no_qr
        && let Some(blocks) = picture::that_fits(complete.as_str())
    {
        surroundings.output.drawing(&blocks);
        output::say("\nOr scan this: the page knows the code then. It must show the same.");
    }
}

/// Whether the time that is left is shown as it goes.
fn counts(surroundings: &Surroundings) -> bool {
    surroundings.rewrites && !surroundings.output.quiet
}

/// Says how long the code is good for: every second where a line can be written over, else once.
async fn count_down(surroundings: &Surroundings, clock: &Clock, ends_at: Duration) -> Infallible {
    loop {
        let left = moment::spoken(ends_at.saturating_sub(clock.monotonic()));
        let said = format!("Waiting: the code is good for {left}");
        if !counts(surroundings) {
            surroundings.output.note(&said);
            return pending().await;
        }
        output::say_instead(&said);
        tokio::time::sleep(SECOND).await;
    }
}
