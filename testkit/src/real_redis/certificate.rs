//! What a server that speaks TLS shows to its clients.

use std::io;

use super::{RealRedis, ask::ask};
use crate::tls::{Tls, TlsCertificate};

impl RealRedis {
    /// Shows another certificate to those who connect from now on, also after a
    /// [`restart`](Self::restart).
    ///
    /// # Errors
    ///
    /// If the server does not take the certificate, or does not speak
    /// [TLS](crate::RealRedisBuilder::tls).
    pub fn set_certificate(&self, certificate: &TlsCertificate) -> io::Result<()> {
        if self.options.tls.is_none() {
            return Err(io::Error::other("the Redis server does not speak TLS"));
        }
        certificate.write_to(self.dir())?;
        if self.is_running() {
            ask::<()>(self, &Tls::reload_command()).map_err(io::Error::other)?;
        }
        Ok(())
    }
}
