//! What is known of a cluster's slots, for all who send it anything.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::Nodes;
use crate::command::slot;
use crate::events::Loss;
use crate::manager::Manager;
use crate::manager::nodes::errors::{nobody_has, part_failed, still_refused};
use crate::raw::blocking::Wait;
use crate::raw::disconnect_policy::cause_of_end;
use crate::raw::origin::at;
use crate::slots::address::Address;
use crate::slots::redirect::Redirect;
use crate::slots::slot_map::SlotMap;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};
use redis_resilient_runtime::Class;

/// So many servers are asked at once who has the slots; the first that knows is believed, and redirections correct it.
const ASKED_AT_ONCE: usize = 6;

/// They are asked no sooner than this after they were asked last.
const REST_MS: u64 = 50;

/// A task that has not begun to ask after so long is not waited for.
const MOMENT_MS: u64 = 20;

// Each is a hint by itself; what is published stands behind a lock.
const ORDER: Ordering = Ordering::Relaxed;

pub(crate) struct Topology {
    map: Mutex<Arc<SlotMap>>,
    /// Changes with the map.
    version: AtomicU64,
    /// Somebody has met a server that is not what the map says.
    is_doubted: AtomicBool,
    /// Somebody is asking, until then: on a runtime that stands still it is not done.
    asking_until_ms: AtomicU64,
    asked_ms: AtomicU64,
    sent_on: AtomicU64,
}

impl Topology {
    pub(crate) fn new() -> Self {
        Self {
            map: Mutex::new(Arc::new(SlotMap::empty())),
            version: AtomicU64::new(0),
            is_doubted: AtomicBool::new(false),
            asking_until_ms: AtomicU64::new(0),
            asked_ms: AtomicU64::new(0),
            sent_on: AtomicU64::new(0),
        }
    }

    pub(crate) fn map(&self) -> Arc<SlotMap> {
        self.map
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Another number when the map has changed.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(ORDER)
    }

    /// How often a command was sent on to a server to which its slot is on the way.
    pub(crate) fn sent_on(&self) -> u64 {
        self.sent_on.load(ORDER)
    }

    /// `false`: somebody else has said so meanwhile.
    fn is_asked_until(&self, before_ms: u64, until_ms: u64) -> bool {
        let asking = &self.asking_until_ms;
        let exchanged = asking.compare_exchange(before_ms, until_ms, ORDER, ORDER);
        exchanged.is_ok()
    }

    fn change(&self, change: impl FnOnce(&SlotMap) -> Option<SlotMap>) {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changed) = change(&map)
            && changed != **map
        {
            *map = Arc::new(changed);
            self.version.fetch_add(1, ORDER);
        }
    }
}

impl Nodes {
    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// What keeps the connections to the server that has this key.
    pub(crate) fn owner_of(&self, key: &[u8]) -> RedisResult<Arc<Manager>> {
        let slot = slot::of_key(key);
        let owner = self.topology.map().owner(slot).cloned();
        owner
            .and_then(|owner| self.manager(&owner))
            .ok_or_else(|| nobody_has(slot))
    }

    /// The answer of a server that is not left for another: as an error where a slot is somebody else's.
    pub(crate) fn stayed<T>(
        self: &Arc<Self>,
        answer: RedisResult<T>,
        replies: &impl Fn(&T) -> &[Value],
    ) -> RedisResult<T> {
        let is_refused = |reply: &&Value| Redirect::of_value(reply, "").is_some();
        let (error, something_was_executed) = match &answer {
            Ok(value) => {
                let mut refused = replies(value).iter().filter(is_refused);
                let error = refused.next().cloned().map(Value::extract_error);
                let count = 1 + refused.count();
                (error.and_then(Result::err), replies(value).len() > count)
            }
            Err(error) => (Redirect::of_error(error, "").map(|_| error.clone()), false),
        };
        let Some(error) = error else {
            return answer;
        };
        self.doubted();
        self.look_up_beside();
        Err(part_failed(still_refused(error), something_was_executed))
    }

    /// A server says that a slot is somebody else's.
    pub(crate) fn redirected(&self, redirect: &Redirect) {
        if redirect.is_ask {
            self.topology.sent_on.fetch_add(1, ORDER);
            return;
        }
        if redirect.slot >= slot::SLOTS {
            return;
        }
        let to = redirect.to.clone();
        self.topology
            .change(|map| Some(map.with_owner(redirect.slot, to)));
        self.topology.is_doubted.store(true, ORDER);
    }

    /// A server that the map names cannot be reached, or says that it is not the one.
    pub(crate) fn doubted(&self) {
        self.topology.is_doubted.store(true, ORDER);
    }

    /// Asks the servers anew where there is doubt, beside all commands. Outside of a runtime the doubt is left to the next.
    pub(crate) fn look_up_beside(self: &Arc<Self>) {
        let topology = &self.topology;
        if !topology.is_doubted.load(ORDER) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (now_ms, before_ms) = (now_ms(), topology.asking_until_ms.load(ORDER));
        let until_ms = now_ms.saturating_add(MOMENT_MS);
        if now_ms < before_ms || !topology.is_asked_until(before_ms, until_ms) {
            return;
        }
        let mut asking = Asking {
            nodes: self.clone(),
            until_ms,
        };
        runtime.spawn(async move {
            let nodes = asking.nodes.clone();
            let topology = &nodes.topology;
            while topology.is_doubted.swap(false, ORDER) {
                asking.goes_on();
                let rested_ms = redis_resilient_runtime::__seam::clock::now_ms()
                    .saturating_sub(topology.asked_ms.load(ORDER));
                let rest_ms = REST_MS.saturating_sub(rested_ms);
                tokio::time::sleep(Duration::from_millis(rest_ms)).await;
                // A failure: whoever meets it next asks again.
                let _ = nodes.learn().await;
            }
        });
    }

    /// The same before a command of synchronous code.
    pub(crate) fn look_up(&self) {
        let topology = &self.topology;
        let rested_ms = now_ms().saturating_sub(topology.asked_ms.load(ORDER));
        if rested_ms >= REST_MS && topology.is_doubted.swap(false, ORDER) {
            let _ = self.learn_blocking();
        }
    }

    /// Asks who has the slots.
    pub(crate) async fn learn(&self) -> RedisResult<()> {
        let mut failure = None;
        for some in self.in_turn().chunks(ASKED_AT_ONCE) {
            let mut asked = JoinSet::new();
            for address in some {
                if let Some(manager) = self.manager(address) {
                    asked.spawn(ask(manager, address.clone()));
                }
            }
            while let Some(answer) = asked.join_next().await {
                match answer {
                    Ok(Ok(map)) => {
                        self.learnt(map);
                        return Ok(());
                    }
                    Ok(Err(error)) => failure = Some(worse(failure, error)),
                    // A task that panicked has said nothing.
                    Err(_) => {}
                }
            }
        }
        Err(failure.unwrap_or_else(nobody))
    }

    /// The same, for synchronous code.
    pub(crate) fn learn_blocking(&self) -> RedisResult<()> {
        let mut failure = None;
        for some in self.in_turn().chunks(ASKED_AT_ONCE) {
            let (answers, answered) = std::sync::mpsc::channel();
            for address in some {
                let Some(manager) = self.manager(address) else {
                    continue;
                };
                let (answers, address) = (answers.clone(), address.clone());
                // Not waited for: one that stands still must not hold up those that do not.
                std::thread::spawn(move || {
                    let _ = answers.send(ask_blocking(&manager, &address));
                });
            }
            drop(answers);
            for answer in answered {
                match answer {
                    Ok(map) => {
                        self.learnt(map);
                        return Ok(());
                    }
                    Err(error) => failure = Some(worse(failure, error)),
                }
            }
        }
        Err(failure.unwrap_or_else(nobody))
    }

    /// All that are known, those first that have been learnt of, else at random.
    fn in_turn(&self) -> Vec<Address> {
        self.topology.asked_ms.store(now_ms(), ORDER);
        let mut known = self.known();
        let learnt = self.topology.map().servers().len();
        if let Some(learnt) = known.get_mut(..learnt) {
            fastrand::shuffle(learnt);
        }
        known
    }

    fn learnt(&self, map: SlotMap) {
        let before = self.topology.map();
        let moved = before.moved_to(&map);
        self.topology.change(|_| Some(map));
        self.forget_all_but(&self.known());
        self.settings.tell(|events| {
            for (from, to) in moved {
                events.primary_moved(&from, &to);
            }
        });
    }
}

/// Somebody asks, until this is dropped.
struct Asking {
    nodes: Arc<Nodes>,
    until_ms: u64,
}

impl Asking {
    /// For as long as it may take.
    fn goes_on(&mut self) {
        let settings = &self.nodes.settings;
        let limit = settings
            .connect_timeout()
            .saturating_mul(3)
            .saturating_add(settings.response_timeout());
        self.is_now_until(now_ms().saturating_add(whole_millis(limit)));
    }

    fn is_now_until(&mut self, until_ms: u64) {
        let topology = &self.nodes.topology;
        if topology.is_asked_until(self.until_ms, until_ms) {
            self.until_ms = until_ms;
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.is_now_until(0);
    }
}

fn question() -> Cmd {
    let mut question = redis::cmd("CLUSTER");
    question.arg("SLOTS");
    question
}

async fn ask(manager: Arc<Manager>, address: Address) -> RedisResult<SlotMap> {
    let generation = manager.generation().await?;
    let mut raw = generation.raw().ok_or_else(nobody)?;
    let answer = raw.send(&question()).await;
    if manager.ends(&answer, std::slice::from_ref, || manager.endpoint.address())
        || answer.as_ref().is_err_and(RedisError::is_timeout)
    {
        let cause = || cause_of_end(manager.endpoint.peer(), &answer, std::slice::from_ref);
        generation.lose(&manager.settings, Loss::Gone, cause);
    }
    let answer = answer.map_err(|error| at(manager.endpoint.address(), error))?;
    read(answer, &address)
}

fn ask_blocking(manager: &Arc<Manager>, address: &Address) -> RedisResult<SlotMap> {
    let mut idle = manager.take()?;
    let mut wait = Wait::for_answer(manager.settings.response_timeout());
    let answer = idle.raw.req_command(&question(), &mut wait);
    let reply = answer.map_err(|error| {
        manager.loses(&idle, Loss::Gone, || error.clone());
        at(manager.endpoint.address(), error)
    })?;
    manager.pool.put_back(idle);
    read(reply, address)
}

fn read(reply: Value, address: &Address) -> RedisResult<SlotMap> {
    let reply = reply.extract_error()?;
    SlotMap::read(&reply, address.host()).ok_or_else(|| {
        (
            ErrorKind::ClusterConnectionNotFound,
            "the server is not in a cluster, or its cluster has no slots assigned",
            address.to_string(),
        )
            .into()
    })
}

/// That a server is not there says less than any other failure.
fn worse(failure: Option<RedisError>, other: RedisError) -> RedisError {
    match failure {
        Some(failure) if Class::of(&failure) != Class::Unreachable => failure,
        _ => other,
    }
}

fn nobody() -> RedisError {
    (
        ErrorKind::ClusterConnectionNotFound,
        "no server of the cluster answers",
    )
        .into()
}
