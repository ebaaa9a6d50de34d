//! The app's icons, drawn from `icons/keyfob.svg`: one picture for each width, and the files that Windows and
//! macOS want.
//!
//! The source holds several drawings of the same thing and shows the largest. Each icon is drawn from the one
//! whose grid it fits, so that a small icon is not a large one made small but has its edges between pixels.
//!
//! `cargo xtask icons` runs this. It is a package of its own because a renderer takes longer to compile than all
//! other chores together.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use icns::{IconFamily, IconType, PixelFormat};
use ico::{IconDir, IconDirEntry, IconImage, ResourceType};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// The widths in pixels that Linux desktops look for.
const WIDTHS: [u16; 8] = [16, 24, 32, 48, 64, 128, 256, 512];

/// The widths within Windows' file; the shell picks from these.
const WINDOWS_WIDTHS: [u16; 6] = [16, 24, 32, 48, 64, 256];

/// The widths within macOS' file. The smallest two have old kinds, since newer ones are shown wrongly there.
const MACOS: [(IconType, u16); 9] = [
    (IconType::RGB24_16x16, 16),
    (IconType::RGB24_32x32, 32),
    (IconType::RGBA32_16x16_2x, 32),
    (IconType::RGBA32_32x32_2x, 64),
    (IconType::RGBA32_128x128, 128),
    (IconType::RGBA32_128x128_2x, 256),
    (IconType::RGBA32_256x256, 256),
    (IconType::RGBA32_512x512, 512),
    (IconType::RGBA32_512x512_2x, 1024),
];

/// Where the source says which of its drawings is shown.
const SHOWN: &str = "<use href=\"#large\"/>";

/// A file's name and what belongs into it.
type Drawn = (String, Vec<u8>);

fn main() -> ExitCode {
    let written = draw_all().and_then(|files| {
        for (name, content) in files {
            fs::write(folder().join(&name), content)?;
            println!("icons/{name}");
        }
        Ok(())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the icons cannot be drawn: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Every file that is made from the source.
fn draw_all() -> Result<Vec<Drawn>, Box<dyn Error>> {
    let source = fs::read_to_string(folder().join("keyfob.svg"))?;
    if source.matches(SHOWN).count() != 1 {
        return Err(format!("icons/keyfob.svg must hold `{SHOWN}` exactly once").into());
    }
    let mut files = Vec::new();
    for width in WIDTHS {
        files.push((
            format!("{width}x{width}.png"),
            draw(&source, width)?.encode_png()?,
        ));
    }
    files.push(("icon.ico".to_owned(), for_windows(&source)?));
    files.push(("icon.icns".to_owned(), for_macos(&source)?));
    Ok(files)
}

fn draw(source: &str, width: u16) -> Result<Pixmap, Box<dyn Error>> {
    let drawing = match width {
        16 | 32 => "at-16",
        24 => "at-24",
        _ => "large",
    };
    let shown = source.replace(SHOWN, &SHOWN.replace("large", drawing));
    let tree = Tree::from_str(&shown, &Options::default())?;
    let mut picture = Pixmap::new(width.into(), width.into()).ok_or("a picture has a width")?;
    let scale = Transform::from_scale(
        f32::from(width) / tree.size().width(),
        f32::from(width) / tree.size().height(),
    );
    resvg::render(&tree, scale, &mut picture.as_mut());
    if picture.pixels().iter().all(|pixel| pixel.alpha() == 0) {
        return Err(format!("icons/keyfob.svg has no drawing `{drawing}`").into());
    }
    Ok(picture)
}

fn for_windows(source: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut icons = IconDir::new(ResourceType::Icon);
    for width in WINDOWS_WIDTHS {
        let pixels = draw(source, width)?.take_demultiplied();
        let image = IconImage::from_rgba_data(width.into(), width.into(), pixels);
        // Some programs of Windows read the small ones only in the old form.
        let entry = if width < 256 {
            IconDirEntry::encode_as_bmp(&image)
        } else {
            IconDirEntry::encode_as_png(&image)
        };
        icons.add_entry(entry?);
    }
    let mut file = Vec::new();
    icons.write(&mut file)?;
    Ok(file)
}

fn for_macos(source: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut icons = IconFamily::new();
    for (kind, width) in MACOS {
        let pixels = draw(source, width)?.take_demultiplied();
        let image = icns::Image::from_data(PixelFormat::RGBA, width.into(), width.into(), pixels)?;
        icons.add_icon_with_type(&image, kind)?;
    }
    let mut file = Vec::new();
    icons.write(&mut file)?;
    Ok(file)
}

/// `icons/` at the workspace's root.
fn folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2);
    root.expect("this package lies two folders deep")
        .join("icons")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{draw_all, folder};

    /// The renderer's sums may end in another last bit on another kind of processor.
    const SAME_BYTES: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

    #[test]
    fn the_icons_are_those_that_the_source_draws_and_no_others() {
        let mut expected = vec!["keyfob.svg".to_owned()];
        for (name, drawn) in draw_all().unwrap() {
            let kept = fs::read(folder().join(&name)).unwrap_or_default();
            assert!(
                kept == drawn || (!SAME_BYTES && !kept.is_empty()),
                "icons/{name} is another: run `cargo xtask icons`"
            );
            expected.push(name);
        }
        expected.sort();
        let mut found: Vec<_> = fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, expected);
    }
}
