//! What is shown is what is so, and how answers are made.

use std::time::Duration;

use redis_resilient::console::{Access, Console, HealthPolicy, health};
use redis_resilient::{Breaker, Registry, State};

use crate::http::{get, send};
use crate::support::{Served, TestResult, until};

/// How the page would show it.
fn shown(name: &str) -> &'static str {
    let health = health();
    let mut named = health.breakers.iter().filter(|one| one.name == name);
    named.next().expect("it is listed").state
}

/// O4: through all states and back, the state that is shown is the state by which calls are admitted.
#[tokio::test]
async fn in_each_state_what_is_shown_is_what_is_done() {
    static WALKED: Breaker = Breaker::new("console: walked")
        .failure_threshold(1)
        .reset_timeout(Duration::from_millis(50));
    Registry::global().register(&WALKED);
    let admits = || WALKED.try_acquire().map(drop).is_ok();
    assert_eq!((shown("console: walked"), admits()), ("closed", true));

    WALKED.try_acquire().expect("it is closed").failure();
    // It may be over by now on a busy machine.
    if WALKED.state() == State::Open {
        assert_eq!(shown("console: walked"), "open");
    }
    until("it may be probed", async || {
        health()
            .breakers
            .iter()
            .any(|one| one.name == "console: walked" && one.retry_after_ms == 0)
    })
    .await;
    let probe = WALKED.try_acquire().expect("a probe");
    assert_eq!((shown("console: walked"), admits()), ("half_open", false));
    probe.success();
    assert_eq!((shown("console: walked"), admits()), ("closed", true));

    WALKED.force_open(None);
    assert_eq!((shown("console: walked"), admits()), ("forced_open", false));
    WALKED.force_closed();
    assert_eq!(
        (shown("console: walked"), admits()),
        ("forced_closed", true)
    );
    WALKED.disable();
    assert_eq!((shown("console: walked"), admits()), ("disabled", true));
    WALKED.reset();
    assert_eq!((shown("console: walked"), admits()), ("closed", true));
}

#[tokio::test]
async fn probes_and_machines_get_what_they_ask_for() -> TestResult {
    static NEEDED: Breaker = Breaker::new("console: needed");
    Registry::global().register(&NEEDED);
    let policy = HealthPolicy::new().required("console: needed");
    let served = Served::console(&Console::new(Access::read_only()).policy(policy)).await;
    let ready = get(served.at, "/readyz").await?;
    assert_eq!(ready.status, 200, "{ready:?}");

    NEEDED.force_open(None);
    let ready = get(served.at, "/readyz").await?;
    assert_eq!(
        (ready.status, ready.json()["verdict"].as_str()),
        (503, Some("down"))
    );
    let alive = get(served.at, "/healthz").await?;
    assert_eq!(alive.status, 200, "a restart would mend nothing");
    let all = get(served.at, "/resilience").await?;
    let all = all.json();
    let breakers = all["breakers"].as_array().expect("a list");
    let needed = breakers.iter().find(|one| one["name"] == "console: needed");
    assert_eq!(needed.expect("it is listed")["state"], "forced_open");
    assert!(all["changes"]["console: needed"].is_array());
    NEEDED.reset();
    assert_eq!(get(served.at, "/readyz").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_page_runs_nothing_but_itself() -> TestResult {
    let served = Served::console(&Console::new(Access::read_only())).await;
    let ask = || {
        send(
            served.at,
            "GET",
            "/resilience",
            &[("accept", "text/html")],
            "",
        )
    };
    let (one, other) = (ask().await?, ask().await?);
    let nonce = |page: &crate::http::Answer| {
        let rest = page
            .head
            .split("script-src 'nonce-")
            .nth(1)
            .expect("a nonce");
        rest.split('\'').next().expect("a nonce").to_owned()
    };
    assert_ne!(nonce(&one), nonce(&other));
    assert!(
        one.body
            .contains(&format!("<script nonce=\"{}\">", nonce(&one)))
    );
    assert!(one.head.contains("default-src 'none'") && one.head.contains("frame-ancestors 'none'"));
    assert!(one.head.contains("cache-control: no-store"));
    assert!(!one.body.contains("{{"), "nothing is left to fill in");
    for outside in ["http://", "https://", "//cdn", "@import", "url("] {
        let body = one.body.replace("http://www.w3.org/2000/svg", "");
        assert!(!body.contains(outside), "{outside}");
    }
    Ok(())
}
