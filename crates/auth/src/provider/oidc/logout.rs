//! Ending the person's session at the provider, in their browser ([OpenID Connect RP-Initiated Logout]).
//!
//! [OpenID Connect RP-Initiated Logout]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html

use url::Url;

use super::Oidc;
use crate::{IdToken, authorization::RedirectUri, provider::ProviderError};

impl Oidc {
    /// The address to open, if the provider has one. It asks the person, or takes the hint's word for who it is.
    ///
    /// `back` is where the browser goes afterwards; it must be registered, and is worth nothing without a hint (§3).
    ///
    /// # Errors
    ///
    /// When the provider had to be asked for it, and did not say.
    pub(crate) async fn logout_address(
        &self,
        hint: Option<&IdToken>,
        back: Option<&RedirectUri>,
    ) -> Result<Option<Url>, ProviderError> {
        let known = self.discovery.known().await?;
        let Some(mut page) = known.metadata.end_session_endpoint.clone() else {
            return Ok(None);
        };
        let mut query = page.query_pairs_mut();
        query.append_pair("client_id", &self.config.client_id);
        if let Some(hint) = hint {
            query.append_pair("id_token_hint", hint.expose());
            if let Some(back) = back {
                query.append_pair("post_logout_redirect_uri", back.as_str());
            }
        }
        drop(query);
        Ok(Some(page))
    }
}
