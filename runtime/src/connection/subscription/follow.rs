//! The task of a subscription.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use redis::{Msg, PushKind, RedisError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::attempt::{Subscribed, subscribe};
use super::watch::{closed, watch};
use super::{SubscriptionEvent, Wanted};
use crate::Class;
use crate::connection::failed::rest_ms;
use crate::connection::keeper::Keeper;

/// How long to rest after a failure that comes again until somebody has done something about it, such as a wrong password.
const LONG_REST: Duration = Duration::from_secs(5);

/// Subscribes again and again, until nobody listens any more.
pub(super) fn follow(keeper: Arc<Keeper>, wanted: Wanted) -> UnboundedReceiver<SubscriptionEvent> {
    let (events, received) = unbounded_channel();
    tokio::spawn(async move {
        let mut told = None;
        let mut failures = 0;
        // What has been learnt of a cluster.
        let mut known = Vec::new();
        while !events.is_closed() {
            let lost = match subscribe(&keeper, &wanted, &mut known).await {
                Ok(mut subscribed) => {
                    (told, failures) = (None, 0);
                    if events.send(SubscriptionEvent::Subscribed).is_err() {
                        return;
                    }
                    let lost = listen(&keeper, &mut subscribed, &events).await;
                    known = subscribed.known;
                    lost
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

/// Passes messages on until the connection is lost; `None`: until nobody wants them any more.
async fn listen(
    keeper: &Keeper,
    subscribed: &mut Subscribed,
    events: &UnboundedSender<SubscriptionEvent>,
) -> Option<RedisError> {
    let Subscribed {
        connection,
        pushes,
        server,
        known,
        renewal,
    } = subscribed;
    let heard = AtomicBool::new(false);
    let mut watched = pin!(watch(keeper, connection, server, known, renewal, &heard));
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
