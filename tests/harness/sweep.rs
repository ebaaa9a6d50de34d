//! The sweep: whether a secret that was issued lies anywhere it must not.
//!
//! The provider's witness knows every code, verifier and token that passed. When a session ends, each of them is
//! looked for in everything that the session's programs wrote: the home with their state, caches and databases, and
//! all their output; in plain, percent-encoded, base64 (in every alignment, in both alphabets), hexadecimal and UTF-16.
//!
//! One folder is excepted, the profile of the person's browser: it is not our program, and keeps the addresses it
//! visited, among them the one that ended the sign-in; its code has been used when it lies there, and is worthless
//! without the verifier. The letters in the outbox hold links, which the witness does not count as secrets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use url::{Url, form_urlencoded};

/// A secret where none may be. It names everything but the secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// The file that holds it.
    pub file: PathBuf,
    /// What the wire calls the secret: `access_token`, `code_verifier`, …
    pub kind: String,
    /// How it is written there.
    pub form: &'static str,
}

impl fmt::Display for Leak {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, kind, form } = self;
        write!(formatter, "{} holds a {kind} in {form}", file.display())
    }
}

/// Secrets, each with what the wire calls it.
#[derive(Default)]
pub(crate) struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Adds what a provider says at `witness` that it has issued; nothing, when it has no witness or does not answer.
    pub(crate) fn learn(&mut self, witness: &Url) {
        for entry in issued(witness).unwrap_or_default() {
            if let (Some(kind), Some(secret)) = (entry["kind"].as_str(), entry["secret"].as_str()) {
                self.0.insert(heart(secret).to_owned(), kind.to_owned());
            }
        }
    }

    /// What kinds of them there are.
    pub(crate) fn kinds(&self) -> BTreeSet<String> {
        self.0.values().cloned().collect()
    }

    /// Every file below `folder` that holds one of them, the folders `excepted` left out.
    pub(crate) fn found_below(&self, folder: &Path, excepted: &[PathBuf]) -> BTreeSet<Leak> {
        let needles = Needles::of(&self.0);
        let mut leaks = BTreeSet::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            // What goes away while it is looked at is not there to be found.
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, Ok(kind)) = (entry.path(), entry.file_type()) else {
                    continue;
                };
                if kind.is_dir() && !excepted.contains(&path) {
                    folders.push(path);
                } else if kind.is_file() {
                    let content = fs::read(&path).unwrap_or_default();
                    leaks.extend(needles.found_in(&content).map(|(kind, form)| Leak {
                        file: path.clone(),
                        kind: kind.to_owned(),
                        form,
                    }));
                }
            }
        }
        leaks
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}

/// What makes a secret one: the signature of a token whose claims anybody may know, a refresh token without its
/// number.
fn heart(secret: &str) -> &str {
    match secret.rsplit_once(['.', ':']) {
        Some((_, heart)) if heart.len() >= HEAD => heart,
        _ => secret,
    }
}

/// The witness's statement, by a request of our own: a session may end inside a runtime, where none may wait.
fn issued(witness: &Url) -> Option<Vec<Value>> {
    let limit = Some(Duration::from_secs(5));
    let (authority, path) = (witness.authority(), witness.path());
    let mut stream = TcpStream::connect(authority).ok()?;
    stream.set_read_timeout(limit).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let found = head.starts_with("HTTP/1.1 200 ");
    serde_json::from_str(body).ok().filter(|_| found)
}

/// So many bytes of a needle are looked up before the rest is compared.
const HEAD: usize = 8;

struct Needle<'a> {
    bytes: Vec<u8>,
    kind: &'a str,
    form: &'static str,
}

/// Everything that is looked for, in one pass over each file.
struct Needles<'a> {
    by_head: HashMap<[u8; HEAD], Vec<Needle<'a>>>,
    /// Whether a needle begins with these two bytes: almost nothing does, so almost nothing is looked up.
    may_begin: Vec<bool>,
}

impl<'a> Needles<'a> {
    fn of(secrets: &'a BTreeMap<String, String>) -> Self {
        let mut by_head: HashMap<_, Vec<Needle<'a>>> = HashMap::new();
        let mut may_begin = vec![false; 1 << 16];
        for (secret, kind) in secrets {
            for (form, bytes) in forms(secret.as_bytes()) {
                let Some(head) = bytes.first_chunk::<HEAD>() else {
                    continue;
                };
                may_begin[usize::from(u16::from_be_bytes([head[0], head[1]]))] = true;
                by_head
                    .entry(*head)
                    .or_default()
                    .push(Needle { bytes, kind, form });
            }
        }
        Self { by_head, may_begin }
    }

    fn found_in(&self, content: &[u8]) -> impl Iterator<Item = (&'a str, &'static str)> {
        content
            .windows(HEAD)
            .enumerate()
            .filter(|(_, head)| self.may_begin[usize::from(u16::from_be_bytes([head[0], head[1]]))])
            .filter_map(|(at, head)| Some((at, self.by_head.get(head)?)))
            .flat_map(move |(at, needles)| {
                let here = &content[at..];
                needles
                    .iter()
                    .filter(move |needle| here.starts_with(&needle.bytes))
                    .map(|needle| (needle.kind, needle.form))
            })
    }
}

/// All ways in which a secret may be written.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hexadecimal = hexadecimal(secret);
    let percent: String = form_urlencoded::byte_serialize(secret).collect();
    let wide = secret.iter().flat_map(|byte| [*byte, 0]).collect();
    let mut forms = vec![
        ("plain", secret.to_vec()),
        ("UTF-16", wide),
        ("hexadecimal", hexadecimal.to_uppercase().into_bytes()),
        ("hexadecimal", hexadecimal.into_bytes()),
    ];
    if percent.as_bytes() != secret {
        forms.push(("percent-encoding", percent.into_bytes()));
    }
    for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        // So many bytes before it share a character with it, and of the last character a byte after it may have a part.
        for (before, shared) in [(0, 0), (1, 2), (2, 3)] {
            let text = alphabet.encode([&[0].repeat(before), secret].concat());
            let whole = (before + secret.len()) * 8 / 6;
            forms.push(("base64", text.as_bytes()[shared..whole].to_vec()));
        }
    }
    forms
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(four.into(), 16).expect("four bits are one digit");
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "812:tR7-4q_Zx0Lw2mVb9KcPf3sYhJ6dNgAe1uTiQoXrEzBkMvCj";

    fn found(content: &str) -> Vec<&'static str> {
        let secrets = BTreeMap::from([(heart(SECRET).to_owned(), "refresh_token".to_owned())]);
        let needles = Needles::of(&secrets);
        let found = needles.found_in(content.as_bytes());
        found.map(|(_, form)| form).collect()
    }

    #[test]
    fn a_secret_is_found_in_base64_wherever_it_lies_in_the_text() {
        for before in ["", "a", "ab", "abc", "abcd"] {
            for after in ["", "z", "zy"] {
                let text = format!("{before}{}{after}", heart(SECRET));
                for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    assert!(found(&encoded).contains(&"base64"), "{before} {after}");
                }
            }
        }
    }

    #[test]
    fn a_secret_is_found_in_every_other_form() {
        let wide: String = SECRET.chars().flat_map(|c| [c, '\0']).collect();
        let hexadecimal = hexadecimal(SECRET.as_bytes());
        for (text, form) in [
            (format!("token={SECRET}&"), "plain"),
            (SECRET.replace(':', "%3A"), "plain"),
            (wide, "UTF-16"),
            (hexadecimal.to_uppercase(), "hexadecimal"),
            (hexadecimal, "hexadecimal"),
        ] {
            assert_eq!(found(&text), [form]);
        }
    }

    #[test]
    fn what_only_resembles_a_secret_is_none() {
        let (start, _) = SECRET.split_at(SECRET.len() - 1);
        assert!(found(start).is_empty());
        assert!(found("812").is_empty());
    }
}
