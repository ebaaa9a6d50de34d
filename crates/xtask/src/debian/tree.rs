//! What is installed where: the package's folder before it becomes one file.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::{PROGRAMS, VERSION, about, bytes, text, third_party};
use crate::Failure;
use crate::command::{read, root, run};

/// The widths in pixels that desktops look for.
const ICON_SIZES: [u32; 8] = [16, 24, 32, 48, 64, 128, 256, 512];

/// The manual pages that are written by hand; those of the command line come from the program itself.
const WRITTEN_PAGES: [&str; 2] = ["keyfob-desktop.1", "keyfob-identity.1"];

/// Where each shell looks for what completes a command.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/keyfob"),
    ("fish", "usr/share/fish/vendor_completions.d/keyfob.fish"),
    ("zsh", "usr/share/zsh/vendor-completions/_keyfob"),
];

/// A folder that looks as the root of the file system will.
pub(super) struct Tree {
    root: PathBuf,
}

/// Lays out everything but the package's own description.
pub(super) fn furnish(folder: &Path, programs: &Path) -> Result<Tree, Failure> {
    let tree = Tree {
        root: folder.to_path_buf(),
    };
    // By this folder the tools tell that they look at a package.
    let description = tree.root.join("DEBIAN");
    fs::create_dir_all(&description).map_err(|error| about(&description, &error))?;
    let packaging = root().join("packaging");
    let icons = root().join("icons");

    for (program, _) in PROGRAMS {
        tree.copy(&programs.join(program), &format!("usr/bin/{program}"))?;
    }
    for page in WRITTEN_PAGES {
        tree.copy_zipped(
            &packaging.join("man").join(page),
            &format!("usr/share/man/man1/{page}"),
        )?;
    }
    let keyfob = programs.join("keyfob");
    tree.explain(&keyfob, folder)?;
    for (shell, path) in COMPLETIONS {
        let script = read(Command::new(&keyfob).args(["completion", shell]))?;
        tree.write(path, script.as_bytes())?;
    }
    let copy_named =
        |name: &str, into: &str| tree.copy(&packaging.join(name), &format!("{into}/{name}"));
    copy_named("dev.keyfob.desktop", "usr/share/applications")?;
    copy_named("dev.keyfob.keyfob.metainfo.xml", "usr/share/metainfo")?;

    for size in ICON_SIZES {
        tree.copy(
            &icons.join(format!("{size}x{size}.png")),
            &format!("usr/share/icons/hicolor/{size}x{size}/apps/dev.keyfob.png"),
        )?;
    }
    tree.copy(
        &icons.join("keyfob.svg"),
        "usr/share/icons/hicolor/scalable/apps/dev.keyfob.svg",
    )?;

    tree.write("usr/share/doc/keyfob/copyright", copyright()?.as_bytes())?;
    tree.copy_zipped(&changelog()?, "usr/share/doc/keyfob/changelog")?;
    tree.write_zipped(
        "usr/share/doc/keyfob/third-party.txt",
        third_party::text()?.as_bytes(),
    )?;
    Ok(tree)
}

/// The licence as this kind of file wants it: each line set in, empty ones as a dot.
fn copyright() -> Result<String, Failure> {
    let license = text(&root().join("LICENSE"))?;
    let license = license
        .lines()
        .skip_while(|line| !line.starts_with("Permission"));
    let license: Vec<_> = license
        .map(|line| {
            if line.is_empty() {
                " .".to_owned()
            } else {
                format!(" {line}")
            }
        })
        .collect();
    Ok(text(&root().join("packaging/debian/copyright"))?.replace("@LICENSE@", &license.join("\n")))
}

/// The list of changes, once it is about the version that is packaged; so must be what software centres show.
fn changelog() -> Result<PathBuf, Failure> {
    let changelog = root().join("packaging/debian/changelog");
    let metainfo = root().join("packaging/dev.keyfob.keyfob.metainfo.xml");
    let first = |file: &Path, before: &str, after: char| -> Result<(), Failure> {
        let text = text(file)?;
        let newest = text
            .split_once(before)
            .and_then(|(_, rest)| rest.split(after).next());
        match newest {
            Some(VERSION) => Ok(()),
            other => Err(format!(
                "{}: the newest version is {}, but {VERSION} is packaged: add an entry",
                file.display(),
                other.unwrap_or("not named")
            )),
        }
    };
    first(&changelog, "keyfob (", ')')?;
    first(&metainfo, "<release version=\"", '"')?;
    Ok(changelog)
}

impl Tree {
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes one file, and the folders above it.
    pub(super) fn write(&self, path: &str, content: &[u8]) -> Result<(), Failure> {
        let file = self.root.join(path);
        let folder = file.parent().expect("a path of the package has a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, content))
            .map_err(|error| about(&file, &error))
    }

    fn copy(&self, from: &Path, path: &str) -> Result<(), Failure> {
        self.write(path, &bytes(from)?)
    }

    fn copy_zipped(&self, from: &Path, path: &str) -> Result<(), Failure> {
        self.write_zipped(path, &bytes(from)?)
    }

    /// Manual pages and long texts are kept zipped, without a name and a time in them.
    fn write_zipped(&self, path: &str, content: &[u8]) -> Result<(), Failure> {
        self.write(path, content)?;
        run(Command::new("gzip")
            .args(["-9", "--no-name"])
            .arg(self.root.join(path)))
    }

    /// Lets the program write its own manual pages, one for each command.
    fn explain(&self, program: &Path, folder: &Path) -> Result<(), Failure> {
        let pages = folder.with_extension("pages");
        fs::create_dir_all(&pages).map_err(|error| about(&pages, &error))?;
        run(Command::new(program).arg("man").arg(&pages))?;
        for page in fs::read_dir(&pages).map_err(|error| about(&pages, &error))? {
            let page = page.map_err(|error| about(&pages, &error))?;
            let name = page.file_name().to_string_lossy().into_owned();
            self.copy_zipped(&page.path(), &format!("usr/share/man/man1/{name}"))?;
        }
        fs::remove_dir_all(&pages).map_err(|error| about(&pages, &error))
    }

    /// The paths of what will be installed, from the root, sorted.
    pub(super) fn installed_files(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut files: Vec<_> = self
            .entries()?
            .into_iter()
            .filter(|entry| entry.is_file())
            .map(|file| {
                let path = file.strip_prefix(&self.root);
                path.expect("an entry lies in the tree").to_path_buf()
            })
            .filter(|path| !path.starts_with("DEBIAN"))
            .collect();
        files.sort();
        Ok(files)
    }

    /// What the package takes on a disk, by Debian's own rule: each file in whole KiB, each folder one.
    pub(super) fn size_in_kibibytes(&self) -> Result<u64, Failure> {
        let entries = self.entries()?;
        let sizes = entries.iter().map(|entry| {
            let metadata = fs::metadata(entry).map_err(|error| about(entry, &error))?;
            Ok(if metadata.is_file() {
                metadata.len().div_ceil(1024)
            } else {
                1
            })
        });
        sizes.sum()
    }

    /// Gives every entry the same time, and the rights that do not depend on who builds.
    pub(super) fn settle(&self, time: SystemTime) -> Result<(), Failure> {
        let programs = self.root.join("usr/bin");
        for entry in self.entries()? {
            let runs = entry.is_dir() || entry.starts_with(&programs);
            let mode = if runs { 0o755 } else { 0o644 };
            fs::set_permissions(&entry, Permissions::from_mode(mode))
                .and_then(|()| File::open(&entry)?.set_modified(time))
                .map_err(|error| about(&entry, &error))?;
        }
        Ok(())
    }

    /// Every folder and file, the root first.
    fn entries(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut entries = vec![self.root.clone()];
        let mut next = 0;
        while let Some(entry) = entries.get(next).cloned() {
            next += 1;
            if entry.is_dir() {
                for found in fs::read_dir(&entry).map_err(|error| about(&entry, &error))? {
                    entries.push(found.map_err(|error| about(&entry, &error))?.path());
                }
            }
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::{changelog, copyright};

    #[test]
    fn the_licence_is_one_paragraph_of_the_copyright_file() {
        let copyright = copyright().unwrap();
        let (_, license) = copyright
            .split_once("\nLicense: MIT\n\nLicense: MIT\n")
            .unwrap();
        assert!(license.starts_with(" Permission is hereby granted"));
        assert!(license.trim_end().lines().all(|line| line.starts_with(' ')));
    }

    #[test]
    fn what_is_new_is_written_down_for_the_version_that_is_packaged() {
        assert!(changelog().is_ok());
    }
}
