//! The way back by our own scheme (RFC 8252 §7.1), as the system hands it to a program: among its arguments.

/// Every return address of `scheme` among a program's arguments, in their order, each once.
///
/// Desktops differ in what they put before and after the address, so it is looked for anywhere. Schemes do not
/// heed case (RFC 3986 §3.1).
///
/// # Examples
///
/// ```
/// use keyfob_auth::door::deep_link;
///
/// let arguments = ["keyfob-desktop", "--hidden", "dev.keyfob://callback?code=…"];
/// assert_eq!(deep_link::among("dev.keyfob", arguments), ["dev.keyfob://callback?code=…"]);
/// ```
pub fn among<A: AsRef<str>>(scheme: &str, arguments: impl IntoIterator<Item = A>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for argument in arguments {
        let argument = argument.as_ref().trim();
        if is_of_scheme(scheme, argument) && !found.iter().any(|known| known == argument) {
            found.push(argument.to_owned());
        }
    }
    found
}

/// Whether `address` begins with `scheme:`.
pub fn is_of_scheme(scheme: &str, address: &str) -> bool {
    address
        .split_once(':')
        .is_some_and(|(before, _)| before.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_anywhere_and_once() {
        let arguments = [
            "app",
            "-v",
            "DEV.KEYFOB://callback?a",
            "x",
            "DEV.KEYFOB://callback?a",
        ];
        assert_eq!(among("dev.keyfob", arguments), ["DEV.KEYFOB://callback?a"]);
    }

    #[test]
    fn other_schemes_are_not_ours() {
        for argument in [
            "dev.keyfob.debug://x",
            "http://dev.keyfob:1",
            "dev.keyfob",
            "--u=dev.keyfob:x",
            "",
        ] {
            assert!(among("dev.keyfob", [argument]).is_empty(), "{argument}");
        }
    }
}
