//! The streams of open pages: they give back what they take, and end with the server.

use std::time::{Duration, Instant};

use redis_resilient::console::{Access, Console, router};
use tokio::time::timeout;

use crate::http::{ends_within, open, read_until, send};
use crate::support::{LONG, Served, TestResult, until};

const EVENTS: &str = "/resilience/events";

/// O23: on a service on which nothing happens.
#[tokio::test]
async fn pages_that_are_closed_leave_nothing_behind() -> TestResult {
    let console = Console::new(Access::read_only());
    let served = Served::console(&console).await;
    for _ in 0..50 {
        let mut stream = open(served.at, "GET", EVENTS, &[], "").await?;
        read_until(&mut stream, "retry:").await?;
    }
    for _ in 0..50 {
        let head = send(served.at, "HEAD", EVENTS, &[], "").await?;
        assert_eq!(head.status, 200);
        assert!(head.head.contains("text/event-stream"));
    }
    until("all places are free", async || console.watchers() == 0).await;

    let mut stream = open(served.at, "GET", EVENTS, &[], "").await?;
    read_until(&mut stream, "data:").await?;
    assert_eq!(console.watchers(), 1);
    let head = send(served.at, "HEAD", EVENTS, &[], "").await?;
    assert_eq!((head.status, console.watchers()), (200, 1), "it takes none");
    Ok(())
}

#[tokio::test]
async fn there_is_an_end_to_how_many_may_watch() -> TestResult {
    let console = Console::new(Access::read_only());
    let served = Served::console(&console).await;
    let mut open_ones = Vec::new();
    let refused = loop {
        let mut stream = open(served.at, "GET", EVENTS, &[], "").await?;
        let head = read_until(&mut stream, "\r\n\r\n").await?;
        if !head.starts_with("HTTP/1.1 200") {
            break head;
        }
        open_ones.push(stream);
        assert!(open_ones.len() < 1_000);
    };
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(
        refused.to_ascii_lowercase().contains("retry-after"),
        "{refused}"
    );
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
