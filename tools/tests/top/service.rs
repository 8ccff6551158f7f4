//! A service with a console, over a Redis of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use redis_resilient::console::{Access, router};
use redis_resilient::journal::Journal;
use redis_resilient::streams::{Consumer, Delivery, Entry, Failure};
use redis_resilient::{Breaker, Registry, State, redis_resilient};
use redis_resilient_testkit::RealRedis;
use tokio::net::TcpListener;

/// Far longer than anything here takes, and still an end.
pub(crate) const LONG: Duration = Duration::from_secs(30);

static SHOP: Breaker = Breaker::new("top: shop").failure_threshold(2);

#[redis_resilient(name = "top::views", retries = 0, timeout = "2s", breaker = SHOP, fallback = Ok(0))]
async fn views(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.incr("views", 1).await
}

pub(crate) struct Shop {
    pub(crate) at: SocketAddr,
    pub(crate) redis: RealRedis,
    connector: Connector,
    _parts: (Cache<String>, Journal),
}

impl Shop {
    /// Where all is well, and each part has been used.
    pub(crate) async fn open() -> Result<Self, Box<dyn std::error::Error>> {
        Registry::global().register(&SHOP);
        SHOP.reset();
        let redis = RealRedis::start()?;
        let connector = Connector::open(redis.url().as_str())?;
        let names = Cache::builder("top: names")
            .ttl(Duration::from_secs(600))
            .build(&connector);
        let load = async || Ok::<_, redis::RedisError>("name".to_owned());
        names.get_or_load(1, load).await?;
        let journal = Journal::builder("top: orders").open(&connector)?;
        for _ in 0..4 {
            views(&connector).await?;
        }
        let handled = async |_: Entry, _: Delivery| Ok::<_, Failure>(());
        let consumer = Consumer::group(&connector, "top: mails", "sender");
        tokio::spawn(consumer.run(std::future::pending::<()>(), handled));
        until(|| Registry::global().consumers().iter().any(|one| one.reading)).await;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let at = listener.local_addr()?;
        let app = router(Access::read_only());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self {
            at,
            redis,
            connector,
            _parts: (names, journal),
        })
    }

    /// Calls until the circuit is open.
    pub(crate) async fn fail(&self) {
        let begun = Instant::now();
        while SHOP.state() == State::Closed {
            let _ = views(&self.connector).await;
            assert!(begun.elapsed() < LONG, "it stays closed");
            // Failures close to each other are one to the circuit.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "it has never come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
