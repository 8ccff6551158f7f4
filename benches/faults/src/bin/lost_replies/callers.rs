//! Who sends the commands: annotated functions, over each kind of connection.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, RedisResult, Value};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;
use redis_resilient_tests::commands::samples::{SAMPLES, Sample};
use tokio::runtime::Runtime;

use super::Result;
use super::lossy::Lossy;
use super::visible::{VISIBLE, Visible};

/// Over which connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Connection,
    Blocking,
    Manager,
}

impl Caller {
    pub(crate) const ALL: [Self; 3] = [Self::Connection, Self::Blocking, Self::Manager];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Blocking => "blocking",
            Self::Manager => "manager",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|caller| caller.name() == name);
        found.ok_or_else(|| format!("there is no caller `{name}`; `--help` lists them").into())
    }
}

/// What a caller draws from: a connection of ours decides by the command that it is given, the attribute by what the body shows.
#[derive(Clone, Copy)]
pub(crate) enum Call {
    Sample(&'static Sample),
    Visible(&'static Visible),
}

impl Call {
    pub(crate) fn all(caller: Caller) -> Vec<Self> {
        match caller {
            Caller::Connection | Caller::Blocking => SAMPLES.iter().map(Self::Sample).collect(),
            Caller::Manager => VISIBLE.iter().map(Self::Visible).collect(),
        }
    }

    pub(crate) fn before(self) -> &'static str {
        match self {
            Self::Sample(sample) => sample.before,
            Self::Visible(visible) => visible.before,
        }
    }

    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Sample(sample) => sample.line,
            Self::Visible(visible) => visible.line,
        }
    }

    pub(crate) fn is_random(self) -> bool {
        match self {
            Self::Sample(sample) => sample.is_random,
            Self::Visible(visible) => visible.is_random,
        }
    }
}

pub(crate) enum Connected {
    Connection(Connector),
    Blocking(Connector),
    Manager(ConnectionManager),
}

impl Connected {
    pub(crate) fn to(url: &str, caller: Caller, runtime: &Runtime) -> Result<Self> {
        let connector = || Ok::<_, redis::RedisError>(Connector::builder(url)?.build());
        Ok(match caller {
            Caller::Connection => Self::Connection(connector()?),
            Caller::Blocking => Self::Blocking(connector()?),
            Caller::Manager => {
                let client = Client::open(url)?;
                let config = ConnectionManagerConfig::new()
                    .set_min_delay(Duration::from_millis(1))
                    .set_response_timeout(Some(Duration::from_secs(5)));
                let manager = client.get_connection_manager_with_config(config);
                Self::Manager(runtime.block_on(manager)?)
            }
        })
    }

    pub(crate) fn call(
        &self,
        call: Call,
        command: &Cmd,
        lossy: &Lossy<'_>,
        runtime: &Runtime,
    ) -> RedisResult<Value> {
        match (self, call) {
            (Self::Connection(redis), _) => runtime.block_on(send(redis, command, lossy)),
            (Self::Blocking(redis), _) => send_blocking(redis, command, lossy),
            (Self::Manager(redis), Call::Visible(visible)) => {
                runtime.block_on((visible.call)(redis, lossy))
            }
            (Self::Manager(_), Call::Sample(_)) => unreachable!("it draws what its bodies show"),
        }
    }

    /// Waits until it is connected again: what happens while it is not is none of this run's business.
    pub(crate) fn recover(&self, runtime: &Runtime) {
        if let Self::Manager(redis) = self {
            let ping = redis::cmd("PING");
            let is_there = || {
                runtime
                    .block_on(ping.exec_async(&mut redis.clone()))
                    .is_ok()
            };
            while !is_there() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
async fn send(redis: &Connector, command: &Cmd, lossy: &Lossy<'_>) -> RedisResult<Value> {
    let mut connection = redis.get().await?;
    lossy.attempt();
    command.query_async(&mut connection).await
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
fn send_blocking(redis: &Connector, command: &Cmd, lossy: &Lossy<'_>) -> RedisResult<Value> {
    let mut connection = redis.get_blocking()?;
    lossy.attempt();
    command.query(&mut connection)
}
