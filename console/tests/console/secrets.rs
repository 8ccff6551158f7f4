//! O14: a password is on no page, in no JSON, and in nothing that is printed.

use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use redis_resilient::console::{Checks, Console, HealthPolicy};
use redis_resilient::journal::{Journal, Written};
use redis_resilient_testkit::RealRedis;
use std::fmt::Write as _;
use std::time::Duration;

use crate::http::{get, open, read_until, send};
use crate::support::{Served, TestResult, believing, until};

const USER: &str = "canary-user-7Q";
const PASSWORD: &str = "canary-password-7Q";

#[tokio::test]
async fn no_password_is_shown_whatever_fails() -> TestResult {
    let redis = RealRedis::start()?;
    let at = redis.addr();
    // The server knows no such user: each connect fails, and says so.
    let url = format!("redis://{USER}:{PASSWORD}@{at}/");
    let connector = Connector::open(url.as_str())?;
    assert!(connector.get().await.is_err());
    let names: Cache<String> = Cache::builder("secrets: names")
        .ttl(Duration::from_secs(600))
        .build(&connector);
    let load = async || Ok::<_, redis::RedisError>("value".to_owned());
    names.get_or_load(1, load).await?;
    let _ = names.invalidate(1).await;
    let journal = Journal::builder("secrets: orders").open(&connector)?;
    let queued: Written<()> = journal
        .enqueue(redis::cmd("SET").arg("key").arg(PASSWORD))
        .await?;
    assert!(queued.is_queued());
    let checked = connector.clone();
    let checks = Checks::new().add("secrets: write", Duration::from_secs(5), move || {
        let redis = checked.clone();
        async move {
            let mut connection = redis.get().await?;
            redis::cmd("SET")
                .arg("health")
                .arg(1)
                .exec_async(&mut connection)
                .await
        }
    });
    let console = Console::new(believing()).checks(checks.clone());
    let served = Served::console(&console).await;
    let mut seen = String::new();
    until("all of them have failed", async || {
        let all = get(served.at, "/resilience").await.expect("an answer").body;
        let has_failed = all.contains("\"class\":\"misconfigured\"");
        seen += &all;
        has_failed
    })
    .await;
    for path in ["/healthz", "/readyz"] {
        seen += &get(served.at, path).await?.body;
    }
    for user in ["", "ann"] {
        let headers = [("accept", "text/html"), ("x-user", user)];
        seen += &send(served.at, "GET", "/resilience", &headers, "")
            .await?
            .body;
    }
    let mut stream = open(served.at, "GET", "/resilience/events", &[], "").await?;
    seen += &read_until(&mut stream, "\"consumers\"").await?;
    seen += &read_until(&mut stream, "\"consumers\"").await?;
    let health = HealthPolicy::new().health(checks.run().await);
    let _ = write!(seen, "{health:?} {console:?} {checks:?}");
    assert!(seen.contains("secrets: orders") && seen.contains("secrets: names"));
    for canary in [USER, PASSWORD] {
        assert!(!seen.contains(canary), "{canary} is in {seen}");
    }
    Ok(())
}
