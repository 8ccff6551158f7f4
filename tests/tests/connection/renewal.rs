//! Credentials that do not last, under load: no call fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use redis_resilient::connection::{Credentials, SubscriptionEvent};
use redis_resilient_testkit::RealCluster;
use redis_resilient_tests::connect;

use super::*;

/// What tokens say that they are good for.
const VALID: Duration = Duration::from_secs(2);
/// After this the server throws out whoever still goes by one.
const TAKEN: Duration = Duration::from_secs(4);
const TRAFFIC: Duration = Duration::from_secs(10);
/// Of a busy machine, for one answer.
const PATIENT: Duration = Duration::from_secs(5);

/// Hands out tokens, each a user of its own; one that is over is deleted, and the server closes its connections.
#[derive(Clone)]
struct Tokens {
    servers: Vec<String>,
    handed_out: Arc<AtomicU64>,
}

impl Tokens {
    fn of(servers: Vec<String>) -> Self {
        Self {
            servers,
            handed_out: Arc::default(),
        }
    }

    fn tell(&self, words: &[&str]) -> RedisResult<()> {
        for server in &self.servers {
            redis::cmd("ACL").arg(words).exec(&mut connect(server)?)?;
        }
        Ok(())
    }

    fn hand_out(&self) -> RedisResult<Credentials> {
        let number = self.handed_out.fetch_add(1, Ordering::SeqCst);
        let name = format!("token-{number}");
        self.tell(&["SETUSER", &name, "on", ">secret", "~*", "&*", "+@all"])?;
        let (tokens, over) = (self.clone(), name.clone());
        thread::spawn(move || {
            thread::sleep(TAKEN);
            // The server may be gone with its test.
            let _ = tokens.tell(&["DELUSER", &over]);
        });
        Ok(Credentials::user(name, "secret").valid_for(VALID))
    }
}

fn patient(builder: ConnectorBuilder) -> ConnectorBuilder {
    builder.connect_timeout(PATIENT).response_timeout(PATIENT)
}

async fn id(redis: &mut Connection) -> RedisResult<u64> {
    redis::cmd("CLIENT").arg("ID").query_async(redis).await
}

/// Calls for as long as the traffic lasts, and tells which failed.
async fn calls(mut redis: Connection) -> RedisResult<()> {
    let begun = Instant::now();
    while begun.elapsed() < TRAFFIC {
        redis.incr::<_, _, u64>("calls", 1).await?;
        tokio::time::sleep(MS(5)).await;
    }
    Ok(())
}

async fn commands_that_wait(mut redis: Connection) -> RedisResult<()> {
    let begun = Instant::now();
    while begun.elapsed() < TRAFFIC {
        let _: Option<(String, String)> = redis.blpop("nothing", 0.05).await?;
    }
    Ok(())
}

async fn dedicated(redis: Connector) -> RedisResult<()> {
    let mut own = redis.dedicated().await?;
    let begun = Instant::now();
    while begun.elapsed() < TRAFFIC {
        own.incr::<_, _, u64>("dedicated", 1).await?;
        tokio::time::sleep(MS(20)).await;
    }
    Ok(())
}

fn blocking(redis: &Connector) -> RedisResult<()> {
    let mut held = redis.get_blocking()?;
    let begun = Instant::now();
    while begun.elapsed() < TRAFFIC {
        Commands::incr::<_, _, u64>(&mut held, "held", 1)?;
        // One of the pool.
        Commands::incr::<_, _, u64>(&mut redis.get_blocking()?, "pooled", 1)?;
        thread::sleep(MS(5));
    }
    Ok(())
}

/// How often it was lost.
async fn subscribed(redis: Connector) -> u64 {
    let mut subscription = redis.subscribe("news");
    let (begun, mut lost) = (Instant::now(), 0);
    while let Some(left) = TRAFFIC.checked_sub(begun.elapsed()) {
        let event = tokio::time::timeout(left, subscription.next()).await;
        lost += u64::from(matches!(event, Ok(Some(SubscriptionEvent::Lost(_)) | None)));
    }
    lost
}

/// All that an application does with Redis, while tokens come and go.
async fn ridden_out(
    server: &RealRedis,
    tokens: &Tokens,
    told: impl FnOnce(ConnectorBuilder) -> ConnectorBuilder,
) -> TestResult {
    let builder = patient(Connector::builder(server.url())?).connections(2);
    let redis = told(builder).build();
    let mut first = redis.get().await?;
    let ids = [id(&mut first).await?, id(&mut first).await?];
    let too = redis.clone();
    let (called, waited, dedicated, blocking, lost) = tokio::join!(
        tokio::spawn(calls(first.clone())),
        tokio::spawn(commands_that_wait(first.clone())),
        tokio::spawn(dedicated(redis.clone())),
        tokio::task::spawn_blocking(move || blocking(&too)),
        tokio::spawn(subscribed(redis.clone())),
    );
    let (results, lost) = ([called?, waited?, dedicated?, blocking?], lost?);
    assert!(
        results.iter().all(Result::is_ok) && lost == 0,
        "{results:?}, lost {lost}"
    );
    // It is in place that they were renewed.
    for _ in 0..2 {
        let now = id(&mut first).await?;
        assert!(ids.contains(&now), "{now} is none of {ids:?}");
    }
    let mut ask = redis::cmd("ACL");
    let user: String = ask.arg("WHOAMI").query_async(&mut first).await?;
    assert!(user.starts_with("token-") && user != "token-0", "{user}");
    let handed_out = tokens.handed_out.load(Ordering::SeqCst);
    assert!(handed_out < 80, "{handed_out}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_last_two_seconds_fail_no_call_in_ten() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let tokens = Tokens::of(vec![server.url()]);
    let source = tokens.clone();
    let told = |builder: ConnectorBuilder| builder.credentials(move || source.hand_out());
    ridden_out(&server, &tokens, told).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_they_come_from_asynchronous_code() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let tokens = Tokens::of(vec![server.url()]);
    let source = tokens.clone();
    let told = |builder: ConnectorBuilder| {
        builder.credentials_async(move || {
            let source = source.clone();
            async move {
                let asked = tokio::task::spawn_blocking(move || source.hand_out());
                asked.await.map_err(std::io::Error::other)?
            }
        })
    };
    ridden_out(&server, &tokens, told).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_in_a_cluster() -> TestResult {
    let cluster = RealCluster::start()?;
    let servers = cluster.nodes().iter().map(RealRedis::url).collect();
    let (tokens, urls) = (Tokens::of(servers), cluster.urls());
    let source = tokens.clone();
    let redis = patient(Connector::cluster(urls)?)
        .credentials(move || source.hand_out())
        .build();
    let too = redis.clone();
    let blocking = tokio::task::spawn_blocking(move || {
        let mut redis = too.get_blocking()?;
        let begun = Instant::now();
        while begun.elapsed() < TRAFFIC {
            for key in ["a", "b", "c"] {
                Commands::incr::<_, _, u64>(&mut redis, key, 1)?;
            }
            // Over a connection of redis-rs's own.
            redis::cmd("DBSIZE").exec(&mut redis)?;
            thread::sleep(MS(20));
        }
        RedisResult::Ok(())
    });
    let mut connection = redis.get().await?;
    let begun = Instant::now();
    while begun.elapsed() < TRAFFIC {
        for key in ["a", "b", "c"] {
            connection.incr::<_, _, u64>(key, 1).await?;
        }
        redis::cmd("DBSIZE").exec_async(&mut connection).await?;
        tokio::time::sleep(MS(20)).await;
    }
    blocking.await??;
    assert!(tokens.handed_out.load(Ordering::SeqCst) > 3);
    Ok(())
}

/// It hands out nothing more, and the server throws nobody out: what is connected is as good as ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hands_out_no_more_fails_no_call_while_the_server_lets_them() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let asked = Arc::new(AtomicU64::new(0));
    let (count, valid) = (asked.clone(), MS(400));
    let redis = patient(Connector::builder(server.url())?)
        .credentials(move || -> RedisResult<_> {
            // One each for what is shared, what waits and what blocks.
            if count.fetch_add(1, Ordering::SeqCst) < 3 {
                return Ok(Credentials::user("default", "any").valid_for(valid));
            }
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
        })
        .build();
    let mut shared = redis.get().await?;
    let _: Option<(String, String)> = shared.blpop("nothing", 0.01).await?;
    let too = redis.clone();
    let mut held = tokio::task::spawn_blocking(move || too.get_blocking()).await??;
    let blocking = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        while begun.elapsed() < MS(2000) {
            Commands::incr::<_, _, u64>(&mut held, "k", 1)?;
            thread::sleep(MS(10));
        }
        RedisResult::Ok(())
    });
    let begun = Instant::now();
    while begun.elapsed() < MS(2000) {
        shared.incr::<_, _, u64>("k", 1).await?;
        let _: Option<(String, String)> = shared.blpop("nothing", 0.01).await?;
    }
    blocking.await??;
    // Again and again, and not all the time: three of them, each 250 ms.
    let asked = asked.load(Ordering::SeqCst);
    assert!((6..=40).contains(&asked), "{asked}");
    Ok(())
}
