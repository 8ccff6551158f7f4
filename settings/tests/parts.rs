//! Settings of breakers, bulkheads, connectors and caches, by name, while they are used.
//!
//! Settings are the process's, so the tests take turns.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{RedisError, RedisResult};
use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use redis_resilient::settings;
use redis_resilient::{
    Backoff, Breaker, Bulkhead, Event, Policy, Registry, Rejection, State, observe, redis_resilient,
};
use redis_resilient_testkit::RealRedis;

type Outcome = Result<(), Box<dyn Error>>;

static TURN: Mutex<()> = Mutex::new(());
const MS: fn(u64) -> Duration = Duration::from_millis;

struct Folder(
    PathBuf,
    #[allow(dead_code, reason = "it is kept")] MutexGuard<'static, ()>,
);

impl Folder {
    fn new(name: &str) -> Result<Self, Box<dyn Error>> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let path = std::env::temp_dir().join(format!("rr-parts-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        let folder = Self(path, turn);
        folder.say("# nothing")?;
        Ok(folder)
    }

    /// From now on this holds.
    fn say(&self, text: &str) -> Result<settings::Loaded, Box<dyn Error>> {
        let path = self.0.join("resilience.toml");
        fs::write(&path, format!("{text}\n"))?;
        Ok(settings::load(path)?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = self.say("# nothing");
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn fail(breaker: &Breaker) {
    breaker.try_acquire().expect("it is closed").failure();
}

fn down() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

/// Failures until it is open.
fn opens_after(breaker: &Breaker) -> u32 {
    breaker.reset();
    for failures in 1..100 {
        fail(breaker);
        if breaker.state() == State::Open {
            return failures;
        }
    }
    0
}

#[test]
fn a_breaker_opens_and_stays_open_as_the_file_says() -> Outcome {
    static TUNED: Breaker = Breaker::new("tuned")
        .failure_threshold(4)
        .burst_window(Duration::ZERO)
        .reset_timeout(Duration::from_secs(60));
    let folder = Folder::new("breaker")?;
    assert_eq!(opens_after(&TUNED), 4, "as the code says");
    assert!(TUNED.retry_after() > Duration::from_secs(50));
    folder.say("[breakers.tuned]\nfailure_threshold = 2\nreset_timeout = \"5s\"")?;
    assert_eq!(opens_after(&TUNED), 2);
    assert!(
        TUNED.retry_after() <= MS(5_500),
        "{:?}",
        TUNED.retry_after()
    );
    // Said between two failures: those there were count on.
    folder.say("[breakers.tuned]\nfailure_threshold = 9")?;
    TUNED.reset();
    for _ in 0..5 {
        fail(&TUNED);
    }
    assert_eq!(TUNED.state(), State::Closed);
    folder.say("[breakers.tuned]\nfailure_threshold = 6")?;
    fail(&TUNED);
    assert_eq!(TUNED.state(), State::Open);
    folder.say("# as the code says")?;
    assert_eq!(opens_after(&TUNED), 4);
    // One that is made only after it was said.
    folder.say("[breakers.later]\nfailure_threshold = 1")?;
    let later = Breaker::new("later");
    assert_eq!(opens_after(&later), 1);
    Ok(())
}

#[test]
fn a_rule_takes_the_numbers_of_its_kind_and_others_are_told() -> Outcome {
    static RATE: Breaker = Breaker::new("rate").failure_rate(50, 10, Duration::from_secs(60));
    static SLIDES: Breaker =
        Breaker::new("slides").failure_rate_of_time(50, Duration::from_secs(60), 10);
    let folder = Folder::new("rules")?;
    for (breaker, name) in [(&RATE, "rate"), (&SLIDES, "slides")] {
        assert_eq!(opens_after(breaker), 10, "{name}");
        let text =
            format!("[breakers.{name}]\nmin_calls = 3\nwindow = \"30s\"\nfailure_threshold = 1");
        let loaded = folder.say(&text)?;
        assert_eq!(opens_after(breaker), 3, "{name}");
        let ignored = format!("`failure_threshold` has no effect in breakers.\"{name}\"");
        let is_told = loaded.warnings.iter().any(|told| told.contains(&ignored));
        assert!(is_told, "{:?}", loaded.warnings);
        let effective: Vec<_> = settings::sources()
            .iter()
            .map(|source| (source.key, source.effective, source.known))
            .collect();
        assert_eq!(
            effective,
            [
                ("min_calls", true, true),
                ("window", true, true),
                ("failure_threshold", false, true)
            ]
        );
    }
    let loaded = folder.say("[breakers.slide]\nmin_calls = 3")?;
    assert_eq!(
        loaded.warnings,
        ["no breaker `slide` is known; did you mean `slides`?"]
    );
    Ok(())
}

/// Row O1: to change settings does not blind those who watch.
#[test]
fn whoever_watches_a_breaker_goes_on_seeing_it() -> Outcome {
    static WATCHED: Breaker = Breaker::new("watched")
        .failure_threshold(3)
        .burst_window(Duration::ZERO);
    let folder = Folder::new("watched")?;
    let opened = Arc::new(AtomicU32::new(0));
    let counted = Arc::new(AtomicU32::new(0));
    let (opens, counts) = (Arc::clone(&opened), Arc::clone(&counted));
    observe(move |event: &Event<'_>| match event {
        Event::CircuitChanged(event) if event.breaker == "watched" && event.to == State::Open => {
            opens.fetch_add(1, Ordering::Relaxed);
        }
        Event::FailureCounted(event) if event.breaker == "watched" => {
            counts.fetch_add(1, Ordering::Relaxed);
        }
        _ => {}
    });
    Registry::global().register(&WATCHED);
    let seen = || {
        let breakers = Registry::global().breakers();
        let mut named = breakers
            .into_iter()
            .filter(|one| one.snapshot.name == "watched");
        let one = named.next().expect("it is listed");
        assert!(named.next().is_none(), "once");
        one
    };
    for turn in 1..=4 {
        let threshold = 2 + turn % 2;
        folder.say(&format!(
            "[breakers.watched]\nfailure_threshold = {threshold}"
        ))?;
        assert_eq!(opens_after(&WATCHED), threshold);
        assert_eq!(opened.load(Ordering::Relaxed), turn);
        assert!(WATCHED.try_acquire().is_err());
        let one = seen();
        assert_eq!(one.snapshot.state, State::Open);
        assert_eq!(one.snapshot.times_entered(State::Open), u64::from(turn));
        assert_eq!(one.snapshot.refused, Some(u64::from(turn)));
        assert!(one.handle().is_some(), "it takes orders");
    }
    assert_eq!(counted.load(Ordering::Relaxed), 3 + 2 + 3 + 2);
    Ok(())
}

/// Row O19: a call that is under way ends as if nothing had been changed, and is counted once.
#[test]
fn calls_under_way_end_as_they_began() -> Outcome {
    static SLOW: Breaker = Breaker::new("slow calls")
        .failure_threshold(60_000)
        .burst_window(Duration::ZERO);
    static ROOM: Bulkhead = Bulkhead::new("slow room", 4);
    static CALLS: Policy = Policy::new("slow calls")
        .breaker(&SLOW)
        .limit(&ROOM)
        .retries(0);
    let folder = Folder::new("under-way")?;
    let (failed, succeeded) = (AtomicU64::new(0), AtomicU64::new(0));
    let ends = Instant::now() + MS(1_500);
    std::thread::scope(|scope| -> Outcome {
        let callers: Vec<_> = (0..3_u64)
            .map(|caller| {
                let (failed, succeeded) = (&failed, &succeeded);
                scope.spawn(move || {
                    for call in 0.. {
                        if Instant::now() > ends {
                            break;
                        }
                        let fails = (call + caller) % 4 == 0;
                        let answer = CALLS.run_blocking(|| {
                            std::thread::sleep(MS(2));
                            if fails { Err(down()) } else { Ok(call) }
                        });
                        match answer {
                            Ok(answer) => assert_eq!((answer, fails), (call, false)),
                            // Its own error, and nothing that a reload has made.
                            Err(error) => {
                                assert!(fails && Rejection::find(&error).is_none(), "{error}");
                                failed.fetch_add(1, Ordering::Relaxed);
                                continue;
                            }
                        }
                        succeeded.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for turn in 0_u32.. {
            if Instant::now() > ends {
                break;
            }
            folder.say(&format!(
                "# {turn}\n[breakers.\"slow calls\"]\nfailure_threshold = {}\n[bulkheads.\"slow room\"]\nlimit = {}",
                50_000 + turn,
                3 + turn % 5
            ))?;
        }
        for caller in callers {
            caller.join().map_err(|_| "a call was failed by a reload")?;
        }
        Ok(())
    })?;
    assert_eq!(ROOM.inside(), 0, "each has left once");
    assert!(failed.load(Ordering::Relaxed) > 0 && succeeded.load(Ordering::Relaxed) > 0);
    // A permit of before counts after.
    folder.say("[breakers.\"slow calls\"]\nfailure_threshold = 3")?;
    SLOW.reset();
    let before: Vec<_> = (0..2).map(|_| SLOW.try_acquire()).collect();
    fail(&SLOW);
    folder
        .say("# else\n[breakers.\"slow calls\"]\nfailure_threshold = 3\nreset_timeout = \"9s\"")?;
    assert_eq!(SLOW.snapshot().failures, 1);
    for permit in before {
        permit?.failure();
    }
    assert_eq!(
        SLOW.state(),
        State::Open,
        "all three have counted, once each"
    );
    Ok(())
}

#[test]
fn a_bulkhead_has_as_much_room_as_the_file_says() -> Outcome {
    static ROOM: Bulkhead = Bulkhead::new("room", 2);
    let folder = Folder::new("bulkhead")?;
    let room = |limit: u32| {
        let permits: Vec<_> = (0..limit).map(|_| ROOM.try_acquire()).collect();
        assert!(permits.iter().all(Result::is_ok), "{limit}");
        let refused = ROOM.try_acquire().err();
        assert!(
            matches!(refused, Some(Rejection::Saturated { limit: told, .. }) if told == limit),
            "{refused:?}"
        );
        assert_eq!(ROOM.limit(), limit);
    };
    room(2);
    folder.say("[bulkheads.room]\nlimit = 5")?;
    room(5);
    let inside: Vec<_> = (0..5).map(|_| ROOM.try_acquire()).collect();
    folder.say("[bulkheads.room]\nlimit = 1")?;
    assert!(
        ROOM.try_acquire().is_err(),
        "nobody is turned out, and nobody comes in"
    );
    let listed = Registry::global().bulkheads();
    let listed = listed.iter().find(|one| one.snapshot.name == "room");
    assert_eq!(listed.map(|one| one.snapshot.limit), Some(1));
    drop(inside);
    room(1);
    folder.say("# as the code says")?;
    room(2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_waits_as_long_as_the_file_says() -> Outcome {
    let folder = Folder::new("connector")?;
    let redis = RealRedis::start()?;
    let connector = Connector::builder(redis.url())?
        .client_name("tuned")
        .response_timeout(Duration::from_secs(30))
        .build();
    let ping = async || -> RedisResult<String> {
        redis::cmd("PING")
            .query_async(&mut connector.get().await?)
            .await
    };
    assert_eq!(ping().await?, "PONG");
    let loaded = folder
        .say("[connectors.tuned]\nresponse_timeout = \"150ms\"\nconnect_timeout = \"200ms\"")?;
    assert_eq!(loaded.warnings, [""; 0]);
    assert!(settings::sources().iter().all(|source| source.known));
    // The connection there is.
    assert_eq!(ping().await?, "PONG");
    redis.freeze();
    let begun = Instant::now();
    ping().await.expect_err("it is frozen");
    let took = begun.elapsed();
    redis.thaw();
    assert!(took < Duration::from_secs(10), "{took:?}");
    let loaded = folder.say("[connectors.tuend]\nresponse_timeout = \"150ms\"")?;
    assert!(
        loaded.warnings[0].contains("did you mean `tuned`?"),
        "{:?}",
        loaded.warnings
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_keeps_values_as_long_as_the_file_says_and_can_be_switched_off() -> Outcome {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    let folder = Folder::new("cache")?;
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url())?;
    let cache: Cache<u64> = Cache::builder("tuned cache")
        .prefix("tuned")
        .ttl(Duration::from_secs(600))
        .jitter(0.0)
        .build(&connector);
    let read = async |key: u32| -> RedisResult<u64> {
        cache
            .get_or_load(key, async || {
                Ok::<_, Arc<RedisError>>(LOADS.fetch_add(1, Ordering::Relaxed))
            })
            .await
            .map_err(|_| down())
    };
    let lives = async |key: u32| -> RedisResult<i64> {
        let mut connection = connector.get().await?;
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg(format!("tuned*{key}"))
            .query_async(&mut connection)
            .await?;
        redis::cmd("PTTL")
            .arg(&keys[0])
            .query_async(&mut connection)
            .await
    };
    assert_eq!((read(1001).await?, read(1001).await?), (0, 0));
    assert!(lives(1001).await? > 500_000);
    folder.say("[caches.\"tuned cache\"]\nttl = \"20s\"\nstale_if_error = \"40s\"")?;
    read(1002).await?;
    let left = lives(1002).await?;
    assert!((30_000..=60_000).contains(&left), "{left}");
    // Off: each read is a load, and what is stored is left alone.
    folder.say("# off\n[caches.\"tuned cache\"]\nenabled = false")?;
    let before = LOADS.load(Ordering::Relaxed);
    assert_eq!((read(1001).await?, read(1001).await?), (before, before + 1));
    cache.invalidate(1002).await;
    folder.say("# on again")?;
    assert_eq!(read(1001).await?, 0, "it is there still");
    assert_eq!(
        read(1002).await?,
        before + 2,
        "what was invalidated meanwhile is not"
    );
    Ok(())
}

/// Row O22: the same value again is never something else in between.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_value_again_passes_through_no_default() -> Outcome {
    #[redis_resilient(name = "close to it", breaker = false, retries = 0, timeout = "20ms")]
    async fn close_to_it() -> RedisResult<u32> {
        tokio::time::sleep(MS(60)).await;
        Ok(1)
    }
    static BRIEF: Policy = Policy::new("briefly")
        .without_breaker()
        .retries(7)
        .backoff(Backoff::none());
    let folder = Folder::new("same")?;
    let text = "[functions.\"close to it\"]\ntimeout = \"60s\"\n[functions.briefly]\nretries = 1";
    folder.say(text)?;
    let ends = Instant::now() + MS(1_200);
    let calls = tokio::spawn(async move {
        let mut calls = 0;
        while Instant::now() < ends {
            assert_eq!(close_to_it().await.ok(), Some(1));
            let mut attempts = 0;
            let failed: RedisResult<()> = BRIEF.run_blocking(|| {
                attempts += 1;
                Err(down())
            });
            assert!(failed.is_err());
            assert_eq!(attempts, 2);
            calls += 1;
        }
        calls
    });
    let mut reloads = 0;
    while !calls.is_finished() {
        // Loaded anew each time: it is put in force again, though it is the same.
        folder.say(text)?;
        reloads += 1;
        tokio::task::yield_now().await;
    }
    assert!(calls.await? > 0 && reloads > 10);
    Ok(())
}
