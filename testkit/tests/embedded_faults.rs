//! Each fault of the embedded server as clients see it.

#[path = "support/io_kind.rs"]
mod io_kind;
mod support;

use std::{
    io::ErrorKind,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use io_kind::io_kind;
use redis::RedisResult;
use redis_resilient_testkit::{EmbeddedRedis, ReplyFault};
use support::RawClient;

const SHORT: Duration = Duration::from_millis(50);

fn connect(server: &EmbeddedRedis) -> redis::Connection {
    let client = redis::Client::open(server.url()).unwrap();
    client.get_connection().unwrap()
}

fn incr(connection: &mut redis::Connection) -> RedisResult<i64> {
    redis::cmd("INCR").arg("n").query(connection)
}

#[test]
fn an_error_reply_prevents_the_command_once() {
    let server = EmbeddedRedis::start().unwrap();
    let mut connection = connect(&server);
    server.fault(ReplyFault::Error("OOM command not allowed"));
    assert_eq!(incr(&mut connection).unwrap_err().code(), Some("OOM"));
    assert_eq!(incr(&mut connection), Ok(1));
    assert_eq!(server.seen(), ["INCR n", "INCR n"]);
    assert_eq!(server.executed(), ["INCR n"]);
    assert_eq!(server.calls("incr"), 1);
}

#[test]
fn faults_pass_over_the_commands_that_set_up_a_connection() {
    let server = EmbeddedRedis::start().unwrap();
    server.fault(ReplyFault::Error("ERR no"));
    for suffix in ["", "?protocol=resp3", "1"] {
        let client = redis::Client::open(server.url() + suffix).unwrap();
        client.get_connection().unwrap();
    }
    assert!(incr(&mut connect(&server)).is_err());
}

#[test]
fn whether_the_command_is_executed_depends_on_the_fault() {
    for (fault, kind, calls) in [
        (ReplyFault::CloseBefore, ErrorKind::UnexpectedEof, 0),
        (ReplyFault::CloseAfter, ErrorKind::UnexpectedEof, 1),
        (ReplyFault::HalfReply, ErrorKind::UnexpectedEof, 1),
        (ReplyFault::ResetAfter, ErrorKind::ConnectionReset, 1),
    ] {
        let server = EmbeddedRedis::start().unwrap();
        let mut connection = connect(&server);
        server.fault(fault);
        let error = incr(&mut connection).unwrap_err();
        assert_eq!(io_kind(&error), Some(kind), "{fault:?}: {error}");
        assert_eq!(server.calls("INCR"), calls, "{fault:?}");
    }
}

#[test]
fn a_hanging_connection_stays_silent_and_others_work() {
    let server = EmbeddedRedis::start().unwrap();
    let mut connection = connect(&server);
    connection.set_read_timeout(Some(SHORT)).unwrap();
    server.fault(ReplyFault::Hang);
    for _ in 0..2 {
        assert!(incr(&mut connection).unwrap_err().is_timeout());
    }
    assert_eq!(incr(&mut connect(&server)), Ok(1));
}

#[test]
fn a_delayed_command_is_executed_and_answered() {
    let server = EmbeddedRedis::start().unwrap();
    let mut connection = connect(&server);
    server.fault(ReplyFault::Delay(SHORT));
    let start = Instant::now();
    assert_eq!(incr(&mut connection), Ok(1));
    assert!(start.elapsed() >= SHORT);
}

#[test]
fn a_fault_can_wait_for_its_command() {
    let server = EmbeddedRedis::start().unwrap();
    let mut connection = connect(&server);
    server.fault_on("exec", ReplyFault::CloseAfter);
    assert_eq!(incr(&mut connection), Ok(1));
    let mut transaction = redis::pipe();
    transaction.atomic().cmd("INCR").arg("n");
    assert!(transaction.exec(&mut connection).is_err());
    assert_eq!(server.executed(), ["INCR n", "MULTI", "INCR n", "EXEC"]);
}

#[test]
fn commands_of_a_transaction_count_only_once_executed() {
    let server = EmbeddedRedis::start().unwrap();
    let mut client = RawClient::connect(server.addr());
    for last in ["DISCARD", "EXEC"] {
        client.send(&["MULTI"]);
        client.send(&["INCR", "n"]);
        client.send(&[last]);
    }
    assert_eq!(server.calls("INCR"), 1);
    assert_eq!(client.send(&["GET", "n"]), r"$1\r\n1\r\n");
}

#[test]
fn a_standing_fault_lasts_until_lifted() {
    let server = EmbeddedRedis::start().unwrap();
    let mut connection = connect(&server);
    server.always(Some(ReplyFault::Error("LOADING")));
    server.fault(ReplyFault::Error("BUSY"));
    assert_eq!(incr(&mut connection).unwrap_err().code(), Some("BUSY"));
    for _ in 0..3 {
        assert_eq!(incr(&mut connection).unwrap_err().code(), Some("LOADING"));
    }
    server.always(None);
    assert_eq!(incr(&mut connection), Ok(1));
    server.always(Some(ReplyFault::Error("LOADING")));
    server.fault(ReplyFault::Error("BUSY"));
    server.clear_faults();
    assert_eq!(incr(&mut connection), Ok(2));
}

#[test]
fn goes_down_and_comes_up_on_the_same_port_with_its_data() {
    let server = EmbeddedRedis::start().unwrap();
    let addr = server.addr();
    let mut connection = connect(&server);
    for round in 1..=3 {
        assert_eq!(incr(&mut connection), Ok(round));
        server.down();
        assert!(incr(&mut connection).unwrap_err().is_connection_dropped());
        let refused = TcpStream::connect(addr).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(server.open(), 0);
        server.down();
        server.up();
        server.up();
        assert_eq!(server.addr(), addr);
        connection = connect(&server);
    }
    server.wipe();
    assert_eq!(incr(&mut connection), Ok(1));
}

#[test]
fn a_frozen_server_answers_once_thawed() {
    let server = EmbeddedRedis::start().unwrap();
    let mut connection = connect(&server);
    server.freeze();
    let client = redis::Client::open(server.url()).unwrap();
    let error = client.get_connection_with_timeout(SHORT).err().unwrap();
    assert!(error.is_timeout(), "{error}");
    connection.set_read_timeout(Some(SHORT)).unwrap();
    assert!(incr(&mut connection).unwrap_err().is_timeout());
    assert_eq!(server.calls("INCR"), 0);
    connection.set_read_timeout(None).unwrap();
    let waiting = thread::spawn(move || incr(&mut connection));
    server.thaw();
    assert_eq!(waiting.join().unwrap(), Ok(2));
}

#[tokio::test(flavor = "current_thread")]
async fn serves_async_clients_and_connection_managers() {
    let server = EmbeddedRedis::start().unwrap();
    for suffix in ["", "?protocol=resp3"] {
        let client = redis::Client::open(server.url() + suffix).unwrap();
        let mut connection = client.get_connection_manager().await.unwrap();
        let pairs = [("a", 1), ("b", 2)];
        let mut hset = redis::cmd("HSET");
        hset.arg("h")
            .arg(&pairs)
            .exec_async(&mut connection)
            .await
            .unwrap();
        let back: Vec<(String, i64)> = redis::cmd("HGETALL")
            .arg("h")
            .query_async(&mut connection)
            .await
            .unwrap();
        assert_eq!(back, pairs.map(|(field, value)| (field.to_owned(), value)));
    }
}

#[test]
fn what_is_not_the_protocol_is_an_error() {
    use std::io::{Read, Write};
    let server = EmbeddedRedis::start().unwrap();
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "-ERR Protocol error: invalid multibulk length\r\n");
}

#[test]
fn keys_expire() {
    let server = EmbeddedRedis::start().unwrap();
    let mut client = RawClient::connect(server.addr());
    client.send(&["SET", "k", "v", "PX", "1"]);
    let start = Instant::now();
    while client.send(&["EXISTS", "k"]) == r":1\r\n" {
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(client.send(&["TTL", "k"]), r":-2\r\n");
}
