//! Each sample with a lost reply: what may not be repeated is executed once and says so, what may be gives the reply that was lost.

use std::time::Duration;

use redis::{Cmd, ConnectionLike, RedisResult, Value};
use redis_resilient::connection::{BlockingConnection, Connection, Connector};
use redis_resilient::{Class, connection::command_table, redis_resilient};
use redis_resilient_testkit::{FaultProxy, ReplyCut, servers};
use redis_resilient_tests::commands::samples::{SAMPLES, Sample};
use redis_resilient_tests::commands::state::state;
use redis_resilient_tests::commands::{command, executions, prepare, reply, shown, wipe, words};

use super::{Effect, TestResult, is_unknown, started};

#[redis_resilient(retries = 3, backoff = "none", timeout = false, breaker = false)]
async fn run(redis: &mut Connection, command: &Cmd) -> RedisResult<Value> {
    command.query_async(redis).await
}

#[redis_resilient(retries = 3, backoff = "none", breaker = false)]
fn run_blocking(redis: &mut BlockingConnection, command: &Cmd) -> RedisResult<Value> {
    redis.req_command(command)
}

fn connector(proxy: &FaultProxy) -> RedisResult<Connector> {
    Ok(Connector::builder(proxy.url())?
        .connect_timeout(Duration::from_secs(5))
        .response_timeout(Duration::from_secs(5))
        .health_check_after(Duration::from_secs(60))
        .build())
}

fn waits(line: &str) -> bool {
    let words: Vec<&[u8]> = words(line).into_iter().map(str::as_bytes).collect();
    command_table::waits(&words)
}

/// What one execution leaves and says, and the command on a server that is ready for it. `None`: the server does not know it.
fn expected(
    sample: &Sample,
    connection: &mut redis::Connection,
) -> RedisResult<Option<(Cmd, redis_resilient_tests::commands::state::State, String)>> {
    wipe(connection);
    prepare(sample.before, connection);
    let command = command(sample.line, connection);
    let said = reply(&command, connection);
    if is_unknown(sample, &said) {
        return Ok(None);
    }
    let left = state(connection)?;
    wipe(connection);
    prepare(sample.before, connection);
    redis::cmd("CONFIG").arg("RESETSTAT").exec(connection)?;
    Ok(Some((command, left, said)))
}

fn compare(
    sample: &Sample,
    who: &str,
    answer: RedisResult<Value>,
    (left, said): (&redis_resilient_tests::commands::state::State, &str),
    connection: &mut redis::Connection,
) -> TestResult {
    let line = sample.line;
    let times = executions(&sample.name(), connection)?;
    let is_repeated = Effect::of(line) <= Effect::Repeatable;
    match answer {
        Ok(value) if is_repeated => {
            assert!(
                sample.is_random || shown(&value) == said,
                "{who}: {line}: {value:?}, not {said}"
            );
            assert_eq!(times, 2, "{who}: {line}");
        }
        Err(error) if !is_repeated => {
            assert_eq!(
                Class::of(&error),
                Class::NotIdempotent,
                "{who}: {line}: {error}"
            );
            assert_eq!(times, 1, "{who}: {line}: executed once");
        }
        answer => panic!("{who}: {line}: {answer:?} after {times} executions"),
    }
    let now = state(connection)?;
    assert!(
        sample.is_random || now == *left,
        "{who}: {line}: {now:?}, not {left:?}"
    );
    Ok(())
}

/// The fields are known to one connection, and the other has never heard of them; a connection sends a PING of
/// its own; WAIT is for what was written over its connection.
fn is_left_out(sample: &Sample) -> bool {
    ["HIMPORT SET", "PING", "WAIT"]
        .iter()
        .any(|start| sample.line.starts_with(start))
}

#[tokio::test]
async fn nothing_is_executed_twice_or_answered_as_somebody_else_s() -> TestResult {
    for program in servers()? {
        let (server, mut direct) = started(&program)?;
        let proxy = FaultProxy::to(server.addr())?;
        let redis = connector(&proxy)?;
        for sample in SAMPLES.iter().filter(|sample| !is_left_out(sample)) {
            let mut connection = redis.get().await?;
            redis::cmd("PING").exec_async(&mut connection).await?;
            if waits(sample.line) {
                // It has a connection of its own, and this one is made now.
                redis::cmd("RPUSH")
                    .arg("first")
                    .arg("x")
                    .exec(&mut direct)?;
                let mut first = redis::cmd("BLPOP");
                first
                    .arg("first")
                    .arg(1)
                    .exec_async(&mut connection)
                    .await?;
            }
            let Some((command, left, said)) = expected(sample, &mut direct)? else {
                continue;
            };
            proxy.next_reply(ReplyCut::CloseAfter(0));
            let answer = run(&mut connection, &command).await;
            let who = format!("{program}, async");
            compare(sample, &who, answer, (&left, &said), &mut direct)?;
        }
    }
    Ok(())
}

#[test]
fn nothing_is_executed_twice_or_answered_as_somebody_else_s_in_synchronous_code() -> TestResult {
    for program in servers()? {
        let (server, mut direct) = started(&program)?;
        let proxy = FaultProxy::to(server.addr())?;
        let redis = connector(&proxy)?;
        for sample in SAMPLES.iter().filter(|sample| !is_left_out(sample)) {
            let mut connection = redis.get_blocking()?;
            redis::cmd("PING").exec(&mut connection)?;
            let Some((command, left, said)) = expected(sample, &mut direct)? else {
                continue;
            };
            proxy.next_reply(ReplyCut::CloseAfter(0));
            let answer = run_blocking(&mut connection, &command);
            let who = format!("{program}, blocking");
            compare(sample, &who, answer, (&left, &said), &mut direct)?;
        }
    }
    Ok(())
}
