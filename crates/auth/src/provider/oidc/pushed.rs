//! Pushed authorization requests ([RFC 9126]): the provider gets the request from us, the browser only a reference.
//!
//! A reference is good once and for about a minute, so the whole request is kept with the attempt: who opens the page
//! again pushes it again.
//!
//! [RFC 9126]: https://www.rfc-editor.org/rfc/rfc9126

use url::Url;

use super::{
    Oidc,
    answer::{Refusal, success, text},
    discovery::Known,
};
use crate::{
    authorization::{AuthorizationRequest, PendingAuthorization},
    http::Form,
    profile::Setting,
    provider::{ProviderError, Tried},
};

impl Oidc {
    /// The attempt with its request pushed, where the provider takes that.
    ///
    /// # Errors
    ///
    /// When the provider insists on it and refuses, does not allow our return address, or cannot be reached.
    pub(super) async fn pushed(
        &self,
        known: &Known,
        attempt: PendingAuthorization,
    ) -> Result<PendingAuthorization, ProviderError> {
        let must = known.metadata.requires_pushed_requests;
        let Some(endpoint) = endpoint(known)? else {
            return Ok(attempt);
        };
        match self.push(known, endpoint, attempt.whole_request()).await {
            Ok(address) => Ok(attempt.pushed_as(address)),
            Err(
                error @ (ProviderError::Refused { .. }
                | ProviderError::ClientRefused { .. }
                | ProviderError::Broken { .. }),
            ) if !must => {
                tracing::info!(reason = ?error.reason(), "the request goes through the browser");
                Ok(attempt)
            }
            Err(error) => Err(error),
        }
    }

    /// Pushes a request that nobody will follow, to hear what the provider has against it: it judges one like any other
    /// (§2.1), and the app as at its token endpoint.
    ///
    /// # Errors
    ///
    /// Whatever it has against it, even where it does not insist on pushing.
    pub(super) async fn try_pushing(
        &self,
        known: &Known,
        attempt: PendingAuthorization,
    ) -> Result<Tried, ProviderError> {
        let Some(endpoint) = endpoint(known)? else {
            return Ok(Tried::Answers);
        };
        match self.push(known, endpoint, attempt.whole_request()).await {
            Ok(_) => Ok(Tried::KnowsThisApp),
            Err(ProviderError::Broken { .. }) if !known.metadata.requires_pushed_requests => {
                Ok(Tried::Answers)
            }
            Err(error) => Err(error),
        }
    }

    /// The `whole` request, behind a new reference.
    pub(crate) async fn push_again(
        &self,
        whole: Url,
    ) -> Result<AuthorizationRequest, ProviderError> {
        let known = self.discovery.known().await?;
        let endpoint = known.metadata.pushed_authorization_request_endpoint.clone();
        let address = match endpoint {
            Some(endpoint) => self.push(&known, endpoint, &whole).await?,
            None => whole,
        };
        Ok(AuthorizationRequest { address })
    }

    async fn push(&self, known: &Known, endpoint: Url, whole: &Url) -> Result<Url, ProviderError> {
        let form = whole
            .query_pairs()
            .fold(Form::new(), |form, (name, value)| form.with(&name, &value));
        let reply = self.http.post_form(endpoint, form).await?;
        let answer = success(&reply, Refusal::of_anything)?;
        let reference = text(&answer, "request_uri").ok_or(ProviderError::Broken {
            what: "the answer has no reference to the pushed request",
            status: reply.status.as_u16(),
        })?;
        let mut page = known.metadata.authorization_endpoint.clone();
        page.query_pairs_mut()
            .append_pair("client_id", &self.config.client_id)
            .append_pair("request_uri", reference);
        Ok(page)
    }
}

/// Where requests are pushed to; nowhere, at a provider that does not take them.
fn endpoint(known: &Known) -> Result<Option<Url>, ProviderError> {
    let endpoint = known.metadata.pushed_authorization_request_endpoint.clone();
    if endpoint.is_none() && known.metadata.requires_pushed_requests {
        let what = "it wants requests to be pushed, and does not say where";
        return Err(Setting::AtTheProvider.misfit(what).into());
    }
    Ok(endpoint)
}
