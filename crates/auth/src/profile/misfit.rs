//! What in a profile does not fit, and where a person would change it.

/// What stands in the way of a profile. Its message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misfit {
    /// Where it is to be changed.
    pub setting: Setting,
    /// What is wrong with it; for a person, never a secret.
    pub message: String,
}

/// Where a person changes what does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The profile's `issuer`.
    Issuer,
    /// The profile's `client_id`.
    ClientId,
    /// The profile's `ca_file`.
    CaFile,
    /// None of the profile's: it is to be changed in the provider's own settings.
    AtTheProvider,
}

impl Setting {
    /// A misfit of this setting.
    pub(crate) fn misfit(self, message: impl Into<String>) -> Misfit {
        Misfit {
            setting: self,
            message: message.into(),
        }
    }
}
