//! How often a connector connects while nobody is let in.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::{Connector, Credentials};
use redis_resilient_testkit::{FaultProxy, RealRedis};
use tokio::runtime::Handle;

use super::{Door, Seen};
use crate::Result;
use crate::storm::Sampler;

/// Before connects are counted: all have begun by then.
const LEAD: Duration = Duration::from_millis(1500);
const COUNTED: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);
const THREADS: usize = 50;

pub(super) fn doors() -> Vec<Door> {
    vec![
        Door {
            name: "`get`, 1,000 tasks or 50 threads",
            run: |runtime| {
                closed(runtime, |redis, tasks| {
                    tasks.each(
                        1000,
                        redis,
                        |redis| async move { redis.get().await.map(drop) },
                    );
                })
            },
            run_blocking: Some(|| closed_blocking(|redis| redis.get_blocking().map(drop))),
        },
        Door {
            name: "`BLPOP`, 100 tasks or 50 threads, `maxclients` reached",
            run: |runtime| {
                full(|redis, stop| {
                    let tasks = Tasks::new(runtime, stop);
                    tasks.each(100, redis, |redis| async move {
                        let mut connection = redis.get().await?;
                        connection
                            .blpop::<_, Option<(String, String)>>("q", 1.0)
                            .await
                            .map(drop)
                    });
                })
            },
            run_blocking: Some(|| {
                full(|redis, stop| {
                    threads(redis, &stop, |redis| {
                        let mut connection = redis.get_blocking()?;
                        connection
                            .blpop::<_, Option<(String, String)>>("q", 1.0)
                            .map(drop)
                    });
                })
            }),
        },
        Door {
            name: "1 subscription",
            run: |runtime| subscriptions(runtime, 1),
            run_blocking: None,
        },
        Door {
            name: "1,000 subscriptions",
            run: |runtime| subscriptions(runtime, 1000),
            run_blocking: None,
        },
        Door {
            name: "a token that differs each time, 1,000 tasks or 50 threads",
            run: |runtime| {
                tokens(|redis, stop| {
                    let tasks = Tasks::new(runtime, stop);
                    tasks.each(
                        1000,
                        redis,
                        |redis| async move { redis.get().await.map(drop) },
                    );
                })
            },
            run_blocking: Some(|| {
                tokens(|redis, stop| threads(redis, &stop, |redis| redis.get_blocking().map(drop)))
            }),
        },
    ]
}

/// Told when the callers are to go home.
type Stop = Arc<AtomicBool>;

struct Tasks<'a> {
    runtime: &'a Handle,
    stop: Stop,
}

impl<'a> Tasks<'a> {
    const fn new(runtime: &'a Handle, stop: Stop) -> Self {
        Self { runtime, stop }
    }

    /// So many that do this again and again.
    fn each<F>(
        &self,
        count: usize,
        redis: &Connector,
        call: impl Fn(Connector) -> F + Copy + Send + 'static,
    ) where
        F: Future<Output = RedisResult<()>> + Send,
    {
        for _ in 0..count {
            let (redis, stop) = (redis.clone(), self.stop.clone());
            self.runtime.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let _ = call(redis.clone()).await;
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
    }
}

fn threads(redis: &Connector, stop: &Stop, call: fn(&Connector) -> RedisResult<()>) {
    for _ in 0..THREADS {
        let (redis, stop) = (redis.clone(), stop.clone());
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let _ = call(&redis);
                thread::sleep(PAUSE);
            }
        });
    }
}

/// The most connects in a second of those that go on while this is looked at.
fn count(proxy: &FaultProxy) -> Result<u64> {
    thread::sleep(LEAD);
    let sampler = Sampler::default();
    thread::scope(|scope| {
        let counted = scope.spawn(|| sampler.run(proxy));
        thread::sleep(COUNTED);
        sampler.is_over();
        sampler.stop();
        let (_, connects) = counted.join().map_err(|_| "the sampler has panicked")??;
        Ok(connects.most_in_a_second)
    })
}

/// A server that closes each connection at once.
fn nobody() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    thread::spawn(move || listener.incoming().for_each(drop));
    Ok(addr)
}

fn closed(runtime: &Handle, begin: fn(&Connector, &Tasks<'_>)) -> Result<Seen> {
    let proxy = FaultProxy::to(nobody()?)?;
    let redis = Connector::open(proxy.url())?;
    let stop = Stop::default();
    begin(&redis, &Tasks::new(runtime, stop.clone()));
    seen(&proxy, &stop)
}

fn closed_blocking(call: fn(&Connector) -> RedisResult<()>) -> Result<Seen> {
    let proxy = FaultProxy::to(nobody()?)?;
    let redis = Connector::open(proxy.url())?;
    let stop = Stop::default();
    threads(&redis, &stop, call);
    seen(&proxy, &stop)
}

fn seen(proxy: &FaultProxy, stop: &Stop) -> Result<Seen> {
    let most = count(proxy)?;
    stop.store(true, Ordering::Relaxed);
    Ok(Seen::Connects { most, asked: None })
}

/// A server with room for the shared connection, and no more after a moment.
fn full(begin: impl FnOnce(&Connector, Stop)) -> Result<Seen> {
    let server = RealRedis::start()?;
    let mut side = redis::Client::open(server.unix_url())?.get_connection()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = Connector::open(proxy.url())?;
    redis::cmd("CONFIG")
        .arg(&["SET", "maxclients", "12"])
        .exec(&mut side)?;
    let stop = Stop::default();
    begin(&redis, stop.clone());
    seen(&proxy, &stop)
}

fn subscriptions(runtime: &Handle, count: usize) -> Result<Seen> {
    let proxy = FaultProxy::to(nobody()?)?;
    let redis = Connector::open(proxy.url())?;
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let mut subscription = redis.subscribe("news");
            runtime.spawn(async move {
                loop {
                    subscription.next().await;
                }
            })
        })
        .collect();
    let seen = seen(&proxy, &Stop::default());
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    seen
}

/// A server that refuses all of them.
fn tokens(begin: impl FnOnce(&Connector, Stop)) -> Result<Seen> {
    let server = RealRedis::builder()
        .args(["--requirepass", "another"])
        .start()?;
    let proxy = FaultProxy::to(server.addr())?;
    let asked = Arc::new(AtomicU64::new(0));
    let counted = asked.clone();
    let redis = Connector::builder(proxy.url())?
        .credentials(move || {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            Credentials::password(format!("token {number}"))
        })
        .build();
    let stop = Stop::default();
    begin(&redis, stop.clone());
    let most = count(&proxy)?;
    stop.store(true, Ordering::Relaxed);
    thread::sleep(LEAD);
    let of = |count: u64| u32::try_from(count).map_or(f64::INFINITY, f64::from);
    let each = of(asked.load(Ordering::Relaxed)) / of(proxy.accepted().max(1));
    Ok(Seen::Connects {
        most,
        asked: Some(each),
    })
}
