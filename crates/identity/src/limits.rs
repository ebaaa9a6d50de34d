//! How many letters may be asked for.
//!
//! Cotter counts over five minutes: five to one address, ten for one network address. Everybody who reaches this
//! provider has the same network address, so ten are for one browser; a third limit covers all browsers together,
//! because forgetting a cookie is free, and any web page can open `/app`.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::clock::time_of_day;
use crate::identifier::Identifier;
use crate::secret::SecretHash;
use crate::store::{Counted, Records};

const WINDOW: Duration = Duration::from_mins(5);

/// How many letters are sent within five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    letters_per_address: u32,
    letters_per_browser: u32,
    letters: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            letters_per_address: 5,
            letters_per_browser: 10,
            letters: 30,
        }
    }
}

/// A letter was not sent, because there were too many before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) of: Crowd,
    /// When the next one may be asked for.
    pub(crate) until: Timestamp,
}

/// What the letters that were too many have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowd {
    Address,
    Browser,
    All,
}

impl TooMany {
    /// That time of day in words; with its minute begun, the letter may be asked for.
    pub(crate) fn said(self) -> String {
        time_of_day(self.until + Duration::from_secs(59))
    }

    pub(crate) fn seconds_from(self, now: Timestamp) -> i64 {
        (self.until.as_millisecond() - now.as_millisecond() + 999) / 1000
    }
}

impl Limits {
    /// Whether one more letter may go out.
    pub(crate) fn check(
        self,
        records: &Records<'_>,
        to: &Identifier,
        browser: &SecretHash,
        now: Timestamp,
    ) -> rusqlite::Result<Result<(), TooMany>> {
        for (of, counted, limit) in [
            (Crowd::Address, Counted::To(to), self.letters_per_address),
            (
                Crowd::Browser,
                Counted::For(browser),
                self.letters_per_browser,
            ),
            (Crowd::All, Counted::All, self.letters),
        ] {
            // While the letter that is `limit` places back is in the window, another would be one too many.
            let oldest = records.letter_before(&counted, limit.max(1))?;
            if let Some(oldest) = oldest
                && oldest + WINDOW > now
            {
                let until = oldest + WINDOW;
                return Ok(Err(TooMany { of, until }));
            }
        }
        Ok(Ok(()))
    }
}
