//! What fails: the Redis, and the process of the shop.

use std::sync::Arc;

use redis::{Client, Connection, RedisResult};
use redis_resilient_testkit::RealRedis;

use super::counter::Counter;
use crate::program::Failure;
use crate::verdict::RETURN;

#[derive(Debug)]
pub(super) struct Scene {
    redis: RealRedis,
    pub(super) counter: Arc<Counter>,
}

impl Scene {
    /// Blocks until the shop takes orders.
    pub(super) fn open() -> Result<Self, Failure> {
        // What it has acknowledged is on disk: what is missing in the end is not its fault.
        let durable = ["--appendonly", "yes", "--appendfsync", "always"];
        let redis = RealRedis::builder().args(durable).start()?;
        let journal = redis.dir().join("journal");
        let counter = Arc::new(Counter::open(redis.url(), journal)?);
        Ok(Self { redis, counter })
    }

    pub(super) fn description(&self) -> String {
        format!("{} at {}", self.redis.program(), self.redis.addr())
    }

    pub(super) fn kill(&self) {
        self.redis.kill();
    }

    /// Returns when Redis answers.
    pub(super) fn restart(&self) -> Result<(), Failure> {
        Ok(self.redis.restart()?)
    }

    pub(super) fn freeze(&self) -> Result<(), Failure> {
        self.check()?;
        self.redis.freeze();
        Ok(())
    }

    pub(super) fn thaw(&self) -> Result<(), Failure> {
        self.check()?;
        self.redis.thaw();
        Ok(())
    }

    /// Has room for nothing more.
    pub(super) fn fill(&self) -> Result<(), Failure> {
        Ok(self.limit_memory("1")?)
    }

    pub(super) fn free(&self) -> Result<(), Failure> {
        Ok(self.limit_memory("0")?)
    }

    fn limit_memory(&self, bytes: &str) -> RedisResult<()> {
        redis::cmd("CONFIG")
            .arg(&["SET", "maxmemory", bytes])
            .exec(&mut self.connect()?)
    }

    fn check(&self) -> Result<(), Failure> {
        if self.redis.is_running() {
            Ok(())
        } else {
            Err("redis-server has gone".into())
        }
    }

    /// For the operator, and for the audit.
    pub(super) fn connect(&self) -> RedisResult<Connection> {
        let client = Client::open(self.redis.url())?;
        let connection = client.get_connection_with_timeout(RETURN)?;
        connection.set_read_timeout(Some(RETURN))?;
        Ok(connection)
    }
}
