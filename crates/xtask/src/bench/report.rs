//! What the bench found: for a person to read, and as named numbers.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use super::figures::{Figures, Sample, plain};
use super::links::Click;
use super::stages::Course;
use super::{Programs, Starts, zipped};

/// The programs in bytes, stripped as the release profile has it.
pub(super) struct Sizes {
    app: u64,
    bare: u64,
    provider: u64,
    /// The page in the window, packed.
    page: u64,
}

impl Sizes {
    pub(super) fn of(programs: &Programs) -> io::Result<Self> {
        let size = |program: &Path| fs::metadata(program).map(|found| found.len());
        Ok(Self {
            app: size(&programs.app)?,
            bare: size(&programs.bare)?,
            provider: size(&programs.provider)?,
            page: zipped::page()?,
        })
    }
}

/// Everything that one run of the bench found.
pub(super) struct Found {
    pub(super) sizes: Sizes,
    /// The first starts in a home that held nothing: the bare window, the app.
    pub(super) first: [f64; 2],
    pub(super) bare: Starts,
    pub(super) app: Starts,
    pub(super) clicks: Vec<Click>,
    /// The machine's load before and after.
    pub(super) load: [f64; 2],
}

impl Found {
    pub(super) fn figures(&self) -> Figures {
        let Self {
            sizes,
            first,
            bare,
            app,
            clicks,
            load,
        } = self;
        let mut figures = Figures::default();
        figures.add("cold_start_ratio", ratio(&app.painted, &bare.painted));
        figures.add("cold_start_usable_ratio", ratio(&app.ready, &bare.ready));
        figures.add_sample("cold_start_ms", &app.painted);
        figures.add_sample("cold_start_usable_ms", &app.ready);
        figures.add_sample("cold_start_bare_ms", &bare.painted);
        figures.add("first_start_ms", first[1]);
        figures.add("first_start_bare_ms", first[0]);
        figures.add("memory_ratio", ratio(&app.memory, &bare.memory));
        figures.add_sample("memory_mib", &app.memory);
        figures.add_sample("memory_bare_mib", &bare.memory);
        figures.add_sample("memory_own_mib", &app.memory_own);
        figures.add_sample("memory_own_bare_mib", &bare.memory_own);
        figures.add("processes", app.processes.median());
        figures.add("size_ratio", number(sizes.app) / number(sizes.bare));
        figures.add("size_bytes", number(sizes.app));
        figures.add("size_bare_bytes", number(sizes.bare));
        figures.add("size_provider_bytes", number(sizes.provider));
        figures.add("page_gzip_bytes", number(sizes.page));

        let signed_in: Sample = clicks.iter().map(|click| click.signed_in).collect();
        figures.add("link_to_signed_in_ms", signed_in.median());
        figures.add("link_to_signed_in_ms_min", signed_in.min());
        figures.add("link_to_signed_in_ms_max", signed_in.max());
        for (course, prefix) in [
            (&app.course, "start"),
            (&bare.course, "start_bare"),
            (&course(clicks), "link"),
        ] {
            for (stage, at) in course.medians() {
                figures.add(format!("{prefix}_{}_at_ms", stage.replace('-', "_")), at);
            }
        }
        figures.add("starts", number(bare.painted.len()));
        figures.add("links", number(signed_in.len()));
        figures.add("load_before", load[0]);
        figures.add("load_after", load[1]);
        figures
    }
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sizes,
            first,
            bare,
            app,
            clicks,
            load,
        } = self;
        let count = bare.painted.len();
        writeln!(
            out,
            "\n{:<34}{:>12}{:>12}{:>8}",
            format!("median of {count} (min–max)"),
            "Keyfob",
            "bare window",
            "ratio"
        )?;
        let rows: [(&str, &Sample, &Sample, &str); 4] = [
            ("cold start, first paint", &app.painted, &bare.painted, "ms"),
            (
                "cold start, \"Sign in\" is there",
                &app.ready,
                &bare.ready,
                "ms",
            ),
            (
                "memory (PSS), all processes",
                &app.memory,
                &bare.memory,
                "MiB",
            ),
            (
                "  of the program's own process",
                &app.memory_own,
                &bare.memory_own,
                "MiB",
            ),
        ];
        for (what, app, bare, unit) in rows {
            writeln!(
                out,
                "{what:<34}{:>12}{:>12}{:>8.2}   ({}; {})",
                format!("{:.0} {unit}", app.median()),
                format!("{:.0} {unit}", bare.median()),
                ratio(app, bare),
                range(app),
                range(bare),
            )?;
        }
        let [size, size_bare] = [number(sizes.app), number(sizes.bare)];
        writeln!(
            out,
            "{:<34}{:>12}{:>12}{:>8.2}",
            "program, stripped",
            megabytes(size),
            megabytes(size_bare),
            size / size_bare
        )?;
        writeln!(
            out,
            "{:<34}{:>12}",
            "local provider, stripped",
            megabytes(number(sizes.provider))
        )?;
        writeln!(
            out,
            "{:<34}{:>12}",
            "page: scripts and styles, gzip -9",
            format!("{:.1} KiB", number(sizes.page) / 1_024.0)
        )?;
        let first = first.map(|first| format!("{first:.0} ms"));
        writeln!(
            out,
            "{:<34}{:>12}{:>12}",
            "first start in a home of nothing", first[1], first[0]
        )?;

        let signed_in: Sample = clicks.iter().map(|click| click.signed_in).collect();
        writeln!(
            out,
            "{:<34}{:>12}            ({}; {} links)",
            "clicked link to \"Signed in\"",
            format!("{:.0} ms", signed_in.median()),
            range(&signed_in),
            signed_in.len(),
        )?;
        writeln!(
            out,
            "load of the machine: {} before, {} after",
            plain(load[0]),
            plain(load[1])
        )?;
        side_by_side(out, app, bare)?;
        writeln!(out, "\na clicked link, ms after the click (medians)")?;
        steps(out, &course(clicks).medians(), signed_in.median())
    }
}

/// The stages of the app's start, and beside them the bare window's where it has the same.
fn side_by_side(out: &mut fmt::Formatter<'_>, app: &Starts, bare: &Starts) -> fmt::Result {
    writeln!(
        out,
        "\na start, ms after the program was started (medians)\n  {:<22}{:>10}{:>14}{:>14}",
        "", "Keyfob", "bare window", "difference"
    )?;
    let mut of_app = app.course.medians();
    of_app.push(("first paint", app.painted.median()));
    of_app.push(("usable", app.ready.median()));
    of_app.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut of_bare = bare.course.medians();
    of_bare.push(("first paint", bare.painted.median()));
    for (stage, at) in of_app {
        let twin = of_bare.iter().find(|(name, _)| *name == stage);
        match twin {
            Some((_, twin)) => writeln!(
                out,
                "  {stage:<22}{at:>10.1}{twin:>14.1}{:>14.1}",
                at - twin
            )?,
            None => writeln!(out, "  {stage:<22}{at:>10.1}")?,
        }
    }
    Ok(())
}

/// Stages with what each took after the one before.
fn steps(out: &mut fmt::Formatter<'_>, stages: &[(&str, f64)], end: f64) -> fmt::Result {
    let mut before = 0.0;
    for (stage, at) in stages
        .iter()
        .copied()
        .chain([("\"Signed in\" is seen", end)])
    {
        writeln!(
            out,
            "  {stage:<22}{at:>10.1}{:>10}",
            format!("+{:.1}", at - before)
        )?;
        before = at;
    }
    Ok(())
}

fn course(clicks: &[Click]) -> Course {
    let mut course = Course::default();
    for click in clicks {
        course.add(click.stages.iter().cloned());
    }
    course
}

fn ratio(app: &Sample, bare: &Sample) -> f64 {
    app.median() / bare.median()
}

fn range(sample: &Sample) -> String {
    format!("{:.0}–{:.0}", sample.min(), sample.max())
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1_000_000.0)
}

/// Sizes and counts here are far below what a double holds exactly.
pub(super) fn number(value: impl TryInto<u32>) -> f64 {
    value.try_into().map_or(f64::NAN, f64::from)
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::super::starts::Start;
    use super::{Click, Found, Sizes, Starts};

    fn starts(scale: f64) -> Starts {
        let mut starts = Starts::default();
        for run in [1.0, 1.2, 1.1] {
            starts.add(Start {
                painted: 200.0 * scale * run,
                ready: 210.0 * scale * run,
                stages: vec![("page-loaded".to_owned(), 150.0 * scale * run)],
                memory: Memory {
                    all: 256.0,
                    own: 90.0,
                    processes: 3,
                },
            });
        }
        starts
    }

    fn found() -> Found {
        Found {
            sizes: Sizes {
                app: 9_000_000,
                bare: 4_500_000,
                provider: 6_000_000,
                page: 40_960,
            },
            first: [400.0, 420.0],
            bare: starts(1.0),
            app: starts(1.1),
            clicks: vec![Click {
                signed_in: 200.0,
                stages: vec![("judged".to_owned(), 90.0), ("kept".to_owned(), 130.0)],
            }],
            load: [0.5, 1.0],
        }
    }

    #[test]
    fn the_ratios_are_those_of_the_medians() {
        let json = found().figures().json();
        for line in [
            "\"cold_start_ratio\": 1.1,",
            "\"cold_start_ms\": 242,",
            "\"memory_ratio\": 1,",
            "\"memory_mib\": 256,",
            "\"size_ratio\": 2,",
            "\"page_gzip_bytes\": 40960,",
            "\"link_to_signed_in_ms\": 200,",
            "\"link_to_signed_in_ms_max\": 200,",
            "\"link_kept_at_ms\": 130,",
            "\"start_page_loaded_at_ms\": 181.5,",
        ] {
            assert!(json.contains(line), "no {line} in {json}");
        }
    }

    #[test]
    fn a_person_reads_each_step_and_what_it_took() {
        let text = found().to_string();
        assert!(
            text.contains("page-loaded                181.5         165.0          16.5"),
            "{text}"
        );
        assert!(
            text.contains("kept                       130.0     +40.0"),
            "{text}"
        );
    }
}
