//! Scripts that may be sent twice.

use redis::{Cmd, FromRedisValue, RedisError, RedisResult, ToRedisArgs};

use super::in_flight::MayBeRepeated;
use crate::Class;
use crate::class::known::known;

/// A script that leaves the same behind when it is sent once more, with its keys and arguments: what fails may be retried.
///
/// It is sent whole. By its hash, a server that has been restarted or has become the master would not know it and cost a second round trip; and
/// a single client sees no difference.
#[derive(Clone)]
pub(super) struct Script(Cmd);

impl Script {
    pub(super) fn new(code: &str, keys: &[&[u8]]) -> Self {
        let mut command = redis::cmd("EVAL");
        command.arg(code).arg(keys.len()).arg(keys);
        Self(command)
    }

    pub(super) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.0.arg(arg);
        self
    }

    pub(super) async fn run<T: FromRedisValue>(
        &self,
        connection: &mut (impl redis::aio::ConnectionLike + Send),
    ) -> RedisResult<T> {
        let _may_be_repeated = MayBeRepeated(&self.0);
        self.0.query_async(connection).await.map_err(repeatable)
    }

    pub(super) fn run_blocking<T: FromRedisValue>(
        &self,
        connection: &mut impl redis::ConnectionLike,
    ) -> RedisResult<T> {
        self.0.query(connection).map_err(repeatable)
    }

    pub(super) const fn command(&self) -> &Cmd {
        &self.0
    }
}

/// The server knows whether it was executed, so it may be sent again.
fn repeatable(error: RedisError) -> RedisError {
    match Class::of(&error) {
        Class::Unrepeatable => known(Class::Ambiguous, error),
        _ => error,
    }
}
