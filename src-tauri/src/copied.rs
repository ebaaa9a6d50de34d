//! What a copied token looks like, and for how long the clipboard keeps it.

use keyfob_auth::{FreshToken, IdToken, Reason, Timestamp};
use zeroize::Zeroizing;

use crate::wire::{CopiedView, CopyForm, Problem, TokenKind};

/// A token on the clipboard.
pub struct Copied {
    pub form: CopyForm,
    /// By this it is known again.
    pub text: Zeroizing<String>,
    pub until: Timestamp,
}

impl Copied {
    /// What the window shows of it.
    pub fn view(&self) -> CopiedView {
        CopiedView {
            form: self.form,
            until_ms: self.until.milliseconds(),
        }
    }
}

/// The form of a token that is nothing but itself.
pub fn alone(kind: TokenKind) -> CopyForm {
    match kind {
        TokenKind::Access => CopyForm::Access,
        TokenKind::Id => CopyForm::Id,
    }
}

/// The text for the clipboard, or for the eye.
///
/// # Errors
///
/// When there is no such token, or it has characters that no token has (RFC 6749, appendix A.12): they would do something
/// where it is pasted.
pub fn written(fresh: &FreshToken, form: CopyForm) -> Result<Zeroizing<String>, Problem> {
    let token = match form {
        CopyForm::Id => fresh.id_token.as_ref().map(IdToken::expose),
        _ => Some(fresh.token.expose()),
    };
    let token = token.ok_or_else(|| Problem::saying(Reason::ProviderRefused, NO_ID_TOKEN))?;
    if !is_token(token) {
        return Err(Problem::saying(Reason::VerificationFailed, STRANGE));
    }
    Ok(in_form(token, form))
}

const NO_ID_TOKEN: &str = "it has made no ID token";
const STRANGE: &str = "it has characters that no token may have";

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn in_form(token: &str, form: CopyForm) -> Zeroizing<String> {
    // Whatever else it holds, it stays one word of the shell (POSIX.1-2017, XCU §2.2.2).
    let quoted = Zeroizing::new(token.replace('\'', r"'\''"));
    Zeroizing::new(match form {
        CopyForm::Access | CopyForm::Id => token.to_owned(),
        CopyForm::Header => format!("Authorization: Bearer {token}"),
        CopyForm::Curl => format!("curl --header 'Authorization: Bearer {}' ", *quoted),
        CopyForm::Shell => format!("export KEYFOB_TOKEN='{}'", *quoted),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_one_line_that_its_reader_understands() {
        for (form, line) in [
            (CopyForm::Access, "a'b"),
            (CopyForm::Id, "a'b"),
            (CopyForm::Header, "Authorization: Bearer a'b"),
            (
                CopyForm::Curl,
                r"curl --header 'Authorization: Bearer a'\''b' ",
            ),
            (CopyForm::Shell, r"export KEYFOB_TOKEN='a'\''b'"),
        ] {
            assert_eq!(*in_form("a'b", form), line);
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_no_token() {
        assert!(is_token("eyJhbGciOi.J9_-~+/="));
        for text in ["", "a b", "a\nb", "a\x1b[2J", "ä"] {
            assert!(!is_token(text), "{text:?}");
        }
    }
}
