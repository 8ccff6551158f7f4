//! Reads at a steady rate, how long they take, and what they cost the server.

use std::fmt;
use std::future::{Future, pending};
use std::time::{Duration, Instant};

use redis::RedisResult;
use redis_resilient_testkit::{FaultProxy, RealRedis, WireFault};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{AT_FIRST, DELAY, EVERY, MOMENT, MOST, MOST_EXTRA_PERCENT, Result};

pub(crate) struct Load {
    pub(crate) seconds: u64,
    pub(crate) rate: u32,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} reads per second for {} s", self.rate, self.seconds)
    }
}

/// What is wrong with the way to the server.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// The first connection is held up for a moment, again and again.
    NowAndThen,
    /// All connections are slow, all the time.
    Always,
}

impl Fault {
    /// Does not end.
    async fn happens(self, proxy: &FaultProxy) {
        match self {
            Self::Always => {
                proxy.set(WireFault::Delay(DELAY));
                pending::<()>().await;
            }
            Self::NowAndThen => loop {
                sleep(EVERY / 2).await;
                proxy.set(WireFault::DelayOne {
                    connection: 0,
                    delay: DELAY,
                });
                sleep(MOMENT).await;
                proxy.pass();
                sleep((EVERY / 2).saturating_sub(MOMENT)).await;
            },
        }
    }
}

/// What has been seen of one row.
pub(crate) struct Measured {
    /// Sorted.
    took: Vec<Duration>,
    failed: usize,
    /// What the server has executed.
    executed: u64,
}

impl Load {
    pub(crate) async fn measure<F>(
        &self,
        server: &RealRedis,
        proxy: &FaultProxy,
        fault: Fault,
        read: impl Fn() -> F,
    ) -> Result<Measured>
    where
        F: Future<Output = RedisResult<u64>> + Send + 'static,
    {
        let before = executed(server)?;
        let calls = u64::from(self.rate) * self.seconds;
        let mut ticks = interval(Duration::from_secs(1) / self.rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut reads = JoinSet::new();
        let all = async {
            for _ in 0..calls {
                ticks.tick().await;
                let read = read();
                reads.spawn(async move {
                    let begun = Instant::now();
                    let result = read.await;
                    (begun.elapsed(), result.is_ok())
                });
            }
        };
        tokio::select! {
            () = all => {}
            () = fault.happens(proxy) => {}
        }
        let ended = reads.join_all().await;
        let failed = ended.iter().filter(|(_, is_ok)| !is_ok).count();
        let mut took: Vec<_> = ended.into_iter().map(|(took, _)| took).collect();
        took.sort_unstable();
        Ok(Measured {
            took,
            failed,
            executed: executed(server)? - before,
        })
    }
}

impl Measured {
    pub(crate) const HEAD: &str = "\
                                      | p50      | p95      | p99      | longest  | failed | asked more often
--------------------------------------|----------|----------|----------|----------|--------|-----------------";

    pub(crate) fn row(&self, name: &str) -> String {
        let [p50, p95, p99, longest] =
            [50, 95, 99, 100].map(|percent| show(self.percentile(percent)));
        format!(
            "{name:37} | {p50:>8} | {p95:>8} | {p99:>8} | {longest:>8} | {:>6} | {:>14.1} %",
            self.failed,
            self.extra_percent(),
        )
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let at = (self.took.len() * percent).div_ceil(100);
        self.took
            .get(at.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    /// What the server was asked beyond once for each read.
    fn extra(&self) -> u64 {
        self.executed.saturating_sub(self.took.len() as u64)
    }

    #[expect(clippy::cast_precision_loss, reason = "a percentage")]
    fn extra_percent(&self) -> f64 {
        100.0 * self.extra() as f64 / self.took.len() as f64
    }

    /// What is wrong with a row that is to be fast, and cheap.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let mut wrong = self.too_often();
        let p99 = self.percentile(99);
        if p99 > MOST {
            wrong.push(format!(
                "the 99th percentile was {p99:?}, more than {MOST:?}"
            ));
        }
        if self.failed > 0 {
            wrong.push(format!("{} reads failed", self.failed));
        }
        wrong
    }

    /// What is wrong with one that is to be cheap.
    pub(crate) fn too_often(&self) -> Vec<String> {
        let reads = self.took.len() as u64;
        let most = reads * MOST_EXTRA_PERCENT / 100 + AT_FIRST;
        if self.extra() > most {
            return vec![format!(
                "the server was asked {} times more than {reads}",
                self.extra()
            )];
        }
        Vec::new()
    }
}

fn show(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// How often the server has executed `GET`.
fn executed(server: &RealRedis) -> Result<u64> {
    let mut direct = redis::Client::open(server.url())?.get_connection()?;
    let stats: String = redis::cmd("INFO").arg("commandstats").query(&mut direct)?;
    let calls = stats
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_get:calls="));
    let calls = calls.and_then(|calls| calls.split(',').next());
    Ok(calls.map_or(Ok(0), str::parse)?)
}
