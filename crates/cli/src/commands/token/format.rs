//! The forms that a token is printed in.

use zeroize::Zeroizing;

use crate::{arguments::Format, trouble::Trouble, words::Cause};

/// The token, if it can go into a header or a line of a shell as it is: visible ASCII (RFC 6749, appendix A.12),
/// without the space that would end it there.
pub fn printable(token: &str) -> Result<&str, Trouble> {
    let visible = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if visible {
        Ok(token)
    } else {
        Err(Cause::TokenNotPrintable.into())
    }
}

/// The line to print; for a shell, it sets `variable`.
pub fn written(token: &str, format: Format, variable: &str) -> Zeroizing<String> {
    Zeroizing::new(match format {
        Format::Raw | Format::Json => token.to_owned(),
        Format::Header => format!("Authorization: Bearer {token}"),
        Format::Env => format!("export {variable}='{}'", token.replace('\'', r"'\''")),
        Format::Fish => {
            let quoted = token.replace('\\', r"\\").replace('\'', r"\'");
            format!("set -gx {variable} '{quoted}'")
        }
        Format::Powershell => format!("$Env:{variable} = '{}'", token.replace('\'', "''")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_one_line_that_its_reader_understands() {
        for (format, line) in [
            (Format::Raw, "a.b-c"),
            (Format::Header, "Authorization: Bearer a.b-c"),
            (Format::Env, "export T='a.b-c'"),
            (Format::Fish, "set -gx T 'a.b-c'"),
            (Format::Powershell, "$Env:T = 'a.b-c'"),
        ] {
            assert_eq!(*written("a.b-c", format, "T"), line);
        }
    }

    #[test]
    fn a_quote_in_a_token_does_not_end_the_string() {
        for (format, line) in [
            (Format::Env, r"export T='\'\''$(x)'"),
            (Format::Fish, r"set -gx T '\\\'$(x)'"),
            (Format::Powershell, r"$Env:T = '\''$(x)'"),
        ] {
            assert_eq!(*written(r"\'$(x)", format, "T"), line);
        }
    }

    #[test]
    fn a_token_that_a_terminal_or_a_header_would_obey_is_refused() {
        for token in ["", "a b", "a\nb", "a\x1b[2J", "a\0", "ä", "a\u{9b}"] {
            assert!(printable(token).is_err(), "{token:?}");
        }
        assert!(printable("eyJ.A-_~+/=").is_ok());
    }
}
