//! Signing in where there is no browser ([RFC 8628]): the person types a short code into one elsewhere.
//!
//! 1. [`DeviceSignIn::begin`] asks the provider for a code.
//! 2. The caller shows [`address`](DeviceSignIn::address) and [`user_code`](DeviceSignIn::user_code).
//! 3. [`DeviceSignIn::finish`] asks at the provider's pace until the person is done there.
//!
//! No answer comes back to this computer, so there is no state, no verifier and no nonce: what binds the answer to us
//! is the device code, which nobody else has seen.
//!
//! [RFC 8628]: https://www.rfc-editor.org/rfc/rfc8628

use std::{sync::Arc, time::Duration};

use url::Url;

use crate::{
    Clock, Provider, ProviderError, Reason, Session,
    provider::oidc::device::{DeviceCode, Pending},
};

/// §3.5: how much longer to wait when the provider asks for it.
const SLOWER_BY: Duration = Duration::from_secs(5);

/// The longest pause between two questions: a person waits at the other end.
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);

/// A sign-in by a code that the person types elsewhere.
#[derive(Debug)]
pub struct DeviceSignIn {
    provider: Arc<Provider>,
    clock: Clock,
    code: DeviceCode,
    /// On the monotonic clock.
    begun_at: Duration,
}

/// Why a sign-in by a typed code ended in no session.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// This provider has no such way in.
    #[error("this provider offers no sign-in by a code")]
    NotOffered,
    /// Nobody typed the code in time.
    #[error("the code has expired")]
    Expired,
    /// The person said no.
    #[error("the sign-in was declined")]
    Denied,
    /// The provider could not be asked, or what it said is not to be believed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl DeviceError {
    /// The word other programs may switch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotOffered => Reason::ProviderRefused,
            Self::Expired => Reason::SignInExpired,
            Self::Denied => Reason::SignInDenied,
            Self::Provider(error) => error.reason(),
        }
    }

    /// What a person may be told beyond the reason; never a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::NotOffered => Some(self.to_string()),
            Self::Expired | Self::Denied => None,
            Self::Provider(error) => error.detail(),
        }
    }
}

impl DeviceSignIn {
    /// Asks the provider for a code (§3.1).
    ///
    /// # Errors
    ///
    /// [`DeviceError`]; for one, when the provider has no such way in.
    pub async fn begin(provider: Arc<Provider>, clock: Clock) -> Result<Self, DeviceError> {
        let Provider::Oidc(oidc) = &*provider else {
            return Err(DeviceError::NotOffered);
        };
        let code = oidc.device_code().await?.ok_or(DeviceError::NotOffered)?;
        Ok(Self {
            code,
            begun_at: clock.monotonic(),
            provider: Arc::clone(&provider),
            clock,
        })
    }

    /// What the person types.
    pub fn user_code(&self) -> &str {
        &self.code.user_code
    }

    /// The page to type it into.
    pub fn address(&self) -> &Url {
        &self.code.page
    }

    /// The page that knows the code already, for a picture that a phone can read; not every provider has one (§3.3.1).
    pub fn address_with_code(&self) -> Option<&Url> {
        self.code.page_with_code.as_ref()
    }

    /// How long the code lives from the beginning.
    pub fn lifetime(&self) -> Duration {
        self.code.lifetime
    }

    /// Waits until the person is done there. May be dropped at any time: nothing is lost but the code.
    ///
    /// # Errors
    ///
    /// [`DeviceError`]. What may pass (no network, a server error) is waited out until the code expires.
    pub async fn finish(self) -> Result<Session, DeviceError> {
        let Provider::Oidc(oidc) = &*self.provider else {
            return Err(DeviceError::NotOffered);
        };
        let mut interval = self.code.interval.min(LONGEST_INTERVAL);
        loop {
            tokio::time::sleep(interval).await;
            if self.clock.monotonic().saturating_sub(self.begun_at) >= self.code.lifetime {
                return Err(DeviceError::Expired);
            }
            match oidc.redeem_device_code(&self.code).await {
                Ok(redeemed) => return Ok(Session::new(redeemed, &self.clock)),
                Err(Pending::NotYet) => {}
                // "Slow down" is five seconds more, from now on; so is a network that does not answer (§3.5).
                Err(Pending::SlowDown) => interval = slower(interval),
                Err(Pending::Refused(error)) if error.is_transient() => interval = slower(interval),
                Err(Pending::Expired) => return Err(DeviceError::Expired),
                Err(Pending::Denied) => return Err(DeviceError::Denied),
                Err(Pending::Refused(error)) => return Err(error.into()),
            }
        }
    }
}

fn slower(interval: Duration) -> Duration {
    (interval + SLOWER_BY).min(LONGEST_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slower_is_five_seconds_more_and_never_more_than_a_minute() {
        assert_eq!(slower(Duration::from_secs(5)), Duration::from_secs(10));
        assert_eq!(slower(Duration::from_secs(58)), Duration::from_mins(1));
    }
}
