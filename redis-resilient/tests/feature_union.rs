//! Row O26: another crate of the build has turned on the feature `chaos`, and the application names nothing of it. No file, no variable and no button
//! brings a fault into it. CI runs it in a release build too: `cargo test --release -p redis-resilient --features chaos,settings --test feature_union`.

use std::error::Error;
use std::fs;
use std::process::Command;

use redis::RedisResult;
use redis_resilient::{Policy, redis_resilient, settings};
use redis_resilient_runtime::__seam::chaos;

type Outcome = Result<(), Box<dyn Error>>;

const VARIABLES: [(&str, &str); 3] = [
    ("REDIS_RESILIENT__CHAOS__CALL__FAULT", "unreachable"),
    ("REDIS_RESILIENT__CHAOS__CALL__FOR", "10m"),
    ("REDIS_RESILIENT__CHAOS", "on"),
];

#[redis_resilient(name = "call", retries = 0)]
async fn call() -> RedisResult<u32> {
    Ok(1)
}

#[redis_resilient(name = "bare", retries = 0, breaker = false)]
fn bare() -> RedisResult<u32> {
    Ok(1)
}

static POLICY: Policy = Policy::new("policy").retries(0);

#[test]
fn no_fault_comes_into_an_application_that_did_not_let_it() -> Outcome {
    if std::env::var_os("RR_CHILD").is_none() {
        let child = Command::new(std::env::current_exe()?)
            .env("RR_CHILD", "1")
            .envs(VARIABLES)
            .output()?;
        let text = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{text}");
        return Ok(());
    }
    const { assert!(chaos::COMPILED_IN, "else this shows nothing") };
    let folder = std::env::temp_dir().join(format!("rr-union-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let path = folder.join("r.toml");
    fs::write(
        &path,
        "[chaos.\"*\"]\nfault = \"unreachable\"\nfor = \"10m\"\n",
    )?;
    let loaded = settings::watch(&path)?;
    for part in [
        "REDIS_RESILIENT__CHAOS__CALL__FAULT",
        "REDIS_RESILIENT__CHAOS__CALL__FOR",
        "REDIS_RESILIENT__CHAOS:",
        "has not called `chaos::allow()`",
    ] {
        let is_told = loaded.warnings.iter().any(|told| told.contains(part));
        assert!(is_told, "{part}: {:?}", loaded.warnings);
    }
    let button = chaos::start(None, "unreachable", None, 1.0, 60.0);
    assert!(button.is_err_and(|told| told.contains("chaos::allow()")));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    for _ in 0..10_000 {
        assert_eq!(runtime.block_on(call()).ok(), Some(1));
        assert_eq!(bare().ok(), Some(1));
        assert_eq!(
            POLICY.run_blocking(|| Ok::<_, redis::RedisError>(1)).ok(),
            Some(1)
        );
    }
    assert!(chaos::plans().is_empty() && !chaos::is_allowed());
    fs::remove_dir_all(&folder)?;
    Ok(())
}
