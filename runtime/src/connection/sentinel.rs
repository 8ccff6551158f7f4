//! Which server is the master, as Sentinels see it.
//!
//! All are asked at once, and the one with the newest configuration is believed: a Sentinel that was cut off, or that stood still, still
//! names the old master. See "Guidelines for Redis clients with support for Redis Sentinel" in the Redis documentation; asking a majority goes
//! beyond it.

use std::collections::HashMap;
use std::fmt;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, ErrorKind, RedisConnectionInfo, RedisError, RedisResult,
};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::settings::{Settings, with_tcp_settings};
use super::source::config;

/// Where the Sentinels are, and what they are asked for.
#[derive(Clone)]
pub(super) struct Sentinels {
    nodes: Vec<ConnectionInfo>,
    master: String,
    /// How to speak to the servers that they name.
    pub(super) server: RedisConnectionInfo,
    pub(super) tls: bool,
}

/// Without addresses, which may carry passwords.
impl fmt::Debug for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sentinels({} for {:?})", self.nodes.len(), self.master)
    }
}

/// What one Sentinel says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Opinion {
    epoch: u64,
    host: String,
    port: u16,
    is_down: bool,
}

impl Sentinels {
    pub(super) fn new(nodes: Vec<ConnectionInfo>, master: String) -> RedisResult<Self> {
        if nodes.is_empty() {
            return Err((ErrorKind::EmptySentinelList, "no Sentinel is named").into());
        }
        let nodes = nodes.into_iter().map(with_tcp_settings).collect();
        Ok(Self {
            nodes,
            master,
            server: RedisConnectionInfo::default(),
            tls: false,
        })
    }

    /// The master now.
    pub(super) async fn master(&self, settings: &Settings) -> RedisResult<ConnectionInfo> {
        // Half of the time is left for the master itself.
        let limit = settings.connect_timeout / 2;
        let mut asked = JoinSet::new();
        for node in &self.nodes {
            let (client, config) = (Client::open(node.clone())?, config(settings));
            let question = self.question();
            asked.spawn(async move {
                let mut sentinel = client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?;
                question
                    .query_async::<HashMap<String, String>>(&mut sentinel)
                    .await
            });
        }
        let mut heard = Heard::of(self.nodes.len());
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
        self.address(heard.newest()?)
    }

    /// The same, for synchronous code.
    pub(super) fn master_blocking(&self, settings: &Settings) -> RedisResult<ConnectionInfo> {
        let limit = settings.connect_timeout / 2;
        let (answers, heard) = std::sync::mpsc::channel();
        for node in &self.nodes {
            let (client, question) = (Client::open(node.clone())?, self.question());
            let answers = answers.clone();
            // Not waited for: a Sentinel that stands still must not hold up those that do not.
            std::thread::spawn(move || {
                let ask = || {
                    let mut sentinel = client.get_connection_with_timeout(limit)?;
                    sentinel.set_read_timeout(Some(limit))?;
                    question.query::<HashMap<String, String>>(&mut sentinel)
                };
                let _ = answers.send(ask());
            });
        }
        drop(answers);
        let end = std::time::Instant::now() + limit;
        let mut opinions = Heard::of(self.nodes.len());
        while !opinions.is_enough() {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match heard.recv_timeout(left) {
                Ok(answer) => opinions.add(answer),
                Err(_) => break,
            }
        }
        self.address(opinions.newest()?)
    }

    fn question(&self) -> redis::Cmd {
        let mut question = redis::cmd("SENTINEL");
        question.arg("MASTER").arg(&self.master);
        question
    }

    fn address(&self, opinion: Opinion) -> RedisResult<ConnectionInfo> {
        if opinion.is_down {
            return Err((
                ErrorKind::MasterNameNotFoundBySentinel,
                "the Sentinels say that the master is down",
            )
                .into());
        }
        let (host, port) = (opinion.host, opinion.port);
        let address = if self.tls {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let info = redis::IntoConnectionInfo::into_connection_info(address)?;
        Ok(info.set_redis_settings(self.server.clone()))
    }
}

/// What has been heard so far.
struct Heard {
    asked: usize,
    opinions: Vec<Opinion>,
    failure: Option<RedisError>,
}

impl Heard {
    const fn of(asked: usize) -> Self {
        Self {
            asked,
            opinions: Vec::new(),
            failure: None,
        }
    }

    fn add(&mut self, answer: RedisResult<HashMap<String, String>>) {
        match answer.map(|fields| opinion(&fields)) {
            Ok(Some(opinion)) => self.opinions.push(opinion),
            Ok(None) => {}
            Err(error) => self.failure = Some(error),
        }
    }

    /// Of two majorities, one Sentinel is in both.
    fn is_enough(&self) -> bool {
        self.opinions.len() > self.asked / 2
    }

    fn newest(self) -> RedisResult<Opinion> {
        let newest = self
            .opinions
            .into_iter()
            .max_by_key(|opinion| opinion.epoch);
        newest.ok_or_else(|| {
            self.failure.unwrap_or_else(|| {
                let silent =
                    std::io::Error::new(std::io::ErrorKind::TimedOut, "no Sentinel has answered");
                silent.into()
            })
        })
    }
}

/// The reply to `SENTINEL MASTER`, as far as it is of interest.
fn opinion(fields: &HashMap<String, String>) -> Option<Opinion> {
    let flags = fields.get("flags").map(String::as_str).unwrap_or_default();
    Some(Opinion {
        epoch: fields.get("config-epoch")?.parse().ok()?,
        host: fields.get("ip")?.clone(),
        port: fields.get("port")?.parse().ok()?,
        is_down: flags.split(',').any(|flag| flag == "o_down"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(epoch: &str, port: &str, flags: &str) -> HashMap<String, String> {
        [
            ("config-epoch", epoch),
            ("ip", "10.0.0.1"),
            ("port", port),
            ("flags", flags),
        ]
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .into()
    }

    fn sentinels() -> Sentinels {
        let node =
            redis::IntoConnectionInfo::into_connection_info("redis://127.0.0.1:1").expect("a URL");
        Sentinels::new(vec![node], "mymaster".to_owned()).expect("there is one")
    }

    #[test]
    fn the_newest_configuration_is_believed() {
        let mut heard = Heard::of(3);
        heard.add(Ok(answer("7", "1000", "master")));
        assert!(!heard.is_enough());
        heard.add(Err((ErrorKind::Client, "not there").into()));
        heard.add(Ok(answer("8", "2000", "master")));
        assert!(heard.is_enough());
        assert_eq!(heard.newest().map(|opinion| opinion.port).ok(), Some(2000));
    }

    #[test]
    fn one_answer_is_better_than_none_and_none_is_an_error() {
        let mut heard = Heard::of(3);
        heard.add(Ok(HashMap::new()));
        assert!(heard.newest().is_err_and(|error| error.is_timeout()));
        let mut heard = Heard::of(3);
        heard.add(Ok(answer("1", "1000", "master")));
        assert!(heard.newest().is_ok());
    }

    #[test]
    fn a_master_that_is_down_is_not_connected_to() {
        let down = opinion(&answer("1", "1000", "master,s_down,o_down")).expect("complete");
        let error = sentinels().address(down).expect_err("it is down");
        assert_eq!(crate::Class::of(&error), crate::Class::Unreachable);
        let doubted = opinion(&answer("1", "1000", "master,s_down")).expect("complete");
        let up = sentinels()
            .address(doubted)
            .expect("one Sentinel's doubt is not enough");
        assert_eq!(up.addr().to_string(), "10.0.0.1:1000");
    }

    #[test]
    fn no_sentinels_are_an_error() {
        assert!(Sentinels::new(Vec::new(), "m".to_owned()).is_err());
    }
}
