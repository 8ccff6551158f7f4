//! Where a server of a cluster is.
//!
//! Pure.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, Value};

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    host: String,
    port: u16,
}

impl Address {
    pub(crate) fn new(host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        Self { host, port }
    }

    /// From an entry of `CLUSTER SLOTS`. A server that does not know its own name is at the host that was asked.
    pub(crate) fn read(entry: &Value, asked: &str) -> Option<Self> {
        let Value::Array(entry) = entry else {
            return None;
        };
        let [host, Value::Int(port), ..] = &entry[..] else {
            return None;
        };
        let host = match host {
            Value::BulkString(host) => std::str::from_utf8(host).ok()?,
            Value::SimpleString(host) => host,
            _ => "",
        };
        let port = u16::try_from(*port).ok().filter(|port| *port > 0)?;
        Some(Self::new(named(host, asked), port))
    }

    /// From a redirection, `host:port`, of the server at this host.
    pub(crate) fn parse(text: &str, asked: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Some(Self::new(named(host, asked), port.parse().ok()?))
    }

    /// Of a server that is named in this way.
    pub(crate) fn of(info: &ConnectionInfo) -> Option<Self> {
        match info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some(Self::new(host, *port))
            }
            _ => None,
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// How to connect to it: as to this other server of the cluster.
    pub(crate) fn like(&self, other: &ConnectionInfo) -> ConnectionInfo {
        let (host, port) = (self.host.clone(), self.port);
        let address = match other.addr() {
            ConnectionAddr::TcpTls {
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        other.clone().set_addr(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn named<'a>(host: &'a str, asked: &'a str) -> &'a str {
    if matches!(host, "" | "?") {
        asked
    } else {
        host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_names_host_and_port() {
        let parse = |text| Address::parse(text, "here");
        assert_eq!(parse("10.0.0.1:7000"), Some(Address::new("10.0.0.1", 7000)));
        assert_eq!(parse("::1:7000"), Some(Address::new("::1", 7000)));
        assert_eq!(parse(":7000"), Some(Address::new("here", 7000)));
        assert_eq!(parse("?:7000"), Some(Address::new("here", 7000)));
        assert_eq!(parse("10.0.0.1"), None);
        assert_eq!(parse("10.0.0.1:seven"), None);
    }

    #[test]
    fn it_is_connected_to_as_the_others_are() {
        let seed: ConnectionInfo =
            redis::IntoConnectionInfo::into_connection_info("redis://user:secret@seed:7000/1")
                .expect("a URL");
        let info = Address::new("other", 7001).like(&seed);
        assert_eq!(Address::of(&info), Some(Address::new("other", 7001)));
        assert_eq!(info.redis_settings().username(), Some("user"));
        assert_eq!(info.redis_settings().db(), 1);
    }
}
