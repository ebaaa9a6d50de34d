//! Ending the person's session at the provider, in their browser ([OpenID Connect RP-Initiated Logout]).
//!
//! Without an `id_token_hint` (§2), though that would spare the person a question: the address goes to a browser by way of
//! its arguments, which every program of this computer can read, and a token has no business there.
//!
//! [OpenID Connect RP-Initiated Logout]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html

use url::Url;

use super::Oidc;
use crate::provider::ProviderError;

impl Oidc {
    /// The address to open, if the provider has one. It asks the person whether to sign out.
    ///
    /// # Errors
    ///
    /// When the provider had to be asked for it, and did not say.
    pub(crate) async fn logout_page(&self) -> Result<Option<Url>, ProviderError> {
        let known = self.discovery.known().await?;
        let Some(mut page) = known.metadata.end_session_endpoint.clone() else {
            return Ok(None);
        };
        page.query_pairs_mut()
            .append_pair("client_id", &self.config.client_id);
        Ok(Some(page))
    }
}
