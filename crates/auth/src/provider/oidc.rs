//! Any OpenID Connect provider. Its profile can be written and read; the wire comes next.

use url::Url;

use super::ProviderError;
use crate::profile::OidcConfig;

/// A client of one OpenID Connect provider.
#[derive(Debug)]
pub struct Oidc {
    config: OidcConfig,
    issuer: Url,
}

impl Oidc {
    pub(super) fn new(config: OidcConfig) -> Self {
        let issuer = Url::parse(&config.issuer).expect("a profile's issuer is an address");
        Self { config, issuer }
    }

    pub(super) fn issuer(&self) -> &str {
        self.config.expected_issuer()
    }

    pub(super) fn sign_in_page(&self) -> &Url {
        &self.issuer
    }
}

pub(super) fn not_yet() -> ProviderError {
    ProviderError::Refused {
        message: "this Keyfob does not speak OpenID Connect yet".to_owned(),
        status: 0,
    }
}
