//! A profile is tried out before anybody signs in with it.

use url::Url;

use super::{Provider, ProviderError};
use crate::{authorization::RedirectUri, clock::Clock, profile::Profile, reason::Reason};

/// Stands for any port where a provider is only asked whether it allows one.
const SOME_PORT: u16 = 41_017;

/// What a provider has said to a profile before anybody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is there and says what is needed to sign in. Whether it knows this app only a sign-in shows.
    Answers,
    /// It also knows this app, and allows every address that it returns to.
    KnowsThisApp,
}

/// What a provider has against a profile.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Objection {
    /// It does not let answers return there.
    #[error("the provider does not allow {} to be returned to", .0.as_str())]
    To(RedirectUri),
    /// Anything else.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl Objection {
    /// The word for what went wrong.
    pub fn reason(&self) -> Reason {
        match self {
            Self::To(_) => Reason::RedirectNotAllowed,
            Self::Provider(error) => error.reason(),
        }
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::To(address) => Some(address.as_str().to_owned()),
            Self::Provider(error) => error.detail(),
        }
    }
}

impl Profile {
    /// Asks the provider for all that can be known before anybody signs in: where things are, the keys, and, where it
    /// takes requests from us (RFC 9126), whether it would take one that returns by our `scheme` and by loopback.
    ///
    /// # Errors
    ///
    /// [`Objection`], which says what to change where something is wrong with the profile.
    pub async fn try_out(&self, scheme: &str) -> Result<Tried, Objection> {
        // A clock of its own: what this provider says of the time is nobody else's business yet.
        let provider = Provider::new(self, &Clock::system());
        let Provider::Oidc(oidc) = &provider else {
            provider.ready().await?;
            return Ok(Tried::Answers);
        };
        let mut tried = Tried::Answers;
        for address in self.link(scheme).into_iter().chain(self.some_loopback()) {
            tried = match oidc.try_out(address.clone()).await {
                Err(ProviderError::RedirectNotAllowed) => return Err(Objection::To(address)),
                tried => tried?,
            };
        }
        Ok(tried)
    }

    /// The addresses that answers may return to by loopback, with some port where any will do.
    fn some_loopback(&self) -> impl Iterator<Item = RedirectUri> {
        let ports = match self.loopback_ports() {
            Some([]) => &[SOME_PORT],
            ports => ports.unwrap_or_default(),
        };
        let path = self.callback_path();
        ports.iter().filter_map(move |port| {
            let address = Url::parse(&format!("http://127.0.0.1:{port}{path}"));
            address.ok().map(RedirectUri::new)
        })
    }
}
