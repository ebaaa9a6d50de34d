//! Named numbers: how they are condensed, shown and written.

use std::fmt::Write as _;

/// Several measurements of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample(Vec<f64>);

impl Sample {
    pub(super) fn add(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The one in the middle; between the two in the middle when their number is even. 0 when there is none.
    pub(super) fn median(&self) -> f64 {
        let half = self.0.len() / 2;
        match self.0[..] {
            [] => 0.0,
            _ if self.0.len() % 2 == 1 => self.0[half],
            _ => f64::midpoint(self.0[half - 1], self.0[half]),
        }
    }

    pub(super) fn min(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }

    pub(super) fn max(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<f64> for Sample {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

/// What a run of the bench found, in the order in which it is shown.
#[derive(Debug, Default)]
pub(super) struct Figures(Vec<(String, f64)>);

impl Figures {
    /// # Panics
    /// When the value is no number: a ratio to something that was not measured would look like a success.
    pub(super) fn add(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        assert!(value.is_finite(), "{name} was not measured");
        self.0.push((name, value));
    }

    /// The median as `<name>`, and its bounds as `<name>_min` and `<name>_max`.
    pub(super) fn add_sample(&mut self, name: &str, sample: &Sample) {
        self.add(name, sample.median());
        self.add(format!("{name}_min"), sample.min());
        self.add(format!("{name}_max"), sample.max());
    }

    /// One flat JSON object. Names are plain words and numbers are finite, so nothing needs escaping.
    pub(super) fn json(&self) -> String {
        let mut json = String::from("{\n");
        for (index, (name, value)) in self.0.iter().enumerate() {
            let comma = if index + 1 < self.0.len() { "," } else { "" };
            writeln!(json, "  \"{name}\": {}{comma}", plain(*value))
                .expect("a text can be written to");
        }
        json.push_str("}\n");
        json
    }
}

/// At most three decimals, and none where they would be zero.
pub(super) fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Figures, Sample};

    #[test]
    fn a_median_is_in_the_middle_whatever_the_order() {
        let odd: Sample = [300.0, 100.0, 200.0].into_iter().collect();
        assert!((odd.median() - 200.0).abs() < f64::EPSILON);
        let even: Sample = [4.0, 1.0, 3.0, 2.0].into_iter().collect();
        assert!((even.median() - 2.5).abs() < f64::EPSILON);
        assert!((even.min() - 1.0).abs() < f64::EPSILON);
        assert!((even.max() - 4.0).abs() < f64::EPSILON);
    }

    #[test]
    fn one_outlier_does_not_move_the_median() {
        let mut sample: Sample = [10.0, 11.0].into_iter().collect();
        sample.add(9_000.0);
        assert!((sample.median() - 11.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_figures_are_one_flat_object_of_numbers() {
        let mut figures = Figures::default();
        figures.add("size_ratio", 1.94);
        figures.add_sample(
            "start_ms",
            &[312.123_456, 300.0, 331.5].into_iter().collect(),
        );
        assert_eq!(
            figures.json(),
            "{\n  \"size_ratio\": 1.94,\n  \"start_ms\": 312.123,\n  \
             \"start_ms_min\": 300,\n  \"start_ms_max\": 331.5\n}\n"
        );
    }

    #[test]
    #[should_panic(expected = "ratio was not measured")]
    fn a_ratio_to_nothing_is_no_figure() {
        Figures::default().add("ratio", 1.0 / Sample::default().median());
    }
}
