//! What the registry has of connectors: from when they have something to tell until they are dropped.

use redis_resilient::registry::ConnectorReport;
use redis_resilient::{Class, Registry};

use std::time::Instant;

use super::*;

/// The reports of the connectors with this client name.
fn listed(name: &str) -> Vec<ConnectorReport> {
    let mut all = Registry::global().connectors();
    all.retain(|report| report.description.ends_with(name));
    all
}

#[tokio::test]
async fn a_connector_is_listed_with_what_is_connected_and_what_failed_last() -> TestResult {
    let server = redis_resilient_tests::server_with(&["--requirepass", "hunter2"])?;
    let url = server.url().replace("redis://", "redis://:hunter2@");
    let address = server
        .url()
        .trim_start_matches("redis://")
        .trim_end_matches('/')
        .to_owned();
    let redis = builder(&url)?.client_name("listed-one").build();
    assert_eq!(listed("listed-one"), [], "it has nothing to tell yet");

    redis.get().await?.set::<_, _, ()>("k", "v").await?;
    redis.get_blocking()?.set::<_, _, ()>("k", "v")?;
    let [report] = &listed("listed-one")[..] else {
        panic!("one: {:?}", Registry::global().connectors());
    };
    let [connection] = &report.connections[..] else {
        panic!("one, to the one server: {report:?}");
    };
    assert_eq!(connection.address, address);
    assert_eq!(report.last_failure, None);

    server.kill();
    let mut failures = 0;
    while failures < 2 {
        let of_async = async { redis.get().await?.get::<_, String>("k").await };
        let blocking = || redis.get_blocking()?.get::<_, String>("k");
        failures = i32::from(of_async.await.is_err()) + i32::from(blocking().is_err());
    }
    let [report] = &listed("listed-one")[..] else {
        panic!("still the same one");
    };
    assert_eq!(report.connections, []);
    let failure = report.last_failure.as_ref().expect("it has failed");
    assert_eq!(failure.class, Class::Unreachable, "{failure:?}");
    assert!(!format!("{report:?}").contains("hunter2"), "{report:?}");

    drop(redis);
    // Its tasks hold it until they have seen that.
    let begun = Instant::now();
    while !listed("listed-one").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is dropped");
        tokio::task::yield_now().await;
    }
    Ok(())
}
