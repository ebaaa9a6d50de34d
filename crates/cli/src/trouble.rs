//! What ends a command before it is done: a cause, and what is known beyond it.

use std::fmt::Display;

use keyfob_auth::{
    DeviceError, FinishError, ProfileError, ProviderError, Reason, SessionError, StoreError,
    VaultError,
};

use crate::words::Cause;

/// Why a command was not done.
#[derive(Debug)]
pub struct Trouble {
    pub cause: Cause,
    /// What is known beyond the cause; never a secret. Others' words are in here: it is cleaned when it is printed.
    pub detail: Option<String>,
    /// What to do, where that is known better than by the cause.
    pub todo: Option<String>,
}

impl Trouble {
    pub fn saying(cause: impl Into<Cause>, detail: impl Display) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..cause.into().into()
        }
    }

    /// The same, with something else to do about it.
    pub fn with_hint(self, todo: impl Into<String>) -> Self {
        Self {
            todo: Some(todo.into()),
            ..self
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        self.todo.as_deref().unwrap_or(self.cause.words().todo)
    }

    /// What happened, in others' words where there are some.
    pub fn message(&self) -> String {
        let happened = self.cause.words().happened;
        match &self.detail {
            // The parser's complaint says all.
            Some(detail) if self.cause == Cause::Usage => detail.clone(),
            // There was somebody, until the provider said this.
            Some(detail) if self.cause == Cause::Auth(Reason::SignInNeeded) => {
                format!("the session has ended: {detail}")
            }
            Some(detail) => format!("{happened}: {detail}"),
            None => happened.to_owned(),
        }
    }
}

impl From<Reason> for Cause {
    fn from(reason: Reason) -> Self {
        Self::Auth(reason)
    }
}

impl From<Cause> for Trouble {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            detail: None,
            todo: None,
        }
    }
}

impl From<Reason> for Trouble {
    fn from(reason: Reason) -> Self {
        Cause::from(reason).into()
    }
}

macro_rules! from_errors_of_auth {
    ($($error:ty),+) => {
        $(impl From<$error> for Trouble {
            fn from(error: $error) -> Self {
                Self { detail: error.detail(), ..error.reason().into() }
            }
        })+
    };
}

from_errors_of_auth!(
    DeviceError,
    FinishError,
    ProviderError,
    SessionError,
    StoreError,
    VaultError
);

impl From<ProfileError> for Trouble {
    fn from(error: ProfileError) -> Self {
        let hint = match error {
            ProfileError::Unknown { .. } => "`keyfob profile list` lists what there is",
            ProfileError::Several { .. } => "`keyfob profile use NAME` says which is in use",
            _ => return Self::saying(error.reason(), error),
        };
        Self::saying(error.reason(), error).with_hint(hint)
    }
}
