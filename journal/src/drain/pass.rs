//! One walk over what waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::{RedisResult, Value};
use redis_resilient_connection::Connector;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Drained;
use super::lanes::Lanes;
use super::pace::Pace;
use super::replay::{Request, Verdict, request, verdict};
use crate::clock::unix_ms;
use crate::keeper::{Acknowledgement, Kept, Pass};

/// How a walk has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Something was done.
    Progressed,
    /// Nothing could be done.
    Held,
}

/// So many entries are in memory at once.
const WINDOW: usize = 1_024;

/// After so many in a row that could not be executed, the walk ends: Redis is not there.
const IN_A_ROW: u32 = 16;

/// How often it is told how far it is.
const TELL: Duration = Duration::from_secs(10);

struct Executed {
    kept: Kept,
    sent_at_ms: u64,
    expired: u64,
    result: RedisResult<Value>,
}

struct Walk<'a> {
    drained: &'a Arc<Drained>,
    source: Box<dyn Pass>,
    is_at_end: bool,
    lanes: Lanes,
    under_way: JoinSet<Executed>,
    /// What was asked of the keeper, and is not known yet.
    acknowledgements: Vec<Acknowledgement<()>>,
    pace: Pace,
    begun: Instant,
    told: Instant,
    failed_in_a_row: u32,
    is_over: bool,
    has_progressed: bool,
}

/// Executes what can be executed.
pub(crate) async fn pass(drained: &Arc<Drained>) -> Ended {
    let settings = drained.settings;
    let mut walk = Walk {
        drained,
        source: drained.keeper.pass(),
        is_at_end: false,
        lanes: Lanes::new(settings.coalesces),
        under_way: JoinSet::new(),
        acknowledgements: Vec::new(),
        pace: Pace::new(settings.per_second),
        begun: Instant::now(),
        told: Instant::now(),
        failed_in_a_row: 0,
        is_over: false,
        has_progressed: false,
    };
    walk.run().await;
    if walk.has_progressed {
        Ended::Progressed
    } else {
        Ended::Held
    }
}

impl Walk<'_> {
    async fn run(&mut self) {
        loop {
            self.read().await;
            self.start().await;
            let Some(ended) = self.under_way.join_next().await else {
                if self.is_over || self.is_at_end {
                    break;
                }
                continue;
            };
            let mut all = vec![ended];
            while let Some(ended) = self.under_way.try_join_next() {
                all.push(ended);
            }
            let mut done = Vec::new();
            // A task that was cut off with its runtime has ended nothing.
            for executed in all.into_iter().flatten() {
                self.ended(executed, &mut done);
            }
            self.finish(done).await;
            self.tell();
            if self.drained.stop.is_asked() {
                self.is_over = true;
            }
        }
        self.settle().await;
    }

    /// Reads on, so that keys that are free are found behind those that are not.
    async fn read(&mut self) {
        while !self.is_over && !self.is_at_end && self.lanes.len() < WINDOW {
            match self.source.next(WINDOW - self.lanes.len()).await {
                Ok(kept) if kept.is_empty() => self.is_at_end = true,
                Ok(kept) => {
                    for kept in kept {
                        let keys = self.drained.waiting.keys_of(&kept.entry);
                        self.lanes.push(kept, keys);
                    }
                }
                Err(error) => {
                    self.drained.events.storage(&error);
                    self.is_over = true;
                }
            }
        }
    }

    async fn start(&mut self) {
        while !self.is_over && self.under_way.len() < self.drained.settings.concurrency {
            let Some(kept) = self.lanes.start() else {
                return;
            };
            let wait = self.pace.wait(self.begun.elapsed());
            if !wait.is_zero() {
                sleep(wait).await;
            }
            if !self.drained.keeper.leads() {
                self.is_over = true;
                return;
            }
            let before = self.drained.unsure().since(kept.number);
            self.under_way
                .spawn(execute(self.drained.connector.clone(), kept, before));
        }
    }

    fn ended(&mut self, executed: Executed, done: &mut Vec<Kept>) {
        let Executed {
            mut kept,
            sent_at_ms,
            expired,
            result,
        } = executed;
        let drained = self.drained;
        let verdict = match &result {
            Ok(_) => Verdict::Done,
            Err(error) => verdict(error),
        };
        match verdict {
            Verdict::Done => {
                drained
                    .progress
                    .expired
                    .fetch_add(expired, Ordering::Relaxed);
                self.progressed();
                done.extend(self.over_with(kept.number));
            }
            Verdict::Dead(error) if drained.keeper.dead() < drained.settings.max_dead => {
                drained
                    .events
                    .dead(kept.number, &kept.entry.names(), &error);
                self.progressed();
                let mut replaced = self.over_with(kept.number);
                replaced.retain(|other| other.number != kept.number);
                done.extend(replaced);
                // Who replays it has decided that.
                kept.entry.may_have_run = false;
                self.acknowledgements.push(drained.keeper.bury(kept, error));
            }
            Verdict::Dead(_) | Verdict::Later => {
                if let Err(error) = &result {
                    drained.unsure().failed(kept.number, sent_at_ms, error);
                    drained.events.not_taken(error);
                }
                self.lanes.block(kept.number);
                self.failed_in_a_row += 1;
                self.is_over |= self.failed_in_a_row >= IN_A_ROW;
            }
        }
    }

    /// That entry is done with, and those that it replaces.
    fn over_with(&mut self, number: u64) -> Vec<Kept> {
        let all = self.lanes.done(number);
        let mut unsure = self.drained.unsure();
        for kept in &all {
            unsure.ended(kept.number);
        }
        drop(unsure);
        all
    }

    fn progressed(&mut self) {
        self.has_progressed = true;
        self.failed_in_a_row = 0;
        self.drained
            .progress
            .executed
            .fetch_add(1, Ordering::Relaxed);
    }

    /// Has it written down what was executed, and lets not too much of that stand out.
    async fn finish(&mut self, done: Vec<Kept>) {
        if !done.is_empty() {
            self.acknowledgements.push(self.drained.keeper.finish(done));
        }
        if self.acknowledgements.len() >= WINDOW {
            self.settle().await;
        }
    }

    async fn settle(&mut self) {
        for acknowledgement in self.acknowledgements.drain(..) {
            if let Err(error) = acknowledgement.await {
                // It is owed, and is not executed again by this process.
                self.drained.events.storage(&error);
                self.is_over = true;
            }
        }
    }

    fn tell(&mut self) {
        if self.told.elapsed() >= TELL {
            self.told = Instant::now();
            let (executed, took) = self.drained.progress.so_far();
            self.drained
                .events
                .progress(self.drained.waiting.entries(), executed, took);
        }
    }
}

/// `before`: when it was sent before, if nobody knows what became of that.
async fn execute(connector: Connector, kept: Kept, before: Option<u64>) -> Executed {
    let sent_at_ms = unix_ms();
    let (request, expired) = request(&kept.entry, before, sent_at_ms);
    let result = send(&connector, request).await;
    Executed {
        kept,
        sent_at_ms,
        expired,
        result,
    }
}

async fn send(connector: &Connector, request: Request) -> RedisResult<Value> {
    match request {
        Request::Command(command) => command.query_async(&mut connector.get().await?).await,
        Request::Transaction(pipeline) => pipeline.query_async(&mut connector.get().await?).await,
        Request::Forgotten(error) => Err(error),
    }
}
