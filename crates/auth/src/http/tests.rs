//! Whose certificates are believed, and what a form says.

use std::{fs, path::PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server on this computer with a certificate that only its own authority vouches for.
struct Interception {
    base: Url,
    authority: String,
    folder: tempfile::TempDir,
}

impl Interception {
    async fn start(names: &[&str]) -> Self {
        let mut of_authority = CertificateParams::default();
        of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        of_authority
            .distinguished_name
            .push(DnType::CommonName, "Corp Inspection CA");
        let authority =
            CertifiedIssuer::self_signed(of_authority, KeyPair::generate().unwrap()).unwrap();
        let names = names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let configuration = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(configuration))));
        Self {
            base: base.parse().unwrap(),
            authority: authority.pem(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("ca.pem");
        fs::write(&path, text).unwrap();
        path
    }

    fn client(&self) -> Http {
        Http::new(
            Clock::held(Timestamp::from_seconds(1_700_000_000)),
            &self.base,
        )
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(mut stream) = acceptor.accept(stream).await else {
            continue;
        };
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            .await;
        let _ = stream.shutdown().await;
    }
}

#[tokio::test]
async fn an_interception_is_told_by_the_name_of_who_issued_its_certificate() {
    let interception = Interception::start(&["127.0.0.1"]).await;
    let error = interception.client().get(interception.base.clone()).await;
    let Err(HttpError::Untrusted(untrusted)) = error else {
        panic!("trusted");
    };
    assert_eq!(
        untrusted.to_string(),
        "its certificate was issued by \"Corp Inspection CA\" and is not trusted: this computer does not know who \
         issued it"
    );
}

#[tokio::test]
async fn a_profiles_own_authority_is_trusted_besides_the_systems() {
    let interception = Interception::start(&["127.0.0.1"]).await;
    let file = interception.file(&interception.authority);
    let client = interception.client().trusting(Some(file));
    let reply = client.get(interception.base.clone()).await.unwrap();
    assert_eq!(reply.bytes(), b"{}");
}

#[tokio::test]
async fn a_trusted_authority_does_not_make_another_host_this_one() {
    let interception = Interception::start(&["elsewhere.test"]).await;
    let file = interception.file(&interception.authority);
    let client = interception.client().trusting(Some(file));
    let Err(HttpError::Untrusted(untrusted)) = client.get(interception.base.clone()).await else {
        panic!("trusted");
    };
    assert_eq!(untrusted.why, "it belongs to another host");
}

#[tokio::test]
async fn a_file_without_certificates_is_named_before_anybody_is_asked() {
    let interception = Interception::start(&["127.0.0.1"]).await;
    for file in [
        interception.file("no certificate"),
        interception.folder.path().join("nowhere.pem"),
    ] {
        let client = interception.client().trusting(Some(file));
        let error = client.get(interception.base.clone()).await;
        assert!(matches!(error, Err(HttpError::CaFile(_))));
    }
}

#[test]
fn a_form_is_encoded_as_forms_are_and_may_repeat_a_name() {
    let form = Form::new()
        .with("scope", "openid a:b")
        .with("code", "a+b/c=&d")
        .with_each("resource", ["https://a.test/", "https://b.test/"]);
    assert_eq!(
        *form.0,
        "scope=openid+a%3Ab&code=a%2Bb%2Fc%3D%26d&resource=https%3A%2F%2Fa.test%2F&resource=https%3A%2F%2Fb.test%2F"
    );
}
