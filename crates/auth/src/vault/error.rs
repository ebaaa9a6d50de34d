//! What can go wrong with the keyring, and the call that is merely late.

use std::error::Error as _;
use std::sync::Arc;

use ::keyring::Error;
use tokio::sync::watch;
use zeroize::Zeroize;

use crate::Reason;

/// Why the keyring did not do as it was asked.
///
/// No variant holds or prints anything of a secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    /// The keyring has not answered within the deadline; it may be showing a prompt. The call goes on.
    #[error("the keyring has not answered yet")]
    Waiting(Late),
    /// The keyring never answered, and the call was given up because another waited behind it.
    ///
    /// A write that was given up may still happen, but never after a newer one of this program to the same name.
    #[error("the keyring did not answer")]
    GivenUp,
    /// There is no keyring here, or it has failed twice in a row.
    #[error("there is no working keyring")]
    Unavailable {
        /// What the keyring's library said.
        #[source]
        source: Arc<Error>,
    },
    /// The keyring is locked, and its prompt was dismissed or could not be shown; or it has no collection to write to.
    #[error("the keyring is locked")]
    Locked {
        /// What the keyring's library said.
        #[source]
        source: Arc<Error>,
    },
    /// The keyring does not take such an entry: its name or its length is not to its liking.
    #[error("the keyring does not take this entry")]
    Refused {
        /// What the keyring's library said.
        #[source]
        source: Arc<Error>,
    },
    /// The keyring said that it had kept an entry, and did not give it back.
    #[error("the keyring does not keep what it is given")]
    Forgetful,
    /// There is a record, and it cannot be read.
    #[error("the keyring holds a record that cannot be read")]
    Damaged(#[source] Damage),
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is not in the form that this program writes.
    #[error("it was not written by Keyfob")]
    Foreign,
    /// It was written by a newer version of this program.
    #[error("it was written by a newer version of Keyfob")]
    Newer,
    /// It is shorter or longer than its header says.
    #[error("it is not as long as it should be")]
    CutShort,
    /// Its parts are missing or were written at different times, and stayed so when they were read again.
    #[error("its parts do not belong together")]
    Torn,
    /// More than one entry goes by its name.
    #[error("there is more than one of it")]
    Ambiguous,
    /// The keyring itself could not decode it.
    #[error("the keyring could not decode it")]
    Undecodable,
}

impl VaultError {
    /// The word for this that other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Waiting(_) | Self::GivenUp => Reason::KeyringWaiting,
            Self::Damaged(_) => Reason::KeyringDamaged,
            Self::Locked { .. } => Reason::KeyringLocked,
            Self::Unavailable { .. } | Self::Refused { .. } | Self::Forgetful => {
                Reason::KeyringUnavailable
            }
        }
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Waiting(_) | Self::GivenUp | Self::Locked { .. } => None,
            // In the system's own words, which tell a missing bus from a missing keyring.
            Self::Unavailable { source } => Some(
                source
                    .source()
                    .map_or_else(|| source.to_string(), ToString::to_string),
            ),
            Self::Refused { .. } | Self::Forgetful | Self::Damaged(_) => Some(self.to_string()),
        }
    }
}

impl From<Error> for VaultError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoStorageAccess(_) => Self::Locked {
                source: Arc::new(error),
            },
            Error::TooLong(..) | Error::Invalid(..) | Error::NotSupportedByStore(_) => {
                Self::Refused {
                    source: Arc::new(error),
                }
            }
            Error::Ambiguous(_) => Self::Damaged(Damage::Ambiguous),
            // These carry what was stored, and print it.
            Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
                bytes.zeroize();
                Self::Damaged(Damage::Undecodable)
            }
            _ => Self::Unavailable {
                source: Arc::new(error),
            },
        }
    }
}

/// A call that was late, and goes on.
///
/// Clones follow the same call.
#[derive(Clone, Debug)]
pub struct Late {
    ended: watch::Receiver<Option<Result<(), VaultError>>>,
}

impl Late {
    pub(super) fn new(ended: watch::Receiver<Option<Result<(), VaultError>>>) -> Self {
        Self { ended }
    }

    /// Waits until the call has ended, for as long as that takes: a person may be looking for a password.
    ///
    /// After `Ok`, a write or a deletion has happened and need not be repeated; a read is simply made again, since the
    /// keyring now answers. It holds no secret in the meantime.
    ///
    /// # Errors
    ///
    /// As the call itself would have; never [`VaultError::Waiting`].
    pub async fn ended(&self) -> Result<(), VaultError> {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            // Whoever followed the call is gone: the runtime is shutting down.
            Ok(None) | Err(_) => Err(VaultError::GivenUp),
        }
    }
}
