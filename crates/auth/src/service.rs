//! The one name under which everything of Keyfob is found.

/// Keyring service, link scheme and name of the state folder. A debug build has its own, so that it never takes an
/// installed app's links, and never its session.
pub const SERVICE: &str = if cfg!(debug_assertions) {
    "dev.keyfob.debug"
} else {
    "dev.keyfob"
};
