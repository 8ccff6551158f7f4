//! What is not said in code is shown with where it is said.

use redis::RedisResult;
use redis_resilient::console::{Access, Console};
use redis_resilient::{redis_resilient, settings};
use serde_json::{Value, json};

use crate::http::{get, open, read_until};
use crate::support::{Served, TestResult};

#[redis_resilient(name = "console: said", retries = 1, delay = "1ms", timeout = "2s")]
async fn said() -> RedisResult<()> {
    Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
}

/// What is said of these tests' function and bulkhead. The page in Chromium shows it too.
pub(crate) fn settings() -> TestResult {
    let folder = std::env::temp_dir().join(format!("rr-console-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("resilience.toml");
    std::fs::write(
        &path,
        "[functions.\"console: said\"]\nretries = 2\ndeadline = \"9s\"\n",
    )?;
    settings::load(&path)?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[tokio::test]
async fn each_value_is_shown_with_where_it_is_said() -> TestResult {
    settings()?;
    assert!(said().await.is_err());
    let served = Served::console(&Console::new(Access::read_only())).await;
    let all = get(served.at, "/resilience").await?.json();
    let functions = all["functions"].as_array().expect("a list");
    let function = functions.iter().find(|one| one["name"] == "console: said");
    let policy = &function.expect("it is listed")["policy"];
    assert_eq!(
        (&policy["retries"], &policy["deadline_ms"]),
        (&json!(2), &json!(9_000))
    );
    let origin = |key: &str| {
        policy["origins"][key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        origin("retries").ends_with("resilience.toml:2:11"),
        "{policy}"
    );
    assert!(
        origin("deadline").ends_with("resilience.toml:3:12"),
        "{policy}"
    );
    assert_eq!(
        policy["origins"]["timeout"],
        Value::Null,
        "its attribute says it"
    );

    let settings = &all["settings"];
    assert!(
        settings["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("resilience.toml"))
    );
    assert_eq!(settings["refused"], Value::Null);
    let values = settings["values"].as_array().expect("a list");
    let of = |key: &str| {
        values
            .iter()
            .find(|one| one["key"] == key)
            .expect("it is said")
    };
    assert_eq!(of("deadline")["value"], "\"9s\"");
    assert_eq!(
        (&of("retries")["effective"], &of("retries")["known"]),
        (&json!(true), &json!(true))
    );

    // They are not sent each second.
    let mut stream = open(served.at, "GET", "/resilience/events", &[], "").await?;
    let sample = read_until(&mut stream, "\"consumers\"").await?;
    assert!(
        sample.contains("\"settings\":{") && !sample.contains("\"values\""),
        "{sample}"
    );
    Ok(())
}
