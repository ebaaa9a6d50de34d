//! Trying out the way back by our own scheme: does a link that somebody opens reach our program?
//!
//! Who wants to know lays an empty file into the state folder and opens a link that names it. The program that the
//! system starts for the link takes the file away, and ends. So the answer says that the whole way works, and how long
//! it took; and a ping that somebody else made, on a page for example, finds no file and does nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use url::Url;

use crate::door::deep_link::is_of_scheme;

/// How many random bytes name a ping: too many to be guessed by a page.
const BYTES: usize = 16;

/// A link that asks for nothing but to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// 32 hexadecimal digits in lower case.
    name: String,
}

impl Ping {
    /// A new one.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give, which no program can make up for.
    pub fn random() -> Self {
        let mut bytes = [0_u8; BYTES];
        getrandom::fill(&mut bytes)
            .expect("the operating system gives randomness once it has started");
        Self {
            name: format!("{:032x}", u128::from_be_bytes(bytes)),
        }
    }

    /// The ping among a program's links of our `scheme`: there is one when it is the only link.
    pub fn among(scheme: &str, links: &[String]) -> Option<Self> {
        match links {
            [link] => Self::parse(scheme, link),
            _ => None,
        }
    }

    /// Reads a link of our `scheme`. Anything that is not exactly a ping is none: its name becomes that of a file.
    pub fn parse(scheme: &str, link: &str) -> Option<Self> {
        if !is_of_scheme(scheme, link) {
            return None;
        }
        let name = link[scheme.len()..].strip_prefix("://ping/")?;
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (name.len() == 2 * BYTES && name.bytes().all(plain)).then(|| Self {
            name: name.to_owned(),
        })
    }

    /// The link to open.
    ///
    /// # Panics
    ///
    /// When `scheme` is not the scheme of an address.
    pub fn address(&self, scheme: &str) -> Url {
        Url::parse(&format!("{scheme}://ping/{}", self.name)).expect("a scheme and digits")
    }

    /// Lays the file whose going is the answer.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn lay(&self, folder: &Path) -> io::Result<()> {
        fs::File::create_new(self.file(folder)).map(drop)
    }

    /// Takes the file away, if it is there and is the empty one that was laid: this answers.
    pub fn answer(&self, folder: &Path) {
        let file = self.file(folder);
        let laid = fs::symlink_metadata(&file);
        if laid.is_ok_and(|found| found.is_file() && found.len() == 0) {
            // Whoever waits is told by his own clock.
            let _ = fs::remove_file(file);
        }
    }

    /// Whether the answer has come.
    pub fn is_answered(&self, folder: &Path) -> bool {
        fs::symlink_metadata(self.file(folder))
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    fn file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("ping-{}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEME: &str = "dev.keyfob";
    const NAME: &str = "0123456789abcdef0123456789abcdef";

    fn ping() -> Ping {
        Ping {
            name: NAME.to_owned(),
        }
    }

    #[test]
    fn a_ping_is_found_in_its_own_link() {
        let made = Ping::random();
        let link = made.address(SCHEME).to_string();
        assert_eq!(Ping::among(SCHEME, std::slice::from_ref(&link)), Some(made));
        let loud = format!("DEV.KEYFOB://ping/{NAME}");
        assert_eq!(Ping::parse(SCHEME, &loud), Some(ping()));
    }

    #[test]
    fn beside_another_link_it_is_none() {
        let links = [
            ping().address(SCHEME).to_string(),
            "dev.keyfob://callback?code=C&state=S".to_owned(),
        ];
        assert_eq!(Ping::among(SCHEME, &links), None);
        assert_eq!(Ping::among(SCHEME, &[]), None);
    }

    #[test]
    fn what_could_name_another_file_is_no_ping() {
        for link in [
            format!("dev.keyfob://ping/{NAME}0"),
            format!("dev.keyfob://ping/{}", &NAME[1..]),
            format!("dev.keyfob://ping/{}", NAME.to_uppercase()),
            format!("dev.keyfob://ping/{NAME}?x"),
            format!("dev.keyfob://ping/../{}", &NAME[3..]),
            format!("dev.keyfob://ping/{}/x", &NAME[2..]),
            format!("dev.keyfob:ping/{NAME}"),
            format!("dev.keyfob://pong/{NAME}"),
            format!("dev.keyfob.debug://ping/{NAME}"),
            "dev.keyfob://ping/".to_owned(),
            "dev.keyfob".to_owned(),
            String::new(),
        ] {
            assert_eq!(Ping::parse(SCHEME, &link), None, "{link}");
        }
    }

    #[test]
    fn the_answer_takes_the_file_away() {
        let folder = tempfile::tempdir().unwrap();
        ping().lay(folder.path()).unwrap();
        assert!(!ping().is_answered(folder.path()));
        ping().answer(folder.path());
        assert!(ping().is_answered(folder.path()));
    }

    #[test]
    fn a_forged_ping_does_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join(format!("ping-{NAME}.keep"));
        fs::write(&beside, "").unwrap();
        ping().answer(folder.path());
        ping().answer(&folder.path().join("absent"));
        assert!(beside.exists());
    }

    #[test]
    fn only_the_empty_file_that_was_laid_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("ping-{NAME}"));
        fs::write(&file, "somebody else's").unwrap();
        ping().answer(folder.path());
        assert!(file.exists());
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        ping().answer(folder.path());
        assert!(file.exists());
    }

    #[test]
    fn a_ping_is_laid_once() {
        let folder = tempfile::tempdir().unwrap();
        ping().lay(folder.path()).unwrap();
        assert!(ping().lay(folder.path()).is_err());
    }
}
