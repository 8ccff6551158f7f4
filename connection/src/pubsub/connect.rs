//! How a hub connects.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, ProtocolVersion, PushInfo, RedisResult};

use super::hub::{Hub, Link};
use super::watch::members;
use crate::endpoint::{client, config};
use crate::settings::credentials::{Asked, Renewal};

/// Where messages come from.
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) link: Arc<Link>,
    pub(crate) server: ConnectionInfo,
    /// The other servers of its cluster.
    pub(crate) known: Vec<ConnectionInfo>,
    /// Of the credentials that it was made with.
    pub(crate) renewal: Renewal,
}

/// Connects to a server; in a cluster to one that is `known`, if there is any.
pub(crate) async fn connect(
    hub: &Arc<Hub>,
    known: &mut Vec<ConnectionInfo>,
) -> RedisResult<Connected> {
    let manager = &hub.manager;
    let connect = |info: ConnectionInfo, asked: Asked| async move {
        let resp3 = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let server = info.set_redis_settings(resp3);
        let client = client(server.clone(), &manager.settings, asked.get())?;
        let link = Arc::new(Link::default());
        let (reader, read) = (hub.clone(), link.clone());
        let pushed = move |push: PushInfo| {
            reader.pushed(&read, push);
            Ok::<_, std::convert::Infallible>(())
        };
        let config = config(&manager.settings).set_push_sender(pushed);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut known = Vec::new();
        if manager.endpoint.is_cluster()
            && let Some(members) = members(&mut connection, &server).await?
        {
            members.include_the_one_asked()?;
            known = members.others_than_the_one_asked(&server);
        }
        Ok(Connected {
            connection,
            link,
            server,
            known,
            renewal: asked.renewal,
        })
    };
    let connected = manager.connect_subscriber(known, connect).await?;
    connected.known.clone_into(known);
    hub.goes_over(&connected.link);
    Ok(connected)
}
