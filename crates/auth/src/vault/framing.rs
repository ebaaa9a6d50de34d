//! How a record lies in the keyring.
//!
//! A record is one entry, the *head*, under the record's own name. Windows holds 2,560 bytes per entry
//! (`CRED_MAX_CREDENTIAL_BLOB_SIZE`), so there a longer record is cut into *parts* and its head only says where they
//! are. Every program reads both, wherever it runs and whatever it would write. Every entry is a header line in ASCII, a
//! line feed, and the body; all of it is UTF-8, because KDE keeps text:
//!
//! ```text
//! NAME      keyfob/1 whole GENERATION ENCODING LENGTH ⏎ body
//! NAME      keyfob/1 split GENERATION ENCODING LENGTH SIDE PARTS ⏎
//! NAME#a1   keyfob/1 part GENERATION 1 ⏎ piece of the body
//! ```
//!
//! `GENERATION` is drawn anew for every write: 16 hexadecimal digits, random rather than counted, so that two programs
//! that write at once cannot arrive at the same one. `ENCODING` is `text` (the record, which was UTF-8) or `base64`
//! (anything else); `LENGTH` is the body's, in bytes. `SIDE` is `a` or `b`: a record is never written over the parts
//! that the head in force refers to, but to the other side.

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::{Damage, SecretBytes};

/// The longest body of one entry where entries are short, in bytes; the header has the 60 up to Windows' limit.
pub(super) const SHORT_BODY: usize = 2_500;

/// The most parts that a record may have.
pub(super) const PARTS_LIMIT: usize = 64;

/// The longest record, in bytes as it is stored. The margin is for pieces that end early, between two characters.
pub(super) const RECORD_LIMIT: usize = PARTS_LIMIT * (SHORT_BODY - 3);

/// One write of one record, told from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

impl Generation {
    pub(super) fn draw() -> Self {
        Self(getrandom::u64().expect("a supported system has a source of randomness"))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// One of the two rows of part entries that a record's name has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    A,
    B,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::A, Self::B];

    pub(super) fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }

    /// The entry that holds the part of this number, counted from 1.
    pub(super) fn entry(self, name: &str, number: usize) -> String {
        format!("{name}#{}{number}", self.letter())
    }
}

/// The entries to write for one record: the parts in this order, then the head.
pub(super) struct Framed {
    pub(super) head: SecretBytes,
    pub(super) parts: Vec<SecretBytes>,
}

/// A head, read.
pub(super) struct Head {
    pub(super) generation: Generation,
    body: Body,
    encoding: Encoding,
    length: usize,
}

enum Body {
    Here(Zeroizing<String>),
    Split { side: Side, parts: usize },
}

#[derive(Clone, Copy)]
enum Encoding {
    Text,
    Base64,
}

/// Frames a record, for entries whose bodies have at most `longest_body` bytes; not less than [`SHORT_BODY`], or not
/// every record fits. `None` if it is longer than [`RECORD_LIMIT`].
pub(super) fn frame(
    generation: Generation,
    record: &[u8],
    side: Side,
    longest_body: usize,
) -> Option<Framed> {
    let encoded;
    let (encoding, body) = if let Ok(text) = std::str::from_utf8(record) {
        ("text", text)
    } else {
        encoded = Zeroizing::new(STANDARD_NO_PAD.encode(record));
        ("base64", encoded.as_str())
    };
    let length = body.len();
    if length > RECORD_LIMIT {
        return None;
    }
    if length <= longest_body {
        let header = format!("keyfob/1 whole {generation} {encoding} {length}");
        let head = entry(&header, body);
        return Some(Framed {
            head,
            parts: Vec::new(),
        });
    }
    let mut parts = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(longest_body));
        let number = parts.len() + 1;
        parts.push(entry(
            &format!("keyfob/1 part {generation} {number}"),
            piece,
        ));
        rest = after;
    }
    let (letter, count) = (side.letter(), parts.len());
    let header = format!("keyfob/1 split {generation} {encoding} {length} {letter} {count}");
    let head = entry(&header, "");
    Some(Framed { head, parts })
}

fn entry(header: &str, body: &str) -> SecretBytes {
    // Room for all of it at once: a buffer that grows leaves its old, unwiped copy behind.
    let mut entry = Zeroizing::new(Vec::with_capacity(header.len() + 1 + body.len()));
    entry.extend_from_slice(header.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(body.as_bytes());
    entry
}

impl Head {
    /// Reads a head entry.
    pub(super) fn parse(entry: &[u8]) -> Result<Self, Damage> {
        let (header, rest) = open(entry)?;
        let (generation, encoding, length, body) = match header.as_slice() {
            ["keyfob/1", "whole", generation, encoding, length] => {
                let body = Body::Here(Zeroizing::new(rest.to_owned()));
                (generation, encoding, length, body)
            }
            [
                "keyfob/1",
                "split",
                generation,
                encoding,
                length,
                side,
                parts,
            ] => {
                let body = Body::Split {
                    side: parse_side(side)?,
                    parts: parse_number(parts, PARTS_LIMIT)?,
                };
                (generation, encoding, length, body)
            }
            _ => return Err(foreign(&header)),
        };
        Ok(Self {
            generation: parse_generation(generation)?,
            body,
            encoding: match *encoding {
                "text" => Encoding::Text,
                "base64" => Encoding::Base64,
                _ => return Err(Damage::Foreign),
            },
            length: parse_number(length, RECORD_LIMIT)?,
        })
    }

    /// Where the record's parts are: their side and their number. `None` if the record is in the head itself.
    pub(super) fn parts(&self) -> Option<(Side, usize)> {
        match self.body {
            Body::Here(_) => None,
            Body::Split { side, parts } => Some((side, parts)),
        }
    }

    /// Puts the record together from the head and its parts, in their order.
    pub(super) fn record(self, parts: &[SecretBytes]) -> Result<SecretBytes, Damage> {
        let body = match self.body {
            Body::Here(body) => body,
            Body::Split { .. } => {
                let mut body = Zeroizing::new(String::with_capacity(self.length));
                for (entry, number) in parts.iter().zip(1..) {
                    let piece = part(entry, self.generation, number)?;
                    // More than was announced would make the buffer grow, and leave a copy behind.
                    if body.len() + piece.len() > self.length {
                        return Err(Damage::CutShort);
                    }
                    body.push_str(piece);
                }
                body
            }
        };
        if body.len() != self.length {
            return Err(Damage::CutShort);
        }
        match self.encoding {
            Encoding::Text => Ok(Zeroizing::new(body.as_bytes().to_vec())),
            Encoding::Base64 => STANDARD_NO_PAD
                .decode(body.as_bytes())
                .map(Zeroizing::new)
                .map_err(|_| Damage::Foreign),
        }
    }
}

/// Reads a part entry: its piece of the body, if it is this part of this generation.
fn part(entry: &[u8], generation: Generation, number: usize) -> Result<&str, Damage> {
    let (header, piece) = open(entry)?;
    let ["keyfob/1", "part", its_generation, its_number] = header.as_slice() else {
        return Err(foreign(&header));
    };
    if parse_generation(its_generation)? != generation {
        return Err(Damage::Torn);
    }
    if parse_number(its_number, PARTS_LIMIT)? != number {
        return Err(Damage::Foreign);
    }
    Ok(piece)
}

/// The words of the header line, and the body.
fn open(entry: &[u8]) -> Result<(Vec<&str>, &str), Damage> {
    let text = std::str::from_utf8(entry).map_err(|_| Damage::Foreign)?;
    let (header, body) = text.split_once('\n').ok_or(Damage::Foreign)?;
    Ok((header.split(' ').collect(), body))
}

/// What an entry is whose header is none of ours.
fn foreign(header: &[&str]) -> Damage {
    match header {
        ["keyfob/1", ..] => Damage::Foreign,
        [version, ..] if version.starts_with("keyfob/") => Damage::Newer,
        _ => Damage::Foreign,
    }
}

fn parse_generation(word: &str) -> Result<Generation, Damage> {
    let value = u64::from_str_radix(word, 16).map_err(|_| Damage::Foreign)?;
    Ok(Generation(value))
}

fn parse_side(word: &str) -> Result<Side, Damage> {
    Side::BOTH
        .into_iter()
        .find(|side| word.chars().eq([side.letter()]))
        .ok_or(Damage::Foreign)
}

fn parse_number(word: &str, limit: usize) -> Result<usize, Damage> {
    match word.parse() {
        Ok(number) if number <= limit => Ok(number),
        _ => Err(Damage::Foreign),
    }
}
