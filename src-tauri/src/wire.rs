//! What crosses between the window's page and this program: the state, whole, and nothing secret.
//!
//! The TypeScript that the page compiles against is generated from these types; a test holds it current.

use std::fmt::Display;

use keyfob_auth::{
    FinishError, ProfileError, ProviderError, Reason, SessionError, StoreError, Trouble,
};
use serde::Serialize;
use ts_rs::TS;

/// Something that went wrong, or that the person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Problem {
    /// What happened; the page has the sentence for it.
    pub reason: Reason,
    /// Short, safe to show, optional: the provider's or the system's own words.
    pub detail: Option<String>,
}

impl Problem {
    /// What happened, in the system's own words.
    pub fn saying(reason: Reason, words: impl Display) -> Self {
        Self {
            reason,
            detail: Some(words.to_string()),
        }
    }
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            detail: None,
        }
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        Self::saying(error.reason(), error)
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        Self {
            reason: trouble.reason,
            detail: trouble.detail,
        }
    }
}

/// For the errors that say themselves what of them may be shown.
macro_rules! shown_by_its_detail {
    ($($error:ty),+) => {$(
        impl From<&$error> for Problem {
            fn from(error: &$error) -> Self {
                Self {
                    reason: error.reason(),
                    detail: error.detail(),
                }
            }
        }
    )+};
}

shown_by_its_detail!(FinishError, ProviderError, SessionError, StoreError);

/// The whole of what the window shows. Sent at every change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SessionState {
    /// Who one signs in with.
    pub profile: ProfileView,
    /// Where in the walk we are.
    pub stage: Stage,
    /// What the person should know, whatever the stage.
    pub notices: Vec<Problem>,
}

/// The provider, as the window names it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, TS)]
pub struct ProfileView {
    /// The profile's name.
    pub name: String,
    /// The provider's base URL; empty until it is known.
    pub issuer: String,
    /// Whether this is the bundled local provider, for trying things out.
    pub trial: bool,
}

/// Where in the walk we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stage {
    /// The configuration, the provider and the keyring are being asked.
    Starting,
    /// The keyring has not said whether somebody is signed in. One can sign in without it, for this run.
    Unknown {
        /// What just went wrong.
        problem: Option<Problem>,
    },
    /// Nobody is signed in here.
    SignedOut {
        /// What just went wrong.
        problem: Option<Problem>,
    },
    /// The person is in the browser.
    SigningIn {
        /// The attempt.
        attempt: AttemptView,
        /// What just went wrong; the attempt goes on.
        problem: Option<Problem>,
    },
    /// Somebody is signed in.
    SignedIn {
        /// Who.
        account: AccountView,
        /// Their access token, without itself.
        token: TokenView,
        /// Whether the keyring holds the session.
        kept: bool,
        /// Whether a refresh is under way.
        refreshing: bool,
        /// What just went wrong; the session goes on.
        problem: Option<Problem>,
    },
}

/// An attempt to sign in. Times are milliseconds since 1970 on this computer's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct AttemptView {
    /// What was typed; null after "Continue in browser".
    pub identifier: Option<String>,
    /// What is waited for.
    pub step: AttemptStep,
    /// How the answer will come.
    pub door: DoorKind,
    /// Until when an answer is accepted.
    #[ts(type = "number")]
    pub waits_until_ms: i64,
    /// From when the page may be opened again.
    #[ts(type = "number")]
    pub send_again_at_ms: i64,
    /// From when another way is offered.
    #[ts(type = "number")]
    pub another_way_at_ms: i64,
}

/// What an attempt waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AttemptStep {
    /// The person.
    Waiting,
    /// The provider: the answer came and its code is being exchanged.
    Redeeming,
}

/// How an answer comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DoorKind {
    /// By a link of our scheme.
    DeepLink,
    /// By a listener on this computer.
    Loopback,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct AccountView {
    /// What they signed in with.
    pub identifier: String,
    /// Of which kind that is.
    pub identifier_kind: IdentifierKind,
    /// The provider's own id for them.
    pub subject: String,
}

/// A kind of identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// Neither, or nothing that we can tell.
    Other,
}

/// The access token, without itself. Times are milliseconds since 1970 on this computer's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct TokenView {
    /// When it ends.
    #[ts(type = "number")]
    pub expires_at_ms: i64,
    /// How long it lived in all, in milliseconds.
    #[ts(type = "number")]
    pub lifetime_ms: i64,
    /// The key its signature was checked with; null while it was not checked in this run.
    pub verified_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn typescript() -> String {
        let config = ts_rs::Config::new();
        let mut text = String::from("// Generated by `cargo xtask bindings`. Do not edit.\n");
        let mut declare = |declaration: String, docs: Option<String>| {
            text.push('\n');
            text.push_str(&docs.unwrap_or_default());
            text.push_str("export ");
            text.push_str(&declaration);
            text.push('\n');
        };
        declare(Reason::decl(&config), Reason::docs());
        declare(Problem::decl(&config), Problem::docs());
        declare(SessionState::decl(&config), SessionState::docs());
        declare(ProfileView::decl(&config), ProfileView::docs());
        declare(Stage::decl(&config), Stage::docs());
        declare(AttemptView::decl(&config), AttemptView::docs());
        declare(AttemptStep::decl(&config), AttemptStep::docs());
        declare(DoorKind::decl(&config), DoorKind::docs());
        declare(AccountView::decl(&config), AccountView::docs());
        declare(IdentifierKind::decl(&config), IdentifierKind::docs());
        declare(TokenView::decl(&config), TokenView::docs());
        text
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one switch between checking and writing"
    )]
    fn the_pages_bindings_are_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/host/wire.ts");
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            std::fs::write(&path, typescript()).unwrap();
        }
        let written = std::fs::read_to_string(&path)
            .unwrap()
            .replace("\r\n", "\n");
        assert_eq!(written, typescript(), "run `cargo xtask bindings`");
    }

    #[test]
    fn every_reason_crosses_by_its_own_word() {
        let declared = Reason::decl(&ts_rs::Config::new());
        assert_eq!(declared.matches('|').count() + 1, Reason::ALL.len());
    }
}
