//! Connections beside the shared ones: for commands that wait in the server, and for those who want one for themselves.

mod gate;
mod idle;
mod limit;
mod turns;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use redis::{ConnectionAddr, RedisResult};
use tokio::sync::oneshot::{self, Receiver};
use tokio::time::{Instant, sleep};

use self::gate::{Entry, Gate, Ticket};
pub(super) use self::idle::IdleSpares;
use self::limit::{LOOK, Limit, Place};
use super::ending::Peer;
use super::keeper::Keeper;
use super::live::Live;
use super::settings::Settings;
use super::wire::{Wire, within};
use crate::clock::{now_ms, whole_millis};

/// How many there are to one server, and how they are connected.
#[derive(Debug, Default)]
pub(super) struct Spares {
    limit: Arc<Limit>,
    gate: Arc<Gate>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Spare {
    pub(super) wire: Wire,
    /// Where it leads.
    pub(super) address: Option<ConnectionAddr>,
}

/// One of them, for a command that waits.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) spare: Spare,
    /// Given back with it.
    _place: Place,
}

impl Held {
    /// For the next command that waits.
    pub(super) fn put_back(self, live: &Live) {
        self.spare.wire.heard(now_ms());
        if !live.is_given_up() {
            live.idle.put_back(self.spare);
        }
    }
}

/// A connect under way, in a task.
type Connecting = Receiver<RedisResult<Spare>>;

impl Keeper {
    /// A connection for a command that waits.
    pub(super) async fn hold_spare(self: &Arc<Self>, live: &Arc<Live>) -> RedisResult<Held> {
        let patience = self.source.connect_limit(&self.settings);
        let most = self.settings.waiting_connections;
        let place = self.spares.limit.enter(most, patience).await?;
        Ok(Held {
            spare: self.spare(Some(live)).await?,
            _place: place,
        })
    }

    /// A connection that is the caller's own.
    pub(super) async fn connect_spare(self: &Arc<Self>) -> RedisResult<Spare> {
        self.spare(None).await
    }

    /// An idle one of these, or one more.
    ///
    /// A future that is not polled has no turn to connect, and so it holds nobody up: tasks have them.
    async fn spare(self: &Arc<Self>, live: Option<&Arc<Live>>) -> RedisResult<Spare> {
        let longest = self.source.connect_limit(&self.settings).saturating_mul(2);
        let begun = Instant::now();
        let mut connecting: Option<Connecting> = None;
        loop {
            if let Some(live) = live
                && let Some(spare) = self.idle(live).await
            {
                return Ok(spare);
            }
            if connecting.is_none() {
                match self.spares.gate.enter(whole_millis(longest)) {
                    Entry::Connect(ticket) => connecting = Some(self.begin(ticket, live)),
                    Entry::Wait if begun.elapsed() >= longest => return Err(self.took_too_long()),
                    Entry::Wait => {}
                    Entry::Fail(error) => return Err(error),
                }
            }
            match self.spares.gate.change(&mut connecting).await {
                Some(Ok(connected)) => return connected,
                // It is gone with its runtime.
                Some(Err(_)) => connecting = None,
                None => {}
            }
        }
    }

    /// One that is still there: most of what waits must not be executed twice.
    async fn idle(&self, live: &Live) -> Option<Spare> {
        let mut spare = live.idle.take()?;
        if !spare.wire.is_quiet(now_ms()) {
            return Some(spare);
        }
        let limit = Some(self.settings.response_timeout);
        let answer = within(limit, spare.wire.send(&redis::cmd("PING"))).await;
        if self.source.peer().is_well(&answer) {
            return Some(spare);
        }
        // Those that have been idle for longer are not tried one by one.
        live.idle.clear();
        None
    }

    fn begin(self: &Arc<Self>, ticket: Ticket, live: Option<&Arc<Live>>) -> Connecting {
        let (keeper, live) = (self.clone(), live.cloned());
        let (connected, connecting) = oneshot::channel();
        tokio::spawn(async move {
            let result = keeper.connect_one().await;
            match &result {
                Ok(_) => ticket.succeeded(),
                Err(error) => ticket.failed(error.clone()),
            }
            if let (Ok(spare), Some(live)) = (&result, &live)
                && keeper.source.peer() == Peer::Server
                && spare.address.as_ref() != live.leads_to()
            {
                // Sentinels have named another server: the others are to go there too.
                live.give_up();
            }
            if let Err(Ok(spare)) = connected.send(result)
                && let Some(live) = live
                && !live.is_given_up()
            {
                // Whoever wanted it has left.
                live.idle.put_back(spare);
            }
        });
        connecting
    }

    async fn connect_one(&self) -> RedisResult<Spare> {
        let settings = Settings {
            connections: 1,
            response_timeout: Duration::MAX,
            ..self.settings.clone()
        };
        let credentials = self.credentials();
        let connected = self.connect(&settings, credentials.as_ref()).await?;
        let wire = connected.wires.into_iter().next();
        Ok(Spare {
            wire: wire.ok_or_else(|| self.took_too_long())?,
            address: connected.address,
        })
    }
}

impl Gate {
    /// Waits until a connect is over: the result, if it is the caller's own.
    async fn change(
        &self,
        connecting: &mut Option<Connecting>,
    ) -> Option<Result<RedisResult<Spare>, oneshot::error::RecvError>> {
        let mut changed = pin!(self.changed.notified());
        let mut look = pin!(sleep(LOOK));
        poll_fn(|context| {
            if let Some(connecting) = connecting
                && let Poll::Ready(result) = Pin::new(connecting).poll(context)
            {
                return Poll::Ready(Some(result));
            }
            let is_changed = changed.as_mut().poll(context).is_ready();
            if is_changed || look.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        })
        .await
    }
}
