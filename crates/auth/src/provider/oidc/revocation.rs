//! Telling the provider that a token is no longer wanted ([RFC 7009]).
//!
//! [RFC 7009]: https://www.rfc-editor.org/rfc/rfc7009

use super::{Oidc, answer::Refusal};
use crate::{RefreshToken, http::Form, provider::ProviderError};

impl Oidc {
    /// Ends `token` at the provider, and says whether it could be told at all.
    ///
    /// A token that the provider does not know is as good as revoked (§2.2).
    ///
    /// # Errors
    ///
    /// When it did not do it; a [transient](ProviderError::is_transient) one is worth another try.
    pub(crate) async fn revoke(&self, token: &RefreshToken) -> Result<bool, ProviderError> {
        let known = self.discovery.known().await?;
        let Some(endpoint) = known.metadata.revocation_endpoint.clone() else {
            return Ok(false);
        };
        let form = Form::new()
            .with("token", token.expose())
            .with("token_type_hint", "refresh_token")
            .with("client_id", &self.config.client_id);
        let reply = self.http.post_form(endpoint, form).await?;
        let status = reply.status.as_u16();
        match status {
            200..=299 => Ok(true),
            408 | 425 | 429 => Err(ProviderError::Busy {
                wait: reply.retry_after,
            }),
            400..=499 => match Refusal::read(reply.bytes(), status).without(&[token.expose()]) {
                // Said by servers that look a token up before they revoke it.
                refusal if refusal.code == "invalid_token" || refusal.code == "invalid_grant" => {
                    Ok(true)
                }
                refusal => Err(refusal.of_anything()),
            },
            _ => Err(ProviderError::Broken {
                what: "it did not revoke the token",
                status,
            }),
        }
    }
}
