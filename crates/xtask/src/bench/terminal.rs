//! `keyfob token` beside other programs that print a secret, started by turns; and a hundred of it at once.
//!
//! `secret-tool lookup` of the same entry is the least that a program can do to read it; `gh auth token` reads a file;
//! `oidc-token` asks an agent that has the token in its memory.

use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use xtask::desktop::PrivateDesktop;
use xtask::processes::succeed;

use super::agent::Agent;
use super::browser;
use super::figures::{Figures, Sample};
use super::{API_KEY_ID, Programs, milliseconds, now};

/// How often each program is started.
const CALLS: usize = 40;

/// How many are started at once, and how often.
const CROWD: usize = 100;
const STORMS: usize = 5;

/// The lifetime of the tokens that a storm refreshes, and a little more.
const LIFETIME: &str = "[tokens]\naccess_token_seconds = 4\n";
const A_LIFETIME: Duration = Duration::from_millis(4_500);

/// What the terminal's part of a run found.
pub(super) struct Terminal {
    token: Sample,
    local: Sample,
    secret_tool: Sample,
    gh: Sample,
    oidc_token: Sample,
    /// A hundred at once, in milliseconds.
    storm: Sample,
    lookups: Sample,
    round_trip: Sample,
    /// The most refreshes that one storm caused.
    refreshes: u32,
}

pub(super) fn measure(
    desktop: &PrivateDesktop,
    programs: &Programs,
    base: &str,
) -> io::Result<Terminal> {
    crate::command::say(&format!(
        "{CALLS} calls of each program that prints a secret"
    ));
    let keyfob = || desktop.command(&programs.terminal);
    sign_in(keyfob().args(["--profile", "bench"]), base)?;
    sign_in(keyfob().args(["--profile", "local"]), base)?;
    let gh = configure_gh(desktop)?;
    let agent = Agent::start(desktop)?;
    let mut found = Terminal {
        token: Sample::default(),
        local: Sample::default(),
        secret_tool: Sample::default(),
        gh: Sample::default(),
        oidc_token: Sample::default(),
        storm: Sample::default(),
        lookups: Sample::default(),
        round_trip: Sample::default(),
        refreshes: 0,
    };
    let lookup = || {
        let mut lookup = desktop.command("secret-tool");
        lookup.args([
            "lookup",
            "service",
            "dev.keyfob",
            "username",
            "bench.session",
        ]);
        lookup
    };
    for number in 0..=CALLS {
        let token = timed(keyfob().args(["--profile", "bench", "token"]))?;
        let secret_tool = timed(&mut lookup())?;
        let local = timed(keyfob().args(["--profile", "local", "token"]))?;
        let mut gh_token = desktop.command("gh");
        gh_token.args(["auth", "token"]).env("GH_CONFIG_DIR", &gh);
        let gh = timed(&mut gh_token)?;
        let oidc_token = timed(&mut agent.token())?;
        // The first of each warms up.
        if number > 0 {
            found.token.add(token);
            found.secret_tool.add(secret_tool);
            found.local.add(local);
            found.gh.add(gh);
            found.oidc_token.add(oidc_token);
        }
    }
    drop(agent);
    storms(desktop, programs, &lookup, &mut found)?;
    Ok(found)
}

/// Signs in as a person does who pastes what the browser ended on.
fn sign_in(login: &mut Command, base: &str) -> io::Result<()> {
    let mut child = login
        .args(["login", "--no-browser", "ada@example.com"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let said = BufReader::new(child.stderr.take().expect("standard error is a pipe"));
    let mut lines = said.lines().map_while(Result::ok);
    let page = lines.find(|line| line.trim().starts_with("http://"));
    let page = page.ok_or_else(|| io::Error::other("it names no sign-in page"))?;
    let answer = browser::follow_the_mail(base, page.trim())?;
    let mut input = child.stdin.take().expect("standard input is a pipe");
    writeln!(input, "{answer}")?;
    drop(input);
    // What it still says must not stop it.
    lines.for_each(drop);
    ended_well(&mut child, "keyfob login")
}

fn configure_gh(desktop: &PrivateDesktop) -> io::Result<std::path::PathBuf> {
    let folder = desktop.home().join("gh");
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("hosts.yml"),
        "github.com:\n    user: ada\n    oauth_token: gho_0123456789abcdef0123456789abcdef0123\n    git_protocol: https\n",
    )?;
    Ok(folder)
}

/// A hundred calls on a session whose token has ended, several times, each beside a hundred lookups.
fn storms(
    desktop: &PrivateDesktop,
    programs: &Programs,
    lookup: &impl Fn() -> Command,
    found: &mut Terminal,
) -> io::Result<()> {
    crate::command::say(&format!(
        "{STORMS} storms of {CROWD} calls on a session that has ended"
    ));
    let data = desktop.home().join("storm-provider");
    fs::create_dir_all(&data)?;
    fs::write(data.join("identity.toml"), LIFETIME)?;
    let provider = |verb: &[&str]| {
        let mut provider = desktop.command(&programs.provider);
        provider.arg("--data").arg(&data).args(verb);
        provider
    };
    let base = succeed(&mut provider(&["ensure", "--faults"]))?;
    let base = base.trim().trim_end_matches('/');
    configure(desktop, base)?;
    let keyfob = || {
        let mut keyfob = desktop.command(&programs.terminal);
        keyfob.args(["--profile", "storm"]);
        keyfob
    };
    sign_in(&mut keyfob(), base)?;
    for _ in 0..STORMS {
        thread::sleep(A_LIFETIME);
        let before = refreshes(base)?;
        found.storm.add(crowd(|| {
            let mut token = keyfob();
            token.arg("token");
            token
        })?);
        found.refreshes = found.refreshes.max(refreshes(base)? - before);
        found.lookups.add(crowd(lookup)?);
        let asked = now();
        browser::get(base, "/token/jwks")?;
        found.round_trip.add(milliseconds(now() - asked));
    }
    succeed(&mut provider(&["stop"])).map(drop)
}

/// A second profile, at a provider whose tokens live for seconds.
fn configure(desktop: &PrivateDesktop, base: &str) -> io::Result<()> {
    let file = desktop.home().join(".config/keyfob/config.toml");
    let first = fs::read_to_string(&file)?;
    let second = format!(
        "profile = \"bench\"\n{first}\n[profiles.storm]\nprovider = \"cotter\"\napi_key_id = \"{API_KEY_ID}\"\n\
         api_base = \"{base}\"\nsign_in_page = \"{base}/app\"\nissuer = \"{base}\"\n"
    );
    fs::write(file, second)
}

/// How many refreshes the provider has granted.
fn refreshes(base: &str) -> io::Result<u32> {
    let counted = browser::get(base, "/faults/refreshes")?;
    let (_, rest) = counted
        .split_once("\"granted\":")
        .ok_or_else(|| io::Error::other("the provider counts no refreshes"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map_err(io::Error::other)
}

/// From the start of the first to the end of the last, in milliseconds.
fn crowd(program: impl Fn() -> Command) -> io::Result<f64> {
    let begun = now();
    let children: io::Result<Vec<Child>> = (0..CROWD)
        .map(|_| {
            program()
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
        })
        .collect();
    for mut child in children? {
        ended_well(&mut child, "one of the crowd")?;
    }
    Ok(milliseconds(now() - begun))
}

/// From the start to the end of a program that prints something.
fn timed(command: &mut Command) -> io::Result<f64> {
    let begun = now();
    let printed = succeed(command)?;
    let took = milliseconds(now() - begun);
    if printed.trim().is_empty() {
        let name = Path::new(command.get_program()).display();
        return Err(io::Error::other(format!("{name} printed nothing")));
    }
    Ok(took)
}

fn ended_well(child: &mut Child, what: &str) -> io::Result<()> {
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{what}: {status}")))
    }
}

impl Terminal {
    pub(super) fn add_to(&self, figures: &mut Figures) {
        figures.add(
            "token_vs_secret_tool",
            self.token.median() / self.secret_tool.median(),
        );
        figures.add(
            "token_vs_oidc_token",
            self.token.median() / self.oidc_token.median(),
        );
        figures.add("token_vs_gh", self.token.median() / self.gh.median());
        figures.add_sample("token_ms", &self.token);
        figures.add_sample("token_local_ms", &self.local);
        figures.add_sample("secret_tool_ms", &self.secret_tool);
        figures.add_sample("oidc_token_ms", &self.oidc_token);
        figures.add_sample("gh_ms", &self.gh);
        figures.add("storm_refreshes", f64::from(self.refreshes));
        figures.add("storm_ratio", self.storm_ratio());
        figures.add_sample("storm_ms", &self.storm);
        figures.add_sample("storm_lookups_ms", &self.lookups);
    }

    fn storm_ratio(&self) -> f64 {
        self.storm.median() / (self.lookups.median() + self.round_trip.median())
    }
}

impl fmt::Display for Terminal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "\n{:<44}{:>10}   (min–max)",
            format!("median of {CALLS}"),
            ""
        )?;
        let rows = [
            ("keyfob token", &self.token),
            ("keyfob token, bundled provider", &self.local),
            ("secret-tool lookup of the same entry", &self.secret_tool),
            ("oidc-token, of a running agent", &self.oidc_token),
            ("gh auth token", &self.gh),
            ("100 keyfob token at once, one refresh", &self.storm),
            ("100 secret-tool lookup at once", &self.lookups),
        ];
        for (what, sample) in rows {
            writeln!(
                out,
                "{what:<44}{:>10}   ({:.1}–{:.1})",
                format!("{:.1} ms", sample.median()),
                sample.min(),
                sample.max()
            )?;
        }
        writeln!(
            out,
            "refreshes of a storm, at most: {}; ratio to the lookups and a round trip: {:.2}",
            self.refreshes,
            self.storm_ratio()
        )
    }
}
