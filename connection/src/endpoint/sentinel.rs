//! Which server is the primary, as Sentinels see it.
//!
//! All are asked at once, a majority has to answer, and the one with the newest configuration is believed: a Sentinel that was cut off, or that
//! stood still, still names the old primary. See "Guidelines for Redis clients with support for Redis Sentinel" in the Redis documentation; asking a majority goes
//! beyond it. For a replica the same ones are asked, and those are believed that see the newest configuration.

pub(crate) mod opinion;
pub(crate) mod replicas;

use std::fmt;

use redis::{Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, RedisConnectionInfo, RedisResult};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::role::Role;
use crate::endpoint::place::addresses;
use crate::settings::client::{client, config};
#[cfg(feature = "tls-rustls")]
use crate::settings::tls::Certificates;
use crate::settings::{Settings, with_tcp_settings};
use opinion::{Heard, Needed, Opinion};

/// Where the Sentinels are, and what they are asked for.
#[derive(Clone)]
pub(crate) struct Sentinels {
    nodes: Vec<ConnectionInfo>,
    primary: String,
    /// How to speak to the servers that they name.
    pub(crate) server: RedisConnectionInfo,
    pub(crate) tls: bool,
    #[cfg(feature = "tls-rustls")]
    certificates: Option<Certificates>,
    pub(crate) role: Role,
    needed: Needed,
}

/// Without addresses, which may carry passwords.
impl fmt::Debug for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, name) = (self.nodes.len(), &self.primary);
        let role = match self.role {
            Role::Primary => "the primary",
            Role::Replica => "a replica",
        };
        write!(f, "Sentinels({count} for {role} of {name:?})")
    }
}

impl Sentinels {
    /// Where the server is, for people: as the Sentinels are asked for it.
    pub(crate) fn place(&self) -> String {
        let role = match self.role {
            Role::Primary => "",
            Role::Replica => "a replica of ",
        };
        format!("{role}{} at {}", self.primary, addresses(&self.nodes))
    }

    pub(crate) fn new(nodes: Vec<ConnectionInfo>, primary: String) -> RedisResult<Self> {
        if nodes.is_empty() {
            return Err((
                ErrorKind::EmptySentinelList,
                "no address of a Sentinel is given",
            )
                .into());
        }
        let mut distinct: Vec<ConnectionInfo> = Vec::new();
        for node in nodes {
            // Named twice, one would be a majority of two.
            if !distinct.iter().any(|known| known.addr() == node.addr()) {
                distinct.push(with_tcp_settings(node));
            }
        }
        Ok(Self {
            nodes: distinct,
            primary,
            server: RedisConnectionInfo::default(),
            tls: false,
            #[cfg(feature = "tls-rustls")]
            certificates: None,
            role: Role::Primary,
            needed: Needed::Majority,
        })
    }

    pub(crate) const fn needs_majority(&mut self, needs: bool) {
        self.needed = if needs { Needed::Majority } else { Needed::Any };
    }

    /// Over TLS, that is; Sentinels without are spoken to as before.
    #[cfg(feature = "tls-rustls")]
    pub(crate) fn trust(&mut self, certificates: Certificates) {
        for node in &mut self.nodes {
            if let Some(address) = certificates.on(node.addr()) {
                *node = node.clone().set_addr(address);
            }
        }
        self.tls = true;
        self.certificates = Some(certificates);
    }

    /// The servers of the role that is wanted, best first; the one at the `present` address, if it is one of the best.
    pub(crate) async fn servers(
        &self,
        settings: &Settings,
        present: Option<&ConnectionAddr>,
    ) -> RedisResult<Vec<ConnectionInfo>> {
        // Half of the time is left for the primary itself.
        let limit = settings.connect_timeout() / 2;
        let mut asked = JoinSet::new();
        for node in &self.nodes {
            let (client, config) = (client(node.clone(), settings, None)?, config(settings));
            let (primary, replicas) = self.questions();
            asked.spawn(async move {
                let mut sentinel = client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?;
                let primary = primary.query_async(&mut sentinel).await?;
                let replicas = match replicas {
                    Some(replicas) => replicas.query_async(&mut sentinel).await?,
                    None => Vec::new(),
                };
                Ok((primary, replicas))
            });
        }
        let mut heard = Heard::of(self.nodes.len(), self.needed);
        let listen = async {
            while let Some(answer) = asked.join_next().await {
                // A task that panicked has said nothing.
                if let Ok(answer) = answer {
                    heard.add(answer);
                }
                if heard.is_enough() {
                    return;
                }
            }
        };
        let _ = timeout(limit, listen).await;
        self.addresses(heard.newest(&self.primary)?, present)
    }

    /// The same, for synchronous code.
    pub(crate) fn servers_blocking(
        &self,
        settings: &Settings,
        present: Option<&ConnectionAddr>,
    ) -> RedisResult<Vec<ConnectionInfo>> {
        let limit = settings.connect_timeout() / 2;
        let (answers, heard) = std::sync::mpsc::channel();
        for node in &self.nodes {
            let client = client(node.clone(), settings, None)?;
            let (primary, replicas) = self.questions();
            let answers = answers.clone();
            // Not waited for: a Sentinel that stands still must not hold up those that do not.
            std::thread::spawn(move || {
                let ask = || {
                    let mut sentinel = client.get_connection_with_timeout(limit)?;
                    sentinel.set_read_timeout(Some(limit))?;
                    let primary = primary.query(&mut sentinel)?;
                    let replicas = match replicas {
                        Some(replicas) => replicas.query(&mut sentinel)?,
                        None => Vec::new(),
                    };
                    Ok((primary, replicas))
                };
                let _ = answers.send(ask());
            });
        }
        drop(answers);
        let end = std::time::Instant::now() + limit;
        let mut opinions = Heard::of(self.nodes.len(), self.needed);
        while !opinions.is_enough() {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match heard.recv_timeout(left) {
                Ok(answer) => opinions.add(answer),
                Err(_) => break,
            }
        }
        self.addresses(opinions.newest(&self.primary)?, present)
    }

    fn questions(&self) -> (Cmd, Option<Cmd>) {
        let question = |what| {
            let mut question = redis::cmd("SENTINEL");
            question.arg(what).arg(&self.primary);
            question
        };
        let replicas = (self.role == Role::Replica).then(|| question("REPLICAS"));
        (question("MASTER"), replicas)
    }

    fn addresses(
        &self,
        opinion: Opinion,
        present: Option<&ConnectionAddr>,
    ) -> RedisResult<Vec<ConnectionInfo>> {
        let mut addresses = Vec::new();
        for replica in opinion.replicas {
            addresses.push(self.address(replica.host, replica.port));
        }
        fastrand::shuffle(&mut addresses);
        addresses.sort_by_key(|address| Some(address) != present);
        if !opinion.is_down {
            addresses.push(self.address(opinion.host, opinion.port));
        }
        if addresses.is_empty() {
            return Err((
                ErrorKind::MasterNameNotFoundBySentinel,
                "the Sentinels say that the primary is down",
            )
                .into());
        }
        let infos = addresses.into_iter().map(|address| {
            let info = redis::IntoConnectionInfo::into_connection_info(address)?;
            Ok(info.set_redis_settings(self.server.clone()))
        });
        infos.collect()
    }

    fn address(&self, host: String, port: u16) -> ConnectionAddr {
        if !self.tls {
            return ConnectionAddr::Tcp(host, port);
        }
        let address = ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        };
        #[cfg(feature = "tls-rustls")]
        if let Some(certificates) = &self.certificates {
            return certificates.on(&address).unwrap_or(address);
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::opinion::opinion;
    use super::opinion::tests::fields;
    use super::*;

    /// The addresses, with two replicas on ports 2000 and 3000.
    fn chosen(role: Role, flags: &str, present: &str) -> RedisResult<Vec<String>> {
        let mut sentinels = sentinels();
        sentinels.role = role;
        let replicas = vec![
            fields("1", "2000", "slave"),
            fields("1", "3000", "slave"),
            fields("1", "4000", "s_down,slave"),
        ];
        let primary = fields("1", "1000", flags);
        let replicas = match sentinels.questions() {
            (_, Some(_)) => replicas,
            (_, None) => Vec::new(),
        };
        let opinion = opinion(&(primary, replicas)).expect("complete");
        let present = ConnectionAddr::Tcp("10.0.0.1".to_owned(), present.parse().unwrap_or(0));
        let infos = sentinels.addresses(opinion, Some(&present))?;
        Ok(infos.iter().map(|info| info.addr().to_string()).collect())
    }

    fn sentinels() -> Sentinels {
        let node =
            redis::IntoConnectionInfo::into_connection_info("redis://127.0.0.1:1").expect("a URL");
        Sentinels::new(vec![node], "mymaster".to_owned()).expect("there is one")
    }

    #[test]
    fn a_primary_that_is_down_is_not_connected_to() {
        let error = chosen(Role::Primary, "master,s_down,o_down", "").expect_err("it is down");
        assert_eq!(
            redis_resilient_runtime::Class::of(&error),
            redis_resilient_runtime::Class::Unreachable
        );
        let up = chosen(Role::Primary, "master,s_down", "");
        assert_eq!(
            up.expect("one Sentinel's doubt is not enough"),
            ["10.0.0.1:1000"]
        );
    }

    #[test]
    fn of_the_replicas_the_present_one_comes_first_and_the_primary_is_the_last_resort() {
        for present in ["2000", "3000"] {
            let chosen = chosen(Role::Replica, "master", present).expect("they are well");
            assert_eq!(chosen.first(), Some(&format!("10.0.0.1:{present}")));
            assert_eq!(chosen.last().map(String::as_str), Some("10.0.0.1:1000"));
            assert_eq!(chosen.len(), 3);
        }
        let without = chosen(Role::Replica, "master,o_down", "1000").expect("they are well");
        assert_eq!(without.len(), 2, "{without:?}");
    }

    #[test]
    fn one_that_is_named_twice_has_one_voice() {
        let nodes = ["redis://one:1", "redis://user:word@one:1", "redis://two:1"];
        let nodes = nodes.map(redis::IntoConnectionInfo::into_connection_info);
        let nodes = nodes.into_iter().collect::<RedisResult<Vec<_>>>();
        let sentinels = Sentinels::new(nodes.expect("URLs"), "m".to_owned()).expect("two");
        assert_eq!(sentinels.nodes.len(), 2);
    }

    #[test]
    fn no_sentinels_are_an_error() {
        assert!(Sentinels::new(Vec::new(), "m".to_owned()).is_err());
    }
}
