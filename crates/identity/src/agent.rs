//! A `User-Agent` header in words that a person recognises: "Firefox on Windows".
//!
//! It helps someone to tell their own request from a stranger's. It is what the browser claims, no more.

/// The browser and system of a `User-Agent` header.
pub(crate) fn in_words(agent: &str) -> String {
    if agent.is_empty() {
        return "a program that did not name itself".to_owned();
    }
    // The order matters: nearly everything also claims to be Chrome, Safari or both.
    let browser = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chromium/", "Chromium"),
        ("HeadlessChrome/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Epiphany/", "GNOME Web"),
        ("Safari/", "Safari"),
    ]
    .iter()
    .find(|(mark, _)| agent.contains(mark))
    .map(|(_, name)| (*name).to_owned());
    let system = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]
    .iter()
    .find(|(mark, _)| agent.contains(mark))
    .map(|(_, name)| *name);
    let browser = browser.unwrap_or_else(|| product(agent));
    match system {
        Some(system) => format!("{browser} on {system}"),
        None => browser,
    }
}

/// The first product name, such as `curl` of `curl/8.5.0`.
fn product(agent: &str) -> String {
    let name: String = agent
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .take(30)
        .collect();
    if name.is_empty() {
        "an unknown program".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn browsers_are_named_as_people_name_them() {
        for (agent, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("<script>", "an unknown program"),
        ] {
            assert_eq!(in_words(agent), words);
        }
        assert_eq!(in_words(""), "a program that did not name itself");
    }
}
