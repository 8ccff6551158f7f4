//! Commands that may be sent twice and are executed once.

mod program;
mod reply;
mod request;
pub(crate) mod sent;
mod variadic;

use std::fmt;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisResult, ToRedisArgs};

use self::request::Request;
use redis_resilient_connection::__seam::script::{is_torn, torn};
use redis_resilient_connection::__seam::slot;

use super::token;
use redis_resilient_runtime::__seam::clock::whole_millis;

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
/// # What it does in the server
///
/// * It executes nothing before the token is sure: a server that takes no writes for want of memory, disk or replicas says so first, and its error
///   is that of the command alone. A command that fails leaves no token.
/// * The reply is that of the command alone, in RESP2 and RESP3. Lua has no integers over 2^53: those of `INCR`, `DECR`, `INCRBY`, `DECRBY` and
///   `HINCRBY` are read back, for which the user has to be allowed `GET` and `HGET`. Any other reply that holds one, such as a `BITFIELD`'s, is a
///   failure that says that the command was executed, then and each time it is asked for.
/// * A command of more than 7,000 words is executed in parts, all in one script with nothing in between: `RPUSH`, `LPUSH`, `RPUSHX`, `LPUSHX`, `SADD`,
///   `SREM`, `HSET`, `HMSET`, `HDEL`, `ZADD` without options, `ZREM`, `PFADD`, `DEL`, `UNLINK`, `MSET`, `XACK` and `XDEL`. A score or an ID that is none is
///   found before. Should the server refuse a part when another has been executed, the failure says so, then and each time. Any other command of
///   so many words is an error before it is sent, and so is one that waits, such as `BLPOP`.
/// * The token is forgotten after [`remember_for`](Self::remember_for), or when the server evicts it: whoever retries after that executes the command
///   again. What a failover loses of a primary's last writes, it loses of tokens too.
/// * While a slot of a cluster is moved key by key, a key that has moved is worked on where it is, and one that has not yet is refused for now, with
///   the class [`Unavailable`](redis_resilient_runtime::Class::Unavailable): the server that has it takes no new token.
/// * The token is at `{key}once:token`, in the same slot of a cluster. An ACL has to allow that key, and `EVAL`, `GET`, `SET` and `DEL`.
#[derive(Clone)]
pub struct Once {
    /// Or why there is none.
    token: Result<u128, getrandom::Error>,
    remember_ms: u64,
}

/// A server adds what it is told to its clock, and refuses what does not fit. A hundred million years do.
const LONGEST_MS: u64 = i64::MAX as u64 / 2;

impl Once {
    /// One with a token of its own, that is remembered for 10 minutes.
    ///
    /// The token comes from the system's random source. Should that fail, so does [`run`](Self::run), before anything is sent.
    #[must_use]
    pub fn new() -> Self {
        Self {
            token: token::fresh(),
            ..Self::with_token(0)
        }
    }

    /// One with a token that is known already: that of a message that may be delivered twice.
    #[must_use]
    pub const fn with_token(token: u128) -> Self {
        Self {
            token: Ok(token),
            remember_ms: 600_000,
        }
    }

    /// How long the server remembers, in whole milliseconds: longer than anybody retries. [`Duration::MAX`] is as good as for ever.
    ///
    /// # Panics
    /// If it is shorter than a millisecond.
    #[must_use]
    pub const fn remember_for(mut self, time: Duration) -> Self {
        self.remember_ms = whole_millis(time);
        if self.remember_ms > LONGEST_MS {
            self.remember_ms = LONGEST_MS;
        }
        assert!(
            self.remember_ms > 0,
            "remember_for has to be at least a millisecond"
        );
        self
    }

    /// Executes the command, which works on `key`, unless that has been done; its result either way.
    ///
    /// # Errors
    /// What the command fails with. Where that may have been executed, it is [`Ambiguous`](redis_resilient_runtime::Class::Ambiguous) and may be retried, whatever the
    /// command. [`Misconfigured`](redis_resilient_runtime::Class::Misconfigured), before anything is sent, if a script cannot execute the command.
    pub async fn run<T: FromRedisValue>(
        &self,
        connection: &mut (impl redis::aio::ConnectionLike + Send),
        key: impl ToRedisArgs + Send,
        command: &Cmd,
    ) -> RedisResult<T> {
        let request = self.request(&key, command)?;
        let answer = match request.script.run(connection).await {
            Err(error) if is_torn(&error) => {
                let alone = request.script.of_second_key();
                alone.run(connection).await.map_err(torn)?
            }
            answer => answer?,
        };
        Ok(T::from_redis_value(reply::read(answer, request.shape)?)?)
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
        let request = self.request(&key, command)?;
        let answer = match request.script.run_blocking(connection) {
            Err(error) if is_torn(&error) => {
                let alone = request.script.of_second_key();
                alone.run_blocking(connection).map_err(torn)?
            }
            answer => answer?,
        };
        Ok(T::from_redis_value(reply::read(answer, request.shape)?)?)
    }

    fn request(&self, key: &impl ToRedisArgs, command: &Cmd) -> RedisResult<Request> {
        let key = key.to_redis_args().concat();
        Request::new(&self.token_key(&key)?, &key, self.remember_ms, command)
    }

    fn token_key(&self, key: &[u8]) -> RedisResult<Vec<u8>> {
        let token = self.token.map_err(token::missing)?;
        Ok(slot::beside(key, format!("once:{token:032x}").as_bytes()))
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
        let shown = format!("{:x}", one.token.expect("a random source"));
        assert!(!format!("{one:?}").contains(&shown));
    }

    #[test]
    fn without_a_token_nothing_is_sent() {
        let once = Once {
            token: Err(getrandom::Error::UNSUPPORTED),
            ..Once::new()
        };
        let refused = once.request(&"k", redis::cmd("INCR").arg("k"));
        let error = refused.err().expect("there is no token");
        assert!(error.to_string().contains("random source"), "{error}");
    }
}
