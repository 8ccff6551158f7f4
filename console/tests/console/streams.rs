//! The streams of open pages: they give back what they take, and end with the server.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use redis_resilient::console::{Access, Console, router};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::{ends_within, open, read_until};
use crate::support::{LONG, Served, TestResult, until};

const EVENTS: &str = "/resilience/events";

/// Streams end by themselves after ten seconds: what is given back later may have been held until then.
const AT_ONCE: Duration = Duration::from_secs(8);

/// O23: on a service on which nothing happens.
#[tokio::test]
async fn pages_that_are_closed_leave_nothing_behind() -> TestResult {
    let console = Console::new(Access::read_only());
    let served = Served::console(&console).await;
    let mut last_opened = Instant::now();
    for _ in 0..50 {
        last_opened = Instant::now();
        let mut stream = open(served.at, "GET", EVENTS, &[], "").await?;
        read_until(&mut stream, "retry:").await?;
    }
    until("all places are free", async || console.watchers() == 0).await;
    assert!(
        last_opened.elapsed() < AT_ONCE,
        "they were held: {:?}",
        last_opened.elapsed()
    );
    Ok(())
}

/// O23: also where there is no place left for it to take.
#[tokio::test]
async fn whoever_asks_for_the_head_only_takes_no_place() -> TestResult {
    let console = Console::new(Access::read_only());
    let served = Served::console(&console).await;
    let open_ones = fill(served.at).await?;
    assert_eq!(console.watchers(), open_ones.len());
    let mut unread = Vec::new();
    for _ in 0..50 {
        // The connection stays open, as that of a proxy does.
        let mut head = open(served.at, "HEAD", EVENTS, &[], "").await?;
        let answer = read_until(&mut head, "\r\n\r\n").await?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("text/event-stream"), "{answer}");
        unread.push(head);
    }
    drop(open_ones);
    until("all places are free", async || console.watchers() == 0).await;
    let again = fill(served.at).await?;
    assert!(!again.is_empty(), "none is held by those who ask for heads");
    drop(unread);
    Ok(())
}

/// Opens as many as can be.
async fn fill(at: SocketAddr) -> Result<Vec<TcpStream>, Box<dyn std::error::Error>> {
    let mut open_ones = Vec::new();
    loop {
        let mut stream = open(at, "GET", EVENTS, &[], "").await?;
        let head = read_until(&mut stream, "\r\n\r\n").await?;
        if !head.starts_with("HTTP/1.1 200") {
            assert!(head.starts_with("HTTP/1.1 503"), "{head}");
            assert!(head.to_ascii_lowercase().contains("retry-after"), "{head}");
            return Ok(open_ones);
        }
        open_ones.push(stream);
        assert!(open_ones.len() < 1_000);
    }
}

#[tokio::test]
async fn there_is_an_end_to_how_many_may_watch() -> TestResult {
    let console = Console::new(Access::read_only());
    let served = Served::console(&console).await;
    let open_ones = fill(served.at).await?;
    assert!(open_ones.len() > 10, "{}", open_ones.len());
    drop(open_ones);
    until("all places are free", async || console.watchers() == 0).await;
    Ok(())
}

#[tokio::test]
async fn all_who_watch_are_sent_the_same() -> TestResult {
    let served = Served::console(&Console::new(Access::read_only())).await;
    let mut first = open(served.at, "GET", EVENTS, &[], "").await?;
    read_until(&mut first, "data:").await?;
    let mut second = open(served.at, "GET", EVENTS, &[], "").await?;
    let at = |text: &str| {
        let at = text
            .split("\"at_ms\":")
            .nth(1)
            .and_then(|rest| rest.split(',').next());
        at.map(str::to_owned)
    };
    let seen = read_until(&mut second, "\"kill_switch\"").await?;
    let of_second = at(&seen).expect("a time");
    read_until(&mut first, &of_second).await?;
    Ok(())
}

#[tokio::test]
async fn a_server_with_open_pages_ends_when_it_is_told_to() -> TestResult {
    let console = Console::new(Access::read_only());
    let mut served = Served::console(&console).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = open(served.at, "GET", EVENTS, &[], "").await?;
        read_until(&mut stream, "data:").await?;
        streams.push(stream);
    }
    let begun = Instant::now();
    served.end();
    console.end();
    timeout(LONG, &mut served.server).await??;
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    for stream in &mut streams {
        assert!(ends_within(stream, LONG).await);
    }
    assert_eq!(console.watchers(), 0);
    Ok(())
}

#[tokio::test]
async fn without_being_told_it_waits_for_ten_seconds_at_most() -> TestResult {
    let mut served = Served::app(router(Access::read_only())).await;
    let mut stream = open(served.at, "GET", EVENTS, &[], "").await?;
    read_until(&mut stream, "data:").await?;
    served.end();
    timeout(LONG, &mut served.server).await??;
    Ok(())
}
