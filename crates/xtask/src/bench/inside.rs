//! What a token costs within a program: the figures of `crates/auth/benches/session.rs`, as Criterion left them.

use std::fmt;
use std::fs;

use super::figures::Figures;
use crate::Failure;
use crate::command::{cargo, root, run, say};

/// Medians, in nanoseconds.
pub(super) struct Inside {
    hit: f64,
    verify: f64,
    signature: f64,
    /// One renewal with 1, 10 and 1,000 tasks that wait for it.
    waiting: [(u32, f64); 3],
}

pub(super) fn measure() -> Result<Inside, Failure> {
    say("what a token costs within a program");
    run(&mut cargo([
        "bench",
        "--quiet",
        "--package",
        "keyfob-auth",
        "--bench",
        "session",
    ]))?;
    let waiting = |tasks: u32| -> Result<_, Failure> {
        Ok((tasks, median(&format!("renewal_with_{tasks}_waiting"))?))
    };
    Ok(Inside {
        hit: median("token_hit")?,
        verify: median("verify_token")?,
        signature: median("verify_signature_alone")?,
        waiting: [waiting(1)?, waiting(10)?, waiting(1000)?],
    })
}

/// Criterion's estimate of the median of one bench.
fn median(bench: &str) -> Result<f64, Failure> {
    let file = root().join(format!("target/criterion/{bench}/new/estimates.json"));
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    point_estimate(&text).ok_or_else(|| format!("{} has no median", file.display()))
}

/// `… "median":{"confidence_interval":{…},"point_estimate":NUMBER, …`.
fn point_estimate(estimates: &str) -> Option<f64> {
    let (_, rest) = estimates.split_once("\"median\":")?;
    let (_, rest) = rest.split_once("\"point_estimate\":")?;
    rest.split([',', '}']).next()?.trim().parse().ok()
}

impl Inside {
    fn verify_ratio(&self) -> f64 {
        self.verify / self.signature
    }

    pub(super) fn add_to(&self, figures: &mut Figures) {
        figures.add("token_hit_ns", self.hit);
        figures.add("verify_ratio", self.verify_ratio());
        for (tasks, took) in self.waiting {
            figures.add(format!("waiting_{tasks}_us"), took / 1_000.0);
        }
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\na token at hand: {:.0} ns", self.hit)?;
        writeln!(
            out,
            "an ES256 token verified: {:.1} µs, its signature alone: {:.1} µs, ratio {:.2}",
            self.verify / 1_000.0,
            self.signature / 1_000.0,
            self.verify_ratio()
        )?;
        for (tasks, took) in self.waiting {
            writeln!(
                out,
                "one renewal, {tasks} waiting: {:.0} µs",
                took / 1_000.0
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::point_estimate;

    #[test]
    fn the_median_is_found_among_the_estimates() {
        let estimates = r#"{"mean":{"point_estimate":9.5},"median":{"confidence_interval":{"lower_bound":1.0},"point_estimate":2.25,"standard_error":0.1}}"#;
        assert_eq!(point_estimate(estimates), Some(2.25));
        assert_eq!(point_estimate("{}"), None);
    }
}
