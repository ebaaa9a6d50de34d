//! The ways out and back.
//!
//! Out: the system's [`browser`]. Back: our own scheme ([`deep_link`]), a listener on this computer
//! ([`loopback`]), or an address that the person [`paste`]s. Every door ends in the same thing, a return address as
//! text; none of them judges it. A [`ping`] tries out whether links of our scheme find their way.

pub mod browser;
pub mod deep_link;
pub mod handler;
pub mod loopback;
pub mod paste;
pub mod ping;
