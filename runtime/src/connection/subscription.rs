//! A subscription that comes back.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use std::{fmt, io};

use redis::aio::MultiplexedConnection;
use redis::{
    ConnectionAddr, ConnectionInfo, Msg, ProtocolVersion, PushInfo, PushKind, RedisError,
    RedisResult, ToRedisArgs, Value,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{sleep, timeout};

use super::Connector;
use super::ending::Peer;
use super::failed::rest_ms;
use super::keeper::Keeper;
use super::settings::Credentials;
use super::source::{client, config};
use crate::Class;

/// How long to rest after a failure that comes again until somebody has done something about it, such as a wrong password.
const LONG_REST: Duration = Duration::from_secs(5);
/// A connection is not tried more often than this, whatever the settings say.
const SHORTEST_CHECK: Duration = Duration::from_millis(10);

impl Connector {
    /// A subscription to these channels that subscribes again when its connection is lost. Connects nothing before
    /// [`next`](Subscription::next) is first called.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn subscribe(&self, channels: impl ToRedisArgs) -> Subscription {
        Subscription::new(self, Wanted::Channels(channels.to_redis_args()))
    }

    /// The same, to the channels whose names match these patterns.
    #[must_use = "it subscribes to nothing before `next` is called"]
    pub fn psubscribe(&self, patterns: impl ToRedisArgs) -> Subscription {
        Subscription::new(self, Wanted::Patterns(patterns.to_redis_args()))
    }
}

/// A subscription that comes back: when its connection is lost, it connects and subscribes again, behind Sentinels to the master of then.
///
/// What is published meanwhile is lost: Redis keeps nothing for subscribers who are not there. So it tells of each gap, and of its end.
///
/// ```no_run
/// use redis_resilient::connection::{Connector, SubscriptionEvent};
///
/// # async fn run() -> redis::RedisResult<()> {
/// let redis = Connector::open("redis://127.0.0.1/")?;
/// let mut invalidations = redis.subscribe(&["users", "orders"]);
/// loop {
///     match invalidations.next().await {
///         // Whatever was published before this has been missed: begin with nothing.
///         SubscriptionEvent::Subscribed => forget_everything(),
///         SubscriptionEvent::Message(message) => forget(message.get_channel_name(), &message.get_payload::<String>()?),
///         SubscriptionEvent::Lost(error) => eprintln!("no invalidations: {error}"),
///         _ => {}
///     }
/// }
/// # }
/// # fn forget_everything() {}
/// # fn forget(_: &str, _: &str) {}
/// ```
///
/// After each [`health_check_after`](super::ConnectorBuilder::health_check_after) the server is sent a `PING`, and behind Sentinels the master is
/// looked up. If neither an answer nor a message comes within [`response_timeout`](super::ConnectorBuilder::response_timeout), the connection is
/// lost. So one that leads nowhere is noticed after at most 1.5 s with the default settings, and a look-up that gets no answer adds 0.5 s.
///
/// After a failure it rests for 25 ms, then up to 250 ms, less at random; after one that will not pass by itself, such as a wrong password or
/// channels that it may not subscribe to, for 5 s.
///
/// It speaks RESP3 whatever the URL says, which Redis does since version 6. It is a task of tokio's from the first `next` until it is dropped.
/// Messages that are not taken wait in memory, without a limit.
pub struct Subscription {
    keeper: Arc<Keeper>,
    wanted: Wanted,
    events: Option<UnboundedReceiver<SubscriptionEvent>>,
}

/// What a [`Subscription`] has to tell.
#[derive(Debug)]
#[non_exhaustive]
pub enum SubscriptionEvent {
    /// It is subscribed, to all channels or patterns, for the first time or again. What was published before this, since the last message, may have
    /// been missed.
    Subscribed,
    /// What somebody has published.
    Message(Msg),
    /// The connection has been lost, or cannot be made: no message comes until the next [`Subscribed`](Self::Subscribed). Told once, and again
    /// where it turns out that it will not pass by itself, such as a wrong password, or that it will after all.
    Lost(RedisError),
}

#[derive(Clone, Debug)]
enum Wanted {
    Channels(Vec<Vec<u8>>),
    Patterns(Vec<Vec<u8>>),
}

impl Subscription {
    fn new(connector: &Connector, wanted: Wanted) -> Self {
        Self {
            keeper: connector.keeper.clone(),
            wanted,
            events: None,
        }
    }

    /// What happens next. Waits for it without an end.
    ///
    /// Nothing is lost if its future is dropped, as in `select!`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn next(&mut self) -> SubscriptionEvent {
        loop {
            let events = self
                .events
                .get_or_insert_with(|| follow(self.keeper.clone(), self.wanted.clone()));
            match events.recv().await {
                Some(event) => return event,
                // The task is gone with its runtime.
                None => self.events = None,
            }
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("to", &self.keeper.source)
            .finish_non_exhaustive()
    }
}

fn follow(keeper: Arc<Keeper>, wanted: Wanted) -> UnboundedReceiver<SubscriptionEvent> {
    let (events, received) = unbounded_channel();
    tokio::spawn(async move {
        let mut told = None;
        let mut failures = 0;
        while !events.is_closed() {
            let lost = match subscribe(&keeper, &wanted).await {
                Ok(subscribed) => {
                    (told, failures) = (None, 0);
                    if events.send(SubscriptionEvent::Subscribed).is_err() {
                        return;
                    }
                    listen(&keeper, subscribed, &events).await
                }
                Err(error) => Some(error),
            };
            let Some(error) = lost else { return };
            let passes = Class::of(&error).verdict(None).retry;
            if told.replace(passes) != Some(passes) {
                let _ = events.send(SubscriptionEvent::Lost(error));
            }
            sleep(rest(passes, failures)).await;
            failures = failures.saturating_add(1);
        }
    });
    received
}

/// Whether the failure passes by itself, and how many came before it.
fn rest(passes: bool, failures: u32) -> Duration {
    if passes {
        Duration::from_millis(rest_ms(failures, fastrand::u32(..)))
    } else {
        LONG_REST
    }
}

/// Where messages come from.
struct Subscribed {
    connection: MultiplexedConnection,
    pushes: UnboundedReceiver<PushInfo>,
    address: ConnectionAddr,
}

async fn subscribe(keeper: &Keeper, wanted: &Wanted) -> RedisResult<Subscribed> {
    let connect = |info: ConnectionInfo, credentials: Option<Credentials>| async move {
        let resp3 = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let client = client(info.set_redis_settings(resp3), credentials.as_ref())?;
        let (sender, pushes) = unbounded_channel();
        let config = config(&keeper.settings).set_push_sender(sender);
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        Ok((connection.await?, pushes))
    };
    let ((mut connection, pushes), address) = keeper.connect_subscriber(connect).await?;
    let limit = keeper.settings.response_timeout;
    let (Wanted::Channels(names) | Wanted::Patterns(names)) = wanted;
    // Each by itself: there are releases of redis-rs that take the reply to the first of several for that to all.
    for name in names {
        let subscribed = async {
            match wanted {
                Wanted::Channels(_) => connection.subscribe(&**name).await,
                Wanted::Patterns(_) => connection.psubscribe(&**name).await,
            }
        };
        let in_time = timeout(limit, subscribed).await;
        in_time.unwrap_or_else(|_| Err(silent(limit)))?;
    }
    Ok(Subscribed {
        connection,
        pushes,
        address,
    })
}

/// Passes messages on until the connection is lost; `None`: until nobody wants them any more.
async fn listen(
    keeper: &Keeper,
    subscribed: Subscribed,
    events: &UnboundedSender<SubscriptionEvent>,
) -> Option<RedisError> {
    let Subscribed {
        connection,
        mut pushes,
        address,
    } = subscribed;
    let heard = AtomicBool::new(false);
    let mut watched = pin!(watch(keeper, connection, &address, &heard));
    let mut dropped = pin!(events.closed());
    poll_fn(|context| {
        while let Poll::Ready(push) = pushes.poll_recv(context) {
            let Some(push) = push.filter(|push| push.kind != PushKind::Disconnection) else {
                return Poll::Ready(Some(closed()));
            };
            heard.store(true, Ordering::Relaxed);
            if let Some(message) = Msg::from_push_info(push) {
                let _ = events.send(SubscriptionEvent::Message(message));
            }
        }
        if dropped.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        watched.as_mut().poll(context).map(Some)
    })
    .await
}

/// Returns what is wrong with the connection, as soon as something is.
async fn watch(
    keeper: &Keeper,
    mut connection: MultiplexedConnection,
    address: &ConnectionAddr,
    heard: &AtomicBool,
) -> RedisError {
    let (settings, ping) = (&keeper.settings, redis::cmd("PING"));
    loop {
        sleep(settings.health_check_after.max(SHORTEST_CHECK)).await;
        if let Some(Ok(now)) = keeper.source.moved_to(settings, Some(address)).await
            && now != *address
        {
            return moved();
        }
        heard.store(false, Ordering::Relaxed);
        let answer = ping.query_async::<Value>(&mut connection);
        // Any answer will do, and so will a message: the answer may wait behind more of them.
        match timeout(settings.response_timeout, answer).await {
            Ok(Err(error)) if Peer::Server.is_ended_by(&error) => return error,
            Err(_) if !heard.load(Ordering::Relaxed) => return silent(settings.response_timeout),
            Ok(_) | Err(_) => {}
        }
    }
}

fn silent(limit: Duration) -> RedisError {
    let text = format!("the server has not answered a subscriber within {limit:?}");
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

fn closed() -> RedisError {
    let text = "the connection of a subscription was closed";
    io::Error::new(io::ErrorKind::UnexpectedEof, text).into()
}

fn moved() -> RedisError {
    let text = "another server is the master now";
    io::Error::new(io::ErrorKind::NotConnected, text).into()
}
