//! Each fault of the proxy as clients see it.

#[path = "support/io_kind.rs"]
mod io_kind;
mod support;

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use io_kind::io_kind;
use redis::{AsyncConnectionConfig, RedisResult};
use redis_resilient_testkit::{EmbeddedRedis, FaultProxy, RealRedis, ReplyCut, WireFault};
use support::RawClient;

/// Long enough for any reply that does come.
const AMPLE: Duration = Duration::from_secs(10);
/// For replies that never come.
const SHORT: Duration = Duration::from_millis(100);

struct Setup {
    server: EmbeddedRedis,
    proxy: FaultProxy,
}

impl Setup {
    fn new() -> Self {
        let server = EmbeddedRedis::start().unwrap();
        let proxy = FaultProxy::to(server.addr()).unwrap();
        Self { server, proxy }
    }

    fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(self.proxy.url()).unwrap();
        client.get_connection_with_timeout(AMPLE).unwrap()
    }

    async fn connect_async(&self, timeout: Duration) -> redis::aio::MultiplexedConnection {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(AMPLE))
            .set_response_timeout(Some(timeout));
        let client = redis::Client::open(self.proxy.url()).unwrap();
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .unwrap()
    }

    fn raw(&self) -> TcpStream {
        let stream = TcpStream::connect(self.proxy.addr()).unwrap();
        stream.set_read_timeout(Some(AMPLE)).unwrap();
        stream
    }
}

fn incr(connection: &mut redis::Connection) -> RedisResult<i64> {
    redis::cmd("INCR").arg("n").query(connection)
}

async fn incr_async(connection: &mut redis::aio::MultiplexedConnection) -> RedisResult<i64> {
    redis::cmd("INCR").arg("n").query_async(connection).await
}

#[test]
fn passes_commands_and_replies_of_any_size() {
    let setup = Setup::new();
    let mut connection = setup.connect();
    let value = "x".repeat(1_000_000);
    redis::cmd("SET")
        .arg("k")
        .arg(&value)
        .exec(&mut connection)
        .unwrap();
    let back: String = redis::cmd("GET").arg("k").query(&mut connection).unwrap();
    assert!(back == value);
    assert_eq!((setup.proxy.accepted(), setup.proxy.open()), (1, 1));
}

#[test]
fn stands_before_a_real_server_on_either_socket() {
    let redis = RealRedis::start().unwrap();
    let proxies = [
        FaultProxy::to(redis.addr()),
        FaultProxy::to_unix(redis.socket()),
    ];
    for (count, proxy) in (1..).zip(proxies) {
        let proxy = proxy.unwrap();
        let client = redis::Client::open(proxy.url()).unwrap();
        assert_eq!(incr(&mut client.get_connection().unwrap()), Ok(count));
        drop(proxy);
        assert!(client.get_connection().is_err());
    }
}

#[test]
fn refuses_and_accepts_again_on_the_same_port() {
    let setup = Setup::new();
    let mut connection = setup.connect();
    for _ in 0..3 {
        setup.proxy.set(WireFault::Refuse);
        assert!(incr(&mut connection).unwrap_err().is_connection_dropped());
        let refused = TcpStream::connect(setup.proxy.addr()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(setup.proxy.open(), 0);
        setup.proxy.pass();
        connection = setup.connect();
        incr(&mut connection).unwrap();
    }
    assert_eq!(setup.server.calls("INCR"), 3);
}

#[test]
fn a_black_hole_holds_up_everything() {
    let setup = Setup::new();
    let mut connection = setup.connect();
    setup.proxy.set(WireFault::BlackHole);
    connection.set_read_timeout(Some(SHORT)).unwrap();
    assert!(incr(&mut connection).unwrap_err().is_timeout());
    let client = redis::Client::open(setup.proxy.url()).unwrap();
    assert!(
        client
            .get_connection_with_timeout(SHORT)
            .err()
            .unwrap()
            .is_timeout()
    );
    assert_eq!(setup.server.calls("INCR"), 0);

    setup.proxy.pass();
    connection.set_read_timeout(Some(AMPLE)).unwrap();
    assert_eq!(incr(&mut connection), Ok(2));
}

#[tokio::test]
async fn a_black_hole_of_existing_connections_spares_new_ones() {
    let setup = Setup::new();
    let mut old = setup.connect_async(SHORT).await;
    setup.proxy.set(WireFault::BlackHoleExisting);
    assert!(incr_async(&mut old).await.unwrap_err().is_timeout());
    assert_eq!(
        incr_async(&mut setup.connect_async(AMPLE).await).await,
        Ok(1)
    );
    assert!(incr_async(&mut old).await.unwrap_err().is_timeout());
    assert_eq!(setup.server.calls("INCR"), 1);
}

#[test]
fn a_closed_reply_is_an_end_of_file_and_the_command_executed() {
    for length in [0, 3] {
        let setup = Setup::new();
        let mut connection = setup.connect();
        setup.proxy.next_reply(ReplyCut::CloseAfter(length));
        let error = incr(&mut connection).unwrap_err();
        assert_eq!(io_kind(&error), Some(ErrorKind::UnexpectedEof), "{error}");
        assert_eq!(incr(&mut setup.connect()), Ok(2), "one-shot");
    }
}

#[tokio::test]
async fn a_closed_reply_drops_an_async_connection() {
    let setup = Setup::new();
    let mut connection = setup.connect_async(AMPLE).await;
    setup.proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = incr_async(&mut connection).await.unwrap_err();
    assert!(error.is_connection_dropped(), "{error}");
    assert_eq!(setup.server.calls("INCR"), 1);
}

#[test]
fn a_reset_reply_is_a_reset_connection_and_the_command_executed() {
    for length in [0, 3] {
        let setup = Setup::new();
        let mut connection = setup.connect();
        setup.proxy.next_reply(ReplyCut::ResetAfter(length));
        let error = incr(&mut connection).unwrap_err();
        assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{error}");
        assert_eq!(setup.server.calls("INCR"), 1);
    }
}

#[test]
fn exactly_so_many_bytes_of_the_reply_arrive() {
    for (length, expected) in [
        (0, ""),
        (2, "$5"),
        (6, "$5\r\nhe"),
        (100, "$5\r\nhello\r\n"),
    ] {
        let setup = Setup::new();
        let mut stream = setup.raw();
        setup.proxy.next_reply(ReplyCut::CloseAfter(length));
        stream
            .write_all(b"*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n")
            .unwrap();
        let mut arrived = String::new();
        stream.read_to_string(&mut arrived).unwrap();
        assert_eq!(arrived, expected);
    }
}

#[test]
fn one_of_several_pipelined_replies_is_dropped() {
    let setup = Setup::new();
    let mut stream = setup.raw();
    setup.proxy.next_reply(ReplyCut::Drop);
    let echo = |text: &str| format!("*2\r\n$4\r\nECHO\r\n$1\r\n{text}\r\n");
    let commands = ["a", "b", "c"].map(echo).concat();
    stream.write_all(commands.as_bytes()).unwrap();
    let mut arrived = [0; 14];
    stream.read_exact(&mut arrived).unwrap();
    assert_eq!(&arrived, b"$1\r\nb\r\n$1\r\nc\r\n");
}

#[tokio::test]
async fn a_dropped_reply_is_a_timeout_and_the_connection_stays() {
    let setup = Setup::new();
    let mut connection = setup.connect_async(SHORT).await;
    setup.proxy.next_reply(ReplyCut::Drop);
    assert!(incr_async(&mut connection).await.unwrap_err().is_timeout());
    assert_eq!(setup.proxy.open(), 1);
    // On a busy machine the client may give up before the command is executed.
    while setup.server.calls("INCR") == 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn each_reply_can_be_cut_until_further_notice() {
    let setup = Setup::new();
    let mut connections = [setup.connect(), setup.connect(), setup.connect()];
    setup
        .proxy
        .set(WireFault::EachReply(ReplyCut::CloseAfter(0)));
    for connection in &mut connections {
        assert!(incr(connection).unwrap_err().is_connection_dropped());
    }
    setup.proxy.pass();
    assert_eq!(incr(&mut setup.connect()), Ok(4));
}

#[test]
fn several_next_replies_are_cut_one_each() {
    let setup = Setup::new();
    let mut connections = [setup.connect(), setup.connect(), setup.connect()];
    setup.proxy.next_reply(ReplyCut::CloseAfter(0));
    setup.proxy.next_reply(ReplyCut::ResetAfter(0));
    let [one, two, three] = &mut connections;
    assert_eq!(
        io_kind(&incr(one).unwrap_err()),
        Some(ErrorKind::UnexpectedEof)
    );
    assert_eq!(
        io_kind(&incr(two).unwrap_err()),
        Some(ErrorKind::ConnectionReset)
    );
    assert_eq!(incr(three), Ok(3));
}

#[test]
fn passing_forgets_the_cuts_to_come() {
    let setup = Setup::new();
    let mut connection = setup.connect();
    setup.proxy.next_reply(ReplyCut::Drop);
    setup.proxy.pass();
    assert_eq!(incr(&mut connection), Ok(1));
}

#[test]
fn replies_are_delayed_but_the_delays_do_not_add_up() {
    let setup = Setup::new();
    let mut connection = setup.connect();
    let delay = Duration::from_millis(100);
    setup.proxy.set(WireFault::Delay(delay));
    let start = Instant::now();
    let mut pipeline = redis::pipe();
    for _ in 0..20 {
        pipeline.cmd("INCR").arg("n");
    }
    let replies: Vec<i64> = pipeline.query(&mut connection).unwrap();
    assert_eq!(replies, (1..=20).collect::<Vec<_>>());
    let took = start.elapsed();
    assert!(took >= delay, "{took:?}");
    assert!(took < 10 * delay, "{took:?}");
}

#[test]
fn a_reply_is_replaced_or_followed_by_something_else() {
    for (cut, expected) in [
        (ReplyCut::ReplaceBy(b"hello\r\n"), "hello\r\n$1\r\nb\r\n"),
        (
            ReplyCut::FollowBy(b"+OK\r\n"),
            "$1\r\na\r\n+OK\r\n$1\r\nb\r\n",
        ),
    ] {
        let setup = Setup::new();
        let mut stream = setup.raw();
        setup.proxy.next_reply(cut);
        let echo = |text: &str| format!("*2\r\n$4\r\nECHO\r\n$1\r\n{text}\r\n");
        let commands = ["a", "b"].map(echo).concat();
        stream.write_all(commands.as_bytes()).unwrap();
        let mut arrived = vec![0; expected.len()];
        stream.read_exact(&mut arrived).unwrap();
        assert_eq!(arrived, expected.as_bytes());
    }
}

#[test]
fn a_reply_comes_byte_by_byte() {
    let setup = Setup::new();
    let mut stream = setup.raw();
    let each = Duration::from_millis(10);
    setup.proxy.set(WireFault::Trickle(each));
    let start = Instant::now();
    stream.write_all(b"*1\r\n$4\r\nPING\r\n").unwrap();
    let mut arrived = [0; 7];
    stream.read_exact(&mut arrived).unwrap();
    assert_eq!(&arrived, b"+PONG\r\n");
    assert!(start.elapsed() >= 7 * each, "{:?}", start.elapsed());
}

#[test]
fn connections_are_reset_now_and_new_ones_work() {
    let setup = Setup::new();
    let mut stream = setup.raw();
    // Something must have come through, or the connection may not have been accepted yet.
    stream.write_all(b"*1\r\n$4\r\nPING\r\n").unwrap();
    stream.read_exact(&mut [0; 7]).unwrap();
    setup.proxy.reset_connections();
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(setup.proxy.open(), 0);
    assert_eq!(incr(&mut setup.connect()), Ok(1));
    assert_eq!(setup.proxy.accepted(), 2);
}

#[test]
fn a_server_that_closes_or_dies_is_passed_on() {
    let setup = Setup::new();
    let mut connection = setup.connect();
    setup.server.down();
    assert!(incr(&mut connection).unwrap_err().is_connection_dropped());
    let client = redis::Client::open(setup.proxy.url()).unwrap();
    assert!(client.get_connection().is_err());
    setup.server.up();
    assert_eq!(incr(&mut setup.connect()), Ok(1));
}

#[tokio::test(flavor = "current_thread")]
async fn works_beside_a_runtime_whose_only_thread_is_blocked() {
    let setup = Setup::new();
    let mut connection = setup.connect();
    assert_eq!(incr(&mut connection), Ok(1));
    setup.proxy.set(WireFault::Refuse);
    setup.proxy.pass();
    assert_eq!(incr(&mut setup.connect()), Ok(2));
    assert_eq!(
        RawClient::connect(setup.proxy.addr()).send(&["GET", "n"]),
        r"$1\r\n2\r\n"
    );
}

#[test]
fn what_a_replica_gets_from_its_primary_is_spared() {
    let at_once = ["--repl-diskless-sync-delay", "0"];
    let primary = RealRedis::builder().args(at_once).start().unwrap();
    let proxy = FaultProxy::to(primary.addr()).unwrap();
    let port = proxy.addr().port().to_string();
    let replica = RealRedis::builder().args(["--replicaof", "127.0.0.1", &port]);
    let _replica = replica.start().unwrap();
    let client = redis::Client::open(primary.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let mut reaches_the_replica = || {
        incr(&mut connection).unwrap();
        let mut wait = redis::cmd("WAIT");
        wait.arg(1).arg(10_000);
        wait.query::<u64>(&mut connection) == Ok(1)
    };
    assert!(reaches_the_replica(), "{}", primary.log());
    for fault in [
        WireFault::BlackHole,
        WireFault::BlackHoleExisting,
        WireFault::Delay(2 * AMPLE),
        WireFault::EachReply(ReplyCut::CloseAfter(0)),
    ] {
        proxy.set(fault);
        assert!(reaches_the_replica(), "{fault:?}");
    }
}
