//! How somebody proves that an address is theirs.

use serde::{Deserialize, Serialize};

use crate::identifier::IdentifierKind;

/// The `auth_method` of the wire, as far as this provider has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Method {
    /// A link to follow.
    MagicLink,
    /// Six digits to type into the page of the browser that asked.
    OneTimeCode,
}

impl Method {
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        match text {
            "MAGIC_LINK" => Some(Self::MagicLink),
            "OTP" => Some(Self::OneTimeCode),
            _ => None,
        }
    }

    pub(crate) fn on_the_wire(self) -> &'static str {
        match self {
            Self::MagicLink => "MAGIC_LINK",
            Self::OneTimeCode => "OTP",
        }
    }

    /// What to send when the client leaves it open.
    ///
    /// Mail is read where the browser is, so a link is one press there. A message arrives on a phone, from which a
    /// link leads away from the browser that waits, while six digits are typed over in a moment.
    pub(crate) fn usual_for(kind: IdentifierKind) -> Self {
        match kind {
            IdentifierKind::Email => Self::MagicLink,
            IdentifierKind::Phone => Self::OneTimeCode,
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::MagicLink => Self::OneTimeCode,
            Self::OneTimeCode => Self::MagicLink,
        }
    }

    /// What the letter carries, in words that follow "a" and "new".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MagicLink => "link",
            Self::OneTimeCode => "code",
        }
    }
}
