//! A computer with a home and nothing else, and what the program prints on it.

use std::{
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keyfob");

/// No session bus, no keyring, no display, no other program of ours: what is there, a test has put there.
pub struct Computer {
    root: tempfile::TempDir,
}

impl Computer {
    pub fn new() -> Self {
        let computer = Self {
            root: tempfile::tempdir().unwrap(),
        };
        for folder in ["bin", "home", "run"] {
            fs::create_dir(computer.path(folder)).unwrap();
        }
        // In a folder of its own, for it looks at what lies beside it.
        let ours = computer.program("keyfob");
        if fs::hard_link(PROGRAM, &ours).is_err() {
            fs::copy(PROGRAM, &ours).unwrap();
        }
        computer
    }

    /// The same with a profile, whose provider is not there.
    pub fn with_a_profile() -> Self {
        Self::with_configuration(
            "[profiles.work]\nprovider = \"cotter\"\napi_key_id = \"K\"\n\
             api_base = \"http://127.0.0.1:9/api\"\nsign_in_page = \"http://127.0.0.1:9/app\"\n\
             issuer = \"http://127.0.0.1:9\"\n",
        )
    }

    pub fn with_configuration(text: &str) -> Self {
        let computer = Self::new();
        let file = computer.path("home/config.toml");
        fs::write(file, text).unwrap();
        computer
    }

    /// Runs each command, a line of words, and compares all that they print with the snapshot called `name`.
    pub fn prints(&self, name: &str, commands: &[impl AsRef<str>]) {
        let mut printed = String::new();
        for command in commands {
            self.print(&mut printed, command.as_ref());
        }
        compare(name, &printed);
    }

    fn print(&self, into: &mut String, command: &str) {
        let output = self.run(command.split_whitespace());
        let line = format!("keyfob {command}");
        writeln!(into, "$ {}", line.trim_end()).unwrap();
        for (mark, bytes) in [("", &output.stdout), ("! ", &output.stderr)] {
            let text = String::from_utf8(bytes.clone()).unwrap();
            for line in text.lines() {
                let line = format!("{mark}{}", self.without_chance(line));
                writeln!(into, "{}", line.trim_end()).unwrap();
            }
        }
        writeln!(into, "[{}]\n", output.status.code().unwrap()).unwrap();
    }

    /// Runs the program to its end, with nothing to read.
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        self.command()
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(self.program("keyfob"));
        command
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("KEYFOB_CONFIG_DIR", self.path("home"));
        command
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.path("bin")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A line without what differs from run to run.
    fn without_chance(&self, line: &str) -> String {
        let root = self.root.path().to_string_lossy().into_owned();
        let line = line
            .replace(&root, "")
            .replace(env!("CARGO_PKG_VERSION"), "VERSION")
            .replace("dev.keyfob.debug", "dev.keyfob");
        let line = after_each(&line, "(", " ms)", "N");
        after_each(&line, "\"milliseconds\":", ",", "N")
    }
}

/// Puts `instead` in the place of every number between `before` and `behind`.
fn after_each(text: &str, before: &str, behind: &str, instead: &str) -> String {
    let mut parts = text.split(before);
    let mut changed = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        let rest = if end > 0 && part[end..].starts_with(behind) {
            format!("{instead}{}", &part[end..])
        } else {
            part.to_owned()
        };
        changed.extend([before, &rest]);
    }
    changed
}

/// Compares with the kept file, or writes it where that is asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "the variable by which a person accepts a change"
)]
pub fn compare(name: &str, printed: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/terminal/snapshots")
        .join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&file, printed).unwrap();
        return;
    }
    let kept = match fs::read_to_string(&file) {
        Ok(kept) => kept,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => panic!("{}: {error}", file.display()),
    };
    if kept != printed {
        let differs = kept
            .lines()
            .zip(printed.lines())
            .position(|(kept, printed)| kept != printed)
            .unwrap_or_else(|| kept.lines().count().min(printed.lines().count()));
        let line = |text: &str| text.lines().nth(differs).unwrap_or("(the end)").to_owned();
        panic!(
            "{name}.txt differs in line {}:\n  kept:    {}\n  printed: {}\n\
             if this is meant, accept it with UPDATE_SNAPSHOTS=1",
            differs + 1,
            line(&kept),
            line(printed)
        );
    }
}
