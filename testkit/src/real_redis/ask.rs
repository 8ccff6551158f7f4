//! Asking real servers what they know.

use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue, RedisResult};

use super::RealRedis;

/// How long a server may take over its answer; one that takes longer counts as away.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(250);

/// Runs one command, as in `CLUSTER INFO`, on a connection of its own.
pub(crate) fn ask<T: FromRedisValue>(server: &RealRedis, command: &str) -> RedisResult<T> {
    let words: Vec<_> = command.split_whitespace().collect();
    ask_within(ANSWER_TIMEOUT, server, &words)
}

/// Runs one command, of words that may be anything, that takes the server some time.
pub(crate) fn ask_within<T: FromRedisValue, W: AsRef<[u8]>>(
    timeout: Duration,
    server: &RealRedis,
    words: &[W],
) -> RedisResult<T> {
    let client = Client::open(server.unix_url())?;
    let mut connection = client.get_connection_with_timeout(timeout)?;
    connection.set_read_timeout(Some(timeout))?;
    let mut command = Cmd::new();
    for word in words {
        command.arg(word.as_ref());
    }
    command.query(&mut connection)
}

/// Runs one command and returns the value of `field` among the lines of its answer, as in
/// `cluster_state:ok`.
pub(crate) fn ask_field(server: &RealRedis, command: &str, field: &str) -> Option<String> {
    let answer: String = ask(server, command).ok()?;
    answer.lines().find_map(|line| {
        let value = line.strip_prefix(field)?.strip_prefix(':')?;
        Some(value.trim_end().to_owned())
    })
}
