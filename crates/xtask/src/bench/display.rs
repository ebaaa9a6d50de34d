//! As much of X11 as looking at pixels needs, on the standard library: connect, ask for a column, read it.
//!
//! Starting `import` for each look takes longer than what is measured; this takes a tenth of a millisecond. The
//! requests are two of the [core protocol]: the connection setup and `GetImage` of the root window, which shows
//! what the person sees.
//!
//! [core protocol]: https://www.x.org/releases/current/doc/xproto/x11protocol.html

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

const GET_IMAGE: u8 = 73;
const Z_PIXMAP: u8 = 2;

/// What begins an answer, in contrast to an error (0) and to events, which nobody asked for.
const REPLY: u8 = 1;

/// A connection to one display.
pub(super) struct Display {
    stream: UnixStream,
    root: [u8; 4],
}

/// Where to look: one pixel wide, from `top` downwards.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) x: u16,
    pub(super) top: u16,
    pub(super) height: u16,
}

impl Display {
    /// Connects to a display by its name, such as `:99`. It must have 24 bits of colour, as `Xvfb` is asked for.
    pub(super) fn connect(name: &str) -> io::Result<Self> {
        let number = name.trim_start_matches(':');
        let mut stream = UnixStream::connect(format!("/tmp/.X11-unix/X{number}"))?;
        // Little-endian, protocol 11.0, no authorization.
        stream.write_all(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        let mut head = [0; 8];
        stream.read_exact(&mut head)?;
        let mut setup = vec![0; 4 * usize::from(u16::from_le_bytes([head[6], head[7]]))];
        stream.read_exact(&mut setup)?;
        let root = (head[0] == 1).then(|| first_root(&setup)).flatten();
        let root = root.ok_or_else(|| io::Error::other("the display turned us away"))?;
        Ok(Self { stream, root })
    }

    /// The colours of a column, each as `0xRRGGBB`.
    pub(super) fn colours(&mut self, column: Column) -> io::Result<Vec<u32>> {
        let mut request = vec![GET_IMAGE, Z_PIXMAP, 5, 0];
        request.extend(self.root);
        for number in [column.x, column.top, 1, column.height] {
            request.extend(number.to_le_bytes());
        }
        request.extend(u32::MAX.to_le_bytes());
        self.stream.write_all(&request)?;
        loop {
            let mut head = [0; 32];
            self.stream.read_exact(&mut head)?;
            match head[0] {
                0 => return Err(io::Error::other("the display shows no such place")),
                REPLY => {
                    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
                    let mut image = vec![0; 4 * usize::try_from(length).unwrap_or_default()];
                    self.stream.read_exact(&mut image)?;
                    return Ok(colours(&image));
                }
                // Tidings that every client gets, such as a changed keyboard.
                _ => {}
            }
        }
    }
}

/// The id of the first screen's root window, behind the vendor's name and the list of pixmap formats.
fn first_root(setup: &[u8]) -> Option<[u8; 4]> {
    let vendor = usize::from(u16::from_le_bytes([*setup.get(16)?, *setup.get(17)?]));
    let formats = usize::from(*setup.get(21)?);
    let at = 32 + vendor.next_multiple_of(4) + 8 * formats;
    setup.get(at..at + 4)?.try_into().ok()
}

/// Four bytes for each pixel: blue, green, red, and one that means nothing.
fn colours(image: &[u8]) -> Vec<u32> {
    let pixels = image.chunks_exact(4);
    pixels
        .map(|pixel| u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]))
        .collect()
}

/// The longest run of one colour in a column, in pixels.
pub(super) fn longest_run(column: &[u32], colour: u32) -> usize {
    let runs = column.split(|pixel| *pixel != colour);
    runs.map(<[u32]>::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{colours, first_root, longest_run};

    #[test]
    fn a_pixel_is_read_as_red_green_and_blue() {
        assert_eq!(
            colours(&[0x85, 0x15, 0xc7, 0xff, 0, 0, 1, 0]),
            [0x00c7_1585, 0x0001_0000]
        );
    }

    #[test]
    fn the_root_window_is_found_behind_the_vendor_and_the_formats() {
        let mut setup = vec![0; 32];
        setup[16] = 5; // "Maker", padded to eight bytes.
        setup[21] = 2;
        setup.extend(*b"Maker\0\0\0");
        setup.extend([0; 16]);
        setup.extend([7, 6, 5, 4]);
        assert_eq!(first_root(&setup), Some([7, 6, 5, 4]));
        assert_eq!(first_root(&setup[..50]), None);
    }

    #[test]
    fn the_longest_run_counts_what_lies_together() {
        assert_eq!(longest_run(&[1, 1, 2, 1, 1, 1, 3], 1), 3);
        assert_eq!(longest_run(&[1, 2], 3), 0);
        assert_eq!(longest_run(&[], 3), 0);
    }
}
