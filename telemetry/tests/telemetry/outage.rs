//! A service that Prometheus scrapes while its Redis goes away and comes back.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::{Connection, Connector};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::{RealPrometheus, RealRedis};

use crate::documents::alerts;
use crate::scraped::text;

/// For an alert to fire or to resolve, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(90);

#[redis_resilient(name = "outage: visit", retries = 0, timeout = "200ms", fallback = Ok(0))]
async fn visit(connector: &Connector) -> RedisResult<u64> {
    let mut connection: Connection = connector.get().await?;
    connection.incr("visits", 1).await
}

/// Answers every request with the metrics.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let body = text();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

/// The alerts of the file, with the times of a test.
fn quick_alerts() -> String {
    let text = fs::read_to_string(alerts()).expect("it can be read");
    let lines = text.lines().map(|line| match line.trim_start() {
        rest if rest.starts_with("for: ") => line.replace(rest, "for: 400ms"),
        _ => line.replace("[5m]", "[10s]").replace("[10m]", "[10s]"),
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn an_alert_fires_while_redis_is_away_and_resolves_when_it_is_back() {
    let redis = RealRedis::start().expect("it starts");
    let connector = Connector::builder(redis.url()).expect("a URL").build();
    let prometheus = RealPrometheus::start(serve(), &quick_alerts()).expect("it starts");
    let stop = Arc::new(AtomicBool::new(false));
    let calls = thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("it is built");
            runtime.block_on(async {
                while !stop.load(Ordering::Relaxed) {
                    let _ = visit(&connector).await;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        }
    });
    let port = redis
        .url()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .trim_matches('/')
        .to_owned();
    let is_firing = |alert: &str, label: &str| {
        let answer = prometheus.get("/api/v1/alerts").expect("it answers");
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("it is JSON");
        let alerts = answer["data"]["alerts"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        alerts.iter().any(|one| {
            one["state"] == "firing"
                && one["labels"]["alertname"] == alert
                && one["labels"].to_string().contains(label)
        })
    };
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !holds() {
            let targets = || prometheus.get("/api/v1/targets").unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "{what}: {}", targets());
            thread::sleep(Duration::from_millis(50));
        }
    };
    let is_scraped = || {
        let query = "/api/v1/query?query=resilient_calls_total%7Bresult%3D%22redis%22,function%3D%22outage:%20visit%22%7D%20%3E%201";
        prometheus
            .get(query)
            .expect("it answers")
            .contains("outage: visit")
    };
    until("it is scraped", &is_scraped);
    assert!(!is_firing("RedisResilientCircuitOpen", &port));
    redis.kill();
    until("the circuit's alert fires", &|| {
        is_firing("RedisResilientCircuitOpen", &port)
    });
    until("it is told that others answer", &|| {
        is_firing("RedisResilientDegraded", "outage: visit")
    });
    redis.restart().expect("it starts again");
    until("both resolve", &|| {
        !is_firing("RedisResilientCircuitOpen", &port)
            && !is_firing("RedisResilientDegraded", "outage: visit")
    });
    stop.store(true, Ordering::Relaxed);
    calls.join().expect("no call panics");
}
