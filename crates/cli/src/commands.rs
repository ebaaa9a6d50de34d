//! One file for each command. Each ends in its result on standard output, or in a [`Trouble`](crate::trouble::Trouble).

pub mod doctor;
pub mod exec;
pub mod login;
pub mod logout;
pub mod profile;
pub mod refresh;
pub mod scripts;
pub mod status;
pub mod token;
