//! The closed set of words other programs may switch on.
//!
//! Every error of this crate answers `reason()` with one of these, for example [`FinishError`](crate::FinishError::reason). Rust owns the
//! words, each front end owns the sentences: a page or a terminal that matches on them is told by the compiler
//! when one is missing.

use serde::{Deserialize, Serialize};

/// What happened, in one word that never changes its meaning.
///
/// Serialised as `snake_case`, for example `sign_in_needed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// What was typed is neither an e-mail address nor an international phone number.
    InvalidIdentifier,
    /// The system's browser could not be opened.
    BrowserNotOpened,
    /// The provider could not be reached.
    Offline,
    /// The provider answered something that is not an answer: a 5xx, HTML, a body cut short or too large.
    ProviderBroken,
    /// The provider is there and asks to be asked again later.
    ProviderBusy,
    /// The provider said no, in its own words.
    ProviderRefused,
    /// The provider does not allow the address that the sign-in returns to.
    RedirectNotAllowed,
    /// The bundled local provider could not be started.
    LocalProviderNotStarted,
    /// A return link that is not one: no address at all, too long, a parameter missing or repeated.
    LinkMalformed,
    /// A return link that belongs to no sign-in of this app, or came back by another way than it was sent.
    LinkForeign,
    /// The sign-in took longer than its 15 minutes.
    SignInExpired,
    /// The person, or the provider for them, declined.
    SignInDenied,
    /// The code in the return link was used before, is too old, or was made for someone else.
    CodeRefused,
    /// A token did not pass verification; it was thrown away.
    VerificationFailed,
    /// There is no session, or the provider has ended it.
    SignInNeeded,
    /// Another program is refreshing the same session and did not finish in time.
    Busy,
    /// The provider's tokens never live as long as was asked for.
    TokenTooShort,
    /// What was to be adopted is no refresh token.
    NothingToAdopt,
    /// No file can be made by which the programs that share a session keep out of each other's way.
    StateFolderUnusable,
    /// The person has signed out here, and the provider could not be told yet.
    RevocationPending,
    /// The keyring has not answered yet; it may be showing a prompt.
    KeyringWaiting,
    /// The keyring is locked, and its prompt was dismissed or could not be shown.
    KeyringLocked,
    /// There is no keyring, or it does not work.
    KeyringUnavailable,
    /// The keyring holds a record that cannot be read.
    KeyringDamaged,
    /// This computer's clock is wrong.
    ClockWrong,
    /// No local port could be opened for the answer.
    LoopbackNotOpened,
    /// The clipboard could not be read or written.
    ClipboardFailed,
    /// The clipboard holds no return link of this sign-in.
    NothingToPaste,
    /// Links of our scheme do not open this app.
    LinkHandlerMissing,
    /// The configuration cannot be used as it is written.
    ConfigInvalid,
    /// Nobody could be asked what keeps Keyfob from working.
    DiagnosticsFailed,
}

impl Reason {
    /// Every reason there is, in the order above.
    pub const ALL: [Self; 31] = [
        Self::InvalidIdentifier,
        Self::BrowserNotOpened,
        Self::Offline,
        Self::ProviderBroken,
        Self::ProviderBusy,
        Self::ProviderRefused,
        Self::RedirectNotAllowed,
        Self::LocalProviderNotStarted,
        Self::LinkMalformed,
        Self::LinkForeign,
        Self::SignInExpired,
        Self::SignInDenied,
        Self::CodeRefused,
        Self::VerificationFailed,
        Self::SignInNeeded,
        Self::Busy,
        Self::TokenTooShort,
        Self::NothingToAdopt,
        Self::StateFolderUnusable,
        Self::RevocationPending,
        Self::KeyringWaiting,
        Self::KeyringLocked,
        Self::KeyringUnavailable,
        Self::KeyringDamaged,
        Self::ClockWrong,
        Self::LoopbackNotOpened,
        Self::ClipboardFailed,
        Self::NothingToPaste,
        Self::LinkHandlerMissing,
        Self::ConfigInvalid,
        Self::DiagnosticsFailed,
    ];

    /// The reason as it is serialised.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InvalidIdentifier => "invalid_identifier",
            Self::BrowserNotOpened => "browser_not_opened",
            Self::Offline => "offline",
            Self::ProviderBroken => "provider_broken",
            Self::ProviderBusy => "provider_busy",
            Self::ProviderRefused => "provider_refused",
            Self::RedirectNotAllowed => "redirect_not_allowed",
            Self::LocalProviderNotStarted => "local_provider_not_started",
            Self::LinkMalformed => "link_malformed",
            Self::LinkForeign => "link_foreign",
            Self::SignInExpired => "sign_in_expired",
            Self::SignInDenied => "sign_in_denied",
            Self::CodeRefused => "code_refused",
            Self::VerificationFailed => "verification_failed",
            Self::SignInNeeded => "sign_in_needed",
            Self::Busy => "busy",
            Self::TokenTooShort => "token_too_short",
            Self::NothingToAdopt => "nothing_to_adopt",
            Self::StateFolderUnusable => "state_folder_unusable",
            Self::RevocationPending => "revocation_pending",
            Self::KeyringWaiting => "keyring_waiting",
            Self::KeyringLocked => "keyring_locked",
            Self::KeyringUnavailable => "keyring_unavailable",
            Self::KeyringDamaged => "keyring_damaged",
            Self::ClockWrong => "clock_wrong",
            Self::LoopbackNotOpened => "loopback_not_opened",
            Self::ClipboardFailed => "clipboard_failed",
            Self::NothingToPaste => "nothing_to_paste",
            Self::LinkHandlerMissing => "link_handler_missing",
            Self::ConfigInvalid => "config_invalid",
            Self::DiagnosticsFailed => "diagnostics_failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reasons_word_is_what_is_serialised() {
        for reason in Reason::ALL {
            let word = serde_json::to_string(&reason).unwrap();
            assert_eq!(word, format!("\"{}\"", reason.word()));
        }
    }
}
