//! Ports stay those of their servers and proxies while nobody listens on them.
#![cfg(target_os = "linux")]

use std::{
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use redis_resilient_testkit::{EmbeddedRedis, FaultProxy, RealRedis, WireFault};
use tokio::net::TcpSocket;

/// A program that takes a port as soon as it is free: without `SO_REUSEADDR`, it gets none that somebody has bound.
struct Thief {
    over: Arc<AtomicBool>,
    tries: Arc<AtomicU64>,
    thread: thread::JoinHandle<bool>,
}

impl Thief {
    fn of(port: SocketAddr) -> Self {
        let (over, tries) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (is_over, counted) = (over.clone(), tries.clone());
        let thread = thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                let socket = TcpSocket::new_v4().unwrap();
                if socket.bind(port).is_ok() {
                    // It keeps the port for a while, so that the owner notices.
                    thread::sleep(Duration::from_millis(20));
                    return true;
                }
                counted.fetch_add(1, Ordering::Relaxed);
            }
            false
        });
        let thief = Self {
            over,
            tries,
            thread,
        };
        thief.wait_for_tries(100);
        thief
    }

    /// On a busy machine it does not run all the time.
    fn wait_for_tries(&self, more: u64) {
        let enough = self.tries.load(Ordering::Relaxed) + more;
        while self.tries.load(Ordering::Relaxed) < enough && !self.thread.is_finished() {
            thread::yield_now();
        }
    }

    fn has_got_it(self) -> bool {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn a_proxy_that_refuses_keeps_its_port() {
    let server = EmbeddedRedis::start().unwrap();
    let proxy = FaultProxy::to(server.addr()).unwrap();
    let client = redis::Client::open(proxy.url()).unwrap();
    let thief = Thief::of(proxy.addr());
    for round in 0..300 {
        proxy.set(WireFault::Refuse);
        if round % 10 == 0 {
            assert!(client.get_connection().is_err());
            thief.wait_for_tries(3);
        }
        proxy.pass();
    }
    assert!(!thief.has_got_it());
    assert!(client.get_connection().is_ok());
}

/// A child that has just been forked has all that its parent has open, until it executes its program.
#[test]
fn children_that_are_started_meanwhile_do_not_keep_it_from_listening() {
    let server = EmbeddedRedis::start().unwrap();
    let over = Arc::<AtomicBool>::default();
    let is_over = over.clone();
    let parent = thread::spawn(move || {
        let mut children = 0;
        while !is_over.load(Ordering::Relaxed) {
            assert!(Command::new("true").status().unwrap().success());
            children += 1;
        }
        children
    });
    for _ in 0..1000 {
        server.down();
        server.up();
    }
    over.store(true, Ordering::Relaxed);
    assert!(parent.join().unwrap() > 0);
}

#[test]
fn an_embedded_server_that_is_down_keeps_its_port() {
    let server = EmbeddedRedis::start().unwrap();
    let thief = Thief::of(server.addr());
    for _ in 0..300 {
        server.down();
        server.up();
    }
    assert!(!thief.has_got_it());
}

/// One with a second port, for the other nodes of a cluster.
#[test]
fn a_server_that_is_restarted_keeps_its_ports() {
    let redis = RealRedis::builder().cluster_node().start().unwrap();
    let bus: (String, u16) = {
        let client = redis::Client::open(redis.url()).unwrap();
        let mut ask = redis::cmd("CONFIG");
        let ask = ask.arg("GET").arg("cluster-port");
        ask.query(&mut client.get_connection().unwrap()).unwrap()
    };
    let thieves = [redis.addr().port(), bus.1]
        .map(|port| Thief::of(SocketAddr::from(([127, 0, 0, 1], port))));
    for _ in 0..3 {
        redis.kill();
        for thief in &thieves {
            thief.wait_for_tries(10);
        }
        redis.restart().unwrap();
    }
    for thief in thieves {
        assert!(!thief.has_got_it());
    }
}
