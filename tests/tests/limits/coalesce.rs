//! `coalesce`: calls with the same key run the fallback once.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::{Bulkhead, redis_resilient};
use tokio::task::JoinHandle;

use super::is_down;
use super::outage::{Db, Testing, outage};

async fn row(_: &Connector, db: &Db, id: u64) -> RedisResult<String> {
    db.row(id).await
}

#[redis_resilient(breaker = false, retries = 0, fallback = row, key = "user:{id}", coalesce = true)]
async fn user(redis: &Connector, db: &Db, id: u64) -> RedisResult<String> {
    db.noted(async { redis.get().await?.get(id).await }.await)
}

/// A call in a task of its own.
fn call(redis: &Connector, db: &Arc<Db>, id: u64) -> JoinHandle<RedisResult<String>> {
    let (redis, db) = (redis.clone(), db.clone());
    tokio::spawn(async move { user(&redis, &db, id).await })
}

/// One that leads, and so many that wait for it.
async fn led(
    redis: &Connector,
    db: &Arc<Db>,
    waiting: u32,
) -> (
    JoinHandle<RedisResult<String>>,
    Vec<JoinHandle<RedisResult<String>>>,
) {
    let leader = call(redis, db, 7);
    db.until_runs(1).await;
    let others = (0..waiting).map(|_| call(redis, db, 7)).collect();
    db.until_failures(waiting + 1).await;
    assert_eq!(db.runs(), 1);
    (leader, others)
}

#[tokio::test]
async fn in_an_outage_two_hundred_callers_are_one_run_of_the_fallback() -> Testing {
    let (_server, redis) = outage()?;
    let db = Db::new();
    let calls: Vec<_> = (0..200).map(|_| call(&redis, &db, 7)).collect();
    db.until_failures(200).await;
    db.answer();
    for call in calls {
        assert_eq!(call.await??, "row 7 of run 1");
    }
    assert_eq!(db.runs(), 1);
    // It was for those who waited, and for nobody else.
    assert_eq!(user(&redis, &db, 7).await?, "row 7 of run 2");
    Ok(())
}

#[tokio::test]
async fn where_the_leader_is_dropped_another_one_runs_its_own_fallback() -> Testing {
    let (_server, redis) = outage()?;
    let db = Db::new();
    let (leader, others) = led(&redis, &db, 20).await;
    leader.abort();
    db.until_runs(2).await;
    db.answer();
    for call in others {
        assert_eq!(call.await??, "row 7 of run 2");
    }
    assert_eq!(db.runs(), 2);
    Ok(())
}

#[tokio::test]
async fn where_the_leader_panics_its_caller_is_told_and_another_one_leads() -> Testing {
    let (_server, redis) = outage()?;
    let db = Db::new();
    db.panic_once();
    let (leader, others) = led(&redis, &db, 20).await;
    db.answer();
    assert!(leader.await.is_err_and(|error| error.is_panic()));
    for call in others {
        assert_eq!(call.await??, "row 7 of run 2");
    }
    assert_eq!(db.runs(), 2);
    Ok(())
}

#[tokio::test]
async fn an_error_is_for_all_who_wait_and_is_not_remembered() -> Testing {
    let (_server, redis) = outage()?;
    let db = Db::new();
    db.set_down(true);
    let (leader, others) = led(&redis, &db, 20).await;
    db.answer();
    for call in others.into_iter().chain([leader]) {
        let error = call.await?.expect_err("the database is down").to_string();
        assert!(
            error.contains("the database is down") && error.ends_with("run 1"),
            "{error}"
        );
    }
    db.set_down(false);
    assert_eq!(user(&redis, &db, 7).await?, "row 7 of run 2");
    Ok(())
}

#[tokio::test]
async fn neither_keys_nor_functions_nor_servers_mix() -> Testing {
    #[redis_resilient(breaker = false, retries = 0, fallback = row, key = "user:{id}", coalesce = true)]
    async fn another(redis: &Connector, db: &Db, id: u64) -> RedisResult<String> {
        redis.get().await?.get(id).await
    }
    let (_first, redis) = outage()?;
    let (_second, elsewhere) = outage()?;
    let db = Db::new();
    let calls = [
        call(&redis, &db, 7),
        call(&redis, &db, 8),
        call(&elsewhere, &db, 7),
    ];
    let other = async { another(&redis, &db, 7).await };
    let opened = async {
        // Each of them has a run of its own.
        db.until_runs(4).await;
        db.answer();
    };
    let (other, ()) = tokio::join!(other, opened);
    let mut rows = vec![other?];
    for call in calls {
        rows.push(call.await??);
    }
    let rows: Vec<_> = rows
        .iter()
        .filter_map(|row| row.split(' ').nth(1))
        .collect();
    assert_eq!(rows, ["7", "7", "8", "7"]);
    assert_eq!(db.runs(), 4);
    Ok(())
}

#[tokio::test]
async fn types_do_not_mix_and_neither_do_those_who_implement_a_trait() -> Testing {
    trait Named: Sync {
        const NAME: &'static str;
        // One attribute for all who have the method.
        #[redis_resilient(breaker = false, retries = 0, fallback = self.row(redis, db, id), key = "{id}", coalesce = true)]
        async fn get(&self, redis: &Connector, db: &Db, id: u64) -> RedisResult<String> {
            redis.get().await?.get(id).await
        }
        async fn row(&self, _: &Connector, db: &Db, id: u64) -> RedisResult<String> {
            Ok(format!("{} {}", Self::NAME, db.row(id).await?))
        }
    }
    struct One;
    impl Named for One {
        const NAME: &'static str = "one";
    }
    struct Two;
    impl Named for Two {
        const NAME: &'static str = "two";
    }
    #[redis_resilient(
        breaker = false, retries = 0, fallback = Ok(format!("{shown} {}", db.row(0).await?)),
        key = "same", skip(shown), coalesce = true
    )]
    async fn shown<T: Display>(redis: &Connector, db: &Db, shown: &T) -> RedisResult<String> {
        redis.get().await?.get("same").await
    }
    let (_server, redis) = outage()?;
    let db = Db::new();
    let opened = async {
        db.until_runs(4).await;
        db.answer();
    };
    let (one, two, three, four, ()) = tokio::join!(
        One.get(&redis, &db, 7),
        Two.get(&redis, &db, 7),
        shown(&redis, &db, &3),
        shown(&redis, &db, &"four"),
        opened,
    );
    assert!(one?.starts_with("one"));
    assert!(two?.starts_with("two"));
    assert!(three?.starts_with('3'));
    assert!(four?.starts_with("four"));
    Ok(())
}

#[tokio::test]
async fn only_the_leader_takes_room_in_the_fallback() -> Testing {
    static ONE: Bulkhead = Bulkhead::new("one for all", 1);
    #[redis_resilient(
        breaker = false, retries = 0, fallback = row, fallback_limit = ONE, key = "user:{id}", coalesce = true
    )]
    async fn limited(redis: &Connector, db: &Db, id: u64) -> RedisResult<String> {
        db.noted(async { redis.get().await?.get(id).await }.await)
    }
    let (_server, redis) = outage()?;
    let db = Db::new();
    let call = |id| {
        let (redis, db) = (redis.clone(), db.clone());
        tokio::spawn(async move { limited(&redis, &db, id).await })
    };
    let calls: Vec<_> = (0..20).map(|_| call(7)).collect();
    db.until_failures(20).await;
    // Another key has no room.
    assert!(is_down(call(8).await?));
    db.answer();
    for call in calls {
        assert_eq!(call.await??, "row 7 of run 1");
    }
    assert_eq!(ONE.inside(), 0);
    assert_eq!(call(8).await??, "row 8 of run 2");
    Ok(())
}

#[tokio::test]
async fn a_list_and_a_closure_are_run_once_as_well() -> Testing {
    #[redis_resilient(
        breaker = false, retries = 0, fallback = [async |_| db.row(id).await, Ok("nobody".to_owned())],
        key = "{id}", coalesce = true
    )]
    async fn list(redis: &Connector, db: &Db, id: u64) -> RedisResult<String> {
        db.noted(async { redis.get().await?.get(id).await }.await)
    }
    let (_server, redis) = outage()?;
    let db = Db::new();
    db.set_down(true);
    let answered = async {
        db.until_failures(3).await;
        db.answer();
    };
    let (first, second, third, ()) = tokio::join!(
        list(&redis, &db, 7),
        list(&redis, &db, 7),
        list(&redis, &db, 7),
        answered,
    );
    assert_eq!([first?, second?, third?], ["nobody", "nobody", "nobody"]);
    assert_eq!(db.runs(), 1);
    Ok(())
}

struct Repository {
    redis: Connector,
    db: Arc<Db>,
    tenant: String,
}

#[async_trait]
trait Users: Send + Sync {
    async fn get(&self, name: String, pair: (u64, u64)) -> RedisResult<String>;
}

#[async_trait]
impl Users for Repository {
    #[redis_resilient(
        breaker = false, retries = 0, fallback = self.db.row(b), key = "{self.tenant}:{name}:{b}", skip(a), coalesce = true
    )]
    async fn get(&self, name: String, (a, b): (u64, u64)) -> RedisResult<String> {
        let got = self.redis.get().await;
        self.db
            .noted(async { got?.get(format!("{name}{a}")).await }.await)
    }
}

#[tokio::test]
async fn a_method_of_an_async_trait() -> Testing {
    let (_server, redis) = outage()?;
    let db = Db::new();
    let of = |tenant: &str| -> Box<dyn Users> {
        Box::new(Repository {
            redis: redis.clone(),
            db: db.clone(),
            tenant: tenant.to_owned(),
        })
    };
    let (one, other) = (of("one"), of("other"));
    let answered = async {
        db.until_failures(3).await;
        db.answer();
    };
    let (first, second, elsewhere, ()) = tokio::join!(
        one.get("Ann".to_owned(), (1, 7)),
        one.get("Ann".to_owned(), (2, 7)),
        other.get("Ann".to_owned(), (1, 7)),
        answered,
    );
    assert_eq!(first?, second?);
    assert!(elsewhere?.starts_with("row 7"));
    assert_eq!(db.runs(), 2);
    Ok(())
}

#[test]
fn sync_callers_wait_as_well() -> Testing {
    const CALLERS: u32 = 8;
    #[derive(Default)]
    struct Counts {
        failures: AtomicU32,
        runs: AtomicU32,
    }
    #[expect(clippy::unnecessary_wraps, reason = "it is a fallback")]
    fn slow(_: &Connector, counts: &Counts, id: u64) -> RedisResult<String> {
        let run = counts.runs.fetch_add(1, Ordering::SeqCst);
        while counts.failures.load(Ordering::SeqCst) < CALLERS {
            thread::sleep(Duration::from_millis(1));
        }
        // From there they have only a few steps to where they wait.
        thread::sleep(Duration::from_millis(200));
        Ok(format!("row {id} of run {run}"))
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = slow, key = "user:{id}", skip(counts), coalesce = true)]
    fn user(redis: &Connector, counts: &Counts, id: u64) -> RedisResult<String> {
        let result = redis.get_blocking().and_then(|mut conn| conn.get(id));
        counts.failures.fetch_add(1, Ordering::SeqCst);
        result
    }
    let (_server, redis) = outage()?;
    let counts = Counts::default();
    let rows: Vec<_> = thread::scope(|scope| {
        let calls: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(|| user(&redis, &counts, 7)))
            .collect();
        let joined = calls
            .into_iter()
            .map(|call| call.join().expect("nobody panics"));
        joined.collect::<RedisResult<Vec<_>>>()
    })?;
    assert!(rows.iter().all(|row| row.starts_with("row 7")), "{rows:?}");
    let runs = counts.runs.into_inner();
    assert!(runs < CALLERS / 2, "{runs} runs");
    Ok(())
}
