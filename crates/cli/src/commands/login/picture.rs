//! A text as a picture that a phone can scan (ISO/IEC 18004), in half blocks: two modules to a character.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use terminal_size::terminal_size_of;

/// What stands before each line.
const INDENT: usize = 2;

/// The picture, if there is a terminal that is wide enough for it.
pub fn that_fits(text: &str) -> Option<String> {
    let (width, _) = terminal_size_of(std::io::stderr())?;
    let picture = of(text)?;
    let needed = picture.lines().next()?.chars().count() + INDENT;
    (needed <= usize::from(width.0)).then_some(picture)
}

/// The picture of a text; none of one that is too long. What is light is drawn and what is dark is left out, as fits
/// a dark ground.
fn of(text: &str) -> Option<String> {
    // The screen neither wears nor smears: the least redundancy makes the smallest picture.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let mut renderer = code.render::<Dense1x2>();
    let renderer = renderer
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark);
    Some(renderer.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a camera sees: whether each point is dark.
    fn seen(picture: &str) -> Vec<Vec<bool>> {
        let rows = picture.lines().flat_map(|line| {
            let row = |light: [char; 2]| line.chars().map(|c| !light.contains(&c)).collect();
            [row(['\u{2580}', '\u{2588}']), row(['\u{2584}', '\u{2588}'])]
        });
        rows.collect()
    }

    #[test]
    fn a_reader_of_somebody_else_reads_it() {
        for address in [
            "https://issuer.test/device?user_code=WDJB-MJHT",
            "https://login.example.com/realms/a-long-name/device?user_code=ABCD-EFGH&and=more&of=it",
        ] {
            let points = seen(&of(address).unwrap());
            let (width, height) = (points[0].len(), points.len());
            let grey = |x: usize, y: usize| if points[y / 4][x / 4] { 0 } else { 255 };
            let mut image =
                rqrr::PreparedImage::prepare_from_greyscale(width * 4, height * 4, grey);
            let grids = image.detect_grids();
            assert_eq!(grids.len(), 1, "{address}");
            assert_eq!(grids[0].decode().unwrap().1, address);
        }
    }

    #[test]
    fn a_text_that_is_too_long_has_no_picture() {
        assert!(of(&"x".repeat(5000)).is_none());
    }
}
