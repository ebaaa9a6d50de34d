//! One process's view of a sign-in at the peer.

use std::{collections::BTreeMap, sync::Arc};

use keyfob_auth::{
    Clock, FinishError, OidcConfig, Profile, Provider, ProviderConfig, ProviderError, Return,
    Session, SessionManager, SessionStore, SignIn, StateFolder, Timestamp, Vault,
};
use keyring_core::mock;
use url::Url;

use crate::peer::{CLIENT, NOON, OidcPeer, Said, sign, token_answer};

pub struct Walk {
    pub peer: OidcPeer,
    pub profile: Profile,
    pub provider: Arc<Provider>,
    pub sign_in: SignIn,
    pub sessions: SessionManager,
    pub clock: Clock,
    /// Where the lock is.
    _folder: tempfile::TempDir,
}

/// An attempt that waits in the browser.
pub struct Begun {
    pub address: Url,
    pub query: BTreeMap<String, String>,
    issuer: String,
}

impl Begun {
    /// The link that brings a good answer back.
    pub fn link(&self) -> String {
        self.link_with(&format!("code=CODE&iss={}", encoded(&self.issuer)))
    }

    pub fn link_with(&self, rest: &str) -> String {
        let (target, state) = (&self.query["redirect_uri"], &self.query["state"]);
        format!("{target}?state={state}&{rest}")
    }
}

pub fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl Walk {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut OidcConfig)) -> Self {
        Self::at(OidcPeer::start().await, change)
    }

    pub fn at(peer: OidcPeer, change: impl FnOnce(&mut OidcConfig)) -> Self {
        let store = mock::Store::new().unwrap();
        Self::over(Vault::over("test", move || Ok(store.clone())), peer, change)
    }

    /// Over a vault of the test's own.
    pub fn over(vault: Vault, peer: OidcPeer, change: impl FnOnce(&mut OidcConfig)) -> Self {
        let mut config = OidcConfig::new(peer.issuer(), CLIENT);
        change(&mut config);
        let profile = Profile {
            name: "work".to_owned(),
            provider: ProviderConfig::Oidc(config),
        };
        let clock = Clock::held(Timestamp::from_seconds(NOON));
        let provider = Arc::new(Provider::new(&profile, &clock));
        let folder = tempfile::tempdir().unwrap();
        Self {
            sign_in: SignIn::new(Arc::clone(&provider), vault.clone(), "work", clock.clone()),
            sessions: SessionManager::new(
                Arc::clone(&provider),
                SessionStore::new(vault, "work", StateFolder::at(folder.path())),
                clock.clone(),
            ),
            peer,
            profile,
            provider,
            clock,
            _folder: folder,
        }
    }

    pub async fn begin(&self) -> Result<Begun, ProviderError> {
        let redirect_uri = self.profile.link("dev.keyfob").unwrap();
        let ada = "ada@example.com".parse().unwrap();
        let (attempt, kept) = self.sign_in.begin(Some(&ada), redirect_uri).await?;
        kept.unwrap();
        let address = attempt.request.address;
        let mut query: BTreeMap<_, _> = address.query_pairs().into_owned().collect();
        // What was pushed does not pass through the browser.
        if let Some(pushed) = self.peer.asked_at("par").last() {
            query.extend(pushed.form.clone());
        }
        Ok(Begun {
            address,
            query,
            issuer: self.peer.issuer(),
        })
    }

    pub async fn finish(&self, link: &str) -> Result<Session, FinishError> {
        match self.sign_in.judge(link).await? {
            Return::Answer(grant) => Ok(self.sign_in.redeem(grant).await?.expect("not settled")),
            Return::AlreadyAnswered => panic!("answered before"),
        }
    }

    /// A whole sign-in, in which the provider does nothing unusual.
    pub async fn signed_in(&self) {
        let begun = self.begin().await.unwrap();
        let id_token = sign(&self.peer.claims(&begun.query["nonce"]));
        self.peer
            .will_say("token", Said::json(200, &token_answer(&id_token)));
        let session = self.finish(&begun.link()).await.unwrap();
        self.sessions.adopt(session).await.unwrap();
    }
}
