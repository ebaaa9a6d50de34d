//! `cargo xtask package`: the release programs as a Debian package, judged by the tools a distribution would use.
//!
//! [`tree`] lays out what is installed, [`third_party`] names what was linked, and here the two become one file.
//! `packaging/` holds what is written by hand. The package has no maintainer scripts: that the desktop notices
//! the new program, its icons and its kind of link is done by the triggers of the packages that know how.
//!
//! The same commit gives the same bytes: every time is the commit's, every order is sorted, every owner is root.

mod judges;
mod third_party;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use crate::Failure;
use crate::command::{cargo, programs, read, root, run, say};
use crate::page;
use crate::system::{self, Purpose};

pub(crate) use judges::Judge;
use tree::Tree;

/// What the package's own files and the programs agree on.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is built, and the package of this workspace that it is built from.
const PROGRAMS: [(&str, &str); 3] = [
    ("keyfob", "keyfob-cli"),
    ("keyfob-desktop", "keyfob-desktop"),
    ("keyfob-identity", "keyfob-identity"),
];

/// A package that has been built.
pub(crate) struct Package {
    file: PathBuf,
    tree: Tree,
}

/// Builds the package and has it judged.
pub(crate) fn make() -> Result<(), Failure> {
    system::prepare(Purpose::Package)?;
    page::install_packages()?;
    page::build()?;
    let package = build()?;
    for judge in package.judges() {
        say(judge.name);
        judge.agrees()?;
    }
    say(&format!("the package is {}", package.file.display()));
    Ok(())
}

/// Builds the package; the page must be built already.
pub(crate) fn build() -> Result<Package, Failure> {
    say("building the release programs");
    let selection = PROGRAMS
        .iter()
        .flat_map(|(_, package)| ["--package", package]);
    run(cargo(["build", "--release", "--locked"]).args(selection))?;

    let folder = target().join("package");
    say("putting the package together");
    let time = time_of_the_sources()?;
    let once = assemble(&folder, time)?;
    // What differs between two of the same minute would differ between two machines all the more.
    let second = folder.join("again");
    let again = assemble(&second, time)?;
    if bytes(&once.file)? != bytes(&again.file)? {
        return Err(format!(
            "two packages of the same programs differ: compare {} with {}",
            once.file.display(),
            again.file.display()
        ));
    }
    fs::remove_dir_all(&second).map_err(|error| about(&second, &error))?;
    Ok(once)
}

/// Makes the package in `folder`, which is emptied first; `time` is in seconds since 1970.
fn assemble(folder: &Path, time: u64) -> Result<Package, Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| about(folder, &error))?;
    }
    let tree = tree::furnish(&folder.join("keyfob"), &target().join("release"))?;
    let architecture = read(Command::new("dpkg").arg("--print-architecture"))?;
    let architecture = architecture.trim();

    let control = text(&root().join("packaging/debian/control"))?
        .replace("@VERSION@", VERSION)
        .replace("@ARCHITECTURE@", architecture)
        .replace("@INSTALLED_SIZE@", &tree.size_in_kibibytes()?.to_string())
        .replace("@DEPENDS@", &libraries(folder, &tree)?);
    tree.write("DEBIAN/control", control.as_bytes())?;
    tree.write("DEBIAN/md5sums", checksums(&tree)?.as_bytes())?;
    tree.settle(UNIX_EPOCH + Duration::from_secs(time))?;

    let file = folder.join(format!("keyfob_{VERSION}_{architecture}.deb"));
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Zxz", "--build"])
        .args([tree.root(), &file])
        .env("SOURCE_DATE_EPOCH", time.to_string())
        // How many threads compress shows in the bytes.
        .env("DPKG_DEB_THREADS_MAX", "1")
        .stdout(std::process::Stdio::null()))?;
    Ok(Package { file, tree })
}

/// The packages whose libraries the programs are linked with, in the versions that they need.
fn libraries(folder: &Path, tree: &Tree) -> Result<String, Failure> {
    // The tool looks at a source package, so one is there while it looks.
    let source = folder.join("debian");
    let control = "Source: keyfob\n\nPackage: keyfob\nArchitecture: any\n";
    fs::create_dir_all(&source)
        .and_then(|()| fs::write(source.join("control"), control))
        .map_err(|error| about(&source, &error))?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    shlibdeps.arg("-O").current_dir(folder);
    shlibdeps.args(PROGRAMS.map(|(program, _)| tree.root().join("usr/bin").join(program)));
    let found = read(&mut shlibdeps)?;
    fs::remove_dir_all(&source).map_err(|error| about(&source, &error))?;
    found
        .trim()
        .strip_prefix("shlibs:Depends=")
        .map(str::to_owned)
        .ok_or_else(|| format!("dpkg-shlibdeps names no libraries: {found:?}"))
}

fn checksums(tree: &Tree) -> Result<String, Failure> {
    let mut md5sum = Command::new("md5sum");
    md5sum
        .args(tree.installed_files()?)
        .current_dir(tree.root());
    read(&mut md5sum)
}

/// Seconds since 1970: the commit's time, unless the caller names another as reproducible builds do.
#[expect(
    clippy::disallowed_methods,
    reason = "the variable by which a packager sets the time of a reproducible build"
)]
fn time_of_the_sources() -> Result<u64, Failure> {
    let wanted = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(wanted) => wanted,
        Err(_) => read(
            Command::new("git")
                .args(["log", "-1", "--format=%ct"])
                .current_dir(root()),
        )
        .map_err(|failure| {
            format!(
                "{failure}\nhint: outside of git, set SOURCE_DATE_EPOCH to the time of the sources"
            )
        })?,
    };
    let wanted = wanted.trim();
    wanted
        .parse()
        .map_err(|_| format!("SOURCE_DATE_EPOCH is not a number of seconds: {wanted:?}"))
}

impl Package {
    /// Those who judge this package.
    pub(crate) fn judges(&self) -> Vec<Judge> {
        judges::of(&self.file, &self.tree)
    }
}

/// The folder that holds what cargo builds, of all profiles.
fn target() -> PathBuf {
    let target = programs();
    let target = target.parent();
    target
        .expect("a profile's folder lies in the target folder")
        .to_path_buf()
}

fn text(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| about(file, &error))
}

fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| about(file, &error))
}

fn about(file: &Path, error: &std::io::Error) -> Failure {
    format!("{}: {error}", file.display())
}
