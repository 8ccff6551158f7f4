//! What observers are told.

use std::sync::{Arc, Mutex};

use redis_resilient::event::Severity;
use redis_resilient::{Event, observe};

use crate::support::*;

/// Of this stream only: other tests run beside this one.
const OWN: &str = "told";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_groups_failures_and_dead_letters() -> Testing {
    let told: Arc<Mutex<Vec<(String, Severity)>>> = Arc::default();
    let log = told.clone();
    observe(move |event: &Event<'_>| {
        let (stream, text) = match event {
            Event::GroupMade(event) => (event.stream, format!("made, again: {}", event.again)),
            Event::EntryFailed(event) => (
                event.stream,
                format!(
                    "failed: {} {} {}",
                    event.attempt,
                    event.error,
                    event.delay.is_some()
                ),
            ),
            Event::EntryDeadLettered(event) => {
                (event.stream, format!("dead: {}", event.deliveries))
            }
            Event::ConsumerFailed(event) => (event.stream, "cannot read".to_owned()),
            Event::ConsumerRecovered(event) => (event.stream, "reads".to_owned()),
            _ => return,
        };
        if stream == OWN {
            let told = (text, event.severity());
            log.lock().expect("no panic").push(told);
        }
    });
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    let consumer = redis_resilient::streams::Consumer::group(&redis, OWN, GROUP);
    let running = Running::start(consumer.max_deliveries(2), |_, _| async {
        Err("a reason".into())
    });
    ask::<redis::Value>(&url, &["XADD", OWN, "*", "n", "1"])?;
    let monitor = running.monitor.clone();
    until("a dead letter", async || monitor.dead_letters() == 1).await?;
    settled(&monitor).await?;
    ask::<redis::Value>(&url, &["DEL", OWN])?;
    until("the group", async || {
        ask::<redis::Value>(&url, &["XINFO", "GROUPS", OWN]).is_ok()
    })
    .await?;
    until("reading", async || monitor.is_reading()).await?;
    running.end().await?;
    let told = told.lock().expect("no panic").clone();
    let told: Vec<_> = told
        .iter()
        .map(|(text, severity)| (&text[..], *severity))
        .collect();
    assert_eq!(
        told,
        [
            ("made, again: false", Severity::Info),
            ("failed: 1 a reason true", Severity::Warn),
            ("failed: 2 a reason false", Severity::Warn),
            ("dead: 2", Severity::Error),
            ("cannot read", Severity::Warn),
            ("made, again: true", Severity::Warn),
            ("reads", Severity::Info),
        ]
    );
    Ok(())
}
