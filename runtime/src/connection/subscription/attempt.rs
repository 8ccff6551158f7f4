//! One attempt to subscribe.

use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, ProtocolVersion, PushInfo, RedisResult};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::Wanted;
use super::watch::{members, silent};
use crate::connection::credentials::{Asked, Renewal};
use crate::connection::keeper::Keeper;
use crate::connection::source::{client, config};

/// So many channels are subscribed to in one round trip.
const TOGETHER: usize = 500;

/// Where messages come from.
pub(super) struct Subscribed {
    pub(super) connection: MultiplexedConnection,
    pub(super) pushes: UnboundedReceiver<PushInfo>,
    pub(super) server: ConnectionInfo,
    /// The other servers of its cluster.
    pub(super) known: Vec<ConnectionInfo>,
    /// Of the credentials that it was made with.
    pub(super) renewal: Renewal,
}

/// Subscribes on a server; in a cluster on one that is `known`, if there is any.
pub(super) async fn subscribe(
    keeper: &Keeper,
    wanted: &Wanted,
    known: &mut Vec<ConnectionInfo>,
) -> RedisResult<Subscribed> {
    let connect = |info: ConnectionInfo, asked: Asked| async move {
        let resp3 = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let server = info.set_redis_settings(resp3);
        let client = client(server.clone(), &keeper.settings, asked.get())?;
        let (sender, pushes) = unbounded_channel();
        let config = config(&keeper.settings).set_push_sender(sender);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut known = Vec::new();
        if keeper.source.is_cluster()
            && let Some(members) = members(&mut connection, &server).await?
        {
            members.include_the_one_asked()?;
            known = members.others_than_the_one_asked(&server);
        }
        Ok(Subscribed {
            connection,
            pushes,
            server,
            known,
            renewal: asked.renewal,
        })
    };
    let mut subscribed = keeper.connect_subscriber(known, connect).await?;
    subscribed.known.clone_into(known);
    let limit = keeper.settings.response_timeout;
    for names in wanted.names().chunks(TOGETHER) {
        // Each by a command of its own: there are releases of redis-rs that take the confirmation of the first of several for that of all.
        let mut commands = redis::pipe();
        for name in names {
            commands.cmd(wanted.command()).arg(&**name);
        }
        let confirmed = subscribed
            .connection
            .send_packed_commands(&commands, 0, names.len());
        let confirmed = timeout(limit, confirmed).await;
        for reply in confirmed.unwrap_or_else(|_| Err(silent(limit)))? {
            reply.extract_error()?;
        }
    }
    Ok(subscribed)
}

impl Wanted {
    fn names(&self) -> &[Vec<u8>] {
        let (Self::Channels(names) | Self::Patterns(names)) = self;
        names
    }

    const fn command(&self) -> &'static str {
        match self {
            Self::Channels(_) => "SUBSCRIBE",
            Self::Patterns(_) => "PSUBSCRIBE",
        }
    }
}
