//! One interleaving: a random program on one key, whose loads are held at gates and end in any order.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use redis::AsyncCommands;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::subject::{Failed, Subject, Told, full};
use crate::world::{Model, World, in_redis};

/// Steps of a program, before all of its loads are let go.
const STEPS: std::ops::Range<u32> = 6..16;
/// Loads at their gates, at most.
const OPEN: usize = 4;

pub(crate) struct Program {
    world: Arc<World>,
    handles: [Subject; 2],
    key: String,
    model: Arc<Model>,
    random: Rng,
    open: Vec<Open>,
    /// What was done, to be told with a finding.
    trace: Vec<String>,
    pub(crate) outcome: Outcome,
}

/// A load that is held.
struct Open {
    gate: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<u64, Failed>>,
    /// What it may give at the least: its handle was told of this version before it began.
    floor: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) steps: u32,
    pub(crate) invalidations: u32,
    /// Looks at Redis that found a value.
    pub(crate) stored: u32,
    pub(crate) findings: Vec<String>,
}

impl Program {
    pub(crate) fn new(world: &Arc<World>, number: u32, mut random: Rng) -> Self {
        let handles = if random.bool() {
            &world.plain
        } else {
            &world.copying
        };
        Self {
            world: world.clone(),
            handles: handles.clone(),
            key: number.to_string(),
            model: Arc::default(),
            random,
            open: Vec::new(),
            trace: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    pub(crate) async fn run(mut self) -> Outcome {
        for _ in 0..self.random.u32(STEPS) {
            self.step().await;
            self.check().await;
            self.outcome.steps += 1;
        }
        while !self.open.is_empty() {
            self.finish().await;
            self.check().await;
        }
        // Stores that are still under way.
        tokio::time::sleep(Duration::from_millis(self.random.u64(..5))).await;
        self.check().await;
        self.outcome
    }

    async fn step(&mut self) {
        let handle = self.random.usize(..2);
        match self.random.u32(..100) {
            ..30 if self.open.len() < OPEN => self.begin(handle).await,
            ..55 => self.finish().await,
            55..70 => self.invalidate(handle).await,
            70..76 => self.put(handle).await,
            76..81 => self.delete().await,
            81..86 => self.expire().await,
            86..90 => self.cancel(),
            90..95 => self.read(handle).await,
            _ => self.get(handle).await,
        }
    }

    /// A load begins, reads the primary store, and is held.
    async fn begin(&mut self, handle: usize) {
        let (in_background, fails) = (self.random.bool(), self.random.u32(..10) == 0);
        let (gate, opened) = oneshot::channel();
        let (begun, has_begun) = oneshot::channel();
        let model = self.model.clone();
        let load = async move {
            let value = model.read();
            let _ = begun.send(());
            let _ = opened.await;
            if fails { Err(Failed) } else { Ok(value) }
        };
        let (subject, key) = (self.handles[handle].clone(), self.key.clone());
        let floor = self.model.floor_of(handle);
        let task = tokio::spawn(async move { subject.load(&key, in_background, load).await });
        self.note(format!("load by {handle}"));
        let gate = Some(gate);
        self.open.push(Open { gate, task, floor });
        // It may wait for another's load, and never begin; or it is only on its way.
        let patience = Duration::from_micros(self.random.u64(..2_000));
        let _ = tokio::time::timeout(patience, has_begun).await;
    }

    /// One of the loads is let go; it may have to wait for another one all the same.
    async fn finish(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let which = self.random.usize(..self.open.len());
        let mut open = self.open.swap_remove(which);
        drop(open.gate.take());
        self.note(format!("finish {which}"));
        match tokio::time::timeout(Duration::from_millis(5), &mut open.task).await {
            Ok(ended) => self.given(&ended.expect("no load panics"), open.floor),
            // Its leader is one of those that are held: it goes on by itself.
            Err(_) if self.open.is_empty() => {
                let ended = open.task.await.expect("no load panics");
                self.given(&ended, open.floor);
            }
            Err(_) => self.open.push(open),
        }
    }

    async fn invalidate(&mut self, handle: usize) {
        let version = self.model.write();
        let told = self.handles[handle].invalidate(&self.key).await;
        self.wrote("invalidate", handle, version, told);
    }

    async fn put(&mut self, handle: usize) {
        let version = self.model.write();
        let told = self.handles[handle].put(&self.key, version).await;
        self.wrote("put", handle, version, told);
    }

    fn wrote(&mut self, what: &str, handle: usize, version: u64, told: Told) {
        self.note(format!("{what} by {handle} of {version}: {told:?}"));
        if told != Told::Nobody {
            self.model.handle_was_told(handle, version);
        }
        if told == Told::Redis {
            self.model.redis_was_told(version);
            self.outcome.invalidations += 1;
        }
    }

    /// Somebody who uses no cache writes, and deletes the key.
    async fn delete(&mut self) {
        let version = self.model.write();
        let deleted = async {
            let mut redis = self.world.beside.get().await?;
            redis.del::<_, ()>(full(&self.key)).await
        };
        let is_deleted = deleted.await.is_ok();
        if is_deleted {
            self.model.redis_was_told(version);
            self.outcome.invalidations += 1;
        }
        self.note(format!("delete for {version}: {is_deleted}"));
    }

    /// The entry's time is over, and its lease's too.
    async fn expire(&mut self) {
        let expired = async {
            let mut redis = self.world.beside.get().await?;
            redis.pexpire::<_, ()>(full(&self.key), 1).await
        };
        let _ = expired.await;
        tokio::time::sleep(Duration::from_millis(self.random.u64(..3))).await;
        self.note("expire".to_owned());
    }

    /// A caller goes.
    fn cancel(&mut self) {
        if !self.open.is_empty() {
            let which = self.random.usize(..self.open.len());
            self.open.swap_remove(which).task.abort();
            self.note(format!("cancel {which}"));
        }
    }

    /// A read whose load takes no time; it may wait for one that is held.
    async fn read(&mut self, handle: usize) {
        let floor = self.model.floor_of(handle);
        let model = self.model.clone();
        let load = async move { Ok(model.read()) };
        let read = self.handles[handle].load(&self.key, false, load);
        let patience = Duration::from_millis(10);
        if let Ok(given) = tokio::time::timeout(patience, read).await {
            self.given(&given, floor);
        }
    }

    async fn get(&mut self, handle: usize) {
        let floor = self.model.floor().max(self.model.floor_of(handle));
        if let Some(value) = self.handles[handle].get(&self.key).await {
            self.compare(&format!("given by {handle} from Redis"), value, floor);
        }
    }

    fn given(&mut self, given: &Result<u64, Failed>, floor: u64) {
        if let Ok(value) = given {
            self.compare("given by a read", *value, floor);
        }
    }

    async fn check(&mut self) {
        let floor = self.model.floor();
        if let Ok(Some(value)) = in_redis(&self.world, &self.key).await {
            self.outcome.stored += 1;
            self.compare("in Redis", value, floor);
        }
    }

    fn compare(&mut self, what: &str, value: u64, floor: u64) {
        if value < floor {
            self.outcome.findings.push(format!(
                "key {}: {value} {what}, after a write of {floor} was told: {}",
                self.key,
                self.trace.join("; ")
            ));
        }
    }

    fn note(&mut self, what: String) {
        self.trace.push(what);
    }
}
