//! Where the window was when it was last closed, and how large: there it opens again, if that can still be.
//!
//! The plugin that keeps it believes whatever its file says. So that is looked at first.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use tauri::{AppHandle, Manager, Monitor, Wry, plugin::TauriPlugin};
use tauri_plugin_window_state::{Builder, DEFAULT_FILENAME, StateFlags};

use super::LABEL;

/// No window is larger than this, in pixels: with more, the plugin's sums overflow.
const LARGEST: i64 = 16_384;

/// Nor is any monitor further away than this from the first one.
const FARTHEST: i64 = 65_536;

/// What a window is taken hold of by, and of which so much must be on one monitor: its top edge.
const TOP_EDGE: i64 = 40;
const ENOUGH: (i64, i64) = (100, TOP_EDGE / 2);

/// Keeps the place of the window from now on; and puts the next one there, unless nobody could see it.
pub(super) fn kept(app: &AppHandle) -> TauriPlugin<Wry> {
    let builder = Builder::new()
        .with_state_flags(StateFlags::POSITION | StateFlags::SIZE | StateFlags::MAXIMIZED);
    if is_usable(app) {
        builder.build()
    } else {
        tracing::info!("the window opens anew: where it was is no place for it");
        builder.skip_initial_state(LABEL).build()
    }
}

/// Whether the window can open where the file says. Without a file there is nothing to say against it.
fn is_usable(app: &AppHandle) -> bool {
    let folder = app.path().app_config_dir().ok();
    let text = folder.and_then(|folder| fs::read_to_string(folder.join(DEFAULT_FILENAME)).ok());
    let monitors = app.available_monitors().unwrap_or_default();
    let monitors: Vec<Area> = monitors.iter().map(Area::from).collect();
    text.is_none_or(|text| Place::read(&text).is_some_and(|place| place.is_within(&monitors)))
}

/// A place as the plugin has written it down, in physical pixels.
#[derive(Clone, Copy, Deserialize)]
struct Place {
    width: i64,
    height: i64,
    x: i64,
    y: i64,
    /// Where it was before it was maximised.
    prev_x: i64,
    prev_y: i64,
    maximized: bool,
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let windows: BTreeMap<String, Self> = serde_json::from_str(text).ok()?;
        windows.get(LABEL).copied()
    }

    /// Whether it is a place at all, and one on these monitors. Where there is none to be seen, any place may be.
    fn is_within(self, monitors: &[Area]) -> bool {
        let sizes = [self.width, self.height];
        let positions = [self.x, self.y, self.prev_x, self.prev_y];
        let is_a_place = sizes.iter().all(|size| (1..=LARGEST).contains(size))
            && positions
                .iter()
                .all(|at| (-FARTHEST..=FARTHEST).contains(at));
        let top_edge = self.top_edge();
        is_a_place && (monitors.is_empty() || monitors.iter().any(|it| it.shows(&top_edge)))
    }

    fn top_edge(self) -> Area {
        let (x, y) = if self.maximized {
            (self.prev_x, self.prev_y)
        } else {
            (self.x, self.y)
        };
        Area {
            x,
            y,
            width: self.width,
            height: TOP_EDGE,
        }
    }
}

/// A part of the desktop, in physical pixels.
struct Area {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

impl Area {
    /// Whether enough of `edge` lies in it.
    fn shows(&self, edge: &Self) -> bool {
        let common =
            |a: i64, a_long: i64, b: i64, b_long: i64| (a + a_long).min(b + b_long) - a.max(b);
        let wide = common(self.x, self.width, edge.x, edge.width);
        let high = common(self.y, self.height, edge.y, edge.height);
        wide >= ENOUGH.0.min(edge.width) && high >= ENOUGH.1
    }
}

impl From<&Monitor> for Area {
    fn from(monitor: &Monitor) -> Self {
        let (position, size) = (monitor.position(), monitor.size());
        Self {
            x: position.x.into(),
            y: position.y.into(),
            width: size.width.into(),
            height: size.height.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const LAPTOP: Area = Area {
        x: 0,
        y: 0,
        width: 1920,
        height: 1080,
    };
    const LEFT_OF_IT: Area = Area {
        x: -2560,
        y: -200,
        width: 2560,
        height: 1440,
    };

    /// A file as the plugin writes it, but for what is `other`.
    fn file(other: &Value) -> String {
        let mut place = json!({
            "width": 420, "height": 640, "x": 100, "y": 80, "prev_x": 0, "prev_y": 0, "maximized": false,
            "visible": true, "decorated": true, "fullscreen": false,
        });
        let (place_members, other) = (place.as_object_mut().unwrap(), other.as_object().unwrap());
        place_members.extend(other.clone());
        json!({ "main": place }).to_string()
    }

    fn is_usable(text: &str, monitors: &[Area]) -> bool {
        Place::read(text).is_some_and(|place| place.is_within(monitors))
    }

    #[test]
    fn the_window_opens_where_it_was() {
        for other in [
            json!({}),
            json!({"x": 0, "y": 0}),
            json!({"x": -2560, "y": -200}),
            json!({"x": 1820}),
            json!({"y": 1060}),
            json!({"y": -20}),
            json!({"width": 16384, "height": 16384}),
            json!({"x": 9000, "maximized": true}),
        ] {
            assert!(is_usable(&file(&other), &[LEFT_OF_IT, LAPTOP]), "{other}");
        }
    }

    #[test]
    fn a_place_that_nobody_could_see_is_not_used() {
        for other in [
            json!({"x": 1821}),
            json!({"x": -321}),
            json!({"y": 1061}),
            json!({"y": -21}),
            json!({"x": -2000, "y": 80}),
            json!({"prev_x": 9000, "maximized": true}),
        ] {
            assert!(!is_usable(&file(&other), &[LAPTOP]), "{other}");
            assert!(is_usable(&file(&other), &[]), "{other}: nothing is known");
        }
    }

    #[test]
    fn what_is_no_place_is_not_used() {
        for other in [
            json!({"width": 4_000_000_000_u32}),
            json!({"height": 16_385}),
            json!({"width": 0}),
            json!({"height": -1}),
            json!({"x": i32::MAX}),
            json!({"y": i32::MIN}),
            json!({"prev_x": 65_537}),
            json!({"prev_y": i64::MIN}),
            json!({"width": "420"}),
            json!({"x": 0.5}),
        ] {
            let text = file(&other);
            for monitors in [&[][..], &[LAPTOP]] {
                assert!(!is_usable(&text, monitors), "{other}");
            }
        }
        for text in ["", "[]", "{}", "{\"main\": {}}", "\u{0}"] {
            assert!(!is_usable(text, &[]), "{text:?}");
        }
    }
}
