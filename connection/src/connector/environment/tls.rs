//! Certificates, by the names of their files.

use super::{ConnectorBuilder, EnvironmentError, wrong};

pub(super) const CA: &str = "REDIS_TLS_CA";
pub(super) const CERTIFICATE: &str = "REDIS_TLS_CERT";
pub(super) const KEY: &str = "REDIS_TLS_KEY";

/// The names of the files.
#[derive(Default)]
pub(super) struct Files {
    pub(super) authority: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
}

#[cfg(feature = "tls-rustls")]
pub(super) fn with_certificates(
    builder: ConnectorBuilder,
    files: Files,
) -> Result<ConnectorBuilder, EnvironmentError> {
    use crate::settings::tls::{Certificates, client_certificate, no_certificates};

    const AUTHORITY_IS: &str = "the path of a PEM file with certificates";
    const CERTIFICATE_IS: &str =
        "the path of a PEM file with a certificate, whose key is in REDIS_TLS_KEY";
    const KEY_IS: &str = "the path of a PEM file with the key of REDIS_TLS_CERT";
    const FOR_TLS: &str = "set for rediss:// only, and the address is not rediss://";

    let read =
        |path: &String, name, expected| std::fs::read(path).map_err(|_| wrong(name, expected));
    let name = match (&files.authority, &files.certificate, &files.key) {
        (None, None, None) => return Ok(builder),
        (_, Some(_), None) => return Err(wrong(KEY, KEY_IS)),
        (_, None, Some(_)) => return Err(wrong(CERTIFICATE, CERTIFICATE_IS)),
        (Some(_), ..) => CA,
        (None, ..) => CERTIFICATE,
    };
    // Each by itself first, so that the one which makes no sense is named.
    let mut certificates = no_certificates();
    if let Some(path) = &files.authority {
        certificates.root_cert = Some(read(path, CA, AUTHORITY_IS)?);
        Certificates::read(&certificates).map_err(|_| wrong(CA, AUTHORITY_IS))?;
    }
    if let (Some(certificate), Some(key)) = (&files.certificate, &files.key) {
        certificates.client_tls = Some(client_certificate(
            read(certificate, CERTIFICATE, CERTIFICATE_IS)?,
            read(key, KEY, KEY_IS)?,
        ));
        Certificates::read(&certificates).map_err(|_| wrong(CERTIFICATE, CERTIFICATE_IS))?;
    }
    let built = builder.tls_certificates_from(move || files.certificates());
    built.map_err(|_| wrong(name, FOR_TLS))
}

#[cfg(feature = "tls-rustls")]
impl Files {
    fn certificates(&self) -> redis::RedisResult<redis::TlsCertificates> {
        use crate::settings::tls::{client_certificate, no_certificates};

        let mut certificates = no_certificates();
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            let client = client_certificate(std::fs::read(certificate)?, std::fs::read(key)?);
            certificates.client_tls = Some(client);
        }
        certificates.root_cert = self.authority.as_ref().map(std::fs::read).transpose()?;
        Ok(certificates)
    }
}

#[cfg(not(feature = "tls-rustls"))]
pub(super) fn with_certificates(
    builder: ConnectorBuilder,
    files: Files,
) -> Result<ConnectorBuilder, EnvironmentError> {
    let set = [
        (CA, files.authority),
        (CERTIFICATE, files.certificate),
        (KEY, files.key),
    ];
    match set.into_iter().find(|(_, path)| path.is_some()) {
        None => Ok(builder),
        Some((name, _)) => Err(wrong(
            name,
            "not set: redis-resilient is built without its feature `tls-rustls`",
        )),
    }
}

#[cfg(all(test, feature = "tls-rustls"))]
mod tests {
    use super::*;
    use crate::connector::Connector;

    /// A certificate, and what is none.
    const PEM: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/connector/environment/authority.pem"
    );
    const OTHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    const NOWHERE: &str = "/nowhere/hunter2";

    fn built(url: &str, files: [&str; 3]) -> Result<ConnectorBuilder, EnvironmentError> {
        let builder = Connector::builder(url).expect("a URL");
        let [authority, certificate, key] =
            files.map(|path| Some(path.to_owned()).filter(|path| !path.is_empty()));
        let files = Files {
            authority,
            certificate,
            key,
        };
        with_certificates(builder, files)
    }

    #[test]
    fn a_file_with_certificates_is_taken() {
        assert!(built("rediss://localhost", [PEM, "", ""]).is_ok());
        assert!(built("redis://localhost", ["", "", ""]).is_ok());
    }

    #[test]
    fn the_variable_that_makes_no_sense_is_named() {
        for (url, files, expected) in [
            ("rediss", [NOWHERE, "", ""], CA),
            ("rediss", [OTHER, "", ""], CA),
            ("redis", [PEM, "", ""], CA),
            ("rediss", [PEM, PEM, ""], KEY),
            ("rediss", [PEM, "", PEM], CERTIFICATE),
            ("rediss", [PEM, NOWHERE, OTHER], CERTIFICATE),
            ("rediss", [PEM, PEM, NOWHERE], KEY),
            ("rediss", [PEM, PEM, OTHER], CERTIFICATE),
        ] {
            let error = built(&format!("{url}://localhost"), files).expect_err("no sense");
            assert_eq!(error.variable(), expected, "{files:?}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
