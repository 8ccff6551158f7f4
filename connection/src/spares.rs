//! Connections beside the shared ones: for commands that wait in the server, and for those who want one for themselves.

mod connects;
mod gate;
mod idle;
mod limit;

use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionAddr, RedisResult};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use self::gate::{Entry, Gate};
pub(super) use self::idle::IdleSpares;
use self::limit::{LOOK, Limit, Place};
use super::ending::Peer;
use super::events::Side;
use super::keeper::Keeper;
use super::live::Live;
use super::settings::Settings;
use super::wire::Wire;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

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

/// A connect under way, for the one who waits for it and for the task that does it.
type Connecting = oneshot::Receiver<RedisResult<Spare>>;
type Wanted = oneshot::Sender<RedisResult<Spare>>;

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
        self.is_listed();
        self.spare(None).await
    }

    /// An idle one of these, or one more.
    async fn spare(self: &Arc<Self>, live: Option<&Arc<Live>>) -> RedisResult<Spare> {
        let mut connecting: Option<Connecting> = None;
        // To wait for its turn, and to connect. A task in the queue of a worker that somebody blocks takes longer, and is not waited for.
        let longest = self.source.connect_limit(&self.settings).saturating_mul(3);
        let begun = Instant::now();
        loop {
            if let Some(live) = live
                && let Some(spare) = self.idle(live).await
            {
                return Ok(spare);
            }
            let under_way = match &mut connecting {
                Some(connecting) => connecting,
                None => match self.spares.gate.refusal() {
                    Some(error) => return Err(error),
                    None => connecting.insert(self.begin(live)),
                },
            };
            match timeout(LOOK, under_way).await {
                Ok(Ok(connected)) => return connected,
                // It is gone with its runtime.
                Ok(Err(_)) => connecting = None,
                Err(_) if begun.elapsed() >= longest => return Err(self.took_too_long()),
                // Somebody else may have put one back meanwhile.
                Err(_) => {}
            }
        }
    }

    /// One that is still there: most of what waits must not be executed twice.
    async fn idle(&self, live: &Live) -> Option<Spare> {
        let mut spare = live.idle.take()?;
        let address = spare.address.as_ref();
        self.settings.renew(&mut spare.wire, address).await;
        if !spare.wire.is_quiet(now_ms()) {
            return Some(spare);
        }
        let limit = self.settings.response_timeout;
        if spare.wire.answers_within(limit, self.source.peer()).await {
            return Some(spare);
        }
        // Those that have been idle for longer are not tried one by one.
        live.idle.clear();
        None
    }

    /// In a task, which has its turn only while it is at it: a future that is not polled has none, and so it holds nobody up.
    fn begin(self: &Arc<Self>, live: Option<&Arc<Live>>) -> Connecting {
        let (keeper, live) = (self.clone(), live.cloned());
        let (wanted, connecting) = oneshot::channel();
        tokio::spawn(async move {
            let Some(result) = keeper.connect_in_turn(&wanted).await else {
                return;
            };
            if let (Ok(spare), Some(live)) = (&result, &live)
                && keeper.source.peer() == Peer::Server
                && spare.address.as_ref() != live.leads_to()
            {
                // Sentinels have named another server: the others are to go there too.
                live.give_up();
            }
            if let Err(Ok(spare)) = wanted.send(result)
                && let Some(live) = live
                && !live.is_given_up()
            {
                // Whoever wanted it has left.
                live.idle.put_back(spare);
            }
        });
        connecting
    }

    /// `None`: nobody wants it any more.
    async fn connect_in_turn(&self, wanted: &Wanted) -> Option<RedisResult<Spare>> {
        let gate = &self.spares.gate;
        let longest = self.source.connect_limit(&self.settings).saturating_mul(2);
        let begun = Instant::now();
        while !wanted.is_closed() {
            match gate.enter(whole_millis(longest)) {
                Entry::Connect(admission) => {
                    let connected = self.connect_one().await;
                    let rest = admission.end(&connected);
                    if let Err(error) = &connected {
                        self.connect_failed(Side::Shared, error, rest);
                    }
                    return Some(connected);
                }
                Entry::Fail(error) => return Some(Err(error)),
                Entry::Wait if begun.elapsed() >= longest => {
                    return Some(Err(self.took_too_long()));
                }
                // Either way it is looked at again.
                Entry::Wait => drop(timeout(LOOK, gate.changed.notified()).await),
            }
        }
        None
    }

    async fn connect_one(&self) -> RedisResult<Spare> {
        let settings = Settings {
            connections: 1,
            response_timeout: Duration::MAX,
            ..self.settings.clone()
        };
        let connected = self.connect(&settings).await?;
        let wire = connected.wires.into_iter().next();
        Ok(Spare {
            wire: wire.ok_or_else(|| self.took_too_long())?,
            address: connected.address,
        })
    }
}
