//! Can the configuration be read, and which provider does it mean?

use super::Finding;
use crate::{surroundings::Surroundings, walk};

const CHECK: &str = "configuration";

pub(super) fn look(surroundings: &Surroundings) -> Finding {
    let place = match &surroundings.config {
        Some(path) if path.exists() => path.display().to_string(),
        Some(path) => format!("{} (not there)", path.display()),
        None => "no folder for it".to_owned(),
    };
    match walk::configured(surroundings) {
        Ok(Some(profile)) => Finding::good(CHECK, format!("profile {}, of {place}", profile.name)),
        Ok(None) => Finding::good(CHECK, format!("the local provider; no profile in {place}")),
        Err(trouble) => Finding::bad(CHECK, &trouble),
    }
}
