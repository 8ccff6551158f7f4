//! What observers are told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::cache::{Cache, CacheBuilder, Invalidated};
use redis_resilient::event::Severity;
use redis_resilient::{Breaker, Class, Event, ServedBy, observe};

use crate::support::{Testing, connected, until};

type Told = Arc<Mutex<Vec<(Severity, String)>>>;

/// What is told of the cache of that name.
fn told_of(name: &'static str) -> Told {
    let told = Told::default();
    let heard = told.clone();
    observe(move |event: &Event<'_>| {
        let (cache, text) = match event {
            Event::StaleServed(event) => (event.cache, "stale".to_owned()),
            Event::EntryUnreadable(event) => (
                event.cache,
                format!("unreadable: {}: {}", event.count, event.error),
            ),
            Event::ValueNotStored(event) => (event.cache, "not stored".to_owned()),
            Event::InvalidationPending(event) => {
                (event.cache, format!("pending: {:?}", event.class))
            }
            Event::InvalidationsSettled(event) => (
                event.cache,
                format!("settled: {} {}", event.told, event.dropped),
            ),
            _ => return,
        };
        if cache == name {
            heard
                .lock()
                .expect("nobody panics")
                .push((event.severity(), text));
        }
    });
    told
}

fn heard(told: &Told) -> Vec<(Severity, String)> {
    told.lock().expect("nobody panics").clone()
}

fn numbers(name: &'static str) -> CacheBuilder<u64> {
    Cache::builder(name)
        .ttl(Duration::from_secs(60))
        .timeout(Duration::from_secs(2))
}

#[tokio::test]
async fn a_stale_value_is_told_of() -> Testing {
    let (_server, redis) = connected()?;
    let told = told_of("events::stale");
    let numbers = numbers("events::stale")
        .ttl(Duration::from_millis(50))
        .stale_if_error(Duration::from_secs(60))
        .build(&redis);
    numbers.put(7, &1).await?;
    until("its time is over", async || numbers.get(7).await.is_none()).await;
    let number = numbers.get_or_load(7, || async { Err("gone") }).await;
    assert_eq!(number, Ok(1));
    assert_eq!(heard(&told), [(Severity::Warn, "stale".to_owned())]);
    Ok(())
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_told_of_with_why() -> Testing {
    let (_server, redis) = connected()?;
    let told = told_of("events::unreadable");
    let numbers = numbers("events::unreadable").build(&redis);
    let mut connection = redis.get().await?;
    for _ in 0..3 {
        connection
            .set::<_, _, ()>("events::unreadable:7", "7")
            .await?;
        assert_eq!(numbers.get(7).await, None);
    }
    let why = "unreadable: 1: it was not written by a cache of redis-resilient";
    assert_eq!(heard(&told)[0], (Severity::Warn, why.to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_value_that_is_not_stored_is_told_of_by_how_long_the_load_took() -> Testing {
    for (lease, severity) in [
        (Duration::from_millis(1), Severity::Warn),
        (Duration::from_secs(60), Severity::Debug),
    ] {
        let (_server, redis) = connected()?;
        let name = if severity == Severity::Warn {
            "events::slow"
        } else {
            "events::invalid"
        };
        let told = told_of(name);
        let numbers = numbers(name).lease(lease).build(&redis);
        let mut connection = redis.get().await?;
        numbers
            .get_or_load(7, || async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                connection.del::<_, ()>(format!("{name}:7")).await?;
                RedisResult::Ok(1)
            })
            .await?;
        until("it is told of", async || !heard(&told).is_empty()).await;
        assert_eq!(heard(&told), [(severity, "not stored".to_owned())]);
    }
    Ok(())
}

#[tokio::test]
async fn invalidations_that_are_pending_are_told_of_once_and_when_they_are_done() -> Testing {
    let (server, redis) = connected()?;
    let told = told_of("events::pending");
    let numbers = numbers("events::pending").build(&redis);
    server.kill();
    for key in 0..3 {
        assert_eq!(numbers.invalidate(key).await, Invalidated::Pending);
    }
    server.restart()?;
    until("Redis is told", async || heard(&told).len() > 1).await;
    let heard = heard(&told);
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!(heard[0].0, Severity::Warn);
    assert!(heard[0].1.starts_with("pending: "), "{heard:?}");
    assert_eq!(heard[1], (Severity::Info, "settled: 3 0".to_owned()));
    assert_eq!(numbers.pending_invalidations(), 0);
    Ok(())
}

/// Callers see no error while the primary store answers: so the log has none, and says who answers, and why.
#[tokio::test]
async fn who_answers_in_an_outage_is_told_and_the_circuit_that_opens_is_no_error() -> Testing {
    const NAME: &str = "events::primary";
    static CIRCUIT: Breaker = Breaker::new(NAME);
    let (server, redis) = connected()?;
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    observe(move |event: &Event<'_>| {
        let text = match event {
            Event::FallbackUsed(event) if event.function == NAME => {
                assert_eq!(event.served_by, ServedBy::PrimaryStore);
                assert!(event.class == Some(Class::Rejected) || event.error.is_some());
                "served"
            }
            Event::CircuitChanged(event) if event.breaker == NAME => "circuit",
            _ => return,
        };
        let mut heard = heard.lock().expect("nobody panics");
        heard.push((event.severity(), text));
    });
    let numbers = numbers(NAME).breaker(&CIRCUIT).build(&redis);
    let load = || async { RedisResult::Ok(1) };
    assert_eq!(numbers.get_or_load(7, load).await, Ok(1));
    assert_eq!(*told.lock().expect("nobody panics"), [], "all is well");
    server.kill();
    for key in 0..20 {
        assert_eq!(numbers.get_or_load(key, load).await, Ok(1));
    }
    let told = told.lock().expect("nobody panics").clone();
    let answers = told
        .iter()
        .filter(|line| **line == (Severity::Warn, "served"));
    assert_eq!(answers.count(), 20, "{told:?}");
    assert!(told.contains(&(Severity::Warn, "circuit")), "{told:?}");
    assert!(
        told.iter().all(|(severity, _)| *severity == Severity::Warn),
        "{told:?}"
    );
    Ok(())
}
