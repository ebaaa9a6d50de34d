//! The page's scripts and styles, as small as they can be sent.

use std::fs;
use std::io;
use std::process::Command;

use xtask::processes::named;

use crate::command::root;

/// The sum of the window's scripts and styles in bytes, each packed by itself as `gzip -9` does it.
pub(super) fn page() -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(root().join("ui/dist/assets"))? {
        let file = entry?.path();
        let kind = file.extension().and_then(|kind| kind.to_str());
        if matches!(kind, Some("js" | "css")) {
            let mut gzip = Command::new("gzip");
            // A name and a time would be in the sum too.
            gzip.args(["-9", "--no-name", "--stdout"]).arg(&file);
            let packed = gzip.output().map_err(|error| named(&error, "gzip"))?;
            if !packed.status.success() {
                return Err(io::Error::other(format!("gzip: {}", packed.status)));
            }
            sum += packed.stdout.len() as u64;
        }
    }
    if sum == 0 {
        return Err(io::Error::other("the page has no scripts"));
    }
    Ok(sum)
}
