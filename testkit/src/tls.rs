//! Certificates to serve and to show.

use std::{fmt, fs, io, path::Path};

/// A certificate with its private key, both as PEM texts.
///
/// `TlsAuthority`, with the feature `tls`, makes them.
#[derive(Clone)]
pub struct TlsCertificate {
    pem: String,
    key_pem: String,
}

impl TlsCertificate {
    /// A certificate made elsewhere.
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            pem: certificate.into(),
            key_pem: key.into(),
        }
    }

    /// The certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The private key.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Writes it to where [`Tls::args`] has the server read it.
    pub(crate) fn write_to(&self, dir: &Path) -> io::Result<()> {
        fs::write(dir.join(CERTIFICATE), &self.pem)?;
        fs::write(dir.join(KEY), &self.key_pem)
    }
}

impl fmt::Debug for TlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsCertificate")
            .field("pem", &self.pem)
            .finish_non_exhaustive()
    }
}

// Relative to the directory that a server runs in.
const CERTIFICATE: &str = "tls-certificate.pem";
const KEY: &str = "tls-key.pem";
const CLIENT_AUTHORITY: &str = "tls-client-authority.pem";

/// How a server serves TLS.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) certificate: TlsCertificate,
    /// Whose certificates clients have to show, if they have to.
    pub(crate) client_authority: Option<String>,
}

impl Tls {
    /// Writes the files that [`args`](Self::args) names.
    pub(crate) fn write_to(&self, dir: &Path) -> io::Result<()> {
        self.certificate.write_to(dir)?;
        match &self.client_authority {
            Some(pem) => fs::write(dir.join(CLIENT_AUTHORITY), pem),
            None => Ok(()),
        }
    }

    /// The server's arguments.
    pub(crate) fn args(&self) -> Vec<&'static str> {
        let mut args = vec!["--tls-cert-file", CERTIFICATE, "--tls-key-file", KEY];
        if self.client_authority.is_some() {
            args.extend(["--tls-ca-cert-file", CLIENT_AUTHORITY]);
        } else {
            args.extend(["--tls-auth-clients", "no"]);
        }
        args
    }

    /// Has a server that is running read a new certificate.
    pub(crate) fn reload_command() -> String {
        format!("CONFIG SET tls-cert-file {CERTIFICATE} tls-key-file {KEY}")
    }
}
