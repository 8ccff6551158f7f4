//! Whether a server still belongs to its cluster, by what `CLUSTER NODES` says on it and on another: pure.
//!
//! One that was reset knows only itself, and of no slots. One that the others have forgotten sees them as before, and is told nothing any more.

use std::io;

use redis::{ConnectionAddr, ConnectionInfo, FromRedisValue, RedisError, RedisResult, Value};

/// The servers of a cluster, as one of them sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Members(Vec<Member>);

#[derive(Debug, PartialEq, Eq)]
struct Member {
    id: String,
    address: ConnectionAddr,
    is_the_one_asked: bool,
    is_there: bool,
    has_slots: bool,
}

impl Members {
    /// From the answer to `CLUSTER NODES` of this server, to be connected to as that one is.
    pub(crate) fn read(answer: Value, asked: &ConnectionInfo) -> Option<Self> {
        let text = String::from_redis_value(answer).ok()?;
        let members = text.lines().map(|line| Member::read(line, asked.addr()));
        let members = members.collect::<Option<Vec<_>>>()?;
        let is_complete = members.iter().any(|member| member.is_the_one_asked);
        is_complete.then_some(Self(members))
    }

    /// # Errors
    /// If the server that was asked belongs to no cluster with any slots.
    pub(crate) fn include_the_one_asked(&self) -> RedisResult<()> {
        if self.0.iter().any(|member| member.has_slots) {
            Ok(())
        } else {
            Err(left())
        }
    }

    /// Whether the server that was asked for `others` is one of these. It is said for nobody by one that has left itself.
    pub(crate) fn know(&self, others: &Self) -> bool {
        let mut asked = others.0.iter().filter(|member| member.is_the_one_asked);
        self.include_the_one_asked().is_err()
            || asked.all(|asked| self.0.iter().any(|member| member.id == asked.id))
    }

    pub(crate) fn have(&self, address: &ConnectionAddr) -> bool {
        let mut there = self.0.iter().filter(|member| member.is_there);
        there.any(|member| member.address == *address)
    }

    /// How to connect to the others.
    pub(crate) fn others_than_the_one_asked(&self, asked: &ConnectionInfo) -> Vec<ConnectionInfo> {
        let others = self
            .0
            .iter()
            .filter(|member| member.is_there && !member.is_the_one_asked);
        others
            .map(|member| asked.clone().set_addr(member.address.clone()))
            .collect()
    }
}

impl Member {
    /// `id address flags primary ping pong epoch link slots`: of the address, the name that it is announced by, if it has one.
    fn read(line: &str, asked: &ConnectionAddr) -> Option<Self> {
        let mut words = line.split(' ');
        let (id, address) = (words.next()?, words.next()?);
        let flags: Vec<_> = words.next()?.split(',').collect();
        let has_slots = words.nth(5).is_some_and(|slots| !slots.is_empty());
        let is = |flag: &str| flags.contains(&flag);
        let mut parts = address.split(',');
        let (host, port) = parts.next()?.split('@').next()?.rsplit_once(':')?;
        let name = parts
            .next()
            .filter(|name| !name.is_empty() && !name.contains('='));
        let port = port.parse().ok()?;
        let is_there = port > 0
            && !["fail", "fail?", "handshake", "noaddr"]
                .iter()
                .any(|flag| is(flag));
        Some(Self {
            id: id.to_owned(),
            address: beside(asked, name.unwrap_or(host), port),
            is_the_one_asked: is("myself"),
            is_there,
            has_slots,
        })
    }
}

/// The address of a server that is connected to as this one is, and at the same host if it does not know its own.
fn beside(asked: &ConnectionAddr, host: &str, port: u16) -> ConnectionAddr {
    let named = |own: &str| if host.is_empty() { own } else { host }.to_owned();
    match asked {
        ConnectionAddr::TcpTls {
            host: own,
            insecure,
            tls_params,
            ..
        } => ConnectionAddr::TcpTls {
            host: named(own),
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        ConnectionAddr::Tcp(own, _) => ConnectionAddr::Tcp(named(own), port),
        _ => ConnectionAddr::Tcp(host.to_owned(), port),
    }
}

pub(crate) fn left() -> RedisError {
    let text = "the server has left its cluster: subscribing on another one";
    io::Error::new(io::ErrorKind::NotConnected, text).into()
}

#[cfg(test)]
mod tests {
    use redis::IntoConnectionInfo as _;

    use super::*;

    const FIRST: &str = "aa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460
bb 10.0.0.2:7000@17000,two.internal master - 0 1 2 connected 5461-10922
cc 10.0.0.3:7000@17000,,shard-id=9 master,fail? - 0 1 3 disconnected 10923-16383
dd :7001@17001 slave aa 0 1 1 connected
ee :0@0 master,noaddr - 0 0 0 disconnected
";
    const FORGETFUL: &str = "bb 10.0.0.2:7000@17000 myself,master - 0 0 2 connected 5461-16383
";
    const RESET: &str = "aa 10.0.0.1:7000@17000 myself,master - 0 0 0 connected
";

    fn info(url: &str) -> ConnectionInfo {
        url.into_connection_info().expect("a URL")
    }

    fn members(text: &str) -> Members {
        let answer = Value::BulkString(text.as_bytes().to_vec());
        Members::read(answer, &info("redis://10.0.0.1:7000")).expect("complete")
    }

    #[test]
    fn those_are_known_that_are_there() {
        let others = members(FIRST).others_than_the_one_asked(&info("redis://u:p@seed:1"));
        let addresses: Vec<_> = others
            .iter()
            .map(|other| other.addr().to_string())
            .collect();
        assert_eq!(addresses, ["two.internal:7000", "10.0.0.1:7001"]);
        assert_eq!(others[0].redis_settings().username(), Some("u"));
        assert!(members(FIRST).have(others[0].addr()));
        assert!(!members(FIRST).have(info("redis://10.0.0.3:7000").addr()));
    }

    #[test]
    fn one_that_was_reset_knows_of_no_slots() {
        assert!(members(FIRST).include_the_one_asked().is_ok());
        assert!(members(FORGETFUL).include_the_one_asked().is_ok());
        assert!(members(RESET).include_the_one_asked().is_err());
    }

    #[test]
    fn one_that_was_forgotten_is_told_by_another() {
        assert!(!members(FORGETFUL).know(&members(FIRST)));
        assert!(members(FIRST).know(&members(FIRST)));
        assert!(members(FIRST).know(&members(FORGETFUL)));
        assert!(
            members(RESET).know(&members(FORGETFUL)),
            "it has left itself"
        );
    }

    #[test]
    fn what_is_no_answer_says_nothing() {
        for text in [
            "",
            "aa\n",
            "aa 10.0.0.1:7000@17000 master - 0 0 1 connected\n",
        ] {
            let answer = Value::BulkString(text.into());
            assert_eq!(Members::read(answer, &info("redis://a:1")), None);
        }
        assert_eq!(Members::read(Value::Nil, &info("redis://a:1")), None);
    }
}
