//! The Redis that is going to fail: a real one where the machine has it.

use std::error::Error;

use redis_resilient_testkit::{EmbeddedRedis, RealRedis};

#[derive(Debug)]
pub(crate) enum Server {
    Real(Box<RealRedis>),
    Embedded(EmbeddedRedis),
}

impl Server {
    /// Fetches nothing: without an installed server it is the one inside the testkit.
    pub(crate) fn start(embedded: bool) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if embedded || !RealRedis::is_installed() {
            return Ok(Self::Embedded(EmbeddedRedis::start()?));
        }
        // With the append-only file whatever was acknowledged survives `kill -9`: Redis hands it to the system before it
        // answers. Only so can the lost and the doubled writes be counted at the end.
        let durable = ["--appendonly", "yes", "--appendfsync", "everysec"];
        let redis = RealRedis::builder().args(durable).start()?;
        Ok(Self::Real(Box::new(redis)))
    }

    pub(crate) fn description(&self) -> String {
        match self {
            Self::Real(redis) => format!("a real redis-server at {}", redis.addr()),
            Self::Embedded(redis) => format!("the testkit's embedded server at {}", redis.addr()),
        }
    }

    /// With RESP3 the client hears at once that its connection is gone, and not only at the next call.
    pub(crate) fn url(&self) -> String {
        let url = match self {
            Self::Real(redis) => redis.url(),
            Self::Embedded(redis) => redis.url(),
        };
        format!("{url}?protocol=resp3")
    }

    pub(crate) fn kill(&self) {
        match self {
            Self::Real(redis) => redis.kill(),
            Self::Embedded(redis) => redis.down(),
        }
    }

    /// Returns when Redis answers.
    pub(crate) fn revive(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Real(redis) => redis.restart()?,
            Self::Embedded(redis) => redis.up(),
        }
        Ok(())
    }

    pub(crate) fn freeze(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Real(redis) if !redis.is_running() => Err("redis-server has gone".into()),
            Self::Real(redis) => {
                redis.freeze();
                Ok(())
            }
            Self::Embedded(redis) => {
                redis.freeze();
                Ok(())
            }
        }
    }

    pub(crate) fn thaw(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Real(redis) if !redis.is_running() => Err("redis-server has gone".into()),
            Self::Real(redis) => {
                redis.thaw();
                Ok(())
            }
            Self::Embedded(redis) => {
                redis.thaw();
                Ok(())
            }
        }
    }
}
