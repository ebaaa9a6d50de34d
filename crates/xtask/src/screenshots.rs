//! `cargo xtask screenshots`: every state of the page as a picture, to look at before anybody else does.

use std::fs;
use std::path::Path;

use crate::Failure;
use crate::command::say;
use crate::gallery::{Gallery, WINDOW};
use crate::page;
use crate::system::{self, Purpose};
use crate::webdriver::{Size, Theme};

/// Draws each state in light and dark, at one and at two device pixels per pixel.
pub(crate) fn take(folder: &Path) -> Result<(), Failure> {
    system::prepare(Purpose::Screenshots)?;
    page::install_packages()?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let gallery = Gallery::build()?;
    let states = gallery.states();
    say(&format!("taking pictures of {} states", states.len()));
    gallery.each(states, |window, state, _| {
        for scale in [1, 2] {
            window.resize(Size { scale, ..WINDOW })?;
            for theme in [Theme::Light, Theme::Dark] {
                window.put_on(theme)?;
                let name = format!("{state}-{}-{}.png", theme.name(), scale * 100);
                fs::write(folder.join(name), window.picture()?)?;
            }
        }
        Ok(())
    })?;
    say(&format!("they are in {}", folder.display()));
    Ok(())
}
