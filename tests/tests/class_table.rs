//! Every row of the class table that can be provoked, each by a real server or a real network fault.
//!
//! The rows that cannot be provoked on one machine (no route, protected mode, a cluster's redirections) are unit tests beside
//! the table.

use std::time::Duration;

use redis::{Client, Commands, Connection, RedisError, RedisResult, cmd};
use redis_resilient::Class;
use redis_resilient_testkit::{FaultProxy, RealRedis, ReplyCut, WireFault};
use redis_resilient_tests::{connect, server, server_with};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// The error and its class, which must have this in its text, so that a row is known to test what its name says.
fn failure<T>(result: RedisResult<T>, text: &str) -> Class {
    let Err(error) = result else {
        panic!("expected a failure that says {text:?}")
    };
    let shown = format!("{error} {:?}", error.code());
    assert!(shown.contains(text), "expected {text:?} in: {shown}");
    Class::of(&error)
}

fn query(connection: &mut Connection, line: &str) -> RedisResult<redis::Value> {
    let mut words = line.split(' ');
    let mut command = cmd(words.next().unwrap_or_default());
    command.arg(words.collect::<Vec<_>>());
    command.query(connection)
}

/// A script that runs until it is killed, and what its caller gets.
struct Busy(std::thread::JoinHandle<RedisResult<()>>);

impl Busy {
    /// Returns when the server refuses other commands.
    fn keep(server: &RealRedis, connection: &mut Connection) -> Self {
        let url = server.url();
        let caller = std::thread::spawn(move || {
            let mut connection = connect(&url)?;
            cmd("EVAL")
                .arg("while true do end")
                .arg(0)
                .query(&mut connection)
        });
        wait_until(|| query(connection, "GET k").is_err());
        Self(caller)
    }

    fn kill(self, connection: &mut Connection) -> RedisResult<()> {
        query(connection, "SCRIPT KILL")?;
        self.0.join().expect("the caller does not panic")
    }
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the server never came to that state"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

// ---- never sent

#[test]
fn connection_refused() -> TestResult {
    let server = server()?;
    server.kill();
    assert_eq!(
        failure(connect(&server.url()), "refused"),
        Class::Unreachable
    );
    Ok(())
}

#[test]
fn unix_socket_that_is_not_there() -> TestResult {
    let server = server()?;
    server.kill();
    assert_eq!(failure(connect(&server.unix_url()), ""), Class::Unreachable);
    Ok(())
}

#[test]
fn unknown_host() {
    let result = connect("redis://no-such-host.invalid/");
    assert_eq!(failure(result, "lookup"), Class::Unreachable);
}

// ---- nobody knows

#[test]
fn read_timeout_of_a_blocking_connection() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    connection.set_read_timeout(Some(Duration::from_millis(50)))?;
    server.freeze();
    let result: RedisResult<i64> = connection.incr("n", 1);
    assert_eq!(failure(result, ""), Class::Ambiguous);
    server.thaw();
    // It was executed all the same: this is why the class is what it is.
    let mut other = connect(&server.url())?;
    wait_until(|| other.get("n").ok() == Some(1));
    Ok(())
}

#[tokio::test]
async fn response_timeout_of_a_multiplexed_connection() -> TestResult {
    let server = server()?;
    let config =
        redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_millis(50)));
    let mut connection = Client::open(server.url())?
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    server.freeze();
    let result: RedisResult<()> = cmd("PING").query_async(&mut connection).await;
    assert_eq!(failure(result, "timed out"), Class::Ambiguous);
    Ok(())
}

#[test]
fn server_killed_under_an_idle_connection() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    server.kill();
    assert_eq!(
        failure(query(&mut connection, "PING"), ""),
        Class::Ambiguous
    );
    assert_eq!(
        failure(query(&mut connection, "PING"), "roken pipe"),
        Class::Ambiguous
    );
    Ok(())
}

#[tokio::test]
async fn driver_of_a_multiplexed_connection_is_gone() -> TestResult {
    let server = server()?;
    let mut connection = Client::open(server.url())?
        .get_multiplexed_async_connection()
        .await?;
    server.kill();
    for _ in 0..2 {
        let result: RedisResult<()> = cmd("PING").query_async(&mut connection).await;
        assert_eq!(failure(result, ""), Class::Ambiguous);
    }
    Ok(())
}

fn cut(
    server: &RealRedis,
    cut: ReplyCut,
) -> Result<(RedisResult<i64>, Option<i64>), Box<dyn std::error::Error>> {
    let proxy = FaultProxy::to(server.addr())?;
    let mut connection = connect(&proxy.url())?;
    proxy.next_reply(cut);
    let result = connection.incr("n", 1);
    Ok((result, connect(&server.url())?.get("n")?))
}

#[test]
fn connection_reset_before_the_reply() -> TestResult {
    let server = server()?;
    let (result, executed) = cut(&server, ReplyCut::ResetAfter(0))?;
    assert_eq!(failure(result, ""), Class::Ambiguous);
    assert_eq!(executed, Some(1));
    Ok(())
}

#[test]
fn connection_closed_before_the_reply() -> TestResult {
    let server = server()?;
    let (result, executed) = cut(&server, ReplyCut::CloseAfter(0))?;
    assert_eq!(failure(result, ""), Class::Ambiguous);
    assert_eq!(executed, Some(1));
    Ok(())
}

/// On a multiplexed connection half a reply comes as an error of the parser; the command was executed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_closed_in_the_middle_of_a_reply() -> TestResult {
    let server = server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let mut connection = Client::open(proxy.url())?
        .get_multiplexed_async_connection()
        .await?;
    proxy.next_reply(ReplyCut::CloseAfter(2));
    let result: RedisResult<i64> = cmd("INCR").arg("n").query_async(&mut connection).await;
    assert_eq!(failure(result, ""), Class::Ambiguous);
    assert_eq!(connect(&server.url())?.get::<_, Option<i64>>("n")?, Some(1));
    Ok(())
}

#[test]
fn black_holed_connection() -> TestResult {
    let server = server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let mut connection = connect(&proxy.url())?;
    connection.set_read_timeout(Some(Duration::from_millis(50)))?;
    proxy.set(WireFault::BlackHole);
    assert_eq!(
        failure(query(&mut connection, "PING"), ""),
        Class::Ambiguous
    );
    Ok(())
}

#[test]
fn full_server() -> TestResult {
    let server = server_with(&["--maxclients", "1"])?;
    let held = connect(&server.url())?;
    // Which of the two arrives first, the reply or the end of the connection, is a race in the client.
    let Err(error) = connect(&server.url()) else {
        return Err("a full server let another client in".into());
    };
    let class = Class::of(&error);
    assert!(
        matches!(class, Class::Ambiguous | Class::Unavailable),
        "{class:?}: {error}"
    );
    drop(held);
    Ok(())
}

/// The entries of a pipeline that did not fail were executed.
#[test]
fn pipeline_with_an_entry_that_is_refused_for_now() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "CONFIG SET maxmemory 1")?;
    let result: RedisResult<()> = redis::pipe()
        .cmd("GET")
        .arg("k")
        .cmd("SET")
        .arg("k")
        .arg("v")
        .query(&mut connection);
    assert_eq!(failure(result, "OOM"), Class::Ambiguous);
    Ok(())
}

/// That entry would fail again, whatever the others did.
#[test]
fn pipeline_with_an_entry_that_cannot_succeed() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    let result: RedisResult<()> = redis::pipe()
        .cmd("INCR")
        .arg("text")
        .cmd("INCR")
        .arg("n")
        .query(&mut connection);
    assert_eq!(failure(result, "not an integer"), Class::Permanent);
    assert_eq!(connection.get::<_, i64>("n")?, 1);
    Ok(())
}

/// A script's error comes after the writes it has made, and comes again.
#[test]
fn script_that_fails_half_way() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    let script =
        "redis.call('INCR', 'n'); redis.call('SET', 't', 'abc'); return redis.call('INCR', 't')";
    let result: RedisResult<()> = cmd("EVAL").arg(script).arg(0).query(&mut connection);
    assert_eq!(failure(result, "not an integer"), Class::Permanent);
    assert_eq!(connection.get::<_, i64>("n")?, 1);
    Ok(())
}

// ---- refused for now

#[test]
fn loading() -> TestResult {
    let server = RealRedis::builder().wait_loaded(false).start()?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "DEBUG POPULATE 20000 key 10")?;
    query(&mut connection, "SAVE")?;
    server.restart_with([
        "--key-load-delay",
        "100",
        "--loading-process-events-interval-bytes",
        "1024",
    ])?;
    let mut connection = connect(&server.url())?;
    assert_eq!(
        failure(query(&mut connection, "GET key:1"), "LOADING"),
        Class::Unavailable
    );
    Ok(())
}

#[test]
fn busy_with_a_script() -> TestResult {
    let server = server_with(&["--busy-reply-threshold", "50"])?;
    let mut connection = connect(&server.url())?;
    let busy = Busy::keep(&server, &mut connection);
    assert_eq!(
        failure(query(&mut connection, "GET k"), "BUSY"),
        Class::Unavailable
    );
    assert_eq!(
        failure(busy.kill(&mut connection), "script"),
        Class::Ambiguous
    );
    Ok(())
}

#[test]
fn read_only_replica() -> TestResult {
    let server = server_with(&["--replicaof", "127.0.0.1 1"])?;
    let mut connection = connect(&server.url())?;
    assert_eq!(
        failure(query(&mut connection, "SET k v"), "READONLY"),
        Class::Unavailable
    );
    Ok(())
}

#[test]
fn replica_without_its_master() -> TestResult {
    let server = server_with(&[
        "--replicaof",
        "127.0.0.1 1",
        "--replica-serve-stale-data",
        "no",
    ])?;
    let mut connection = connect(&server.url())?;
    assert_eq!(
        failure(query(&mut connection, "GET k"), "MASTERDOWN"),
        Class::Unavailable
    );
    Ok(())
}

#[test]
fn cluster_without_its_slots() -> TestResult {
    let server = server_with(&["--cluster-enabled", "yes"])?;
    let mut connection = connect(&server.url())?;
    assert_eq!(
        failure(query(&mut connection, "GET k"), "CLUSTERDOWN"),
        Class::Unavailable
    );
    Ok(())
}

#[test]
fn blocked_client_when_the_role_changes() -> TestResult {
    let server = server()?;
    let url = server.url();
    let blocked = std::thread::spawn(move || query(&mut connect(&url)?, "BLPOP list 0"));
    let mut connection = connect(&server.url())?;
    wait_until(|| {
        let info: String = cmd("INFO")
            .arg("clients")
            .query(&mut connection)
            .unwrap_or_default();
        info.contains("blocked_clients:1")
    });
    query(&mut connection, "REPLICAOF 127.0.0.1 1")?;
    let result = blocked.join().map_err(|_| "the blocked client panicked")?;
    assert_eq!(failure(result, "UNBLOCKED"), Class::Unavailable);
    Ok(())
}

// ---- writes refused for now

#[test]
fn out_of_memory() -> TestResult {
    let server = server_with(&["--maxmemory", "1000"])?;
    let mut connection = connect(&server.url())?;
    assert_eq!(
        failure(query(&mut connection, "SET k v"), "OOM"),
        Class::WriteRefused
    );
    Ok(())
}

#[test]
fn too_few_replicas() -> TestResult {
    let server = server_with(&["--min-replicas-to-write", "1"])?;
    let mut connection = connect(&server.url())?;
    assert_eq!(
        failure(query(&mut connection, "SET k v"), "NOREPLICAS"),
        Class::WriteRefused
    );
    Ok(())
}

#[test]
fn failed_background_save() -> TestResult {
    let server = server_with(&["--enable-protected-configs", "yes", "--save", "1 1"])?;
    let mut connection = connect(&server.url())?;
    let gone = server.dir().join("gone");
    std::fs::create_dir(&gone)?;
    let () = cmd("CONFIG")
        .arg("SET")
        .arg("dir")
        .arg(gone.to_string_lossy().as_ref())
        .query(&mut connection)?;
    std::fs::remove_dir(&gone)?;
    query(&mut connection, "SET k v")?;
    query(&mut connection, "BGSAVE")?;
    wait_until(|| query(&mut connection, "SET k v").is_err());
    assert_eq!(
        failure(query(&mut connection, "SET k v"), "MISCONF"),
        Class::WriteRefused
    );
    Ok(())
}

// ---- the same again next time

#[test]
fn permanent_replies() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    query(&mut connection, "XGROUP CREATE stream group $ MKSTREAM")?;
    for (line, text) in [
        ("LPUSH text x", "WRONGTYPE"),
        ("INCR text", "not an integer"),
        ("NOSUCHCOMMAND", "unknown command"),
        ("GET", "wrong number"),
        (
            "EVALSHA 0000000000000000000000000000000000000000 0",
            "NOSCRIPT",
        ),
        ("SCRIPT KILL", "NOTBUSY"),
        ("XGROUP CREATE stream group $", "BUSYGROUP"),
        ("XREADGROUP GROUP none me STREAMS stream >", "NOGROUP"),
        ("RESTORE text 0 x", "BUSYKEY"),
    ] {
        assert_eq!(
            failure(query(&mut connection, line), text),
            Class::Permanent,
            "{line}"
        );
    }
    Ok(())
}

#[test]
fn reply_of_the_wrong_type() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    let () = connection.set("text", "abc")?;
    assert_eq!(
        failure(connection.get::<_, i64>("text"), "ncompatible"),
        Class::Permanent
    );
    Ok(())
}

#[test]
fn no_permission_and_no_password() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    query(
        &mut connection,
        "ACL SETUSER reader on >secret ~* +get +client +select",
    )?;
    let as_reader = server.url().replace("redis://", "redis://reader:secret@");
    assert_eq!(
        failure(query(&mut connect(&as_reader)?, "SET k v"), "NOPERM"),
        Class::Misconfigured
    );
    let wrong = server.url().replace("redis://", "redis://reader:wrong@");
    assert_eq!(failure(connect(&wrong), ""), Class::Misconfigured);
    query(&mut connection, "CONFIG SET requirepass hidden")?;
    assert_eq!(
        failure(query(&mut connect(&server.url())?, "GET k"), "NOAUTH"),
        Class::Misconfigured
    );
    Ok(())
}

/// redis-rs reports the refusal of the SELECT that opens a connection in words of its own.
#[test]
fn connecting_to_a_database_of_a_busy_server() -> TestResult {
    let server = server_with(&["--busy-reply-threshold", "50"])?;
    let mut connection = connect(&server.url())?;
    let busy = Busy::keep(&server, &mut connection);
    let result = connect(&format!("{}1", server.url()));
    assert_eq!(failure(result, "switch database"), Class::Unavailable);
    assert!(busy.kill(&mut connection).is_err());
    Ok(())
}

#[test]
fn aborted_transactions() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    let result: RedisResult<()> = redis::pipe()
        .atomic()
        .cmd("INCR")
        .arg("n")
        .cmd("NOSUCHCOMMAND")
        .query(&mut connection);
    assert_eq!(failure(result, "aborted"), Class::Permanent);
    assert_eq!(connection.get::<_, Option<i64>>("n")?, None);

    let full = server_with(&["--maxmemory", "1000"])?;
    let mut connection = connect(&full.url())?;
    let result: RedisResult<()> = redis::pipe()
        .atomic()
        .cmd("SET")
        .arg("k")
        .arg("v")
        .query(&mut connection);
    assert_eq!(failure(result, "aborted"), Class::WriteRefused);
    Ok(())
}

#[test]
fn keys_of_two_slots() -> TestResult {
    let server = server_with(&["--cluster-enabled", "yes"])?;
    let mut connection = connect(&server.url())?;
    query(&mut connection, "CLUSTER ADDSLOTSRANGE 0 16383")?;
    wait_until(|| query(&mut connection, "GET k").is_ok());
    assert_eq!(
        failure(query(&mut connection, "MGET a b"), "CROSSSLOT"),
        Class::Permanent
    );
    Ok(())
}

#[test]
fn database_that_is_not_there() -> TestResult {
    let server = server()?;
    let result = connect(&format!("{}999", server.url()));
    assert_eq!(failure(result, "database"), Class::Permanent);
    Ok(())
}

// ---- never a call

#[test]
fn urls_that_do_not_parse() {
    for url in [
        "",
        "redis://",
        "http://localhost/",
        "redis://localhost:port/",
        "redis://localhost/db",
    ] {
        let result = Client::open(url);
        assert_eq!(failure(result, ""), Class::Misconfigured, "{url:?}");
    }
}

#[test]
fn empty_command() -> TestResult {
    let server = server()?;
    let mut connection = connect(&server.url())?;
    let result: RedisResult<()> = redis::Cmd::new().query(&mut connection);
    assert_eq!(failure(result, "empty command"), Class::Misconfigured);
    Ok(())
}

#[test]
fn an_application_s_own_error() {
    #[derive(Debug, thiserror::Error)]
    #[error("no such user")]
    struct NotFound;
    assert_eq!(Class::of(&NotFound), Class::Foreign);
    let text = RedisError::from((redis::ErrorKind::Client, "made up"));
    assert_ne!(Class::of(&text), Class::Foreign);
}
