//! The provider over real HTTP, with a clock that the tests move.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod codes;
mod custom;
mod exchange;
mod faults;
mod guard;
mod idle;
mod lifetimes;
mod limits;
mod links;
mod mail;
mod pages;
mod refresh;
mod support;
mod tokens;
mod users;
