//! Many keys in one read, one put, one invalidation.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis::{AsyncCommands, RedisError, RedisResult};
use redis_resilient::cache::{self, Cache, CacheBuilder, Invalidated, Served};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{FaultProxy, RealRedis, WireFault};
use tokio::sync::Notify;

use crate::support::{Testing, connected, hold, names, some, store_elsewhere, until};

/// A primary store that knows what it was asked for.
#[derive(Default)]
pub(crate) struct Table(Mutex<Vec<Vec<u32>>>);

impl Table {
    #[allow(clippy::unnecessary_wraps, reason = "others fail")]
    pub(crate) fn rows(&self, ids: Vec<u32>) -> RedisResult<HashMap<u32, String>> {
        let rows = ids.iter().map(|id| (*id, name_of(*id))).collect();
        self.0.lock().expect("nobody panics").push(ids);
        Ok(rows)
    }

    /// Each load with its keys.
    pub(crate) fn loads(&self) -> Vec<Vec<u32>> {
        self.0.lock().expect("nobody panics").clone()
    }

    /// All that was loaded, in order.
    pub(crate) fn loaded(&self) -> Vec<u32> {
        let mut loaded: Vec<_> = self.loads().into_iter().flatten().collect();
        loaded.sort_unstable();
        loaded
    }
}

pub(crate) fn name_of(id: u32) -> String {
    format!("user {id}")
}

pub(crate) fn named(ids: impl IntoIterator<Item = u32>) -> Vec<Option<String>> {
    ids.into_iter().map(|id| Some(name_of(id))).collect()
}

pub(crate) fn rows() -> CacheBuilder<String> {
    Cache::builder("names")
        .ttl(Duration::from_secs(600))
        .timeout(Duration::from_secs(2))
}

pub(crate) async fn until_stored(rows: &Cache<String>, ids: &[u32]) {
    until("all are stored", async || {
        rows.get_many(ids).await.iter().all(Option::is_some) && rows.loading() == 0
    })
    .await;
}

const FAILS: &str = "the primary is gone";

/// A load that fails, whatever it is asked for.
fn fails(_: Vec<u32>) -> Result<HashMap<u32, String>, &'static str> {
    Err(FAILS)
}

#[tokio::test]
async fn values_are_in_the_order_of_the_keys_and_only_what_is_missing_is_loaded() -> Testing {
    let (_server, redis) = connected()?;
    for stale in [Duration::ZERO, Duration::from_secs(3_600)] {
        let prefix = if stale.is_zero() { "fresh" } else { "stale" };
        let rows = rows().prefix(prefix).stale_if_error(stale).build(&redis);
        let table = Table::default();
        rows.put(4, &name_of(4)).await?;
        let read = async |ids: &[u32]| {
            let load = |missing| async { table.rows(missing) };
            rows.get_many_or_load(ids.iter().copied(), load).await
        };
        assert_eq!(read(&[]).await?, []);
        assert_eq!(read(&[5, 4, 3, 5, 3, 5]).await?, named([5, 4, 3, 5, 3, 5]));
        assert_eq!(table.loads(), [[5, 3]]);
        until_stored(&rows, &[5, 4, 3]).await;
        // One alone, and all of them again.
        let one = rows.get_or_load(5, || async { Err(FAILS) }).await;
        assert_eq!(one, Ok(name_of(5)));
        let (values, served) = cache::served(read(&[3, 5, 4])).await;
        assert_eq!((values?, served), (named([3, 5, 4]), Some(Served::Redis)));
        assert_eq!(table.loads(), [[5, 3]]);
    }
    Ok(())
}

#[test]
fn in_synchronous_code_it_is_the_same() -> Testing {
    let (server, redis) = connected()?;
    let rows = rows().timeout(Duration::from_millis(300)).build(&redis);
    let table = Table::default();
    rows.put_many_blocking([(4, &name_of(4)), (6, &name_of(6))])?;
    let read = |ids: &[u32]| {
        rows.get_many_or_load_blocking(ids.iter().copied(), |missing| table.rows(missing))
    };
    assert_eq!(read(&[5, 4, 3, 5, 6])?, named([5, 4, 3, 5, 6]));
    assert_eq!(table.loads(), [[5, 3]]);
    let is_stored = || rows.get_many_blocking([5, 4, 3, 6]) == named([5, 4, 3, 6]);
    for _ in 0..2_000 {
        if is_stored() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(is_stored());
    assert_eq!(
        rows.invalidate_many_blocking([4, 5]),
        Invalidated::Everywhere
    );
    assert_eq!(
        rows.get_many_blocking([3, 4, 5]),
        [Some(name_of(3)), None, None]
    );
    server.kill();
    assert_eq!(read(&[3, 9])?, named([3, 9]));
    assert_eq!(rows.invalidate_many_blocking([3, 9]), Invalidated::Pending);
    Ok(())
}

#[tokio::test]
async fn what_the_load_does_not_give_is_none_and_not_remembered() -> Testing {
    let (_server, redis) = connected()?;
    let names = names().build(&redis);
    let loads = AtomicU32::new(0);
    // It is not asked for a fourth, and a pair may be a `Vec`'s.
    let load = |_: Vec<u32>| async {
        loads.fetch_add(1, Ordering::Relaxed);
        let found = vec![("1", some("Ann")), ("2", None), ("4", some("Eve"))];
        RedisResult::Ok(found)
    };
    for round in 1..=3 {
        let found = names.get_many_or_load([1, 2, 3], load).await?;
        assert_eq!(found, [Some(some("Ann")), Some(None), None]);
        assert_eq!(loads.load(Ordering::Relaxed), round, "for 3");
        until("it is stored", async || names.loading() == 0).await;
    }
    assert_eq!(names.get(4).await, None);
    // Who has waited for it is told so too, and does not ask in turn.
    let slow = |missing| async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        load(missing).await
    };
    let batch = || names.get_many_or_load([3], slow);
    let (first, second, third) = tokio::join!(batch(), batch(), batch());
    assert_eq!([first?, second?, third?], [[None], [None], [None]]);
    assert_eq!(loads.load(Ordering::Relaxed), 4);
    let mut connection = redis.get().await?;
    until("the lease is given back", async || {
        !connection.exists("names:3").await.unwrap_or(true)
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn of_batches_that_overlap_each_key_is_loaded_once() -> Testing {
    let (_server, redis) = connected()?;
    // Two processes, as far as flights go; and two batches and one single read in one of them.
    let rows = rows().build(&redis);
    let table = Table::default();
    let read = |ids: std::ops::Range<u32>| {
        rows.get_many_or_load(ids, |missing| async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            table.rows(missing)
        })
    };
    let alone = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let load = || async { Err::<String, _>(RedisError::from(std::io::Error::other(FAILS))) };
        rows.get_or_load(25, load).await
    };
    let (first, second, third, alone) = tokio::join!(read(0..20), read(10..30), read(5..25), alone);
    assert_eq!(first?, named(0..20));
    assert_eq!(second?, named(10..30));
    assert_eq!(third?, named(5..25));
    assert_eq!(alone?, name_of(25));
    assert_eq!(table.loaded(), (0..30).collect::<Vec<_>>());
    assert!(table.loads().len() <= 3, "{:?}", table.loads());
    Ok(())
}

#[tokio::test]
async fn of_threads_that_overlap_each_key_is_loaded_once() -> Testing {
    let (_server, redis) = connected()?;
    let (rows, table) = (rows().build(&redis), Arc::new(Table::default()));
    let threads = [0..20, 10..30, 5..25].map(|ids| {
        let (rows, table) = (rows.clone(), table.clone());
        std::thread::spawn(move || {
            let load = |missing| {
                std::thread::sleep(Duration::from_millis(200));
                table.rows(missing)
            };
            assert_eq!(
                rows.get_many_or_load_blocking(ids.clone(), load),
                Ok(named(ids))
            );
        })
    });
    for thread in threads {
        thread.join().expect("all have their values");
    }
    assert_eq!(table.loaded(), (0..30).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn what_another_process_loads_is_waited_for_and_the_rest_is_not() -> Testing {
    let (_server, redis) = connected()?;
    let rows = rows().build(&redis);
    let table = Table::default();
    rows.put(70, &"loaded there".to_owned()).await?;
    hold(&redis, "names:7", 4_000).await?;
    let read = rows.get_many_or_load([6, 7, 8], |missing| async { table.rows(missing) });
    let other = async {
        until("the others are loaded", async || !table.loads().is_empty()).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        store_elsewhere(&redis, "names:70", "names:7").await
    };
    let (read, other) = tokio::join!(read, other);
    other?;
    let there = Some("loaded there".to_owned());
    assert_eq!(read?, [Some(name_of(6)), there, Some(name_of(8))]);
    assert_eq!(table.loads(), [[6, 8]]);
    // One that has died: it is loaded when its lease is over.
    hold(&redis, "names:9", 300).await?;
    let read = rows.get_many_or_load([9, 10], |missing| async { table.rows(missing) });
    assert_eq!(read.await?, named([9, 10]));
    assert_eq!(table.loads(), [vec![6, 8], vec![10], vec![9]]);
    Ok(())
}

#[tokio::test]
async fn while_a_batch_loads_others_ask_for_what_it_waits_for() -> Testing {
    let (_server, redis) = connected()?;
    // It would be waited for so long before it is overtaken.
    let lease = Duration::from_secs(20);
    let rows = rows().lease(lease).build(&redis);
    let begun = Instant::now();
    let (table, go) = (Table::default(), Notify::new());
    hold(&redis, "names:7", 300).await?;
    let batch = rows.get_many_or_load([6, 7], |missing| async {
        go.notified().await;
        table.rows(missing)
    });
    // It waits for the batch first, which is loading 6 when the lease of 7 ends.
    let alone = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let alone = rows.get_or_load(7, || async { RedisResult::Ok("alone".to_owned()) });
        let alone = alone.await;
        go.notify_one();
        alone
    };
    let (batch, alone) = tokio::join!(batch, alone);
    assert_eq!(alone?, "alone");
    assert_eq!(batch?, [Some(name_of(6)), Some("alone".to_owned())]);
    assert_eq!(table.loads(), [[6]]);
    assert!(begun.elapsed() < lease, "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn of_a_batch_that_is_loading_only_what_was_not_invalidated_is_stored() -> Testing {
    for stale in [Duration::ZERO, Duration::from_secs(3_600)] {
        let (_server, redis) = connected()?;
        let build = || rows().stale_if_error(stale).build(&redis);
        let (rows, another) = (build(), build());
        let (loading, go) = (Notify::new(), Notify::new());
        let table = Table::default();
        let load = rows.get_many_or_load(1..=6, |missing| async {
            loading.notify_one();
            go.notified().await;
            table.rows(missing)
        });
        let invalidate = async {
            loading.notified().await;
            assert_eq!(rows.invalidate(1).await, Invalidated::Everywhere);
            assert_eq!(
                another.invalidate_many([2, 3]).await,
                Invalidated::Everywhere
            );
            redis.get().await?.del::<_, ()>("names:4").await?;
            let new = "new".to_owned();
            another.put_many([(5, &new)]).await.expect("it is encoded");
            go.notify_one();
            RedisResult::Ok(())
        };
        let (loaded, invalidated) = tokio::join!(load, invalidate);
        invalidated?;
        assert_eq!(loaded?, named(1..=6), "it was read before");
        until_stored(&rows, &[6]).await;
        for _ in 0..20 {
            let new = Some("new".to_owned());
            let all = [None, None, None, None, new, Some(name_of(6))];
            assert_eq!(rows.get_many(1..=6).await, all);
            assert_eq!(another.get_many(1..=6).await, all);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_redis_that_is_killed_frozen_or_empty_is_a_miss_of_all() -> Testing {
    let (server, redis) = connected()?;
    let rows = rows().timeout(Duration::from_millis(200)).build(&redis);
    let table = Table::default();
    let read = async || {
        let load = |missing| async { table.rows(missing) };
        rows.get_many_or_load(0..50, load).await
    };
    server.kill();
    for round in 1..=20 {
        assert_eq!(read().await?, named(0..50));
        assert_eq!(table.loads().len(), round);
    }
    assert_eq!(rows.get_many(0..50).await, vec![None; 50]);
    server.restart()?;
    until("all are stored", async || {
        read().await.is_ok() && rows.get_many(0..50).await == named(0..50)
    })
    .await;
    server.freeze();
    let loads = table.loads().len();
    assert_eq!(read().await?, named(0..50));
    assert_eq!(table.loads().len(), loads + 1);
    server.thaw();
    assert_eq!(rows.loading(), 0);
    Ok(())
}

#[tokio::test]
async fn where_the_load_fails_each_key_is_served_what_is_stale() -> Testing {
    let (server, redis) = connected()?;
    let rows = rows()
        .timeout(Duration::from_millis(300))
        .ttl(Duration::from_millis(100))
        .stale_if_error(Duration::from_secs(60))
        .build(&redis);
    rows.put_many([(1, &name_of(1)), (2, &name_of(2))]).await?;
    // Each has a copy in this process.
    assert_eq!(rows.get_many([1, 2]).await.len(), 2);
    until("their time is over", async || {
        rows.get_many([1, 2]).await == [None, None]
    })
    .await;
    let read = |ids: &'static [u32]| {
        cache::served(
            rows.get_many_or_load(ids.iter().copied(), |missing| async { fails(missing) }),
        )
    };
    let (found, from) = read(&[2, 1, 2]).await;
    assert_eq!(found, Ok(named([2, 1, 2])));
    assert!(matches!(from, Some(Served::Stale { .. })), "{from:?}");
    assert_eq!(read(&[1, 3]).await.0, Err(FAILS), "3 was never there");
    server.kill();
    until(
        "copies answer",
        async || matches!(read(&[1, 2]).await, (Ok(found), _) if found == named([1, 2])),
    )
    .await;
    Ok(())
}

#[tokio::test]
async fn the_error_of_a_batch_is_told_to_all_who_wait_for_any_of_it() -> Testing {
    let (_server, redis) = connected()?;
    let rows = rows().build(&redis);
    let loads = AtomicU32::new(0);
    let batch = |ids: std::ops::Range<u32>| {
        rows.get_many_or_load(ids, |missing| async {
            loads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(200)).await;
            fails(missing)
        })
    };
    let alone = async {
        let load = || async { Ok::<_, &str>("loaded twice".to_owned()) };
        tokio::time::sleep(Duration::from_millis(50)).await;
        rows.get_or_load(1, load).await
    };
    let (first, second, alone) = tokio::join!(batch(0..3), batch(1..3), alone);
    assert_eq!((first, second), (Err(FAILS), Err(FAILS)));
    assert_eq!(alone, Err(FAILS));
    assert_eq!((loads.load(Ordering::Relaxed), rows.loading()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn a_batch_that_is_dropped_or_panics_passes_its_keys_on() -> Testing {
    let (_server, redis) = connected()?;
    let rows = rows().build(&redis);
    for panics in [false, true] {
        let first = u32::from(panics) * 10;
        let (table, loading) = (Arc::new(Table::default()), Arc::new(Notify::new()));
        let call = |ids: std::ops::Range<u32>, is_first: bool| {
            let (rows, table, loading) = (rows.clone(), table.clone(), loading.clone());
            tokio::spawn(async move {
                let load = |missing| {
                    let (table, loading) = (table.clone(), loading.clone());
                    async move {
                        if is_first {
                            loading.notify_one();
                            loading.notified().await;
                            assert!(!panics, "the load panics, for a test");
                            std::future::pending::<()>().await;
                        }
                        table.rows(missing)
                    }
                };
                rows.get_many_or_load(ids, load).await
            })
        };
        let leader = call(first..first + 4, true);
        loading.notified().await;
        let others = [
            call(first..first + 3, false),
            call(first + 1..first + 5, false),
        ];
        // They wait for the leader, and one has loaded what it alone wants.
        until("the last is loaded", async || table.loaded() == [first + 4]).await;
        if panics {
            loading.notify_one();
        } else {
            leader.abort();
        }
        assert!(leader.await.is_err());
        let [one, other] = others;
        assert_eq!(one.await??, named(first..first + 3));
        assert_eq!(other.await??, named(first + 1..first + 5));
        assert_eq!(table.loaded(), (first..first + 5).collect::<Vec<_>>());
        until("it is stored", async || rows.loading() == 0).await;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_near_is_not_asked_for() -> Testing {
    let (server, redis) = connected()?;
    let rows = rows()
        .timeout(Duration::from_millis(300))
        .near(Duration::from_secs(300))
        .build(&redis);
    let table = Table::default();
    rows.put_many([(1, &name_of(1)), (2, &name_of(2))]).await?;
    assert_eq!(rows.get_many([1, 2]).await, named([1, 2]));
    server.kill();
    let read = rows.get_many_or_load(1..=3, |missing| async { table.rows(missing) });
    assert_eq!(read.await?, named(1..=3));
    assert_eq!(table.loads(), [[3]]);
    assert_eq!(rows.get_many(1..=3).await, named(1..=3));
    assert_eq!(rows.invalidate_many([1, 2]).await, Invalidated::Pending);
    assert_eq!(rows.get_many(1..=3).await, [None, None, Some(name_of(3))]);
    Ok(())
}

#[tokio::test]
async fn what_is_tracked_is_near_until_another_process_changes_it() -> Testing {
    let (_server, redis) = connected()?;
    let (tracked, another) = (rows().near_tracking().build(&redis), rows().build(&redis));
    let ids = || 0..20;
    let values: Vec<_> = ids().map(|id| (id, name_of(id))).collect();
    another
        .put_many(values.iter().map(|(id, name)| (id, name)))
        .await?;
    let get = async || cache::served(tracked.get_many(ids())).await;
    until("all are near", async || {
        get().await == (named(ids()), Some(Served::Near))
    })
    .await;
    another.invalidate_many([3, 4]).await;
    until("two are gone", async || {
        get().await.0.iter().filter(|name| name.is_none()).count() == 2
    })
    .await;
    let table = Table::default();
    let load = |missing| async { table.rows(missing) };
    assert_eq!(tracked.get_many_or_load(ids(), load).await?, named(ids()));
    assert_eq!(table.loads(), [[3, 4]]);
    Ok(())
}

#[tokio::test]
async fn what_others_have_under_a_key_is_overwritten_and_does_not_hinder_the_rest() -> Testing {
    let (_server, redis) = connected()?;
    let rows = rows()
        .stale_if_error(Duration::from_secs(3_600))
        .build(&redis);
    let mut connection = redis.get().await?;
    connection.rpush::<_, _, ()>("names:1", "a list").await?;
    connection.set::<_, _, ()>("names:2", "a text").await?;
    rows.put(3, &name_of(3)).await?;
    let table = Table::default();
    let read = rows.get_many_or_load(1..=3, |missing| async { table.rows(missing) });
    assert_eq!(read.await?, named(1..=3));
    assert_eq!(table.loads(), [[1, 2]]);
    until_stored(&rows, &[1, 2, 3]).await;
    Ok(())
}

#[tokio::test]
async fn more_than_a_thousand_keys_take_a_few_round_trips() -> Testing {
    let server = RealRedis::start()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = Connector::open(proxy.url())?;
    let rows = rows()
        .stale_if_error(Duration::from_secs(3_600))
        .build(&redis);
    let table = Table::default();
    redis.get().await?.set::<_, _, ()>("other", 1).await?;
    proxy.set(WireFault::Delay(Duration::from_millis(200)));
    let begun = Instant::now();
    let read = rows.get_many_or_load(0..1_500, |missing| async { table.rows(missing) });
    assert_eq!(read.await?, named(0..1_500));
    // One by one they would take 300 s.
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(table.loads().len(), 1);
    until_stored(&rows, &(0..1_500).collect::<Vec<_>>()).await;
    let begun = Instant::now();
    let found = tokio::task::spawn_blocking(move || rows.get_many_blocking(0..1_500)).await?;
    assert_eq!(found, named(0..1_500));
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    Ok(())
}
