//! The bundled local provider, for trying things out: started by its own program, which lies beside the one that runs.
//!
//! It goes to sleep when nobody uses it; to [`ensure`] that it runs wakes it.

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};
use url::Url;

use crate::{
    address::is_loopback,
    neighbours::{beside, without_a_console},
};

/// How long `keyfob-identity ensure` may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The base URL of the local provider, which now runs.
///
/// # Errors
///
/// What went wrong, in words for a person.
pub async fn ensure() -> Result<Url, String> {
    let program = beside("keyfob-identity").map_err(|error| error.to_string())?;
    let mut ensure = Command::new(&program);
    ensure.arg("ensure").stdin(Stdio::null()).kill_on_drop(true);
    without_a_console(&mut ensure);
    let output = match timeout(PATIENCE, ensure.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("{}: {error}", program.display())),
        Err(_) => return Err("it did not start in time".to_owned()),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.trim().chars().take(300).collect());
    }
    parse(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| "it did not say where it is".to_owned())
}

/// One line with an address on this computer; anything else is not our provider.
fn parse(printed: &str) -> Option<Url> {
    let address = Url::parse(printed.trim()).ok()?;
    let is_a_number = address.domain().is_none();
    (is_a_number && is_loopback(&address) && address.scheme() == "http").then_some(address)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_an_address_on_this_computer_is_the_local_provider() {
        assert_eq!(
            parse("http://127.0.0.1:41017\n").unwrap().as_str(),
            "http://127.0.0.1:41017/"
        );
        for other in [
            "",
            "http://10.0.0.1:80",
            "https://127.0.0.1",
            "http://example.com",
            "started",
        ] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
