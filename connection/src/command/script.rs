//! Scripts that may be sent twice.

use redis::{Cmd, FromRedisValue, RedisError, RedisResult, ToRedisArgs};

use crate::command::args;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// What such a script begins with: a connection that sees it knows that it may be sent again.
pub const REPEATABLE: &str = "-- redis-resilient: may be sent twice\n";

/// A script that leaves the same behind when it is sent once more, with its keys and arguments: what fails may be retried.
///
/// It is sent whole. By its hash, a server that has been restarted or has become the primary would not know it and cost a second round trip; and
/// a single client sees no difference.
#[derive(Clone, Debug)]
pub struct Script(Cmd);

impl Script {
    /// This code, over these keys.
    pub fn new(code: &str, keys: &[&[u8]]) -> Self {
        let mut command = redis::cmd("EVAL");
        command.arg([REPEATABLE, code].concat());
        command.arg(keys.len()).arg(keys);
        Self(command)
    }

    /// With another argument.
    #[must_use]
    pub fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.0.arg(arg);
        self
    }

    /// The same, but that of its keys only the second is declared, and the first is an argument.
    ///
    /// For a slot of a cluster that is being moved: a server of which one key is there and one is not yet, or is not any more, refuses the script,
    /// but lets it ask for each by itself.
    #[must_use]
    pub fn of_second_key(&self) -> Self {
        let words: Vec<_> = args(&self.0).collect();
        let [_, code, count, first, second, rest @ ..] = &words[..] else {
            return self.clone();
        };
        let declared = std::str::from_utf8(count).map_or(Ok(2), str::parse);
        let others = declared.unwrap_or(2_usize).saturating_sub(2);
        let arguments = rest.get(others..).unwrap_or_default();
        let own_keys = "local KEYS = {table.remove(ARGV, 1)}\n";
        let code = [REPEATABLE.as_bytes(), own_keys.as_bytes(), *code].concat();
        let mut command = redis::cmd("EVAL");
        command.arg(code).arg(1).arg(*second).arg(*first);
        command.arg(arguments);
        Self(command)
    }

    /// Runs it.
    ///
    /// # Errors
    /// What it fails with; where it may have been executed, as one that may be repeated.
    pub async fn run<T: FromRedisValue>(
        &self,
        connection: &mut (impl redis::aio::ConnectionLike + Send),
    ) -> RedisResult<T> {
        self.0.query_async(connection).await.map_err(repeatable)
    }

    /// As [`run`](Self::run), in synchronous code.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_blocking<T: FromRedisValue>(
        &self,
        connection: &mut impl redis::ConnectionLike,
    ) -> RedisResult<T> {
        self.0.query(connection).map_err(repeatable)
    }

    /// It, to be sent with others.
    #[must_use]
    pub fn into_command(self) -> Cmd {
        self.0
    }

    /// The command that runs it.
    #[must_use]
    pub const fn command(&self) -> &Cmd {
        &self.0
    }
}

/// Whether some of a script's keys are there and some are not, since their slot is being moved.
pub fn is_torn(error: &RedisError) -> bool {
    error.code() == Some("TRYAGAIN")
}

/// The failure of a script that asked for a key which is not there yet, or not any more: it has written nothing before it asks.
pub fn torn(error: RedisError) -> RedisError {
    if error.to_string().contains("non local key") {
        tagged(Class::Unavailable, error)
    } else {
        error
    }
}

/// The failure of what may be sent again, whether or not it was executed.
pub fn repeatable(error: RedisError) -> RedisError {
    match Class::of(&error) {
        Class::NotIdempotent | Class::Ambiguous => tagged(Class::Ambiguous, error),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{self, Effect};

    #[test]
    fn of_two_keys_one_may_be_an_argument() {
        let script = Script::new("return KEYS[1]", &[b"token", b"key", b"more"])
            .arg("a")
            .arg("b");
        let words: Vec<_> = args(script.of_second_key().command())
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        let own_keys = "local KEYS = {table.remove(ARGV, 1)}\n";
        let code = [REPEATABLE, own_keys, REPEATABLE, "return KEYS[1]"].concat();
        assert_eq!(words, ["EVAL", &code, "1", "key", "token", "a", "b"]);
        assert_eq!(command::effect(args(script.command())), Effect::Repeatable);
    }
}
