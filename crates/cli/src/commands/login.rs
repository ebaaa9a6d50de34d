//! `keyfob login`: signing in through a browser, on this computer or on another.
//!
//! The answer comes back to a port of this computer, or is pasted. Both are text from a stranger: the sign-in judges
//! them, and one that is not for it changes nothing. With `--device` nothing comes back: [`device`] asks for it.

mod device;
mod picture;

use std::time::Duration;

use keyfob_auth::{
    Attempt, FinishError, Identifier, Reason, Return, SERVICE, Timestamp,
    door::{
        browser,
        loopback::Loopback,
        paste::{self, Pasted},
    },
};
use tokio::sync::mpsc;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    arguments::Login,
    commands::status::{self, Status},
    interrupt::interrupted,
    moment, output,
    surroundings::Surroundings,
    trouble::Trouble,
    typed,
    walk::{Walk, patiently},
    words::Cause,
};

/// How long a provider that could not be asked is left alone.
const REST: Duration = Duration::from_secs(3);

/// A computer that slept is noticed within this.
const TICK: Duration = Duration::from_secs(20);

/// More answers than a person can give before one is looked at.
const MOST_ANSWERS: usize = 4;

/// Where answers come from.
struct Doors {
    /// From the listener: whole return addresses.
    returns: mpsc::Receiver<String>,
    /// From standard input: anything.
    typed: mpsc::Receiver<Zeroizing<String>>,
}

pub async fn run(surroundings: &Surroundings, wanted: &Login) -> Result<(), Trouble> {
    let identifier = wanted.address.as_deref().map(str::parse::<Identifier>);
    let identifier = identifier
        .transpose()
        .map_err(|error| Trouble::saying(Reason::InvalidIdentifier, error))?;
    let walk = Walk::begin(surroundings).await?;
    if wanted.device {
        device::sign_in(surroundings, wanted, &walk).await?;
        return tell(surroundings, &walk).await;
    }
    let (sender, returns) = mpsc::channel(MOST_ANSWERS);
    let registered = walk.profile.loopback_ports();
    let registered = registered.ok_or(Trouble::from(Cause::NoLoopback))?;
    let ports = if wanted.port.is_empty() {
        registered
    } else {
        wanted.port.as_slice()
    };
    let door = Loopback::open_at(&walk.profile.callback_path(), ports, sender).await;
    let door = door.map_err(|error| Trouble::saying(Reason::LoopbackNotOpened, error))?;

    let redirect_uri = door.redirect_uri().clone();
    let allow = format!(
        "allow {} at the provider; with fixed ports, name one with `--port`",
        redirect_uri.as_str()
    );
    let explained = |trouble: Trouble| match trouble.cause {
        Cause::Auth(Reason::RedirectNotAllowed) => trouble.with_hint(&allow),
        _ => trouble,
    };
    let begun = walk.sign_in.begin(identifier.as_ref(), redirect_uri);
    let begun = patiently(surroundings, begun).await;
    let (attempt, kept) = begun.map_err(|error| explained(error.into()))?;
    // The session will live nowhere but in the keyring: better to know now that it cannot.
    kept?;
    let doors = Doors {
        returns,
        typed: typed::lines(),
    };
    let shown_and_answered = async {
        show(surroundings, wanted, &walk, &attempt).await;
        answered(surroundings, wanted, &walk, &attempt, doors).await
    };
    let signed_in = tokio::select! {
        // First: whoever sees the address may interrupt at once, and that is to be heard by then.
        biased;
        () = interrupted() => Err(Cause::Cancelled.into()),
        outcome = shown_and_answered => outcome,
    };
    if let Err(trouble) = signed_in {
        if trouble.cause == Cause::Cancelled {
            // The window would offer to go on with it otherwise.
            let _ = walk.sign_in.settle().await;
        }
        return Err(explained(trouble));
    }
    drop(door);
    tell(surroundings, &walk).await
}

/// Shows the page's address, and opens it where a person wants that and a browser can.
async fn show(surroundings: &Surroundings, wanted: &Login, walk: &Walk, attempt: &Attempt) {
    let output = surroundings.output;
    let address = &attempt.request.address;
    let opened = may_open(surroundings, wanted) && browser::open(address).await.is_ok();
    if opened {
        output.note("The sign-in page opens in your browser. If it does not, open this address:");
        output.note(&format!("\n  {address}\n"));
    } else {
        // Without the address there is no way on, so this is said even to those who want to hear little.
        output::say("Open this address in a browser to sign in:");
        output::say(&format!("\n  {address}\n"));
    }
    if walk.is_local {
        let outbox = format!("{}/outbox", walk.provider.issuer());
        output.note(&format!("The local provider's mail is at {outbox}"));
    }
    let time = moment::spoken(attempt.expires_at.since(walk.clock.wall()));
    output.note(&format!(
        "Waiting {time} for the answer. If the browser ends on a page that does not load, paste its address here."
    ));
}

fn may_open(surroundings: &Surroundings, wanted: &Login) -> bool {
    surroundings.opens_browsers() && !wanted.no_browser
}

/// Deals with what comes back until it has become a session.
async fn answered(
    surroundings: &Surroundings,
    wanted: &Login,
    walk: &Walk,
    attempt: &Attempt,
    mut doors: Doors,
) -> Result<(), Trouble> {
    let page = walk.provider.sign_in_page();
    loop {
        let address = tokio::select! {
            Some(address) = doors.returns.recv() => Zeroizing::new(address),
            Some(text) = doors.typed.recv() => match paste::read(&text, SERVICE, page) {
                Pasted::ReturnAddress(address) => Zeroizing::new(address),
                Pasted::MailLink(link) => {
                    follow(surroundings, wanted, &link).await;
                    continue;
                }
                Pasted::Neither => {
                    if !text.trim().is_empty() {
                        complain(Reason::NothingToPaste);
                    }
                    continue;
                }
            },
            () = over(walk, attempt.expires_at) => {
                // Asked for what it forgets on the way.
                let _ = walk.sign_in.newest().await;
                return Err(Reason::SignInExpired.into());
            }
        };
        if finished(walk, &address).await? {
            return Ok(());
        }
    }
}

/// Judges one return address and redeems it; says whether it became a session.
async fn finished(walk: &Walk, address: &str) -> Result<bool, Trouble> {
    loop {
        let grant = match walk.sign_in.judge(address).await {
            Ok(Return::Answer(grant)) => grant,
            Ok(Return::AlreadyAnswered) => return Ok(false),
            Err(error) => return passed_over(error),
        };
        match walk.sign_in.redeem(grant).await {
            Ok(Some(session)) => {
                walk.adopt(session).await?;
                // It ends by itself otherwise, when its time is over.
                let _ = walk.sign_in.settle().await;
                return Ok(true);
            }
            Ok(None) => return Ok(false),
            Err(error) if error.is_transient() => {
                complain(error.reason());
                tokio::time::sleep(REST).await;
            }
            Err(error) => return passed_over(error),
        }
    }
}

/// A stranger's or a damaged address changes nothing; any other refusal is the end.
fn passed_over(error: FinishError) -> Result<bool, Trouble> {
    if error.is_about_no_attempt() {
        complain(error.reason());
        return Ok(false);
    }
    Err(error.into())
}

/// The link out of the mail was pasted: only the person may follow it.
async fn follow(surroundings: &Surroundings, wanted: &Login, link: &Url) {
    let opened = may_open(surroundings, wanted) && browser::open(link).await.is_ok();
    output::say(if opened {
        "This is the link from the mail: it opens in your browser."
    } else {
        "This is the link from the mail: open it in your browser, and paste the address that it ends on."
    });
}

/// Says what does not end the sign-in.
fn complain(reason: Reason) {
    let words = Cause::Auth(reason).words();
    let said = format!("Still waiting: {}; {}.", words.happened, words.todo);
    output::say(&said);
}

/// Waits until this moment of the computer's own clock.
async fn over(walk: &Walk, moment: Timestamp) {
    loop {
        let left = moment.since(walk.clock.wall());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(TICK)).await;
    }
}

async fn tell(surroundings: &Surroundings, walk: &Walk) -> Result<(), Trouble> {
    let who = walk.who(surroundings).await?;
    if surroundings.output.json {
        let status = Status::of(&walk.profile.name, who.as_ref(), &walk.clock);
        return output::json(&status);
    }
    if let Some(who) = who {
        let name = status::name(&who.account);
        surroundings.output.note(&format!("Signed in as {name}"));
    }
    Ok(())
}
