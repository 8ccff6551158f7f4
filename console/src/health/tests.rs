use std::time::Duration;

use redis_resilient_runtime::Class;
use redis_resilient_runtime::registry::{
    CacheReport, ConnectionFailure, ConnectionReport, ConnectorReport, ConsumerReport,
    DatabaseReport, DatabasesReport,
};

use super::*;

fn nothing() -> Health {
    Health {
        verdict: Up,
        findings: Vec::new(),
        at_ms: 0,
        kill_switch: false,
        chaos: Vec::new(),
        settings: None,
        checks: Vec::new(),
        breakers: Vec::new(),
        bulkheads: Vec::new(),
        functions: Vec::new(),
        connectors: Vec::new(),
        databases: Vec::new(),
        caches: Vec::new(),
        journals: Vec::new(),
        consumers: Vec::new(),
    }
}

fn breaker(state: &'static str, retry_after_ms: u64) -> BreakerHealth {
    BreakerHealth {
        name: "sessions",
        number: None,
        state,
        in_state_for_ms: None,
        calls: 0,
        failures: 0,
        failure_rate: None,
        retry_after_ms,
        observing: false,
        controllable: true,
    }
}

/// What it comes to where nothing is required, and where this is.
fn verdicts(mut health: Health, required: &str) -> (Verdict, Verdict) {
    let policy = HealthPolicy::new();
    policy.judge(&mut health);
    let optional = health.verdict;
    policy
        .required("another")
        .required(required)
        .judge(&mut health);
    (optional, health.verdict)
}

use Verdict::{Degraded, Down, Up};

#[test]
fn a_circuit_that_refuses_is_down_only_where_it_is_required() {
    for (state, retry_after_ms, expected) in [
        ("closed", 0, (Up, Up)),
        ("open", 500, (Degraded, Down)),
        // Calls are wanted, or it would never be found out that Redis is back.
        ("open", 0, (Degraded, Degraded)),
        ("half_open", 0, (Degraded, Degraded)),
        ("forced_open", 500, (Degraded, Down)),
        ("forced_closed", 0, (Degraded, Degraded)),
        ("disabled", 0, (Degraded, Degraded)),
    ] {
        let mut health = nothing();
        health.breakers.push(breaker(state, retry_after_ms));
        assert_eq!(
            verdicts(health, "sessions"),
            expected,
            "{state} {retry_after_ms}"
        );
    }
}

#[test]
fn a_connector_without_a_connection_counts_for_as_long_as_its_failure_is_lately() {
    let connector = |connections: &[&str], ago| {
        let failure =
            ConnectionFailure::new(Class::Unreachable, "refused", Duration::from_secs(ago));
        let report = ConnectorReport::new("redis:6379").last_failure(failure);
        let report = connections.iter().fold(report, |report, address| {
            report.connection(ConnectionReport::new(*address, Duration::ZERO))
        });
        let mut health = nothing();
        health.connectors.push(ConnectorHealth::of(&report));
        health
    };
    let required = "redis:6379";
    assert_eq!(verdicts(connector(&[], 1), required), (Degraded, Down));
    assert_eq!(
        verdicts(connector(&[], 31), required),
        (Up, Up),
        "nobody has tried since"
    );
    assert_eq!(
        verdicts(connector(&["redis:6379"], 1), required),
        (Up, Up),
        "it is back"
    );
    let mut idle = nothing();
    let report = ConnectorReport::new("redis:6379");
    idle.connectors.push(ConnectorHealth::of(&report));
    assert_eq!(verdicts(idle, required), (Up, Up));
}

#[test]
fn several_databases_are_degraded_while_one_serves_and_down_when_none_does() {
    let health = |eu_is_well, us_is_well| {
        let database = |name: &str, present, healthy| {
            let mut report = DatabaseReport::new(name, "redis:6379", 100);
            (report.present, report.healthy) = (present, healthy);
            report
        };
        let all = vec![
            database("eu", true, eu_is_well),
            database("us", false, us_is_well),
        ];
        let report = DatabasesReport::new("databases eu, us", all);
        let mut health = nothing();
        health.databases.push(DatabasesHealth::of(&report));
        health
    };
    let required = "databases eu, us";
    assert_eq!(verdicts(health(true, true), required), (Up, Up));
    assert_eq!(
        verdicts(health(true, false), required),
        (Degraded, Degraded)
    );
    assert_eq!(verdicts(health(false, true), required), (Degraded, Down));
    assert_eq!(verdicts(health(false, false), required), (Degraded, Down));
}

#[test]
fn what_waits_or_cannot_read_is_found() {
    let mut cache = CacheReport::new("names", "redis:6379");
    let mut health = nothing();
    health.caches.push(CacheHealth::of(&cache));
    assert_eq!(verdicts(health.clone(), "names"), (Up, Up));
    cache.pending_invalidations = 2;
    health.caches = vec![CacheHealth::of(&cache)];
    assert_eq!(verdicts(health, "names"), (Degraded, Degraded));

    let mut consumer = ConsumerReport::new("orders", "billing", "rr:1", "redis:6379");
    consumer.failing_for = Some(Duration::from_secs(2));
    let mut health = nothing();
    health.consumers.push(ConsumerHealth::of(&consumer));
    assert_eq!(verdicts(health, "orders"), (Degraded, Down));
}

#[test]
fn a_check_that_fails_says_why() {
    let mut health = nothing();
    health.checks.push(CheckHealth {
        name: "write",
        error: Some("no answer within 500ms".to_owned()),
        took_ms: 500,
    });
    assert_eq!(verdicts(health.clone(), "write"), (Degraded, Down));
    HealthPolicy::new().judge(&mut health);
    assert_eq!(health.findings[0].text, "no answer within 500ms");
}

#[test]
fn the_kill_switch_is_a_finding() {
    let mut health = nothing();
    health.kill_switch = true;
    assert_eq!(verdicts(health, "process"), (Degraded, Degraded));
}

#[test]
fn it_serialises_with_its_times_in_milliseconds() {
    let mut health = nothing();
    health.breakers.push(breaker("open", 250));
    HealthPolicy::new().judge(&mut health);
    let json = serde_json::to_value(&health).expect("it serialises");
    assert_eq!(json["verdict"], "degraded");
    assert_eq!(json["breakers"][0]["retry_after_ms"], 250);
    assert_eq!(json["findings"][0]["part"], "breaker");
}

#[test]
fn faults_on_purpose_are_told_and_nothing_is_down_for_them() {
    let mut health = nothing();
    health.chaos.push(ChaosHealth {
        fault: "unreachable",
        delay_ms: None,
        function: None,
        share: 0.25,
        left_ms: 1_000,
        injected: 3,
        by: "code",
    });
    assert_eq!(verdicts(health, "all functions"), (Degraded, Degraded));
}

#[test]
fn a_file_that_is_refused_is_told() {
    let mut health = nothing();
    let mut settings = SettingsHealth {
        path: Some("r.toml".to_owned()),
        applied: 1,
        refused: None,
        warnings: Vec::new(),
        values: None,
    };
    health.settings = Some(settings.clone());
    assert_eq!(verdicts(health.clone(), "r.toml"), (Up, Up));
    settings.refused = Some("r.toml:3:1: a mistake".to_owned());
    health.settings = Some(settings);
    HealthPolicy::new().judge(&mut health);
    assert_eq!(health.verdict, Degraded);
    assert!(health.findings[0].text.contains("r.toml:3:1"));
}

#[test]
fn numbers_are_found_by_the_name_of_their_function_and_by_its_variable() {
    let said = |part, name: &str, key, origin: &str, effective| SettingHealth {
        part,
        name: name.to_owned(),
        key,
        value: "5".to_owned(),
        origin: origin.to_owned(),
        effective,
        known: true,
    };
    let settings = SettingsHealth {
        path: None,
        applied: 1,
        refused: None,
        warnings: Vec::new(),
        values: Some(vec![
            said("functions", "shop::load", "retries", "r.toml:2:1", false),
            said("functions", "SHOP_LOAD", "retries", "VARIABLE", true),
            said("functions", "shop::load", "timeout", "r.toml:3:1", true),
            said("functions", "shop::save", "deadline", "r.toml:5:1", true),
            said("breakers", "shop::load", "deadline", "r.toml:7:1", true),
        ]),
    };
    let origins = settings.of_functions().origins("shop::load");
    let origins: Vec<_> = origins
        .iter()
        .map(|(key, at)| (*key, at.as_str()))
        .collect();
    assert_eq!(
        origins,
        [("retries", "VARIABLE"), ("timeout", "r.toml:3:1")]
    );
}
