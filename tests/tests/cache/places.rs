//! The cache where servers take each other's place: behind Sentinels, and in a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::RedisResult;
use redis_resilient::cache::Invalidated;
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{RealCluster, RealSentinel};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use crate::many::{Table, name_of, named, rows, until_stored};
use crate::support::{Testing, some, until};

const PATIENCE: Duration = Duration::from_secs(60);
const EACH: Duration = Duration::from_secs(1);

fn to_the(sentinels: &RealSentinel) -> RedisResult<Connector> {
    let connector = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?;
    Ok(connector
        .connect_timeout(EACH)
        .response_timeout(EACH)
        .build())
}

fn to_all(cluster: &RealCluster) -> RedisResult<Connector> {
    let connector = Connector::cluster(cluster.urls())?;
    Ok(connector
        .connect_timeout(EACH)
        .response_timeout(EACH)
        .build())
}

/// What goes on until this is dropped, also by a test that fails.
#[derive(Default)]
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_failover_reads_are_answered_and_nothing_old_is_stored() -> Testing {
    let sentinels = RealSentinel::start()?;
    let redis = to_the(&sentinels)?;
    let rows = rows().build(&redis);
    let table = Table::default();
    let read = async || {
        let load = |missing| async { table.rows(missing) };
        rows.get_many_or_load(0..9, load).await
    };
    assert_eq!(read().await?, named(0..9));
    until_stored(&rows, &(0..9).collect::<Vec<_>>()).await;
    assert_eq!((read().await?, table.loads().len()), (named(0..9), 1));
    let until_over = Over::default();
    let blocking = {
        let (rows, is_over) = (rows.clone(), until_over.0.clone());
        spawn_blocking(move || {
            let mut reads = 0;
            while !is_over.load(Ordering::Relaxed) || reads == 0 {
                let name = rows.get_or_load_blocking(20, || RedisResult::Ok(name_of(20)));
                assert_eq!(name, Ok(name_of(20)));
                reads += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
        })
    };

    let (loading, go) = (Notify::new(), Notify::new());
    let old = rows.get_many_or_load([10, 11], |missing| async {
        loading.notify_one();
        go.notified().await;
        Ok::<_, redis::RedisError>(
            missing
                .into_iter()
                .map(|id| (id, "old".to_owned()))
                .collect::<Vec<_>>(),
        )
    });
    let failover = async {
        loading.notified().await;
        let former = sentinels.kill_primary();
        for _ in 0..20 {
            assert_eq!(read().await?, named(0..9));
        }
        tokio::task::block_in_place(|| sentinels.wait_for_failover(former, PATIENCE))?;
        until("the new primary is told", async || {
            rows.invalidate_many([10, 11]).await == Invalidated::Everywhere
        })
        .await;
        go.notify_one();
        Testing::Ok(())
    };
    let (old, failover) = tokio::join!(old, failover);
    failover?;
    assert_eq!(old?, [some("old"), some("old")]);
    for _ in 0..20 {
        assert_eq!(rows.get_many([10, 11]).await, [None, None]);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(until_over);
    blocking.await?;
    until("all are hits again", async || {
        read().await.is_ok() && rows.get_many(0..9).await == named(0..9)
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn in_a_cluster_each_server_is_asked_for_its_keys() -> Testing {
    let cluster = RealCluster::start()?;
    let redis = to_all(&cluster)?;
    let rows = rows()
        .stale_if_error(Duration::from_secs(3_600))
        .build(&redis);
    let table = Table::default();
    let ids: Vec<u32> = (0..200).collect();
    let read = async || {
        let load = |missing| async { table.rows(missing) };
        rows.get_many_or_load(ids.iter().copied(), load).await
    };
    rows.put_many([(3, &name_of(3)), (4, &name_of(4)), (5, &name_of(5))])
        .await?;
    assert_eq!(read().await?, named(0..200));
    assert_eq!((table.loads().len(), table.loaded().len()), (1, 197));
    until_stored(&rows, &ids).await;
    assert_eq!(
        rows.get_or_load(7, || async { RedisResult::Ok(String::new()) })
            .await?,
        name_of(7)
    );
    assert_eq!(rows.invalidate_many(10..20).await, Invalidated::Everywhere);
    let found = {
        let rows = rows.clone();
        spawn_blocking(move || {
            assert_eq!(
                rows.get_many_blocking(8..12),
                [Some(name_of(8)), Some(name_of(9)), None, None]
            );
            let load = |missing: Vec<u32>| {
                RedisResult::Ok(
                    missing
                        .into_iter()
                        .map(|id| (id, name_of(id)))
                        .collect::<Vec<_>>(),
                )
            };
            rows.get_many_or_load_blocking(5..25, load)
        })
    };
    assert_eq!(found.await??, named(5..25));
    until_stored(&rows, &ids).await;

    // One of them is gone: its keys are loaded, and no others.
    let lost: Vec<u32> = ids
        .iter()
        .copied()
        .filter(|id| cluster.owner_of(format!("names:{id}")) == Some(0))
        .collect();
    assert!((20..180).contains(&lost.len()), "{}", lost.len());
    cluster.kill(0);
    assert_eq!(read().await?, named(0..200));
    assert_eq!(table.loads().last(), Some(&lost));
    // Another takes its place.
    until("all are hits again", async || {
        read().await.is_ok() && rows.get_many(0..200).await == named(0..200)
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn while_a_slot_is_moved_leases_are_given_where_the_keys_are() -> Testing {
    let cluster = RealCluster::start()?;
    let redis = to_all(&cluster)?;
    let rows = rows().prefix("{names}").build(&redis);
    let table = Table::default();
    let slot = RealCluster::slot_of("{names}");
    let to = (cluster.owner_of("{names}").ok_or("no owner")? + 1) % 3;
    rows.put_many(
        (0..20)
            .map(|id| (id, name_of(id)))
            .collect::<Vec<_>>()
            .iter()
            .map(|(id, name)| (*id, name)),
    )
    .await?;
    let (loading, go) = (Notify::new(), Notify::new());
    let old = rows.get_many_or_load(40..44, |missing| async {
        loading.notify_one();
        go.notified().await;
        table.rows(missing)
    });
    let moved = async {
        loading.notified().await;
        let on_its_way = cluster.begin_move(slot, to)?;
        on_its_way.move_keys(10)?;
        // Some are there, some are here, some are new.
        let read = async || {
            let load = |missing| async { table.rows(missing) };
            rows.get_many_or_load(0..30, load).await
        };
        assert_eq!(read().await?, named(0..30));
        assert_eq!(table.loads(), [(20..30).collect::<Vec<_>>()]);
        until("all are stored", async || {
            rows.get_many(0..30).await == named(0..30) && rows.loading() == 4
        })
        .await;
        assert_eq!(
            rows.invalidate_many((10..25).chain(40..42)).await,
            Invalidated::Everywhere
        );
        let blocking = rows.clone();
        let blocking = spawn_blocking(move || {
            let load = |missing: Vec<u32>| {
                RedisResult::Ok(
                    missing
                        .into_iter()
                        .map(|id| (id, name_of(id)))
                        .collect::<Vec<_>>(),
                )
            };
            (
                blocking.get_many_blocking(0..30),
                blocking.get_many_or_load_blocking(0..30, load),
            )
        });
        let (found, loaded) = blocking.await?;
        let left = (0..30).map(|id| (!(10..25).contains(&id)).then(|| name_of(id)));
        assert_eq!(found, left.collect::<Vec<_>>());
        assert_eq!(loaded?, named(0..30));
        while on_its_way.move_keys(10)? > 0 {}
        on_its_way.finish()?;
        go.notify_one();
        Testing::Ok(())
    };
    let (old, moved) = tokio::join!(old, moved);
    moved?;
    assert_eq!(old?, named(40..44));
    until_stored(&rows, &(0..30).chain(42..44).collect::<Vec<_>>()).await;
    assert_eq!(
        rows.get_many(40..42).await,
        [None, None],
        "they were invalidated"
    );
    Ok(())
}
