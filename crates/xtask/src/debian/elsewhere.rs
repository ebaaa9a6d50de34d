//! A Debian package is made of Linux programs, and on Linux.

use crate::Failure;

/// Says so.
pub(crate) fn make() -> Result<(), Failure> {
    Err("a Debian package is made of Linux programs: build it on Debian or Ubuntu".to_owned())
}
