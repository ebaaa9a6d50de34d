//! Where nothing tells of the folder, it is looked at.

use std::{convert::Infallible, io, path::PathBuf};

/// There is none.
#[derive(Debug)]
pub(crate) struct Watch(Infallible);

impl Watch {
    pub(super) fn on(_: &[PathBuf]) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[expect(clippy::unused_async, reason = "as the one that waits")]
    pub(crate) async fn changed(&self) {
        match self.0 {}
    }
}
