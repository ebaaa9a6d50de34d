//! From an answer to a session, beside a certified library: the figures that `tests/benches/exchange.rs` prints.

use std::fmt;

use super::figures::Figures;
use crate::Failure;
use crate::command::{cargo, read, say};

/// Each in milliseconds: the median, the least, the most.
pub(super) struct Exchange {
    ours: [f64; 3],
    theirs: [f64; 3],
}

pub(super) fn measure() -> Result<Exchange, Failure> {
    say("from an answer to a session, at an OpenID Connect provider");
    let printed = read(&mut cargo([
        "bench",
        "--quiet",
        "--package",
        "keyfob-tests",
        "--bench",
        "exchange",
    ]))?;
    let of = |name| figures_of(&printed, name).ok_or_else(|| format!("no figures of {name}"));
    Ok(Exchange {
        ours: of("keyfob")?,
        theirs: of("openid-client")?,
    })
}

/// `NAME MEDIAN LEAST MOST`, on a line of its own.
fn figures_of(printed: &str, name: &str) -> Option<[f64; 3]> {
    let line = printed.lines().find_map(|line| line.strip_prefix(name))?;
    let numbers: Vec<f64> = line
        .split_whitespace()
        .map_while(|number| number.parse().ok())
        .collect();
    numbers.try_into().ok()
}

impl Exchange {
    fn ratio(&self) -> f64 {
        self.ours[0] / self.theirs[0]
    }

    pub(super) fn add_to(&self, figures: &mut Figures) {
        figures.add("oidc_exchange_ratio", self.ratio());
        for (name, [median, least, most]) in [
            ("oidc_exchange_ms", self.ours),
            ("openid_client_exchange_ms", self.theirs),
        ] {
            figures.add(name, median);
            figures.add(format!("{name}_min"), least);
            figures.add(format!("{name}_max"), most);
        }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out)?;
        for (what, [median, least, most]) in [
            ("an answer made a session", self.ours),
            ("the same by openid-client", self.theirs),
        ] {
            writeln!(
                out,
                "{what:<44}{:>10}   ({least:.1}–{most:.1})",
                format!("{median:.1} ms")
            )?;
        }
        writeln!(out, "ratio {:.2}", self.ratio())
    }
}

#[cfg(test)]
mod tests {
    use super::figures_of;

    #[test]
    fn the_figures_are_found_by_their_name() {
        let printed = "keyfob 2.5 2.0 3.0\nopenid-client 5.0 4.0 6.0\n";
        assert_eq!(figures_of(printed, "keyfob"), Some([2.5, 2.0, 3.0]));
        assert_eq!(figures_of(printed, "openid-client"), Some([5.0, 4.0, 6.0]));
        assert_eq!(figures_of("keyfob 2.5", "keyfob"), None);
    }
}
