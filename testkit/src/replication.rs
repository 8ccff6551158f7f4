//! What a server says of its part in replication.

use crate::{RealRedis, real_redis::ask::ask};

/// The arguments of servers of which some are replicas.
///
/// A replica gets the data by way of a file. If it got them straight from memory, the primary would
/// count it as online, but for up to a second not send it what is written meanwhile: that would be
/// lost if the replica were to take over. And replicas that come are not kept waiting for others.
pub(crate) const ARGS: [&str; 4] = [
    "--repl-diskless-sync",
    "no",
    "--repl-diskless-sync-delay",
    "0",
];

#[derive(Debug)]
pub(crate) struct Replication {
    is_primary: bool,
    /// Whether a replica has its primary's data.
    is_linked: bool,
    /// The ports of the replicas to which a primary sends what it is told.
    sent_to: Vec<u16>,
}

impl Replication {
    /// Asks a server; `None` if it does not answer.
    pub(crate) fn of(server: &RealRedis) -> Option<Self> {
        let info: String = ask(server, "INFO replication").ok()?;
        Some(Self::read(&info))
    }

    fn read(info: &str) -> Self {
        let says = |wanted: &str| info.lines().any(|line| line.trim_end() == wanted);
        Self {
            is_primary: says("role:master"),
            is_linked: says("master_link_status:up"),
            sent_to: info.lines().filter_map(port_of_online_replica).collect(),
        }
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.is_primary
    }

    pub(crate) fn is_linked(&self) -> bool {
        self.is_linked
    }

    /// Whether the server sends what it is told to `replica`, given [`ARGS`].
    pub(crate) fn is_sent_to(&self, replica: &RealRedis) -> bool {
        self.sent_to.contains(&replica.addr().port())
    }
}

/// Reads `slave0:ip=127.0.0.1,port=4001,state=online,offset=…`.
fn port_of_online_replica(line: &str) -> Option<u16> {
    let (name, fields) = line.split_once(':')?;
    let mut fields = fields.split(',').filter_map(|field| field.split_once('='));
    if !name.starts_with("slave") || !fields.clone().any(|field| field == ("state", "online")) {
        return None;
    }
    let (_, port) = fields.find(|(name, _)| *name == "port")?;
    port.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_primary_says() {
        let primary = Replication::read(
            "# Replication\r\nrole:master\r\nconnected_slaves:2\r\n\
             slave0:ip=127.0.0.1,port=4001,state=online,offset=42,lag=1\r\n\
             slave1:ip=127.0.0.1,port=4002,state=wait_bgsave,offset=0,lag=0\r\n\
             slave_read_only:1\r\n",
        );
        assert!(primary.is_primary() && !primary.is_linked());
        assert_eq!(primary.sent_to, [4001]);
    }

    #[test]
    fn reads_what_a_replica_says() {
        let replica = Replication::read("role:slave\r\nmaster_link_status:up\r\n");
        assert!(!replica.is_primary() && replica.is_linked());
        let replica = Replication::read("role:slave\r\nmaster_link_status:down\r\n");
        assert!(!replica.is_linked());
    }
}
