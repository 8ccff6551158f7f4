//! What all parts of one running consumer share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::{RedisResult, Value};
use redis_resilient_connection::Connector;
use redis_resilient_runtime::__seam::clock::{self, Instant};
use tokio::sync::{Semaphore, watch};

use super::entry::EntryId;
use super::events::Events;
use super::hand::Hand;
use super::identity;
use super::link::Link;
use super::monitor::Counters;
use super::position::Position;
use super::scripts::KEEP;
use super::settings::Settings;

/// So many entries go together in one script.
const TOGETHER: usize = 200;

pub(super) struct Run {
    pub(super) settings: Settings,
    pub(super) link: Arc<Link>,
    pub(super) hand: Arc<Hand>,
    /// One for each handler that may run.
    pub(super) permits: Arc<Semaphore>,
    pub(super) counters: Arc<Counters>,
    pub(super) events: Events,
    /// Held while the server is told who has what, so that what is handed back is not taken again by an older word.
    pub(super) keeping: tokio::sync::Mutex<()>,
    position: Mutex<Position>,
    leads: AtomicBool,
    stop: watch::Sender<bool>,
    pub(super) begun: Instant,
    /// What waits to be handed back, with how many attempts have begun.
    back: Mutex<Vec<(EntryId, u32)>>,
}

impl Run {
    /// # Errors
    /// If the system has no random numbers.
    pub(super) fn new(
        redis: &Connector,
        settings: Settings,
        counters: Arc<Counters>,
    ) -> RedisResult<Self> {
        let me = identity::name(settings.label.as_deref())?;
        Ok(Self {
            link: Arc::new(Link::new(redis, &settings, me)),
            hand: counters.hand.clone(),
            permits: Arc::new(Semaphore::new(settings.concurrency as usize)),
            counters,
            events: Events::of(&settings.stream, &settings.group),
            keeping: tokio::sync::Mutex::default(),
            position: Mutex::default(),
            leads: AtomicBool::new(!settings.is_ordered),
            stop: watch::Sender::new(false),
            begun: clock::now(),
            back: Mutex::default(),
            settings,
        })
    }

    pub(super) fn position(&self) -> MutexGuard<'_, Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether attempts may begin.
    pub(super) fn is_leading(&self) -> bool {
        self.leads.load(Ordering::SeqCst)
    }

    pub(super) fn leads(&self, leads: bool) {
        self.leads.store(leads, Ordering::SeqCst);
        self.counters.stands_by(!leads);
    }

    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(super) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // Its sender is here.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    pub(super) fn give_back(&self, id: EntryId, begun: u32) {
        self.back().push((id, begun));
    }

    pub(super) fn take_back(&self) -> Vec<(EntryId, u32)> {
        std::mem::take(&mut *self.back())
    }

    fn back(&self) -> MutexGuard<'_, Vec<(EntryId, u32)>> {
        self.back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the server how long these have been idle, and with `begun` of how many attempts it is to know. The replies, in the order of the scripts
    /// that they are sent in.
    pub(super) async fn keep(
        &self,
        idle_ms: u64,
        entries: &[(EntryId, Option<u32>)],
    ) -> RedisResult<Vec<Value>> {
        let mut replies = Vec::new();
        for some in entries.chunks(TOGETHER) {
            let mut script = self.link.script(KEEP, None).arg(idle_ms);
            for (id, begun) in some {
                let begun = begun.map(|begun| begun.to_string());
                script = script.arg(id.to_string()).arg(begun.unwrap_or_default());
            }
            replies.push(self.link.run(&script).await?);
        }
        Ok(replies)
    }
}
