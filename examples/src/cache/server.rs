//! The Redis of all three services, behind a proxy that can reset their connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use redis::Client;
use redis_resilient_testkit::{FaultProxy, RealRedis};

use crate::program::Failure;

/// How often connections are reset, while they are.
const RESETS: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Server {
    redis: RealRedis,
    proxy: Arc<FaultProxy>,
    resets: Arc<AtomicBool>,
}

impl Server {
    pub(super) fn start() -> Result<Self, Failure> {
        let redis = RealRedis::builder().wait_loaded(false).start()?;
        let proxy = Arc::new(FaultProxy::to(redis.addr())?);
        Ok(Self {
            redis,
            proxy,
            resets: Arc::default(),
        })
    }

    pub(super) fn url(&self) -> String {
        self.proxy.url()
    }

    pub(super) fn kill(&self) {
        self.redis.kill();
    }

    pub(super) fn restart_empty(&self) -> Result<(), Failure> {
        Ok(self.redis.restart()?)
    }

    pub(super) fn freeze(&self) {
        self.redis.freeze();
    }

    pub(super) fn thaw(&self) {
        self.redis.thaw();
    }

    /// Restarts it with what it has and 10,000 keys more, which it takes a second to load.
    pub(super) fn restart_loading(&self) -> Result<(), Failure> {
        let mut connection = Client::open(self.redis.url())?.get_connection()?;
        for command in [&["DEBUG", "POPULATE", "10000", "more", "10"][..], &["SAVE"]] {
            let mut cmd = redis::Cmd::new();
            cmd.arg(command).exec(&mut connection)?;
        }
        let slowly = ["--key-load-delay", "100"];
        let heard = ["--loading-process-events-interval-bytes", "1024"];
        Ok(self.redis.restart_with([slowly, heard].concat())?)
    }

    /// Resets all connections again and again, until told otherwise.
    pub(super) fn begin_resets(&self) {
        self.resets.store(true, Ordering::Relaxed);
        let (proxy, resets) = (self.proxy.clone(), self.resets.clone());
        thread::spawn(move || {
            while resets.load(Ordering::Relaxed) {
                proxy.reset_connections();
                thread::sleep(RESETS);
            }
        });
    }

    pub(super) fn end_resets(&self) {
        self.resets.store(false, Ordering::Relaxed);
    }
}
