//! Read as a person on call reads it: at the level `info`, whatever the number of calls.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::{Breaker, State, redis_resilient};
use redis_resilient_testkit::RealRedis;
use redis_resilient_tests::log::Recorder;
use tokio::time::{sleep, timeout};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

type TestResult = Result<(), Box<dyn Error>>;

const CANARY: &str = "hunter2-canary";
/// What a busy machine may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with the user `alice`, whose password is in no line.
fn server() -> Result<RealRedis, Box<dyn Error>> {
    let password = format!(">{CANARY}");
    Ok(RealRedis::builder()
        .args(["--user", "alice", "on", &password, "~*", "&*", "+@all"])
        .start()?)
}

fn url(server: &RealRedis, password: &str) -> String {
    format!("redis://alice:{password}@{}", server.addr())
}

fn number(line: &str, field: &str) -> Option<u64> {
    let (_, rest) = line.split_once(&format!(" {field}="))?;
    rest.split(' ').next()?.parse().ok()
}

fn of<'l>(lines: &'l [String], message: &str) -> Vec<&'l String> {
    let message = format!("message={message}");
    lines
        .iter()
        .filter(|line| line.contains(&message))
        .collect()
}

#[tokio::test]
async fn an_outage_can_be_told_from_its_log_alone() -> TestResult {
    static SHOP: Breaker = Breaker::new("shop")
        .failure_threshold(3)
        .reset_timeout(Duration::from_millis(200))
        .reset_timeout_max(Duration::from_millis(400));
    #[redis_resilient(name = "price of", breaker = SHOP, retries = 1, delay = "5ms", fallback = Ok("database"))]
    async fn price(connector: &Connector) -> RedisResult<&'static str> {
        let mut connection = connector.get().await?;
        connection.get::<_, Option<String>>("price").await?;
        Ok("redis")
    }

    let server = Arc::new(server()?);
    let connector = Connector::builder(url(&server, CANARY))?
        .connect_timeout(Duration::from_millis(500))
        .response_timeout(Duration::from_millis(500))
        .build();
    let recorder = Recorder::default();
    let _recording =
        recorder.record_through(tracing_subscriber::registry().with(LevelFilter::INFO));
    assert_eq!(price(&connector).await.ok(), Some("redis"));
    assert_eq!(recorder.lines(), [""; 0], "all is well");

    server.kill();
    let began = Instant::now();
    let mut calls = 0_u64;
    while began.elapsed() < Duration::from_secs(3) {
        assert!(price(&connector).await.is_ok(), "its fallback answers");
        calls += 1;
        tokio::task::yield_now().await;
    }
    let restarted = server.clone();
    tokio::task::spawn_blocking(move || restarted.restart().map_err(|error| error.to_string()))
        .await??;
    timeout(PATIENCE, async {
        while SHOP.state() != State::Closed || price(&connector).await.ok() != Some("redis") {
            price(&connector).await.ok();
            calls += 1;
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await?;
    let outage = began.elapsed();

    let lines = recorder.lines();
    assert!(calls > 1_000, "{calls} calls");
    // What failed, and why.
    let failed = of(&lines, "attempt failed, will retry");
    let first = failed.first().ok_or("no attempt failed")?;
    for field in [
        "function=\"price of\"",
        " class=\"",
        " error=\"",
        "breaker=\"shop\"",
    ] {
        assert!(first.contains(field), "{field} in {first}");
    }
    let address = format!("address=\"{}\"", server.addr());
    assert!(
        failed.iter().any(|line| line.contains(&address)),
        "{failed:#?}"
    );
    // Since when.
    let opened = of(&lines, "circuit opened");
    assert_eq!(opened.len(), 1, "{lines:#?}");
    assert!(opened[0].contains("error=\""), "{opened:?}");
    // What was served instead.
    let fallbacks = of(&lines, "using the fallback");
    assert!(
        !fallbacks.is_empty() && fallbacks.len() < 10,
        "{fallbacks:#?}"
    );
    assert!(
        fallbacks[0].contains("function=\"price of\""),
        "{fallbacks:?}"
    );
    // When it was over, and how much of it was not told.
    let closed = of(&lines, "circuit closed");
    let [closed] = closed[..] else {
        panic!("{lines:#?}");
    };
    let lasted = number(closed, "lasted_ms").ok_or("how long?")?;
    assert!(
        u128::from(lasted) <= outage.as_millis() + 100 && lasted >= 2_500,
        "{lasted} ms of {outage:?}"
    );
    let left_out: u64 = lines
        .iter()
        .filter_map(|line| number(line, "left_out"))
        .sum();
    assert!(left_out > calls / 2, "{left_out} of {calls}: {lines:#?}");
    // Changes of the circuit are all there.
    let half_open = of(&lines, "circuit half-open, probing").len();
    let still_open = of(&lines, "circuit still open").len();
    assert_eq!(half_open, still_open + 1, "{lines:#?}");

    let others = lines.len() - half_open - still_open;
    assert!(others <= 20, "{others} lines: {lines:#?}");
    assert!(
        !lines.iter().any(|line| line.contains(" ERROR ")),
        "no caller saw an error: {lines:#?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains(CANARY)),
        "{lines:#?}"
    );
    Ok(())
}

#[tokio::test]
async fn callers_who_see_an_error_are_an_error_in_the_log() {
    static BARE: Breaker = Breaker::new("bare shop")
        .failure_threshold(1)
        .burst_window(Duration::ZERO);
    #[redis_resilient(breaker = BARE, retries = 0)]
    async fn bare() -> RedisResult<()> {
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
    }

    let recorder = Recorder::default();
    let _recording =
        recorder.record_through(tracing_subscriber::registry().with(LevelFilter::INFO));
    assert!(bare().await.is_err() && bare().await.is_err());
    let lines = recorder.lines();
    let [line] = &lines[..] else {
        panic!("{lines:#?}");
    };
    assert!(line.contains(" ERROR message=circuit opened"), "{line}");
}

/// As it was reported of a queue with a connection for each of its workers: thousands of lines in fifteen seconds.
#[tokio::test]
async fn two_hundred_clients_of_a_name_that_does_not_resolve_write_a_few_lines() -> TestResult {
    let recorder = Recorder::default();
    let _recording =
        recorder.record_through(tracing_subscriber::registry().with(LevelFilter::INFO));
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let url = format!("redis://alice:{CANARY}@no-such-host.invalid:6379");
        let connector = Connector::builder(url)?
            .connect_timeout(Duration::from_secs(1))
            .build();
        clients.spawn(async move {
            let mut failed = 0_u32;
            while began.elapsed() < Duration::from_secs(4) || failed == 0 {
                failed += u32::from(connector.get().await.is_err());
                sleep(Duration::from_millis(50)).await;
            }
            failed
        });
    }
    let mut failed = 0;
    while let Some(client) = clients.join_next().await {
        failed += client?;
    }
    assert!(failed >= 200, "{failed}");
    let lines = recorder.lines();
    let seconds = usize::try_from(began.elapsed().as_secs())?;
    assert!(!lines.is_empty(), "it is told");
    assert!(lines.len() <= 8 + seconds, "{}: {lines:#?}", lines.len());
    for line in &lines {
        assert!(!line.contains(" ERROR "), "{line}");
        assert!(!line.contains(CANARY), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn a_password_that_is_refused_is_in_no_line() -> TestResult {
    #[redis_resilient(breaker = false, retries = 1, delay = "1ms", fallback = Ok(()))]
    async fn refused(connector: &Connector) -> RedisResult<()> {
        connector.get().await?.set("key", 1).await
    }

    let server = server()?;
    let wrong = format!("not-{CANARY}");
    let recorder = Recorder::default();
    let _recording = recorder.record();
    let in_url = Connector::open(url(&server, &wrong))?;
    assert!(refused(&in_url).await.is_ok(), "its fallback answers");
    let told = wrong.clone();
    let by_callback = Connector::builder(format!("redis://{}", server.addr()))?
        .credentials(move || {
            Ok(redis_resilient::connection::Credentials::user(
                "alice",
                told.clone(),
            ))
        })
        .build();
    assert!(refused(&by_callback).await.is_ok());
    let lines = recorder.lines();
    assert!(
        lines
            .iter()
            .any(|line| line.contains("WRONGPASS") || line.contains("misconfigured")),
        "{lines:#?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains(CANARY)),
        "{lines:#?}"
    );
    Ok(())
}

/// A log of lines alone, with the spans left to those who collect traces.
#[test]
fn who_takes_no_spans_has_the_lines() {
    static DEAD: Breaker = Breaker::new("dead").failure_threshold(1);
    #[redis_resilient(name = "stock of", breaker = DEAD, retries = 0, fallback = Ok(0))]
    fn stock() -> RedisResult<u64> {
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
    }

    let events = filter_fn(|metadata| metadata.is_event() && *metadata.level() <= Level::INFO);
    let recorder = Recorder::default();
    let _recording = recorder.record_through(tracing_subscriber::registry().with(events));
    assert!(stock().is_ok_and(|stock| stock == 0));
    let lines = recorder.lines();
    assert_eq!(of(&lines, "circuit opened").len(), 1, "{lines:#?}");
    assert_eq!(of(&lines, "using the fallback").len(), 1, "{lines:#?}");
}
