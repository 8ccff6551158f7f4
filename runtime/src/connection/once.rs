//! Commands that may be sent twice and are executed once.

use std::fmt;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisResult, ToRedisArgs};

use super::command::args;
use super::script::Script;
use super::{slot, token};
use crate::clock::whole_millis;

/// One execution of a command that is not idempotent, however often it is sent.
///
/// The server keeps the result of the first execution under a token, and gives it again to those who come with the same token: a retry
/// of an `INCR` whose reply was lost gets the number that it was, and counts nothing. All of it happens in one script, so that there is no
/// moment in which one is done and the other is not.
///
/// The token belongs to the call and not to the attempt: make it outside of the annotated function.
///
/// ```no_run
/// use redis_resilient::connection::{Connector, Once};
/// use redis_resilient::redis_resilient;
///
/// #[redis_resilient(retries = 3)]
/// async fn count(redis: &Connector, visit: &Once, page: &str) -> redis::RedisResult<u64> {
///     visit.run(&mut redis.get().await?, page, redis::cmd("INCR").arg(page)).await
/// }
///
/// # async fn run(redis: &Connector) -> redis::RedisResult<()> {
/// let visits = count(redis, &Once::new(), "/").await?;
/// # Ok(())
/// # }
/// ```
///
/// * The token is forgotten after [`remember_for`](Self::remember_for); whoever retries later than that executes it again.
/// * Token and key live in the same slot of a cluster.
/// * A command that fails leaves no token. What a failover loses of a master's last writes, it loses of tokens too.
#[derive(Clone)]
pub struct Once {
    token: u128,
    remember_ms: u64,
}

/// Results are packed in a list: of a list, none is told from the first one being nil.
const SCRIPT: &str = "\
local done = redis.call('GET', KEYS[1])
if done then return cmsgpack.unpack(done)[1] end
local result = redis.call(unpack(ARGV, 2))
redis.call('SET', KEYS[1], cmsgpack.pack({result}), 'PX', ARGV[1])
return result";

impl Once {
    /// One with a token of its own, that is remembered for 10 minutes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_token(token::fresh())
    }

    /// One with a token that is known already: that of a message that may be delivered twice.
    #[must_use]
    pub const fn with_token(token: u128) -> Self {
        Self {
            token,
            remember_ms: 600_000,
        }
    }

    /// How long the server remembers, in whole milliseconds: longer than anybody retries.
    ///
    /// # Panics
    /// If it is shorter than a millisecond.
    #[must_use]
    pub const fn remember_for(mut self, time: Duration) -> Self {
        self.remember_ms = whole_millis(time);
        assert!(
            self.remember_ms > 0,
            "remember_for has to be at least a millisecond"
        );
        self
    }

    /// Executes the command, which works on `key`, unless that has been done; its result either way.
    ///
    /// # Errors
    /// What fails is of a class that may be retried, whatever the command.
    pub async fn run<T: FromRedisValue>(
        &self,
        connection: &mut (impl redis::aio::ConnectionLike + Send),
        key: impl ToRedisArgs + Send,
        command: &Cmd,
    ) -> RedisResult<T> {
        self.script(&key, command).run(connection).await
    }

    /// The same in synchronous code.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_blocking<T: FromRedisValue>(
        &self,
        connection: &mut impl redis::ConnectionLike,
        key: impl ToRedisArgs,
        command: &Cmd,
    ) -> RedisResult<T> {
        self.script(&key, command).run_blocking(connection)
    }

    fn script(&self, key: &impl ToRedisArgs, command: &Cmd) -> Script {
        let key = key.to_redis_args().concat();
        let script = Script::new(SCRIPT, &[&self.token_key(&key), &key]).arg(self.remember_ms);
        args(command).fold(script, Script::arg)
    }

    fn token_key(&self, key: &[u8]) -> Vec<u8> {
        slot::beside(key, format!("once:{:032x}", self.token).as_bytes())
    }
}

impl Default for Once {
    fn default() -> Self {
        Self::new()
    }
}

/// Without the token: who knows it gets the result.
impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_another_and_is_not_shown() {
        let (one, other) = (Once::new(), Once::new());
        assert_ne!(one.token, other.token);
        assert!(!format!("{one:?}").contains(&format!("{:x}", one.token)));
    }
}
