//! Who may give orders, from where, and what becomes of them.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use redis_resilient::connection::Connector;
use redis_resilient::console::{Access, Console};
use redis_resilient::journal::Journal;
use redis_resilient::{Breaker, Event, Registry, State, observe};
use redis_resilient_testkit::RealRedis;

use crate::http::{Answer, get, send};
use crate::support::{Served, TestResult, believing};

const JSON: (&str, &str) = ("content-type", "application/json");

/// The token that the page of that user has.
async fn token(served: &Served, user: &str) -> String {
    let headers = [("accept", "text/html"), ("x-user", user)];
    let page = send(served.at, "GET", "/resilience", &headers, "")
        .await
        .expect("the page");
    let token = page
        .body
        .split("data-token=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    token.expect("a token").to_owned()
}

async fn order(served: &Served, headers: &[(&str, &str)], body: &str) -> Answer {
    send(served.at, "POST", "/resilience/orders", headers, body)
        .await
        .expect("an answer")
}

#[tokio::test]
async fn without_a_hook_there_are_no_orders_and_no_buttons() -> TestResult {
    let served = Served::console(&Console::new(Access::read_only())).await;
    let answer = order(&served, &[JSON], r#"{"order":"kill_switch","on":true}"#).await;
    assert_eq!(answer.status, 404);
    assert!(!redis_resilient::kill_switch::is_engaged());
    assert_eq!(
        token(&served, "ann").await,
        "",
        "the page cannot make buttons"
    );
    Ok(())
}

#[tokio::test]
async fn whom_the_application_does_not_know_may_only_look() -> TestResult {
    let served = Served::console(&Console::new(believing())).await;
    let page = send(
        served.at,
        "GET",
        "/resilience",
        &[("accept", "text/html")],
        "",
    )
    .await?;
    assert!(page.body.contains("data-token=\"\""));
    let right = token(&served, "ann").await;
    let headers = [JSON, ("x-resilience-token", &right)];
    let answer = order(&served, &headers, r#"{"order":"kill_switch","on":true}"#).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(!redis_resilient::kill_switch::is_engaged());
    Ok(())
}

#[tokio::test]
async fn an_order_from_another_site_is_refused() -> TestResult {
    static AIM: Breaker = Breaker::new("console: aim");
    Registry::global().register(&AIM);
    let served = Served::console(&Console::new(believing())).await;
    let right = token(&served, "ann").await;
    let (ann, token) = (("x-user", "ann"), ("x-resilience-token", right.as_str()));
    let body = r#"{"order":"force_open","breaker":"console: aim"}"#;
    for (headers, status) in [
        (
            &[ann, token, JSON, ("sec-fetch-site", "cross-site")][..],
            403,
        ),
        (&[ann, token, JSON, ("sec-fetch-site", "same-site")], 403),
        (&[ann, token, JSON, ("origin", "https://evil.example")], 403),
        (&[ann, token, JSON, ("origin", "null")], 403),
        // What a form of another site can send, whose browser does not say where it comes from.
        (&[ann, ("content-type", "text/plain")], 403),
        (&[ann, JSON], 403),
        (&[ann, JSON, ("x-resilience-token", "0123")], 403),
        (&[ann, token, ("content-type", "text/plain")], 415),
    ] {
        let answer = order(&served, headers, body).await;
        assert_eq!(answer.status, status, "{headers:?} {answer:?}");
        assert_eq!(AIM.state(), State::Closed, "{headers:?}");
    }
    let get = get(served.at, "/resilience/orders").await?;
    assert_eq!(get.status, 405);

    let own = [ann, token, JSON, ("sec-fetch-site", "same-origin")];
    let answer = order(&served, &own, body).await;
    assert_eq!((answer.status, AIM.state()), (200, State::ForcedOpen));
    for (body, status) in [
        (r#"{"order":"explode"}"#, 400),
        (r#"{"order":"reset","breaker":"console: nobody"}"#, 404),
        (
            &format!(r#"{{"order":"reset","breaker":"{}"}}"#, "x".repeat(5_000)),
            400,
        ),
    ] {
        assert_eq!(order(&served, &own, body).await.status, status, "{body}");
    }
    Ok(())
}

/// O16: what is to help when Redis is down does not need it.
#[tokio::test]
async fn orders_act_at_once_while_redis_is_silent_and_are_recorded() -> TestResult {
    static RECORDED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    observe(|event: &Event<'_>| {
        if let Event::OrderGiven(order) = event
            && order.operator == "night shift"
        {
            let line = format!("{} {}", order.order, order.target);
            RECORDED.lock().expect("not poisoned").push(line);
        }
    });
    let redis = RealRedis::start()?;
    let connector = Connector::open(redis.url().as_str())?;
    redis::cmd("PING")
        .exec_async(&mut connector.get().await?)
        .await?;
    let journal = Journal::builder("console: silent").open(&connector)?;
    let breaker = connector.breaker().name();
    let served = Served::console(&Console::new(believing())).await;
    let right = token(&served, "night shift").await;
    let headers = [
        JSON,
        ("x-user", "night shift"),
        ("x-resilience-token", &right),
    ];
    redis.freeze();
    let journal_name = journal.name();
    for (body, state) in [
        (
            format!(r#"{{"order":"force_open","breaker":"{breaker}","seconds":60}}"#),
            State::ForcedOpen,
        ),
        (
            format!(r#"{{"order":"disable","breaker":"{breaker}"}}"#),
            State::Disabled,
        ),
        (
            format!(r#"{{"order":"reset","breaker":"{breaker}"}}"#),
            State::Closed,
        ),
        (
            format!(r#"{{"order":"drain","journal":"{journal_name}"}}"#),
            State::Closed,
        ),
        (
            format!(r#"{{"order":"replay_dead_letters","journal":"{journal_name}"}}"#),
            State::Closed,
        ),
    ] {
        let begun = Instant::now();
        let answer = order(&served, &headers, &body).await;
        assert_eq!(answer.status, 200, "{body} {answer:?}");
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{body}: {:?}",
            begun.elapsed()
        );
        assert_eq!(connector.breaker().state(), state, "{body}");
    }
    redis.thaw();
    let recorded = RECORDED.lock().expect("not poisoned").clone();
    assert_eq!(
        recorded,
        [
            format!("force open {breaker}"),
            format!("disable {breaker}"),
            format!("reset {breaker}"),
            format!("drain {journal_name}"),
            format!("replay dead letters {journal_name}"),
        ]
    );
    Ok(())
}
