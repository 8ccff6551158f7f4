//! The real server: start, kill, restart, freeze, and what is left behind.

mod support;
#[path = "support/traces.rs"]
mod traces;

use std::{
    io,
    net::TcpStream,
    os::unix::net::UnixStream,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use redis_resilient_testkit::{RealRedis, StartError, servers};
use rustix::process::{Pid, test_kill_process};
use support::RawClient;
use traces::Trace;

fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    test_kill_process(pid.unwrap()).is_ok()
}

#[test]
fn answers_on_both_of_its_addresses() {
    for program in servers().unwrap() {
        let redis = RealRedis::builder().program(&program).start().unwrap();
        for url in [redis.url(), redis.unix_url()] {
            let client = redis::Client::open(url).unwrap();
            let mut connection = client.get_connection().unwrap();
            redis::cmd("PING").exec(&mut connection).unwrap();
        }
        assert!(redis.log().contains("Ready to accept connections"));
        assert!(redis.is_running());
    }
}

#[test]
fn two_do_not_share_anything() {
    let (one, other) = (RealRedis::start().unwrap(), RealRedis::start().unwrap());
    RawClient::connect(one.addr()).send(&["SET", "k", "v"]);
    assert_eq!(
        RawClient::connect(other.addr()).send(&["GET", "k"]),
        r"$-1\r\n"
    );
    assert_ne!(one.dir(), other.dir());
}

#[test]
fn many_start_at_once() {
    let start = || thread::spawn(|| RealRedis::start().unwrap());
    let threads: Vec<_> = (0..8).map(|_| start()).collect();
    let servers: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    for server in &servers {
        assert_eq!(
            RawClient::connect(server.addr()).send(&["DBSIZE"]),
            r":0\r\n"
        );
    }
}

#[test]
fn connecting_is_refused_after_a_kill_and_works_after_a_restart() {
    for program in servers().unwrap() {
        let redis = RealRedis::builder().program(&program).start().unwrap();
        let (addr, pid) = (redis.addr(), redis.pid().unwrap());
        RawClient::connect(addr).send(&["SET", "k", "v"]);
        redis.kill();
        assert!(!redis.is_running());
        assert_eq!(redis.pid(), None);
        assert!(!exists(pid));
        let refused = TcpStream::connect(addr).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        redis.kill();

        redis.restart().unwrap();
        assert_eq!(redis.addr(), addr);
        assert_ne!(redis.pid(), Some(pid));
        assert_eq!(RawClient::connect(addr).send(&["GET", "k"]), r"$-1\r\n");

        let second = redis.pid().unwrap();
        redis.restart().unwrap();
        assert!(!exists(second));
        RawClient::connect(addr);
    }
}

#[test]
fn a_frozen_server_executes_what_came_meanwhile_once_thawed() {
    for program in servers().unwrap() {
        let redis = RealRedis::builder().program(&program).start().unwrap();
        let mut other = RawClient::connect(redis.addr());
        redis.freeze();
        redis.freeze();
        assert!(redis.is_running());
        let client = redis::Client::open(redis.url()).unwrap();
        let timeout = Duration::from_millis(50);
        let error = client.get_connection_with_timeout(timeout).err().unwrap();
        assert!(error.is_timeout(), "{error}");
        let incremented = thread::spawn(move || other.send(&["INCR", "n"]));
        redis.thaw();
        assert_eq!(incremented.join().unwrap(), r":1\r\n");
    }
}

#[test]
fn a_frozen_server_can_be_killed() {
    let redis = RealRedis::start().unwrap();
    redis.freeze();
    redis.kill();
    redis.restart().unwrap();
    RawClient::connect(redis.addr()).send(&["PING"]);
}

#[test]
#[should_panic(expected = "the Redis server is not running")]
fn a_killed_server_cannot_be_frozen() {
    let redis = RealRedis::start().unwrap();
    redis.kill();
    redis.freeze();
}

#[test]
fn arguments_last_over_restarts_or_for_one_run() {
    for program in servers().unwrap() {
        let redis = RealRedis::builder()
            .program(&program)
            .args(["--maxclients", "77"])
            .start()
            .unwrap();
        let config = |name: &str| RawClient::connect(redis.addr()).send(&["CONFIG", "GET", name]);
        assert!(config("maxclients").contains("77"));
        redis.restart_with(["--timeout", "99"]).unwrap();
        assert!(config("maxclients").contains("77"));
        assert!(config("timeout").contains("99"));
        redis.restart().unwrap();
        assert!(!config("timeout").contains("99"));
    }
}

#[test]
fn a_loading_server_can_be_seen_loading() {
    for program in servers().unwrap() {
        let redis = RealRedis::builder()
            .program(&program)
            .wait_loaded(false)
            .start()
            .unwrap();
        let mut client = RawClient::connect(redis.addr());
        client.send(&["DEBUG", "POPULATE", "20000", "key", "10"]);
        assert_eq!(client.send(&["SAVE"]), r"+OK\r\n");
        let slowly = [
            "--key-load-delay",
            "100",
            "--loading-process-events-interval-bytes",
            "1024",
        ];
        redis.restart_with(slowly).unwrap();
        let reply = RawClient::connect(redis.addr()).send(&["GET", "key:1"]);
        assert!(reply.starts_with("-LOADING"), "{reply}");
    }
}

#[test]
fn a_restart_waits_until_the_data_is_loaded() {
    for program in servers().unwrap() {
        let redis = RealRedis::builder().program(&program).start().unwrap();
        let mut client = RawClient::connect(redis.addr());
        client.send(&["DEBUG", "POPULATE", "2000", "key", "10"]);
        client.send(&["SAVE"]);
        let slowly = [
            "--key-load-delay",
            "100",
            "--loading-process-events-interval-bytes",
            "1024",
        ];
        redis.restart_with(slowly).unwrap();
        assert_eq!(
            RawClient::connect(redis.addr()).send(&["DBSIZE"]),
            r":2000\r\n"
        );
    }
}

#[test]
fn an_argument_the_server_rejects_is_an_error_that_quotes_it() {
    for program in servers().unwrap() {
        let error = RealRedis::builder()
            .program(&program)
            .arg("--no-such-option")
            .arg("1")
            .start()
            .unwrap_err();
        assert!(matches!(error, StartError::Exited { .. }), "{error:?}");
        assert!(error.to_string().contains("no-such-option"), "{error}");
    }
}

#[test]
fn a_password_does_not_keep_it_from_being_ready() {
    for program in servers().unwrap() {
        let redis = RealRedis::builder()
            .program(&program)
            .arg("--requirepass")
            .arg("secret")
            .start()
            .unwrap();
        let reply = RawClient::connect(redis.addr()).send(&["PING"]);
        assert!(reply.starts_with("-NOAUTH"), "{reply}");
    }
}

#[test]
fn nothing_is_left_after_a_drop() {
    let redis = RealRedis::start().unwrap();
    let (pid, dir) = (redis.pid().unwrap(), redis.dir().to_owned());
    drop(redis);
    assert!(!exists(pid));
    assert!(!dir.exists());
}

#[test]
fn nothing_is_left_after_a_panic() {
    let mut pid = 0;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let redis = RealRedis::start().unwrap();
        pid = redis.pid().unwrap();
        redis.freeze();
        panic!("as a failing test does");
    }));
    assert!(panicked.is_err());
    assert!(pid > 0 && !exists(pid));
}

#[test]
fn nothing_is_left_after_the_process_is_killed() {
    if traces::is_victim() {
        let [frozen, killed] = [(); 2].map(|()| RealRedis::start().unwrap());
        frozen.freeze();
        killed.kill();
        traces::tell([&frozen, &killed]);
        return;
    }
    let traces = traces::of_a_killed_process("nothing_is_left_after_the_process_is_killed");
    assert_eq!(traces.len(), 2);
    traces.iter().for_each(Trace::wait_until_gone);
}

#[test]
fn the_unix_socket_is_where_it_says() {
    let redis = RealRedis::start().unwrap();
    UnixStream::connect(redis.socket()).unwrap();
}
