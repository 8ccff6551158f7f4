//! All that a process tells, on its standard output.

use std::fmt::{Debug, Display};
use std::io;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusBuilder;
use redis::RedisResult;
use redis_resilient::cache::Cache;
use redis_resilient::connection::{Connector, Credentials};
use redis_resilient::console::{Access, Checks, Console, HealthPolicy, Operator};
use redis_resilient::journal::{Journal, Written};
use redis_resilient::streams::{Consumer, Delivery, Entry, Failure};
use redis_resilient::telemetry::{self, facade};
use redis_resilient::{Breaker, Registry, State, logging, redis_resilient, settings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing::level_filters::LevelFilter;

use crate::{CANARY, TestResult};

/// Far longer than anything here takes, and still an end.
const LONG: Duration = Duration::from_secs(30);

static LOADS: Breaker = Breaker::new("canary")
    .failure_threshold(1)
    .burst_window(Duration::ZERO);

#[redis_resilient(name = "load", retries = 1, delay = "5ms", breaker = LOADS)]
async fn load(redis: &Connector) -> RedisResult<Option<String>> {
    let mut connection = redis.get().await?;
    redis::cmd("GET")
        .arg("key")
        .query_async(&mut connection)
        .await
}

fn begin(part: &str) {
    println!("\n== {part}");
}

fn show(what: &str, shown: &impl Debug) {
    println!("{what}: {shown:?} {shown:#?}");
}

fn failed<T, E: Debug + Display>(what: &str, result: Result<T, E>) {
    match result {
        Ok(_) => println!("{what}: well"),
        Err(error) => println!("{what}: {error} {error:?} {error:#?}"),
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "it has never come: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn tell_all(server: &str) -> TestResult {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .init();
    logging::write_every_line(true);
    telemetry::start();
    let metrics = PrometheusBuilder::new().install_recorder()?;
    begin("settings");
    in_settings()?;
    let connectors = connectors(server)?;
    begin("errors");
    wrong(server);
    begin("calls");
    let parts = Parts::of(&connectors).await?;
    in_pages(&connectors).await?;
    begin("metrics");
    facade::collect();
    println!("{}", metrics.render());
    drop(parts);
    Ok(())
}

/// In a file of settings and in a variable, where none belongs.
fn in_settings() -> TestResult {
    let folder = std::env::temp_dir().join(format!("rr-told-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("resilience.toml");
    for text in [
        format!("[functions.load]\nretries = 1\npassword = \"{CANARY}-file\"\n"),
        format!("[functions.load]\nretries = \"{CANARY}-file\"\n"),
        format!("[functions.load]\ntimeout = \"{CANARY}-file\"\n"),
        format!("[functions.load]\nurl = redis://me:{CANARY}-file@a\n"),
        format!("password = \"{CANARY}-file\"\n"),
        format!("# {CANARY}-file\n[functions.load]\nretries = 1\n"),
    ] {
        std::fs::write(&path, text)?;
        failed("settings", settings::load(&path));
        show("settings", &settings::status());
        show("settings", &settings::sources());
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// One for each place that a password may come from. All but the last are refused.
fn connectors(server: &str) -> Result<Vec<Connector>, Box<dyn std::error::Error>> {
    let user =
        |of: &str| Credentials::user(format!("{CANARY}-{of}-user"), format!("{CANARY}-{of}"));
    show("credentials", &user("shown"));
    let plain = format!("redis://{server}/");
    let builder = Connector::builder(format!("redis://{CANARY}-user:{CANARY}%20p%40ss@{server}/"))?;
    show("builder", &builder);
    let called = Connector::builder(plain.as_str())?
        .credentials(move || -> RedisResult<_> { Ok(user("callback")) });
    show("builder", &called);
    let fails = Connector::builder(plain.as_str())?.credentials(|| -> RedisResult<Credentials> {
        Err(io::Error::other("the vault is sealed").into())
    });
    let good = format!("redis://alice:{CANARY}-good@{server}/");
    Ok(vec![
        Connector::from_env()?,
        builder.build(),
        called.client_name("called").build(),
        fails.client_name("fails").build(),
        Connector::open(good.as_str())?,
    ])
}

/// What never becomes a connector.
fn wrong(server: &str) {
    for url in [
        format!("redis://me:{CANARY}@a:notaport/"),
        format!("redis://me:{CANARY}@/x/y"),
        format!("http://me:{CANARY}@{server}/"),
        format!("rediss://me:{CANARY}@{server}/"),
        format!("me:{CANARY}@{server}"),
    ] {
        failed("url", Connector::open(url.as_str()));
        failed("builder", Connector::builder(url.as_str()).map(drop));
    }
}

/// What uses the connectors.
struct Parts {
    _all: Vec<(Cache<String>, Journal)>,
}

impl Parts {
    async fn of(connectors: &[Connector]) -> Result<Self, Box<dyn std::error::Error>> {
        Registry::global().register(&LOADS);
        let mut parts = Vec::new();
        for connector in connectors {
            show("connector", connector);
            failed("get", connector.get().await);
            LOADS.reset();
            for _ in 0..3 {
                failed("load", load(connector).await);
            }
            failed("dedicated", connector.dedicated().await);
            let blocking = connector.clone();
            let got = tokio::task::spawn_blocking(move || blocking.get_blocking()).await?;
            failed("blocking", got);
            let cache: Cache<String> = Cache::builder("canary: names")
                .ttl(Duration::from_secs(600))
                .build(connector);
            let value = async || Ok::<_, redis::RedisError>("value".to_owned());
            failed("cache", cache.get_or_load(1, value).await);
            println!("invalidate: {:?}", cache.invalidate(1).await);
            let journal = Journal::builder("canary: orders").open(connector)?;
            let queued: Result<Written<()>, _> = journal
                .enqueue(redis::cmd("SET").arg("key").arg(format!("{CANARY}-value")))
                .await;
            failed("journal", queued);
            let consumer = Consumer::group(connector, "canary: mails", "sender");
            show("consumer", &consumer);
            let handled = async |_: Entry, _: Delivery| Ok::<_, Failure>(());
            tokio::spawn(consumer.run(std::future::pending::<()>(), handled));
            show("cache", &cache);
            show("journal", &journal);
            show("breaker", connector.breaker());
            parts.push((cache, journal));
        }
        // Those that are refused open it; the last one is well.
        LOADS.reset();
        let _ = load(&connectors[0]).await;
        let is_failing = || {
            Registry::global()
                .consumers()
                .iter()
                .any(|one| one.failing_for.is_some())
        };
        until("a consumer fails", is_failing).await;
        println!("breaker: {:?}", LOADS.state() == State::Open);
        let registry = Registry::global();
        show("connectors", &registry.connectors());
        show("caches", &registry.caches());
        show("consumers", &registry.consumers());
        show("functions", &registry.functions());
        for journal in registry.journals() {
            show("journal", &journal.report);
        }
        Ok(Self { _all: parts })
    }
}

async fn in_pages(connectors: &[Connector]) -> TestResult {
    let mut checks = Checks::new();
    for (connector, name) in connectors
        .iter()
        .zip(["env", "url", "callback", "vault", "good"])
    {
        let redis = connector.clone();
        checks = checks.add(name, Duration::from_secs(5), move || {
            let redis = redis.clone();
            async move { load(&redis).await.map(drop) }
        });
    }
    let access = Access::controlled_by(|_| Some(Operator::named("ann")));
    let console = Console::new(access).checks(checks.clone());
    show("console", &console);
    show("health", &HealthPolicy::new().health(checks.run().await));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let app = console.router();
    let served = tokio::spawn(async move { axum::serve(listener, app).await });
    for (part, path, accept) in [
        ("healthz", "/healthz", "*/*"),
        ("readyz", "/readyz", "*/*"),
        ("json", "/resilience", "*/*"),
        ("page", "/resilience", "text/html"),
        ("events", "/resilience/events", "*/*"),
    ] {
        let mut stream = TcpStream::connect(at).await?;
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\naccept: {accept}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut bytes = Vec::new();
        if part == "events" {
            // Two of them.
            while String::from_utf8_lossy(&bytes).matches("data:").count() < 2 {
                let read = tokio::time::timeout(LONG, stream.read_buf(&mut bytes)).await??;
                assert!(read > 0, "it has ended");
            }
        } else {
            tokio::time::timeout(LONG, stream.read_to_end(&mut bytes)).await??;
        }
        begin(part);
        println!("{}", String::from_utf8_lossy(&bytes));
    }
    served.abort();
    Ok(())
}
