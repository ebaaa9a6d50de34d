//! A system that a test may change: what it installs is there for the test alone, and gone with it.
//!
//! A process can have mounts of its own. Over each system folder lies a layer in memory: reading goes through,
//! writing stays in the layer, and both end with the last process that sees them. The computer itself is never
//! written to, also when the test is killed.
//!
//! Making mounts is root's right. Who is not root is made one within a namespace of users, where the kernel
//! allows that; there, only what this user's layer already owns can be written to, so the folders and the package
//! database are copied into the layer first.

use std::path::Path;
use std::process::Command;

use xtask::processes;

use crate::inner::{is_inner_run_of, run_again};

/// Mounts the layers, then becomes the program that its arguments name. `$0` is a folder for the layers.
const IN_LAYERS: &str = r#"
set -eu
mount -t tmpfs -o mode=755 layers "$0"
for folder in usr etc var/lib var/cache var/log; do
    layer="$0/$folder"
    mkdir -p "$layer/upper" "$layer/work"
    options="lowerdir=/$folder,upperdir=$layer/upper,workdir=$layer/work"
    if [ -n "${KEYFOB_MAPPED_ROOT-}" ]; then
        (cd "/$folder" && find . -type d -readable -executable -print0 2>/dev/null) |
            (cd "$layer/upper" && xargs -0 mkdir -p)
        case $folder in
        var/lib)
            cp -r /var/lib/dpkg/. "$layer/upper/dpkg/" 2>/dev/null || true
            # These nobody else may read; they only have to be there.
            for lock in lock lock-frontend triggers/Lock; do
                : > "$layer/upper/dpkg/$lock"
            done
            ;;
        var/log)
            : > "$layer/upper/dpkg.log"
            ;;
        esac
        options="$options,userxattr"
    fi
    mount -t overlay -o "$options" layer "/$folder"
done
exec "$@"
"#;

/// Runs `body` in a process that may install and remove packages. `test` is the calling test's full name.
///
/// # Panics
/// When the inner run fails, or when this computer lets nobody have mounts of their own.
pub fn on_a_system_of_its_own(test: &str, body: impl FnOnce()) {
    if is_inner_run_of(test) {
        body();
        return;
    }
    let layers = tempfile::tempdir().expect("a temporary folder can be made");
    let this = std::env::current_exe().expect("a running program has a path");
    let here = AS_ROOT_IN
        .into_iter()
        .find(|way| processes::succeed(in_layers(*way, layers.path()).arg("true")).is_ok());
    let Some(way) = here else {
        let refusal =
            processes::succeed(in_layers(AsRootOf::OwnNamespace, layers.path()).arg("true"));
        panic!(
            "this test installs a package, for itself alone, and needs mounts of its own for that \
             (`unshare --mount` and overlayfs). They cannot be had here: {}\n\
             hint: run it as root; in a container, give the container the capability SYS_ADMIN; as another \
             user, let the kernel create user namespaces",
            refusal
                .err()
                .map_or_else(String::new, |error| error.to_string())
        );
    };
    run_again(in_layers(way, layers.path()).arg(this), test);
}

/// Whose root the test becomes.
#[derive(Clone, Copy)]
enum AsRootOf {
    /// It is root already.
    ThisComputer,
    /// Anybody can be, where the kernel allows it.
    OwnNamespace,
}

const AS_ROOT_IN: [AsRootOf; 2] = [AsRootOf::ThisComputer, AsRootOf::OwnNamespace];

fn in_layers(way: AsRootOf, folder: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if matches!(way, AsRootOf::OwnNamespace) {
        command
            .arg("--map-root-user")
            .env("KEYFOB_MAPPED_ROOT", "1");
    }
    command.args(["sh", "-c", IN_LAYERS]).arg(folder);
    command
}
