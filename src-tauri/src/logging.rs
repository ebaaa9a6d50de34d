//! What the program says about itself, on standard error: warnings at least, and more where it is asked for.

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, ParseError, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Starts it. `wanted` takes levels and `module=level` pairs, for example `keyfob_auth=debug,zbus=info`.
pub fn start(wanted: &str) {
    let filter = filter(wanted);
    let (filter, mistake) = match filter {
        Ok(filter) => (filter, None),
        Err(mistake) => (
            Targets::new().with_default(LevelFilter::WARN),
            Some(mistake),
        ),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
    if let Some(error) = mistake {
        tracing::warn!(%error, "KEYFOB_LOG does not say what to log");
    }
}

// `EnvFilter` can also look into spans; for that it would bring a second engine for regular expressions.
fn filter(wanted: &str) -> Result<Targets, ParseError> {
    let wanted: Targets = match wanted.trim() {
        "" => Targets::new(),
        wanted => wanted.parse()?,
    };
    let usual = wanted.default_level().unwrap_or(LevelFilter::WARN);
    Ok(Targets::new()
        .with_default(usual)
        .with_targets(wanted.iter()))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::filter;

    #[test]
    fn warnings_are_always_said() {
        for wanted in ["", " ", "keyfob_auth=debug"] {
            let filter = filter(wanted).unwrap();
            assert!(filter.would_enable("zbus", &Level::WARN), "{wanted:?}");
            assert!(!filter.would_enable("zbus", &Level::INFO), "{wanted:?}");
        }
    }

    #[test]
    fn more_is_said_where_it_is_asked_for() {
        let of_one = filter("keyfob_auth=debug,zbus=info").unwrap();
        assert!(of_one.would_enable("keyfob_auth::session", &Level::DEBUG));
        assert!(of_one.would_enable("zbus", &Level::INFO));
        let of_all = filter("info").unwrap();
        assert!(of_all.would_enable("tao", &Level::INFO));
    }

    #[test]
    fn nonsense_is_told_from_a_filter() {
        assert!(filter("keyfob_auth=loud").is_err());
    }
}
