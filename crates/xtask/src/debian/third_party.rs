//! What of others is in the programs, with the licences that ask to be passed on.
//!
//! Cargo says which crates are linked, each crate's folder holds its texts; the page's build leaves a list of
//! the npm packages that it bundled. Nothing here is kept by hand, so nothing can be forgotten.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{PROGRAMS, about, text as text_of};
use crate::Failure;
use crate::command::{cargo, read, root};

/// How the files begin that hold a licence or a notice.
const NAMES: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

/// How deep in a crate's folder such a file may lie: crates that bring C code keep its licence beside it.
const DEPTH: usize = 2;

const RULE: &str =
    "--------------------------------------------------------------------------------";

/// One crate that is linked into a program.
struct Crate {
    /// `name version`.
    name: String,
    license: String,
    source: String,
    folder: PathBuf,
}

/// The whole list: who is in the programs, then every text once.
pub(super) fn text() -> Result<String, Failure> {
    let mut list = String::new();
    let mut texts = Texts::default();
    for linked in crates()? {
        let mut numbers = BTreeSet::new();
        for file in license_files(&linked.folder)? {
            numbers.insert(texts.number(&text_of(&file)?));
        }
        let numbers: Vec<_> = numbers.iter().map(|number| format!("[{number}]")).collect();
        let told = if numbers.is_empty() {
            "it brings no text of its own".to_owned()
        } else {
            format!("texts {}", numbers.join(" "))
        };
        let Crate {
            name,
            license,
            source,
            ..
        } = linked;
        let _ = writeln!(list, "{name}\n    {license}; {told}\n    {source}");
    }
    let page = text_of(&root().join("ui/dist/licenses.md"))?;
    let page = page.split_once("\n## ").map(|(_, packages)| packages);
    let page = page.ok_or("the page's build names no bundled packages")?;
    Ok(format!(
        "Keyfob contains the work of others. First the crates, with the numbers of the licence texts that they\n\
         bring; then the npm packages in the page; then the texts of the crates.\n\n\
         {list}\n{RULE}\nIn the page\n\n## {page}\n{}",
        texts
            .0
            .iter()
            .fold(String::new(), |mut all, (number, text)| {
                let _ = write!(all, "{RULE}\n[{number}]\n\n{}\n\n", text.trim_matches('\n'));
                all
            })
    ))
}

/// Every text once, by its number; texts that differ in their spaces only are the same.
#[derive(Default)]
struct Texts(BTreeMap<usize, String>, HashMap<String, usize>);

impl Texts {
    fn number(&mut self, text: &str) -> usize {
        let words: Vec<_> = text.split_whitespace().collect();
        let next = self.0.len() + 1;
        let number = *self.1.entry(words.join(" ")).or_insert(next);
        if number == next {
            self.0.insert(number, text.to_owned());
        }
        number
    }
}

/// The crates of others that are linked, sorted by their names.
fn crates() -> Result<Vec<Crate>, Failure> {
    let folders = folders()?;
    let mut tree = cargo([
        "tree",
        "--locked",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
    ]);
    tree.args(["--format", "{p}|{l}|{r}", "--no-dedupe"]);
    tree.args(
        PROGRAMS
            .iter()
            .flat_map(|(_, package)| ["--package", package]),
    );
    let mut found = BTreeMap::new();
    for line in read(&mut tree)?.lines() {
        let mut parts = line.split('|');
        let (Some(name), Some(license), Some(source)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        // Our own crates have their path behind the version.
        if name.contains(" (") {
            continue;
        }
        let name = name.replacen(" v", " ", 1);
        let folder = folders.get(&name.replacen(' ', "-", 1));
        let folder = folder.ok_or_else(|| format!("the folder of {name} is not known to cargo"))?;
        found.insert(
            name.clone(),
            Crate {
                name,
                license: license.to_owned(),
                source: source.to_owned(),
                folder: folder.clone(),
            },
        );
    }
    if found.is_empty() {
        return Err("cargo names no crate that is linked".to_owned());
    }
    Ok(found.into_values().collect())
}

/// Where each crate's sources are, by `name-version`, which is what cargo calls their folders.
fn folders() -> Result<HashMap<String, PathBuf>, Failure> {
    let metadata = read(&mut cargo([
        "metadata",
        "--locked",
        "--format-version",
        "1",
    ]))?;
    // A quotation mark within a JSON string is escaped, so this finds the keys and nothing else.
    let manifests = metadata.split("\"manifest_path\":\"").skip(1);
    Ok(manifests
        .filter_map(|rest| {
            Path::new(rest.split('"').next()?)
                .parent()
                .map(Path::to_path_buf)
        })
        .filter_map(|folder| Some((folder.file_name()?.to_str()?.to_owned(), folder)))
        .collect())
}

fn license_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    collect(folder, DEPTH, &mut files).map_err(|error| about(folder, &error))?;
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if depth > 1 {
                collect(&path, depth - 1, files)?;
            }
        } else if is_license(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// By the name, in any spelling. A module of Rust that deals with licences is not one.
fn is_license(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_uppercase();
    let is_module = file.extension().is_some_and(|extension| extension == "rs");
    !is_module && NAMES.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Texts, is_license};

    #[test]
    fn texts_that_differ_in_their_spaces_only_are_listed_once() {
        let mut texts = Texts::default();
        assert_eq!(texts.number("Permission is granted"), 1);
        assert_eq!(texts.number("Permission\n   is granted\n"), 1);
        assert_eq!(texts.number("Permission is refused"), 2);
        assert_eq!(texts.0.len(), 2);
    }

    #[test]
    fn a_licence_is_told_by_the_name_of_its_file() {
        for name in [
            "LICENSE",
            "License.txt",
            "LICENSE-MIT",
            "licence.md",
            "NOTICE",
            "COPYING.LESSER",
        ] {
            assert!(is_license(Path::new(name)), "{name}");
        }
        for name in ["license.rs", "README.md", "relicense.txt"] {
            assert!(!is_license(Path::new(name)), "{name}");
        }
    }
}
