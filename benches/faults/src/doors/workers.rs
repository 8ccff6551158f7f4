//! Workers that wait for a server which is not there any more, and clients that see only a part of the Sentinels.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{RealRedis, RealSentinel};

use super::{Door, Seen};
use crate::Result;
use crate::row::{CONNECT, RESPONSE, SLACK};

/// Between two looks at the server beside a command that waits.
const EACH: Duration = Duration::from_secs(1);
/// Two looks without an answer are enough: the first over the connection that there is, the second may have to connect.
const NOTICED: Duration = EACH
    .saturating_mul(2)
    .saturating_add(RESPONSE)
    .saturating_add(CONNECT)
    .saturating_add(SLACK);
/// How long Sentinels may take to agree on another primary, besides.
const AGREED: Duration = Duration::from_secs(12);
/// Who has not left then never does.
const NEVER: Duration = Duration::from_secs(30);
/// So that they wait when the fault begins.
const BEGUN: Duration = Duration::from_millis(500);

type Item = Option<(String, String)>;

pub(super) fn doors() -> Vec<Door> {
    vec![
        Door {
            name: "a worker in `BLPOP q 0`, the server is stopped: told after",
            run: |runtime| {
                let runtime = runtime.clone();
                frozen(move |redis| {
                    runtime.block_on(async { redis.get().await?.blpop::<_, Item>("q", 0.0).await })
                })
            },
            run_blocking: Some(|| frozen(|redis| redis.get_blocking()?.blpop::<_, Item>("q", 0.0))),
        },
        Door {
            name: "the same behind Sentinels: served by the next primary after",
            run: |runtime| {
                let runtime = runtime.clone();
                failed_over(move |redis| {
                    runtime.block_on(async { redis.get().await?.blpop::<_, Item>("q", 0.0).await })
                })
            },
            run_blocking: Some(|| {
                failed_over(|redis| redis.get_blocking()?.blpop::<_, Item>("q", 0.0))
            }),
        },
        Door {
            name: "one Sentinel of three answers: its word is taken",
            run: |runtime| {
                lone(|redis| runtime.block_on(async { redis.get().await?.set("k", "v").await }))
            },
            run_blocking: Some(|| lone(|redis| redis.get_blocking()?.set("k", "v"))),
        },
    ]
}

fn frozen(worker: impl Fn(&Connector) -> RedisResult<Item> + Send + 'static) -> Result<Seen> {
    let server = RealRedis::start()?;
    let redis = Connector::open(server.url())?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(worker(&redis)));
    thread::sleep(BEGUN);
    let begun = Instant::now();
    server.freeze();
    let left = told.recv_timeout(NEVER).is_ok();
    let after = left.then(|| begun.elapsed());
    server.thaw();
    Ok(Seen::Left {
        after,
        limit: NOTICED,
    })
}

fn failed_over(worker: impl Fn(&Connector) -> RedisResult<Item> + Send + 'static) -> Result<Seen> {
    let sentinels = RealSentinel::start()?;
    let redis = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?.build();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        loop {
            if let Ok(Some(item)) = worker(&redis) {
                return tell.send(item);
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    thread::sleep(BEGUN);
    let begun = Instant::now();
    let old = sentinels.freeze_primary();
    let new = sentinels.wait_for_failover(old, NEVER)?;
    let mut next = redis::Client::open(sentinels.server(new).url())?.get_connection()?;
    next.lpush::<_, _, ()>("q", "item")?;
    let served = told.recv_timeout(NEVER).is_ok();
    let after = served.then(|| begun.elapsed());
    sentinels.server(old).thaw();
    Ok(Seen::Left {
        after,
        limit: AGREED + NOTICED,
    })
}

fn lone(write: impl Fn(&Connector) -> RedisResult<()>) -> Result<Seen> {
    let sentinels = RealSentinel::start()?;
    let redis = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?.build();
    for sentinel in sentinels.sentinels().iter().skip(1) {
        sentinel.kill();
    }
    Ok(Seen::Happened(write(&redis).is_ok()))
}
