//! How many tests passed and failed, over all runners: read from the lines that they print.

/// Passed and failed, so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Tally {
    /// Counts a step that is not itself a runner of tests, such as a linter.
    pub(crate) fn step(&mut self, succeeded: bool) {
        if succeeded {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    /// Counts a line of `cargo test`: "test result: ok. 8 passed; 0 failed; 0 ignored; …".
    pub(crate) fn cargo_line(&mut self, line: &str) {
        if let Some(result) = plain(line).strip_prefix("test result: ") {
            self.add(result, &['.', ';']);
        }
    }

    /// Counts a line of vitest: "      Tests  1 failed | 45 passed (46)".
    pub(crate) fn vitest_line(&mut self, line: &str) {
        if let Some(result) = plain(line).trim_start().strip_prefix("Tests ") {
            self.add(result, &['|', '(']);
        }
    }

    fn add(&mut self, result: &str, separators: &[char]) {
        for part in result.split(separators) {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

/// A line without its colours: escape sequences that begin with "ESC [" and end with "m".
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once('m').map_or(part, |(_, after)| after));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn every_runner_of_cargo_test_is_counted() {
        let mut tally = Tally::default();
        tally.cargo_line(
            "test result: ok. 8 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out",
        );
        tally.cargo_line(
            "test result: FAILED. 5 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        tally.cargo_line("test a_line_about_one_test ... ok");
        assert_eq!(
            tally,
            Tally {
                passed: 13,
                failed: 3
            }
        );
    }

    #[test]
    fn vitest_is_counted_whatever_else_it_says() {
        let mut tally = Tally::default();
        tally.vitest_line(" Test Files  2 failed | 4 passed (6)");
        tally.vitest_line("      Tests  1 failed | 45 passed (46)");
        tally.vitest_line("      Tests  7 passed | 3 skipped (10)");
        tally.vitest_line(
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m9 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (9)\u{1b}[39m",
        );
        assert_eq!(
            tally,
            Tally {
                passed: 61,
                failed: 1
            }
        );
    }
}
