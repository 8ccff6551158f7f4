//! What users of other libraries have reported of their metrics, tried on these.
#![allow(clippy::float_cmp, reason = "they are whole numbers")]

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_util::MetricKindMask;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use redis::RedisResult;
use redis_resilient::telemetry::{facade, metrics as described, otel, prometheus};
use redis_resilient::{Backoff, Breaker, Bulkhead, Class, Policy, Registry, State};

use crate::scraped::{alone, scrape};

fn gone() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

fn fails(breaker: &Breaker) {
    breaker
        .try_acquire()
        .expect("it is closed")
        .failed(Class::Unreachable);
}

const STATES: [(State, &str); 6] = [
    (State::Closed, "closed"),
    (State::HalfOpen, "half_open"),
    (State::Open, "open"),
    (State::ForcedOpen, "forced_open"),
    (State::ForcedClosed, "forced_closed"),
    (State::Disabled, "disabled"),
];

#[test]
fn a_breaker_that_takes_another_s_place_goes_on_moving_its_series() {
    let _alone = alone();
    let new = || Arc::new(Breaker::new("metrics: replaced").failure_threshold(1));
    let open = r#"resilient_breaker_state{breaker="metrics: replaced",state="open"}"#;
    let opened = r#"resilient_breaker_transitions_total{breaker="metrics: replaced",to="open"}"#;
    let rejected = r#"resilient_breaker_rejected_total{breaker="metrics: replaced"}"#;
    let first = new();
    Registry::global().register(&first);
    scrape();
    fails(&first);
    assert!(first.try_acquire().is_err());
    let seen = scrape();
    assert_eq!(
        (seen.value(open), seen.value(opened), seen.value(rejected)),
        (1.0, 1.0, 1.0)
    );

    let second = new();
    drop(first);
    Registry::global().register(&second);
    let seen = scrape();
    assert_eq!(
        (seen.value(open), seen.value(opened), seen.value(rejected)),
        (0.0, 1.0, 1.0)
    );
    fails(&second);
    assert!(second.try_acquire().is_err());
    let seen = scrape();
    assert_eq!(
        (seen.value(open), seen.value(opened), seen.value(rejected)),
        (1.0, 2.0, 2.0)
    );
}

#[test]
fn success_and_failure_have_the_same_labels_whatever_came_first() {
    static GOOD: Policy = Policy::new("metrics: good first");
    static BAD: Policy = Policy::new("metrics: bad first").retries(0);
    let _alone = alone();
    let run = |policy: &'static Policy, answers: [bool; 2]| {
        for good in answers {
            let _: RedisResult<u32> =
                policy.run_blocking(|| if good { Ok(1) } else { Err(gone()) });
            scrape();
        }
    };
    run(&GOOD, [true, false]);
    run(&BAD, [false, true]);
    let seen = scrape();
    let series = |name: &str| -> Vec<String> {
        let label = format!("function=\"{name}\"");
        let of = seen
            .with(&label)
            .filter(|(series, _)| !series.contains("duration"));
        of.map(|(series, _)| series.replace(name, "")).collect()
    };
    let good = series("metrics: good first");
    assert_eq!(good, series("metrics: bad first"));
    assert_eq!(
        good.iter()
            .filter(|series| series.contains("result="))
            .count(),
        9
    );
    for name in ["good", "bad"] {
        for result in ["redis", "error"] {
            let series = format!(
                "resilient_calls_total{{function=\"metrics: {name} first\",result=\"{result}\"}}"
            );
            assert_eq!(seen.value(&series), 1.0, "{series}");
        }
    }
}

#[test]
fn the_state_shown_is_the_state_acted_on_at_every_transition() {
    static BREAKER: Breaker = Breaker::new("metrics: states")
        .failure_threshold(1)
        .reset_timeout(Duration::from_millis(1));
    let _alone = alone();
    Registry::global().register(&BREAKER);
    let look = |expected: State| {
        assert_eq!(BREAKER.state(), expected);
        let seen = scrape();
        for (state, label) in STATES {
            let series =
                format!("resilient_breaker_state{{breaker=\"metrics: states\",state=\"{label}\"}}");
            assert_eq!(
                seen.value(&series),
                f64::from(u8::from(state == expected)),
                "{series}"
            );
        }
    };
    look(State::Closed);
    fails(&BREAKER);
    look(State::Open);
    let probe = loop {
        if let Ok(probe) = BREAKER.try_acquire() {
            break probe;
        }
        std::thread::yield_now();
    };
    look(State::HalfOpen);
    assert!(BREAKER.try_acquire().is_err());
    probe.success();
    look(State::Closed);
    BREAKER.force_open(None);
    look(State::ForcedOpen);
    assert!(BREAKER.try_acquire().is_err());
    BREAKER.force_closed();
    look(State::ForcedClosed);
    BREAKER.disable();
    look(State::Disabled);
    assert!(BREAKER.try_acquire().is_ok());
    BREAKER.reset();
    look(State::Closed);
}

#[tokio::test(start_paused = true)]
async fn gauges_return_to_zero_however_a_call_ends() {
    static POOL: Bulkhead = Bulkhead::new("metrics: pool", 10);
    static BREAKER: Breaker = Breaker::new("metrics: dropped").failure_threshold(1);
    static POLICY: Policy = Policy::new("metrics: dropped")
        .limit(&POOL)
        .breaker(&BREAKER);
    let alone = alone();
    Registry::global().register(&POOL);
    let in_use = r#"resilient_bulkhead_in_use{bulkhead="metrics: pool"}"#;
    let never = || POLICY.run(async || pending::<RedisResult<u32>>().await);
    // Before it was first polled.
    drop(never());
    {
        let mut waits = pin!(never());
        assert!(
            waits
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert_eq!(scrape().value(in_use), 1.0);
    }
    assert_eq!(scrape().value(in_use), 0.0, "dropped while it waited");
    let panics = tokio::spawn(POLICY.run(async || -> RedisResult<u32> { panic!("in a test") }));
    assert!(panics.await.is_err());
    assert_eq!(scrape().value(in_use), 0.0, "it panicked");
    // A probe.
    tokio::time::advance(Duration::from_secs(60)).await;
    {
        let mut probe = pin!(never());
        assert!(
            probe
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert_eq!(BREAKER.snapshot().probes, 1);
    }
    assert_eq!(BREAKER.snapshot().probes, 0);
    assert_eq!(scrape().value(in_use), 0.0, "a probe that was dropped");
    drop(alone);
}

#[test]
fn the_first_failure_after_a_start_is_an_increase() {
    static POLICY: Policy = Policy::new("metrics: first").retries(0).breaker(&BREAKER);
    static BREAKER: Breaker = Breaker::new("metrics: first").failure_threshold(1);
    let _alone = alone();
    Registry::global().register(&BREAKER);
    let opened = r#"resilient_breaker_transitions_total{breaker="metrics: first",to="open"}"#;
    let failed = r#"resilient_calls_total{function="metrics: first",result="error"}"#;
    let seen = scrape();
    assert_eq!(seen.value(opened), 0.0);
    assert_eq!(
        seen.get(failed),
        None,
        "nobody knows of a function that was never called"
    );
    let _: RedisResult<u32> = POLICY.run_blocking(|| Err(gone()));
    let seen = scrape();
    assert_eq!(seen.value(opened), 1.0);
    assert_eq!(
        seen.value(failed),
        0.0,
        "so that the next scrape sees an increase"
    );
    assert_eq!(scrape().value(failed), 1.0);
}

#[test]
fn while_nobody_scrapes_nothing_grows_and_afterwards_nothing_is_missing() {
    static POLICY: Policy = Policy::new("metrics: unread")
        .retries(1)
        .backoff(Backoff::none())
        .breaker(&BREAKER);
    static BREAKER: Breaker = Breaker::new("metrics: unread");
    let _alone = alone();
    let failed = r#"resilient_calls_total{function="metrics: unread",result="error"}"#;
    let call = |times: u32| {
        for _ in 0..times {
            let _: RedisResult<u32> = POLICY.run_blocking(|| Err(gone()));
        }
    };
    BREAKER.force_closed();
    call(1);
    scrape();
    call(1_000);
    let before = resident();
    call(100_000);
    let grown = resident().saturating_sub(before);
    assert!(grown < 8_000_000, "{grown} bytes");
    assert_eq!(scrape().value(failed), 101_001.0);
}

#[test]
fn with_an_idle_timeout_what_lives_stays_and_what_is_gone_goes() {
    const IDLE: Duration = Duration::from_millis(200);
    static STAYS: Breaker = Breaker::new("metrics: stays");
    let _alone = alone();
    let recorder = PrometheusBuilder::new()
        .idle_timeout(MetricKindMask::ALL, Some(IDLE))
        .build_recorder();
    let goes = Arc::new(Breaker::new("metrics: goes").failure_threshold(1));
    Registry::global().register(&STAYS);
    Registry::global().register(&goes);
    let text = || {
        metrics::with_local_recorder(&recorder, facade::collect);
        recorder.handle().render()
    };
    assert!(text().contains("metrics: goes"));
    fails(&goes);
    let open = r#"resilient_breaker_state{breaker="metrics: goes",state="open"}"#;
    assert!(text().contains(&format!("{open} 1")));
    drop(goes);
    assert!(text().contains(&format!("{open} 0")), "it is in no state");
    let began = Instant::now();
    while text().contains("metrics: goes") {
        assert!(began.elapsed() < Duration::from_secs(60), "it goes");
        std::thread::sleep(IDLE / 4);
    }
    // Nothing has happened at this one for as long.
    assert!(text().contains("metrics: stays"));
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096
}

#[test]
fn opentelemetry_is_told_the_same() {
    static BREAKER: Breaker = Breaker::new("otel: breaker").failure_threshold(1);
    static POLICY: Policy = Policy::new("otel: function").breaker(&BREAKER);
    Registry::global().register(&BREAKER);
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    otel::register(&provider.meter("redis_resilient"));
    for _ in 0..2_000 {
        let _: RedisResult<u32> = POLICY.run_blocking(|| Ok(1));
    }
    provider.force_flush().expect("it collects");
    std::thread::sleep(Duration::from_millis(100));
    fails(&BREAKER);
    provider.force_flush().expect("it collects");
    let collected = exporter.get_finished_metrics().expect("it is there");
    let last = collected.last().expect("there is one");
    let mut found = Vec::new();
    let mut timed = 0;
    for metric in last.scope_metrics().flat_map(|scope| scope.metrics()) {
        assert!(
            described()
                .iter()
                .any(|described| described.name == metric.name())
        );
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                for point in sum.data_points() {
                    let labels: Vec<_> = point
                        .attributes()
                        .map(|one| one.value.to_string())
                        .collect();
                    if point.value() > 0 && labels[0].starts_with("otel: ") {
                        found.push(format!(
                            "{} {} {}",
                            metric.name(),
                            labels.join(" "),
                            point.value()
                        ));
                    }
                }
            }
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                timed += histogram
                    .data_points()
                    .map(|point| point.count())
                    .sum::<u64>();
            }
            _ => {}
        }
    }
    found.sort();
    assert_eq!(
        found,
        [
            "resilient.breaker.transitions otel: breaker open 1",
            "resilient.calls otel: function redis 2000",
        ]
    );
    assert!(timed > 0, "attempts are timed");
}

/// Both readers see each failure once, whoever reads first.
#[test]
fn the_text_is_ready_for_those_who_have_no_recorder() {
    static BREAKER: Breaker = Breaker::new("metrics: text").failure_threshold(1);
    let _alone = alone();
    Registry::global().register(&BREAKER);
    let opened = r#"resilient_breaker_transitions_total{breaker="metrics: text",to="open"}"#;
    let lines = || {
        let text = prometheus::text();
        let lines = text.lines().filter(|line| line.starts_with(opened));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(), [format!("{opened} 0")]);
    scrape();
    fails(&BREAKER);
    assert_eq!(scrape().value(opened), 1.0);
    for _ in 0..2 {
        assert_eq!(lines(), [format!("{opened} 1")]);
    }
    assert_eq!(scrape().value(opened), 1.0);
    let text = prometheus::text();
    assert!(
        text.contains("# TYPE resilient_breaker_state gauge"),
        "{text}"
    );
}
