//! What these tests share.

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis::{RedisResult, ToRedisArgs, cmd};
use redis_resilient::connection::Connector;
use redis_resilient::streams::{Consumer, Delivery, Entry, Failure, Monitor};
use redis_resilient::{Backoff, Jitter};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) type Testing = Result<(), Box<dyn Error>>;

pub(crate) const MS: fn(u64) -> Duration = Duration::from_millis;
/// In so much time everything happens that happens at all, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const STREAM: &str = "orders";
pub(crate) const GROUP: &str = "billing";

/// One that takes over soon and is not patient, for tests.
pub(crate) fn consumer(redis: &Connector) -> Consumer<Entry> {
    Consumer::group(redis, STREAM, GROUP)
        .claim_after(MS(1000))
        .backoff(Backoff::fixed(MS(10)).jitter(Jitter::None))
}

pub(crate) fn connector(url: &str) -> RedisResult<Connector> {
    Ok(Connector::builder(url)?
        .connect_timeout(MS(2000))
        .health_check_after(MS(300))
        .build())
}

/// A consumer that runs in the background, until it is told to end.
pub(crate) struct Running {
    pub(crate) monitor: Monitor,
    end: oneshot::Sender<()>,
    task: JoinHandle<RedisResult<()>>,
}

impl Running {
    pub(crate) fn start<H, F>(consumer: Consumer<Entry>, handler: H) -> Self
    where
        H: Fn(Entry, Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let monitor = consumer.monitor();
        let (end, ended) = oneshot::channel();
        let shutdown = async {
            let _ = ended.await;
        };
        let task = tokio::spawn(consumer.run(shutdown, handler));
        Self { monitor, end, task }
    }

    pub(crate) async fn end(self) -> Testing {
        let _ = self.end.send(());
        tokio::time::timeout(PATIENCE, self.task).await???;
        Ok(())
    }

    /// As if the process were killed: nothing is said to Redis.
    pub(crate) fn kill(self) {
        self.task.abort();
    }
}

/// What handlers have seen, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<(String, u32)>>>);

impl Seen {
    pub(crate) fn note(&self, entry: &Entry, delivery: &Delivery) -> String {
        let name = entry.text("n").expect("a number").to_owned();
        let mut seen = self.0.lock().expect("no panic");
        seen.push((name.clone(), delivery.attempt()));
        name
    }

    pub(crate) fn all(&self) -> Vec<(String, u32)> {
        self.0.lock().expect("no panic").clone()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.all().into_iter().map(|(name, _)| name).collect()
    }

    pub(crate) fn counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for name in self.names() {
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Testing {
        let enough = async || self.all().len() >= count;
        until(&format!("{count} of {:?}", self.all()), enough).await
    }
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Testing {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        if Instant::now() > end {
            return Err(format!("waited too long for {what}").into());
        }
        tokio::time::sleep(MS(10)).await;
    }
    Ok(())
}

/// Entries with the numbers from here to there, in the field `n`.
pub(crate) fn add(url: &str, numbers: std::ops::Range<u32>) -> Testing {
    let mut redis = redis_resilient_tests::connect(url)?;
    let mut pipeline = redis::pipe();
    for number in numbers {
        pipeline
            .cmd("XADD")
            .arg(STREAM)
            .arg("*")
            .arg("n")
            .arg(number)
            .ignore();
    }
    Ok(pipeline.query(&mut redis)?)
}

/// Sends a command past the consumer.
pub(crate) fn ask<T: redis::FromRedisValue>(
    url: &str,
    line: &[impl ToRedisArgs],
) -> RedisResult<T> {
    let mut redis = redis_resilient_tests::connect(url)?;
    let mut words = line.iter();
    let mut command = redis::Cmd::new();
    for word in &mut words {
        command.arg(word);
    }
    command.query(&mut redis)
}

/// How many are pending, as the server says.
pub(crate) fn pending(url: &str) -> RedisResult<u64> {
    let summary: redis::Value = cmd("XPENDING")
        .arg(STREAM)
        .arg(GROUP)
        .query(&mut redis_resilient_tests::connect(url)?)?;
    match summary {
        redis::Value::Array(parts) => {
            redis::from_redis_value(parts.into_iter().next().unwrap_or(redis::Value::Nil))
                .map_err(Into::into)
        }
        _ => Ok(0),
    }
}

pub(crate) fn names(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// Where handlers wait until it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<tokio::sync::watch::Sender<bool>>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(tokio::sync::watch::Sender::new(false)))
    }

    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn pass(&self) {
        let mut gate = self.0.subscribe();
        gate.wait_for(|open| *open).await.expect("it is here");
    }
}

/// One that notes what it sees, and waits at the gate.
pub(crate) fn gated(consumer: Consumer<Entry>, seen: &Seen, gate: &Gate) -> Running {
    let (seen, gate) = (seen.clone(), gate.clone());
    Running::start(consumer, move |entry, delivery| {
        seen.note(&entry, &delivery);
        let gate = gate.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    })
}

/// One that notes what it sees.
pub(crate) fn noting(consumer: Consumer<Entry>, seen: &Seen) -> Running {
    let gate = Gate::closed();
    gate.open();
    gated(consumer, seen, &gate)
}

pub(crate) async fn settled(monitor: &Monitor) -> Testing {
    until("nothing pending", async || {
        monitor.pending().await.ok() == Some(0) && monitor.in_hand() == 0
    })
    .await
}

/// How often a command was called, and how often it failed.
pub(crate) fn calls(url: &str, command: &str) -> RedisResult<(u64, u64)> {
    let info: String = ask(url, &["INFO", "commandstats"])?;
    let line = info
        .lines()
        .find(|line| line.starts_with(&format!("cmdstat_{command}:")));
    let number = |name: &str| {
        let value = line.and_then(|line| line.split(name).nth(1))?;
        value.split(',').next()?.parse().ok()
    };
    Ok((
        number("calls=").unwrap_or(0),
        number("failed_calls=").unwrap_or(0),
    ))
}
