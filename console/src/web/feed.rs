//! What all open pages are shown: sampled once a second for all of them together, and not at all while none is open.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::sleep;

use super::stream::{Slot, Stream, Watched};
use crate::checks::Checks;
use crate::health::{Health, HealthPolicy};
use crate::orders;
use crate::timeline::{self, Changes};

/// So many pages may be open at once.
const MOST: usize = 64;

/// Between two samples.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Feed {
    watchers: Arc<AtomicUsize>,
    /// Whether a task samples.
    sampled: Mutex<bool>,
    has_ended: AtomicBool,
    /// What was sampled last, as a server-sent event.
    samples: watch::Sender<Watched>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            watchers: Arc::default(),
            sampled: Mutex::new(false),
            has_ended: AtomicBool::new(false),
            samples: watch::Sender::new(Watched::Nothing),
        }
    }
}

/// From what health is made.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) policy: HealthPolicy,
    pub(super) checks: Checks,
}

impl Source {
    /// How it is now: the checks are made.
    pub(super) async fn health(&self) -> Health {
        let checks = self.checks.run().await;
        self.policy.health(checks)
    }

    /// How it is as far as is known, at once.
    pub(super) fn known(&self) -> Health {
        self.policy.health(self.checks.known())
    }

    /// Makes the checks, for the next who wants to know. Nobody waits for a server that is silent.
    fn ask(&self) {
        if !self.checks.is_empty() {
            let checks = self.checks.clone();
            tokio::spawn(async move { checks.run().await });
        }
    }
}

/// As many pages are open as can be.
#[derive(Debug)]
pub(super) struct Full;

impl Feed {
    pub(super) fn watchers(&self) -> usize {
        self.watchers.load(Ordering::SeqCst)
    }

    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
        self.samples.send_replace(Watched::Ended);
    }

    fn sampled(&self) -> MutexGuard<'_, bool> {
        self.sampled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }
}

/// One more that watches.
pub(super) fn watch(feed: &Arc<Feed>, source: &Source) -> Result<Stream, Full> {
    let (slot, before) = Slot::take(&feed.watchers);
    if before >= MOST || feed.has_ended() {
        return Err(Full);
    }
    let stream = Stream::new(slot, feed.samples.subscribe());
    let mut sampled = feed.sampled();
    if !*sampled {
        *sampled = true;
        let sampling = Sampling {
            feed: feed.clone(),
            is_over: false,
        };
        tokio::spawn(sample(sampling, source.clone()));
    }
    drop(sampled);
    Ok(stream)
}

/// That a task samples, until it ends, be it with its runtime.
struct Sampling {
    feed: Arc<Feed>,
    /// It has been said that nobody samples any more, and another may have begun.
    is_over: bool,
}

impl Drop for Sampling {
    fn drop(&mut self) {
        if !self.is_over {
            *self.feed.sampled() = false;
        }
    }
}

async fn sample(mut sampling: Sampling, source: Source) {
    let feed = sampling.feed.clone();
    loop {
        {
            // Whoever comes while this is locked finds that nobody samples any more.
            let mut sampled = feed.sampled();
            if feed.watchers() == 0 || feed.has_ended() {
                *sampled = false;
                sampling.is_over = true;
                return;
            }
        }
        let sample = Bytes::from(event(&source));
        feed.samples.send_if_modified(|last| {
            let goes_on = !matches!(last, Watched::Ended);
            if goes_on {
                *last = Watched::Sample(sample);
            }
            goes_on
        });
        sleep(EVERY).await;
    }
}

/// What is sampled, as one event. What does not change is left out: pages have it from [`document`].
fn event(source: &Source) -> String {
    let mut health = source.known();
    source.ask();
    for function in &mut health.functions {
        function.policy = None;
    }
    if let Some(settings) = &mut health.settings {
        settings.values = None;
    }
    format!("data: {}\n\n", document(&health))
}

/// Health, and how circuits have changed.
pub(super) fn document(health: &Health) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        #[serde(flatten)]
        health: &'a Health,
        changes: Changes,
        /// What an operator may inject; nothing, unless the application lets him.
        faults: Vec<&'static str>,
    }
    let document = serde_json::to_string(&Document {
        health,
        changes: timeline::changes(),
        faults: orders::faults(),
    });
    // There are no maps in it with keys that are no strings.
    document.unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}
