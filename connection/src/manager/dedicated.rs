//! Connections beside the shared ones: for commands that wait in the server, and for those who want one for themselves.

pub(crate) mod connects;
pub(crate) mod gate;
pub(crate) mod idle;
pub(crate) mod limit;

use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionAddr, RedisResult};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use self::gate::{Entry, Gate};
pub(crate) use self::idle::IdleDedicated;
use self::limit::{LOOK, Limit, Place};
use crate::events::Side;
use crate::manager::Manager;
use crate::manager::generation::Generation;
use crate::raw::RawConnection;
use crate::raw::disconnect_policy::Peer;
use crate::settings::Settings;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};

/// How many there are to one server, and how they are connected.
#[derive(Debug, Default)]
pub(crate) struct DedicatedPool {
    limit: Arc<Limit>,
    gate: Arc<Gate>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct DedicatedRaw {
    pub(crate) raw: RawConnection,
    /// Where it leads.
    pub(crate) address: Option<ConnectionAddr>,
}

/// One of them, for a command that waits.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) dedicated: DedicatedRaw,
    /// Given back with it.
    _place: Place,
}

impl Held {
    /// For the next command that waits.
    pub(crate) fn put_back(self, generation: &Generation) {
        self.dedicated.raw.heard(now_ms());
        if !generation.is_given_up() {
            generation.idle.put_back(self.dedicated);
        }
    }
}

/// A connect under way, for the one who waits for it and for the task that does it.
type Connecting = oneshot::Receiver<RedisResult<DedicatedRaw>>;
type Wanted = oneshot::Sender<RedisResult<DedicatedRaw>>;

impl Manager {
    /// A connection for a command that waits.
    pub(crate) async fn hold_dedicated(
        self: &Arc<Self>,
        generation: &Arc<Generation>,
    ) -> RedisResult<Held> {
        let patience = self.endpoint.connect_limit(&self.settings);
        let most = self.settings.waiting_connections;
        let place = self.dedicated.limit.enter(most, patience).await?;
        Ok(Held {
            dedicated: self.dedicated(Some(generation)).await?,
            _place: place,
        })
    }

    /// A connection that is the caller's own.
    pub(crate) async fn connect_dedicated(self: &Arc<Self>) -> RedisResult<DedicatedRaw> {
        self.is_listed();
        self.dedicated(None).await
    }

    /// An idle one of these, or one more.
    async fn dedicated(
        self: &Arc<Self>,
        generation: Option<&Arc<Generation>>,
    ) -> RedisResult<DedicatedRaw> {
        let mut connecting: Option<Connecting> = None;
        // To wait for its turn, and to connect. A task in the queue of a worker that somebody blocks takes longer, and is not waited for.
        let longest = self
            .endpoint
            .connect_limit(&self.settings)
            .saturating_mul(3);
        let begun = Instant::now();
        loop {
            if let Some(generation) = generation
                && let Some(dedicated) = self.idle(generation).await
            {
                return Ok(dedicated);
            }
            let under_way = match &mut connecting {
                Some(connecting) => connecting,
                None => match self.dedicated.gate.refusal() {
                    Some(error) => return Err(error),
                    None => connecting.insert(self.begin(generation)),
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
    async fn idle(&self, generation: &Generation) -> Option<DedicatedRaw> {
        let mut dedicated = generation.idle.take()?;
        let address = dedicated.address.as_ref();
        self.settings.renew(&mut dedicated.raw, address).await;
        if !dedicated.raw.is_quiet(now_ms()) {
            return Some(dedicated);
        }
        let limit = self.settings.response_timeout();
        if dedicated
            .raw
            .answers_within(limit, self.endpoint.peer())
            .await
        {
            return Some(dedicated);
        }
        // Those that have been idle for longer are not tried one by one.
        generation.idle.clear();
        None
    }

    /// In a task, which has its turn only while it is at it: a future that is not polled has none, and so it holds nobody up.
    fn begin(self: &Arc<Self>, generation: Option<&Arc<Generation>>) -> Connecting {
        let (manager, generation) = (self.clone(), generation.cloned());
        let (wanted, connecting) = oneshot::channel();
        tokio::spawn(async move {
            let Some(result) = manager.connect_in_turn(&wanted).await else {
                return;
            };
            if let (Ok(dedicated), Some(generation)) = (&result, &generation)
                && manager.endpoint.peer() == Peer::Server
                && dedicated.address.as_ref() != generation.leads_to()
            {
                // Sentinels have named another server: the others are to go there too.
                generation.give_up();
            }
            if let Err(Ok(dedicated)) = wanted.send(result)
                && let Some(generation) = generation
                && !generation.is_given_up()
            {
                // Whoever wanted it has left.
                generation.idle.put_back(dedicated);
            }
        });
        connecting
    }

    /// `None`: nobody wants it any more.
    async fn connect_in_turn(&self, wanted: &Wanted) -> Option<RedisResult<DedicatedRaw>> {
        let gate = &self.dedicated.gate;
        let longest = self
            .endpoint
            .connect_limit(&self.settings)
            .saturating_mul(2);
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

    async fn connect_one(&self) -> RedisResult<DedicatedRaw> {
        let settings = Settings {
            connections: 1,
            response_timeout: Duration::MAX,
            ..self.settings.clone()
        };
        let connected = self.connect(&settings).await?;
        let raw = connected.raws.into_iter().next();
        Ok(DedicatedRaw {
            raw: raw.ok_or_else(|| self.took_too_long())?,
            address: connected.address,
        })
    }
}
