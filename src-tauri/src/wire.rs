//! What crosses between the window's page and this program: the state, whole, and nothing secret.
//!
//! The TypeScript that the page compiles against is generated from these types; a test holds it current.

use std::fmt::Display;

use keyfob_auth::{
    FinishError, Objection, ProfileError, ProviderError, Reason, SessionError, StoreError, Trouble,
};
use serde::{Deserialize, Serialize};
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

shown_by_its_detail!(
    FinishError,
    Objection,
    ProviderError,
    SessionError,
    StoreError
);

/// The whole of what the window shows. Sent at every change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SessionState {
    /// Who one signs in with.
    pub profile: ProfileView,
    /// Where in the walk we are.
    pub stage: Stage,
    /// What the person should know, whatever the stage.
    pub notices: Vec<Problem>,
    /// Whether the person has chosen nothing yet, and never was signed in here.
    pub first_run: bool,
    /// The token that was copied, for as long as the clipboard keeps it.
    pub copied: Option<CopiedView>,
}

/// A token on the clipboard, without itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct CopiedView {
    /// How it was copied.
    pub form: CopyForm,
    /// When it is taken away, in milliseconds since 1970 on this computer's clock.
    #[ts(type = "number")]
    pub until_ms: i64,
}

/// How a token is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CopyForm {
    /// The access token alone.
    Access,
    /// As a header of an HTTP request.
    Header,
    /// As the beginning of a `curl` line.
    Curl,
    /// As a variable for a POSIX shell.
    Shell,
    /// The ID token alone.
    Id,
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
        /// Whether the browser may still be signed in at the provider, whose own page for signing out can be opened.
        browser_left: bool,
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
    /// What they are called, when the provider says.
    pub name: Option<String>,
    /// Whether there is a picture of them to ask for.
    pub pictured: bool,
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
    /// Whether only the API that it is for can check it.
    pub opaque: bool,
}

/// The profiles that one can go to, and what is known of providers that one could add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ProfileList {
    /// Those of the configuration by name, then the bundled local provider.
    pub profiles: Vec<ProfileEntry>,
    /// Well-known providers.
    pub presets: Vec<PresetView>,
}

/// A profile in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ProfileEntry {
    /// Its name.
    pub name: String,
    /// How one speaks to its provider.
    pub kind: ProfileKind,
    /// The provider's base URL; empty for the local one.
    pub issuer: String,
    /// Whether the window is at this one.
    pub in_use: bool,
}

/// How one speaks to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProfileKind {
    /// The bundled one, for trying things out.
    Local,
    /// Cotter's wire.
    Cotter,
    /// OpenID Connect.
    Oidc,
}

/// A well-known provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct PresetView {
    /// The word for it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its issuer; what stands in braces is the person's own.
    pub issuer: String,
    /// What must be set at the provider, in one sentence.
    pub at_the_provider: String,
    /// Whether a sign-in was done against it; otherwise it is what its documentation says.
    pub tried: bool,
}

/// What a person types to add a profile.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct NewProfile {
    /// The preset that fills the rest.
    pub preset: Option<String>,
    /// Where the provider is.
    pub issuer: String,
    /// Who the app is to it.
    pub client_id: String,
}

/// What came of adding a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Added {
    /// The provider answered. The profile is there and in use.
    Works {
        /// The name it got.
        name: String,
        /// Whether it also said that it knows this app and where it returns to.
        knows_this_app: bool,
        /// What the person enters at the provider, so that answers may come back.
        to_allow: Vec<String>,
    },
    /// Nothing was added.
    Wrong {
        /// Where to change something.
        setting: WrongSetting,
        /// What is wrong.
        problem: Problem,
    },
}

/// Where a person changes what is wrong with a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WrongSetting {
    /// The issuer.
    Issuer,
    /// The client id.
    ClientId,
    /// In the provider's own settings.
    AtTheProvider,
}

/// What the tokens say, for reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct DetailsView {
    /// Of the access token.
    pub access: TokenReading,
    /// Of the ID token, where there is one.
    pub id: Option<TokenReading>,
}

/// One of the two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// What the person came for.
    Access,
    /// Who signed in.
    Id,
}

/// What one token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct TokenReading {
    /// Null when it is no JSON Web Token.
    pub parts: Option<TokenParts>,
    /// Who has signed it.
    pub signature: SignatureView,
}

/// A JSON Web Token, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct TokenParts {
    /// What the signature is made with.
    pub header: Vec<ClaimView>,
    /// What is claimed.
    pub claims: Vec<ClaimView>,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ClaimView {
    /// What it is called in the token.
    pub name: String,
    /// What it says.
    pub value: ClaimValue,
    /// How it differs from the token before, if there was one and it does.
    pub change: Option<ClaimChange>,
}

/// What a claim says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClaimValue {
    /// A moment.
    Moment {
        /// In milliseconds since 1970 on this computer's clock.
        #[ts(type = "number")]
        at_ms: i64,
    },
    /// A text.
    Text {
        /// Any characters.
        text: String,
    },
    /// Several texts.
    Texts {
        /// Each of any characters.
        texts: Vec<String>,
    },
    /// Anything else.
    Other {
        /// As JSON.
        json: String,
    },
}

/// How a claim differs from the token before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ClaimChange {
    /// It was not there.
    New,
    /// It said something else.
    Changed,
    /// It is there no more; this is what it said.
    Gone,
}

/// What one check of the doctor has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct FindingView {
    /// The doctor's word for what was checked.
    pub check: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What was found, in the doctor's words.
    pub found: String,
    /// What to do about it; commands stand in backticks.
    pub remedy: Option<String>,
    /// How long it took, where that says something.
    pub milliseconds: Option<u32>,
    /// What has just been done about it.
    pub fixed: Option<String>,
    /// Whether the doctor could do something about it.
    pub mendable: bool,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is well.
    Good,
    /// Something is missing that may not be needed.
    Odd,
    /// It keeps Keyfob from working.
    Bad,
    /// It could not be tried.
    Skipped,
}

/// Who has signed a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignatureView {
    /// A key of the provider's.
    By {
        /// The key's id, if it has one.
        key: Option<String>,
        /// The issuer.
        issuer: String,
    },
    /// Only the API that it is for can tell.
    ForItsApi,
    /// The provider's keys could not be had.
    Unchecked {
        /// Why.
        problem: Problem,
    },
    /// Nobody who could be believed.
    Refused {
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What the person has chosen for the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SettingsView {
    /// Its colours.
    pub theme: ThemeChoice,
    /// How long a copied token stays on the clipboard, in seconds; 5 to 600.
    pub clipboard_seconds: u16,
    /// The profile that it opens at; null for the one used last.
    pub start_profile: Option<String>,
    /// Where sessions are kept.
    pub keep: KeepChoice,
    /// Where this run keeps them: a choice takes effect at the next start.
    pub kept_now: KeepChoice,
    /// Whether tokens are renewed before anybody asks.
    pub refresh_in_background: bool,
}

/// One choice, by the name of its field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "setting", content = "value", rename_all = "snake_case")]
pub enum SettingChange {
    /// The colours.
    Theme(ThemeChoice),
    /// How long the clipboard keeps a token.
    ClipboardSeconds(u16),
    /// Where the window opens.
    StartProfile(Option<String>),
    /// Where sessions are kept.
    Keep(KeepChoice),
    /// Whether tokens are renewed ahead.
    RefreshInBackground(bool),
}

/// The window's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// As the system's.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Where sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KeepChoice {
    /// In the system's keyring.
    Keyring,
    /// In memory.
    ThisRun,
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
        declare(CopiedView::decl(&config), CopiedView::docs());
        declare(CopyForm::decl(&config), CopyForm::docs());
        declare(ProfileView::decl(&config), ProfileView::docs());
        declare(Stage::decl(&config), Stage::docs());
        declare(AttemptView::decl(&config), AttemptView::docs());
        declare(AttemptStep::decl(&config), AttemptStep::docs());
        declare(DoorKind::decl(&config), DoorKind::docs());
        declare(AccountView::decl(&config), AccountView::docs());
        declare(IdentifierKind::decl(&config), IdentifierKind::docs());
        declare(TokenView::decl(&config), TokenView::docs());
        declare(ProfileList::decl(&config), ProfileList::docs());
        declare(ProfileEntry::decl(&config), ProfileEntry::docs());
        declare(ProfileKind::decl(&config), ProfileKind::docs());
        declare(PresetView::decl(&config), PresetView::docs());
        declare(NewProfile::decl(&config), NewProfile::docs());
        declare(Added::decl(&config), Added::docs());
        declare(WrongSetting::decl(&config), WrongSetting::docs());
        declare(DetailsView::decl(&config), DetailsView::docs());
        declare(TokenKind::decl(&config), TokenKind::docs());
        declare(TokenReading::decl(&config), TokenReading::docs());
        declare(TokenParts::decl(&config), TokenParts::docs());
        declare(ClaimView::decl(&config), ClaimView::docs());
        declare(ClaimValue::decl(&config), ClaimValue::docs());
        declare(ClaimChange::decl(&config), ClaimChange::docs());
        declare(SignatureView::decl(&config), SignatureView::docs());
        declare(SettingsView::decl(&config), SettingsView::docs());
        declare(SettingChange::decl(&config), SettingChange::docs());
        declare(ThemeChoice::decl(&config), ThemeChoice::docs());
        declare(KeepChoice::decl(&config), KeepChoice::docs());
        declare(FindingView::decl(&config), FindingView::docs());
        declare(Outcome::decl(&config), Outcome::docs());
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
