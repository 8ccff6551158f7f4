//! O14: a password, wherever it comes from, is in nothing that a process tells: no line of the log, however fine, no page, no answer, no metric, no error
//! and no `Debug`.
//!
//! A process of its own does all that is told of, and prints it: then what anybody prints is read, and variables of the environment can be set.

mod told;

use std::process::Command;

use redis_resilient_testkit::RealRedis;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// In all passwords and users here. Nothing else has it.
const CANARY: &str = "canary7Q";

/// Where the server is, for the process that tells.
const SERVER: &str = "RR_CANARY_SERVER";

/// What begins a part of what is told, so that none is left out.
const PARTS: [&str; 9] = [
    "settings", "errors", "calls", "healthz", "readyz", "json", "page", "events", "metrics",
];

#[test]
fn no_password_is_told_wherever_it_comes_from() -> TestResult {
    let password = format!(">{CANARY}-good");
    // One that may do all, so that what is told of connections that are made is told too.
    let redis = RealRedis::builder()
        .args(["--user", "alice", "on", &password, "~*", "&*", "+@all"])
        .start()?;
    let output = Command::new(std::env::current_exe()?)
        .args(["--exact", "what_is_told", "--nocapture"])
        .env(SERVER, redis.addr().to_string())
        .env("REDIS_URL", format!("redis://{}/", redis.addr()))
        .env("REDIS_USERNAME", format!("{CANARY}-env-user"))
        .env("REDIS_PASSWORD", format!("{CANARY}-env"))
        .env(
            "REDIS_RESILIENT__FUNCTIONS__LOAD__PASSWORD",
            format!("{CANARY}-variable"),
        )
        .output()?;
    let told = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{told}");
    for part in PARTS {
        let begins = format!("\n== {part}\n");
        let rest = told
            .split_once(&begins)
            .unwrap_or_else(|| panic!("no {part} in {told}"))
            .1;
        let text = rest.split("\n== ").next().unwrap_or_default();
        assert!(text.len() > 20, "{part}: {text}");
    }
    // The log is as fine as it can be, and tells of what failed, and why.
    for line in [
        " DEBUG ",
        "cannot connect",
        "WRONGPASS",
        "credentials",
        "circuit opened",
    ] {
        assert!(told.contains(line), "no {line} in {told}");
    }
    let lines = told.lines().filter(|line| line.contains(CANARY));
    let lines: Vec<_> = lines.collect();
    assert!(lines.is_empty(), "{lines:#?}");
    Ok(())
}

/// Does it all, where it is asked to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told() -> TestResult {
    match std::env::var(SERVER) {
        Ok(server) => told::tell_all(&server).await,
        Err(_) => Ok(()),
    }
}
