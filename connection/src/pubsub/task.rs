//! The task of a hub: connects, subscribes, and comes back.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, Value};
use tokio::time::{Instant, timeout};

use super::connect::{Connected, connect};
use super::hub::{Hub, Link};
use super::registry::{Kind, Order};
use super::subscriber::passes;
use super::watch::{closed, silent, watch};
use crate::events::{Gap, Loss, Side};
use crate::manager::subscriptions::gate::LONG_REST;
use crate::raw::disconnect_policy::Peer;
use crate::raw::origin::at;
use redis_resilient_runtime::__seam::clock::now_ms;

/// So many channels are subscribed to in one round trip.
const TOGETHER: usize = 500;
/// A connection that nobody subscribes over is kept for so long: the next may come soon.
const LINGER: Duration = Duration::from_secs(1);
/// A channel that was refused for a reason that passes is asked for again after so long.
const REST: Duration = Duration::from_millis(250);

/// Keeps the connection of a hub until nobody subscribes over it any more.
pub(crate) async fn run(ends: Ends) {
    let hub = &ends.0;
    let manager = hub.manager.clone();
    let gate = &manager.subscriptions.gate;
    let limit = manager.endpoint.connect_limit(&manager.settings);
    // What has been learnt of a cluster.
    let mut known = Vec::new();
    // What observers are told of when it is over.
    let mut gap = None;
    while is_wanted(hub).await {
        gate.turn(limit, |error| hub.fails(error)).await;
        let begun = Instant::now();
        let error = match connect(hub, &mut known).await {
            Ok(mut connected) => {
                gate.connected();
                let took = begun.elapsed();
                let address = connected.server.addr().clone();
                manager.endpoint.leads_to(&manager.settings, &address);
                let side = Side::Subscriptions;
                manager
                    .settings
                    .tell(|events| events.connected(side, &address, took));
                let begun = Instant::now();
                let end = serve(hub, &mut connected, &mut gap).await;
                known = connected.known;
                let Some(error) = end else {
                    gap = None;
                    continue;
                };
                gate.lost(begun.elapsed());
                let error = at(Some(&address), error);
                let cause = || error.clone();
                manager
                    .settings
                    .tell(|events| events.lost(side, Loss::Gone, Some(&address), cause));
                // What is sought on other servers has a gap of its own.
                if manager.endpoint.node().is_none() {
                    gap.get_or_insert_with(|| Gap {
                        address: Some(address),
                        error: error.clone(),
                        begun_ms: now_ms(),
                    });
                }
                error
            }
            Err(error) => {
                let rest = gate.failed(&error, passes(&error));
                manager.connect_failed(Side::Subscriptions, &error, Some(rest));
                error
            }
        };
        hub.disconnected(&error);
    }
}

/// Those that it serves are told when the task is gone, or was never begun: its runtime may be about to end.
pub(crate) struct Ends(pub(crate) Arc<Hub>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// Waits until somebody wants something; `false`: for so long nobody did.
async fn is_wanted(hub: &Hub) -> bool {
    while !hub.is_wanted() {
        if timeout(LINGER, hub.changed.notified()).await.is_err() && hub.ends_unwanted() {
            return false;
        }
    }
    true
}

/// Serves until the connection is lost; `None`: until nobody wants anything any more.
async fn serve(hub: &Hub, connected: &mut Connected, gap: &mut Option<Gap>) -> Option<RedisError> {
    let Connected {
        connection,
        link,
        server,
        known,
        renewal,
    } = connected;
    let mut closes = pin!(link.closed.notified());
    let mut asks = pin!(ask(hub, connection.clone(), link, gap));
    let mut watches = pin!(watch(
        &hub.manager,
        connection,
        server,
        known,
        renewal,
        link
    ));
    poll_fn(|context| {
        if closes.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(closed()));
        }
        if let Poll::Ready(end) = asks.as_mut().poll(context) {
            return Poll::Ready(end);
        }
        watches.as_mut().poll(context).map(Some)
    })
    .await
}

/// Subscribes and unsubscribes as it is wanted, some at a time.
async fn ask(
    hub: &Hub,
    mut connection: MultiplexedConnection,
    link: &Link,
    gap: &mut Option<Gap>,
) -> Option<RedisError> {
    let limit = hub.manager.settings.response_timeout();
    let mut retry_at = None;
    loop {
        let orders = hub.orders(TOGETHER);
        if orders.is_empty() {
            if let Some(gap) = gap.take_if(|_| hub.is_wanted()) {
                hub.manager
                    .settings
                    .tell(|events| events.resubscribed(&gap));
            }
            let now = Instant::now();
            let rest = match retry_at {
                Some(at) if at <= now => {
                    hub.retry();
                    retry_at = None;
                    continue;
                }
                Some(at) => at - now,
                None => LINGER,
            };
            let woken = timeout(rest, hub.changed.notified()).await.is_ok();
            if !woken && retry_at.is_none() && !hub.is_wanted() {
                return None;
            }
            continue;
        }
        let replies = match send(&mut connection, &orders, limit, link).await {
            Ok(replies) => replies,
            Err(error) => return Some(error),
        };
        let is_error = |reply: &Value| matches!(reply, Value::ServerError(_));
        let mut answers = orders.iter().zip(&replies);
        if answers.any(|(order, reply)| !order.is_confirmed_by(reply) && !is_error(reply)) {
            // The server has ended a subscription by itself, and redis-rs takes that for the answer to something else. What was confirmed is known all the
            // same, but not what was refused.
            let is_refused = replies.iter().any(is_error);
            if is_refused || timeout(limit, done(hub, &orders)).await.is_err() {
                return Some(mixed_up());
            }
            continue;
        }
        for (order, reply) in orders.iter().zip(replies) {
            let Err(error) = reply.extract_error() else {
                continue;
            };
            // What a node refuses says nothing of the connection.
            if Peer::Node.is_ended_by(&error) {
                return Some(error);
            }
            let error = explained(order, error);
            hub.refused(order, &error);
            let rest = if passes(&error) { REST } else { LONG_REST };
            let at = Instant::now() + rest;
            retry_at = Some(retry_at.map_or(at, |other: Instant| other.min(at)));
        }
    }
}

/// Sends them together. The answers may come late, as long as something comes: they wait behind messages.
async fn send(
    connection: &mut MultiplexedConnection,
    orders: &[Order],
    limit: Duration,
    link: &Link,
) -> RedisResult<Vec<Value>> {
    // Each by a command of its own: there are releases of redis-rs that take the confirmation of the first of several for that of all.
    let mut commands = redis::pipe();
    for order in orders {
        let command = order.kind.command(order.is_wanted);
        commands.cmd(command).arg(&*order.name);
    }
    let mut replies = pin!(connection.send_packed_commands(&commands, 0, orders.len()));
    loop {
        let heard = link.heard();
        match timeout(limit, replies.as_mut()).await {
            Ok(replies) => return replies,
            Err(_) if link.heard() == heard => return Err(silent(limit)),
            Err(_) => {}
        }
    }
}

/// Waits until the server has done all of this.
async fn done(hub: &Hub, orders: &[Order]) {
    while !hub.has_done(orders) {
        hub.changed.notified().await;
    }
}

fn mixed_up() -> RedisError {
    let text = "the server has ended a subscription while others were asked for: it is not known which were refused";
    io::Error::new(io::ErrorKind::InvalidData, text).into()
}

/// An old server does not know sharded channels.
fn explained(order: &Order, error: RedisError) -> RedisError {
    let is_unknown = error
        .detail()
        .is_some_and(|detail| detail.contains("unknown command"));
    if order.kind != Kind::Shard || !is_unknown {
        return error;
    }
    (
        ErrorKind::InvalidClientConfig,
        "this server knows no sharded channels, or they are not allowed: Redis 7 or Valkey is needed, or Connector::subscribe",
        error.to_string(),
    )
        .into()
}
