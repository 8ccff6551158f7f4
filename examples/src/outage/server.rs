//! The Redis that is going to fail: a real one where the machine has it.

use std::error::Error;

use redis::RedisResult;
use redis_resilient_testkit::{EmbeddedRedis, RealRedis, ReplyFault};

/// The password that callers know.
const PASSWORD: &str = "right";

#[derive(Debug)]
pub(crate) enum Server {
    Real(Box<RealRedis>),
    Embedded(EmbeddedRedis),
}

impl Server {
    /// Fetches nothing: without an installed server it is the one inside the testkit.
    /// It asks for a password if that is to be wrong later.
    pub(crate) fn start(
        embedded: bool,
        has_password: bool,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if embedded || !RealRedis::is_installed() {
            return Ok(Self::Embedded(EmbeddedRedis::start()?));
        }
        // With the append-only file whatever was acknowledged survives `kill -9`: Redis hands it to the system before it
        // answers. Only so can the lost and the doubled writes be counted at the end.
        let durable = ["--appendonly", "yes", "--appendfsync", "everysec"];
        let password = ["--requirepass", PASSWORD];
        let password = if has_password { &password[..] } else { &[] };
        let args = durable.into_iter().chain(password.iter().copied());
        let redis = RealRedis::builder().args(args).start()?;
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

    /// With the password that it began with.
    pub(crate) fn url_with_password(&self) -> String {
        match self {
            Self::Real(redis) => format!("redis://:{PASSWORD}@{}/?protocol=resp3", redis.addr()),
            // It asks for none.
            Self::Embedded(_) => self.url(),
        }
    }

    /// Refuses the password that callers know, as after a rotation that went wrong.
    pub(crate) fn change_password(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Real(redis) => set_password(redis, PASSWORD, "another")?,
            Self::Embedded(redis) => {
                let refusal = "WRONGPASS invalid username-password pair or user is disabled.";
                redis.always(Some(ReplyFault::Error(refusal)));
            }
        }
        Ok(())
    }

    pub(crate) fn restore_password(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Real(redis) => set_password(redis, "another", PASSWORD)?,
            Self::Embedded(redis) => redis.always(None),
        }
        Ok(())
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

/// Changes it, and closes the connections of those who have said the old one.
fn set_password(server: &RealRedis, from: &str, to: &str) -> RedisResult<()> {
    let client = redis::Client::open(format!("redis://:{from}@{}/", server.addr()))?;
    let mut operator = client.get_connection()?;
    redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", to])
        .exec(&mut operator)?;
    redis::cmd("CLIENT")
        .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .exec(&mut operator)
}
