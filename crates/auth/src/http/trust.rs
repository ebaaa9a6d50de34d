//! Whose certificates are believed: those of the system's trust store (on Linux, `SSL_CERT_FILE` stands in for
//! it), and those of a file that the profile names. Nothing turns the check off.
//!
//! A refused certificate is told with the name of who issued it: on a network that opens TLS on the way, that name is
//! what a person can act on.

use std::{error::Error, fmt, io, path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;

use super::certificate;

/// Why a connection is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Untrusted {
    /// Who issued the certificate that was shown, if it says so in a way that can be read.
    pub(crate) issuer: Option<String>,
    /// What was wrong with it.
    pub(crate) why: String,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its certificate ")?;
        if let Some(issuer) = &self.issuer {
            write!(f, "was issued by \"{issuer}\" and ")?;
        }
        write!(f, "is not trusted: {}", self.why)
    }
}

impl Error for Untrusted {}

/// TLS as it should be, with the certificates of `ca_file` besides the system's.
pub(super) fn configuration(ca_file: Option<&Path>) -> io::Result<ClientConfig> {
    let cryptography = CryptoProvider::get_default()
        .cloned()
        .ok_or_else(|| io::Error::other("the program has chosen no cryptography"))?;
    let own = match ca_file {
        Some(file) => certificates(file)?,
        None => Vec::new(),
    };
    let system = Verifier::new_with_extra_roots(own, Arc::clone(&cryptography));
    let witness = Witness(system.map_err(io::Error::other)?);
    Ok(ClientConfig::builder_with_provider(cryptography)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        // The library calls every verifier of one's own dangerous; this one refuses all that the system's refuses.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(witness))
        .with_no_client_auth())
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&std::fs::read(file)?).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(io::Error::other("it holds no certificate in PEM")),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}

/// What of `error` is about a certificate.
pub(super) fn untrusted(error: &reqwest::Error) -> Option<Untrusted> {
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(why)))) =
            error.downcast_ref()
        {
            return why.downcast_ref().cloned();
        }
        // What an I/O error is made of it gives out as its own source's source only.
        let inside = error.downcast_ref().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

/// The system's verifier, and what it refused.
#[derive(Debug)]
struct Witness(Verifier);

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match error {
                rustls::Error::InvalidCertificate(error) => {
                    let untrusted = Untrusted {
                        issuer: certificate::issuer(end_entity),
                        why: in_words(&error),
                    };
                    let other = OtherError(Arc::new(untrusted));
                    rustls::Error::InvalidCertificate(CertificateError::Other(other))
                }
                other => other,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn in_words(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "this computer does not know who issued it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it belongs to another host".to_owned()
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        other => format!("{other:?}"),
    }
}
