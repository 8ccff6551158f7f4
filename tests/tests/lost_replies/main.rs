//! Replies that are lost, over every kind of connection, to functions that say nothing of `idempotent`: what the body shows decides.

mod foreign;
mod own;

use std::sync::atomic::{AtomicU32, Ordering};

use redis::RedisResult;
use redis_resilient_testkit::{FaultProxy, RealRedis, ReplyCut};
use redis_resilient_tests::connect;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// A server, and what loses the first reply that is asked for over it.
#[derive(Debug)]
struct Lossy {
    server: RealRedis,
    proxy: FaultProxy,
    tries: AtomicU32,
}

impl Lossy {
    fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let server = redis_resilient_tests::server()?;
        let proxy = FaultProxy::to(server.addr())?;
        Ok(Self {
            server,
            proxy,
            tries: AtomicU32::new(0),
        })
    }

    fn url(&self) -> String {
        self.proxy.url()
    }

    /// Called between the connection and the command, which is executed: the reply to the first one does not come.
    fn next(&self) {
        if self.tries.fetch_add(1, Ordering::Relaxed) == 0 {
            self.proxy.next_reply(ReplyCut::CloseAfter(0));
        }
    }

    /// How often `next` was called, which begins anew.
    fn tries(&self) -> u32 {
        self.tries.swap(0, Ordering::Relaxed)
    }

    /// What the server has counted, past the proxy.
    fn counted(&self) -> RedisResult<u64> {
        let n: Option<u64> = redis::cmd("GET")
            .arg("n")
            .query(&mut connect(&self.server.url())?)?;
        Ok(n.unwrap_or(0))
    }
}
