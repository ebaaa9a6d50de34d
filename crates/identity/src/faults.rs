//! The switchboard of `--faults`: what a provider, a proxy or a network does on a bad day, on request. For tests only.
//!
//! A test arms a fault for the next so many requests that it fits (`PUT /faults/<name>`, see [`switchboard`]) and then
//! lets a client meet it. The provider behind stays the real one: a fault either keeps a request from it, fails inside
//! its transaction, or spoils what it answered on the way back. Some things more are only here because tests need
//! them: the clock can be set ahead, a user's sessions can be ended, [`refreshes`] are counted, and a [`witness`]
//! remembers every secret that passed, so that it can be searched for where it must not be.
//!
//! Without the flag none of this exists: no route, no layer, no memory of a secret.

mod instead;
mod refreshes;
mod returns;
mod switchboard;
mod wire;
mod witness;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::refusal::ApiError;
use refreshes::Refreshes;
pub(crate) use switchboard::switchboard;
pub(crate) use wire::on_the_wire;
use witness::Witness;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// The provider begins `seconds` late (20).
    DelayedAnswer,
    /// In the provider's place a proxy answers: HTTP 502 and a page in HTML.
    BadGateway,
    /// In the provider's place: HTTP 429 with `Retry-After: seconds` (30).
    TooManyRequests,
    /// In the provider's place: HTTP 200 and ten megabytes of JSON.
    HugeAnswer,
    /// In the provider's place: HTTP 307 to the address `to`.
    RedirectElsewhere,
    /// In the provider's place: HTTP `status` (403) and `body`: JSON; plain text, if it is a string; nothing, if absent.
    Refusal,
    /// In the provider's place the network's own page answers, in HTML and with HTTP 200: sign in to the Wi-Fi first.
    CaptivePortal,
    /// The provider fails at the very end of an exchange and takes everything back: HTTP 500.
    ExchangeFails,
    /// The provider signs with a new key from this request on, and no longer publishes the one before.
    KeyRollover,
    /// The provider signs with a new key from this request on, and publishes the one before as well.
    PlannedRollover,
    /// The identity comes without its `user`.
    NoUser,
    /// A refresh brings no new refresh token: the one that was presented stays good.
    NoRotatedToken,
    /// The answer's `Date` is `seconds` off (720), into the past if they are negative.
    SkewedDate,
    /// The provider does what it was asked, then the connection ends without a byte of the answer.
    LostAnswer,
    /// The provider does what it was asked, then the connection ends in the middle of the answer.
    CutAnswer,
    /// The browser brings `error=access_denied` back instead of a code.
    ErrorRedirect,
    /// The browser brings back another state than it was given.
    WrongState,
    /// The browser brings no state back.
    MissingState,
    /// The browser brings the state back twice.
    DuplicateState,
    /// The browser brings back a `challenge_id` in letters.
    ChallengeIdNotANumber,
}

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// `POST /verify/get_identity`.
    Exchange,
    /// `POST /token/{key}`.
    Refresh,
    /// `GET /token/jwks`.
    Keys,
    /// The redirect that ends the browser's part.
    Return,
}

impl Fault {
    fn fits(self, place: Place) -> bool {
        match self {
            Self::DelayedAnswer
            | Self::BadGateway
            | Self::TooManyRequests
            | Self::HugeAnswer
            | Self::RedirectElsewhere
            | Self::Refusal
            | Self::CaptivePortal
            | Self::SkewedDate
            | Self::LostAnswer
            | Self::CutAnswer => place != Place::Return,
            Self::KeyRollover | Self::PlannedRollover => {
                matches!(place, Place::Exchange | Place::Refresh)
            }
            Self::ExchangeFails | Self::NoUser => place == Place::Exchange,
            Self::NoRotatedToken => place == Place::Refresh,
            Self::ErrorRedirect
            | Self::WrongState
            | Self::MissingState
            | Self::DuplicateState
            | Self::ChallengeIdNotANumber => place == Place::Return,
        }
    }
}

/// How a fault is armed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arming {
    /// For how many requests; until it is cleared, if absent.
    times: Option<u32>,
    /// Where; wherever it fits, if absent.
    at: Option<Place>,
    seconds: Option<i32>,
    to: Option<String>,
    /// 400 to 499.
    status: Option<u16>,
    body: Option<Value>,
}

impl Arming {
    fn seconds_or(&self, usual: i32) -> i32 {
        self.seconds.unwrap_or(usual)
    }
}

/// What is armed, and what has passed.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    board: Mutex<Board>,
    pub(crate) refreshes: Refreshes,
    witness: Witness,
}

#[derive(Debug, Default)]
struct Board {
    armed: BTreeMap<Fault, Arming>,
    struck: BTreeMap<Fault, u32>,
}

impl Faults {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a fault strikes here and now, and how it was armed; uses up one of its times.
    fn strikes(&self, fault: Fault, place: Place) -> Option<Arming> {
        let mut board = self.board();
        let arming = board.armed.get_mut(&fault)?;
        if !fault.fits(place) || arming.at.is_some_and(|at| at != place) {
            return None;
        }
        let struck = arming.clone();
        if let Some(left) = &mut arming.times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                board.armed.remove(&fault);
            }
        }
        *board.struck.entry(fault).or_default() += 1;
        tracing::warn!(?fault, ?place, "as armed");
        Some(struck)
    }

    /// Fails an exchange that has been done but not committed, when that is armed.
    pub(crate) fn fail_the_exchange(&self) -> Result<(), ApiError> {
        match self.strikes(Fault::ExchangeFails, Place::Exchange) {
            Some(_) => Err(ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something failed at the provider. Nothing was used up; try again.",
            )),
            None => Ok(()),
        }
    }
}
