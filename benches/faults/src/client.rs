//! The connections that are compared: ours, and those of redis-rs with their default settings.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::aio::{ConnectionManager, MultiplexedConnection};
use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};
use redis_resilient::Class;
use redis_resilient::connection::{Connector, Credentials};
use tokio::runtime::Handle;

use crate::world::Password;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connector,
    ConnectorBlocking,
    Manager,
    Multiplexed,
    Connection,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Connector,
        Self::ConnectorBlocking,
        Self::Manager,
        Self::Multiplexed,
        Self::Connection,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connector => "Connector",
            Self::ConnectorBlocking => "Connector, sync",
            Self::Manager => "ConnectionManager",
            Self::Multiplexed => "MultiplexedConnection",
            Self::Connection => "redis::Connection",
        }
    }

    /// Whether something is promised of it.
    pub(crate) const fn is_ours(self) -> bool {
        matches!(self, Self::Connector | Self::ConnectorBlocking)
    }
}

/// What a caller sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Get,
    Set,
    /// A `GET` of a list.
    WrongType,
    /// A transaction with a command that does not exist.
    BadTransaction,
}

/// The key that is read and written, the list that is no string, and a value longer than a cut reply.
pub(crate) const KEY: &str = "k";
pub(crate) const LIST: &str = "list";
pub(crate) const VALUE: &str = "a value of some length";

impl Call {
    fn command(self) -> Cmd {
        match self {
            Self::Get | Self::BadTransaction => Cmd::get(KEY),
            Self::Set => Cmd::set(KEY, VALUE),
            Self::WrongType => Cmd::get(LIST),
        }
    }

    async fn send(self, connection: &mut impl redis::aio::ConnectionLike) -> RedisResult<Value> {
        match self {
            Self::BadTransaction => bad_transaction().query_async(connection).await,
            _ => self.command().query_async(connection).await,
        }
    }

    fn send_blocking(self, connection: &mut impl redis::ConnectionLike) -> RedisResult<Value> {
        match self {
            Self::BadTransaction => bad_transaction().query(connection),
            _ => self.command().query(connection),
        }
    }
}

fn bad_transaction() -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.atomic().set(KEY, VALUE).cmd("NOSUCHCOMMAND");
    pipeline
}

/// One caller, and what it holds.
pub(crate) struct Client {
    kind: Kind,
    address: redis::Client,
    runtime: Handle,
    held: Held,
}

enum Held {
    Nothing,
    Connector(Connector),
    Manager(ConnectionManager),
    Multiplexed(MultiplexedConnection),
    Connection(redis::Connection),
}

impl Client {
    /// Connects nothing.
    pub(crate) fn new(
        kind: Kind,
        url: &str,
        password: Option<&Password>,
        runtime: Handle,
    ) -> RedisResult<Self> {
        let mut held = Held::Nothing;
        if kind.is_ours() {
            let mut builder = Connector::builder(url)?;
            if let Some(password) = password {
                let password = password.clone();
                builder = builder.credentials(move || Credentials::password(password.get()));
            }
            held = Held::Connector(builder.build());
        }
        let mut info = redis::IntoConnectionInfo::into_connection_info(url)?;
        if let Some(password) = password {
            let settings = info.redis_settings().clone().set_password(password.get());
            info = info.set_redis_settings(settings);
        }
        Ok(Self {
            kind,
            address: redis::Client::open(info)?,
            runtime,
            held,
        })
    }

    /// As many threads as that use it at the same time, and leave what they have used.
    pub(crate) fn used_by(&self, threads: usize) -> RedisResult<()> {
        let Held::Connector(connector) = &self.held else {
            return Ok(());
        };
        // Held until all are connected.
        let mut held = Vec::with_capacity(threads);
        for _ in 0..threads {
            let mut connection = connector.get_blocking()?;
            redis::cmd("PING").exec(&mut connection)?;
            held.push(connection);
        }
        Ok(())
    }

    /// One plain call. One of redis-rs's connections is made first if there has been none, as an application does at its start; after that it
    /// is left to itself.
    pub(crate) fn call(&mut self, call: Call) -> RedisResult<Value> {
        let reply = self.send(call)?;
        // A server that has been started anew has nothing.
        let is_its_own = reply == Value::BulkString(VALUE.into()) || reply == Value::Nil;
        if call == Call::Get && !is_its_own {
            let kind = redis::ErrorKind::UnexpectedReturnType;
            return Err((kind, "the reply to another command").into());
        }
        Ok(reply)
    }

    fn send(&mut self, call: Call) -> RedisResult<Value> {
        let runtime = self.runtime.clone();
        if matches!(self.held, Held::Nothing) {
            self.held = match self.kind {
                Kind::Manager => {
                    Held::Manager(runtime.block_on(self.address.get_connection_manager())?)
                }
                Kind::Multiplexed => Held::Multiplexed(
                    runtime.block_on(self.address.get_multiplexed_async_connection())?,
                ),
                _ => Held::Connection(self.address.get_connection()?),
            };
        }
        match &mut self.held {
            Held::Nothing => Err(io::Error::from(io::ErrorKind::NotConnected).into()),
            Held::Connector(connector) if self.kind == Kind::ConnectorBlocking => {
                call.send_blocking(&mut connector.get_blocking()?)
            }
            Held::Connector(connector) => {
                runtime.block_on(async { call.send(&mut connector.get().await?).await })
            }
            Held::Manager(manager) => runtime.block_on(call.send(manager)),
            Held::Multiplexed(connection) => runtime.block_on(call.send(connection)),
            Held::Connection(connection) => call.send_blocking(connection),
        }
    }
}

/// What the caller sees: the server's word or the kind of the I/O error; and what the attribute takes it for.
pub(crate) fn seen(error: &RedisError) -> (String, Class) {
    let io = || {
        // redis-rs hands out its source within an `Arc`.
        let source: &Arc<dyn Error + Send + Sync> = error.source()?.downcast_ref()?;
        Some(format!("{:?}", source.downcast_ref::<io::Error>()?.kind()))
    };
    let what = match error.code() {
        Some(code) => code.to_owned(),
        None => io().unwrap_or_else(|| format!("{:?}", error.kind())),
    };
    (what, Class::of(error))
}
