//! `keyfob` as a person or a script runs it, in the session and without a terminal behind it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::Duration;

use url::Url;
use xtask::wait;

use crate::provider::Provider;
use crate::script::follow_the_mail;
use crate::session::Session;

const END_LIMIT: Duration = Duration::from_mins(1);

/// What a run of `keyfob` came to.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The result.
    pub out: String,
    /// Everything else that it said.
    pub said: String,
}

impl Ran {
    /// The result of a run that succeeded.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn result(self) -> String {
        assert_eq!(self.code, Some(0), "keyfob failed: {}", self.said);
        self.out.trim_end().to_owned()
    }

    /// The result of a run that succeeded, and warned of this.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn warns(self, words: &[&str]) -> String {
        for words in ["warning: "].iter().chain(words) {
            assert!(self.said.contains(words), "{words:?} is not said: {self:?}");
        }
        self.result()
    }

    /// Asserts this exit code, and these words among what it said.
    ///
    /// # Panics
    /// When it is another, or one of them is missing.
    #[track_caller]
    pub fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for words in words {
            assert!(self.said.contains(words), "{words:?} is not said: {self:?}");
        }
        assert_eq!(self.out, "", "nothing but a result goes to standard output");
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A `keyfob` that runs while the story goes on.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Waits for its end.
    ///
    /// # Panics
    /// When that cannot be waited for.
    pub fn ends(self) -> Ran {
        let output = self.0.wait_with_output();
        output.expect("keyfob ends").into()
    }

    /// Kills it; says whether that ended it, and not it itself.
    ///
    /// # Panics
    /// When it stays.
    pub fn is_killed(mut self) -> bool {
        let _ = self.0.kill();
        self.0.wait().expect("it has ended").code().is_none()
    }
}

/// A `keyfob login` that waits for its answer.
#[derive(Debug)]
pub struct Login {
    child: Child,
    input: ChildStdin,
    /// What it told the person to open.
    pub address: Url,
    /// The line below that: for a device, the code to type there.
    pub below: String,
}

impl Session {
    /// A command that runs `keyfob`, with nothing on its standard input.
    pub fn keyfob_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(self.program("keyfob"));
        command.args(arguments);
        command
    }

    /// Runs `keyfob` to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn keyfob(&self, arguments: &[&str]) -> Ran {
        let output = self.keyfob_command(arguments).output();
        output.expect("keyfob can be started").into()
    }

    /// Starts `keyfob`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn keyfob_started(&self, arguments: &[&str]) -> Running {
        let mut command = self.keyfob_command(arguments);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Running(child.expect("keyfob can be started"))
    }

    /// Runs `keyfob` with this on its standard input.
    ///
    /// # Panics
    /// When it cannot be started, or does not read.
    pub fn keyfob_reads(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self
            .keyfob_command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("keyfob can be started");
        let mut pipe = child.stdin.take().expect("a pipe");
        pipe.write_all(input.as_bytes()).expect("keyfob reads");
        drop(pipe);
        child.wait_with_output().expect("keyfob ends").into()
    }

    /// Starts `keyfob login` and reads the address that it prints.
    ///
    /// # Panics
    /// When it prints none.
    pub fn keyfob_login(&self, arguments: &[&str]) -> Login {
        let mut login = self.keyfob_command(&["login"]);
        Login::begun_by(login.args(arguments))
    }

    /// Signs in as a person does who has only a terminal and a browser.
    ///
    /// # Panics
    /// When the sign-in does not succeed.
    pub async fn signs_in_at_the_terminal(&self, provider: &Provider, address: &str) {
        let login = self.keyfob_login(&[address]);
        follow_the_mail(&provider.base, &login.address).await;
        login.ends().result();
    }
}

impl Login {
    /// Starts `keyfob login` in its own way, and reads the address that it prints.
    ///
    /// # Panics
    /// When it prints none.
    pub fn begun_by(login: &mut Command) -> Self {
        let mut child = login
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("keyfob can be started");
        let said = BufReader::new(child.stderr.as_mut().expect("a pipe"));
        let mut lines = said.lines().map_while(Result::ok);
        let address = lines.find_map(|line| Url::parse(line.trim()).ok());
        let below = lines.next().unwrap_or_default();
        Self {
            address: address.expect("it says which address to open"),
            below: below.trim().to_owned(),
            input: child.stdin.take().expect("a pipe"),
            child,
        }
    }

    /// Types or pastes a line.
    ///
    /// # Panics
    /// When it does not listen any more.
    pub fn types(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("it listens");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within a minute.
    pub fn ends(mut self) -> Ran {
        let status = wait::until(END_LIMIT, || self.child.try_wait().ok()?);
        let _ = self.child.kill();
        let mut said = String::new();
        let mut errors = self.child.stderr.take().expect("a pipe");
        errors.read_to_string(&mut said).expect("text");
        let Some(status) = status else {
            panic!("the sign-in does not end; it said: {said}");
        };
        Ran {
            code: status.code(),
            out: String::new(),
            said,
        }
    }

    /// Interrupts it, as Ctrl-C does.
    pub fn is_interrupted(&self) {
        xtask::processes::signal("INT", &[self.child.id()]);
    }
}
