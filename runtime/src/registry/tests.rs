use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::*;
use crate::{Breaker, Bulkhead, Class, State};

fn breakers(name: &str) -> Vec<ListedBreaker> {
    let all = Registry::global().breakers();
    let is_named = |one: &ListedBreaker| one.snapshot.name.starts_with(name);
    all.into_iter().filter(is_named).collect()
}

fn bulkheads(name: &str) -> Vec<ListedBulkhead> {
    let all = Registry::global().bulkheads();
    all.into_iter()
        .filter(|one| one.snapshot.name == name)
        .collect()
}

fn fails(breaker: &Breaker) {
    breaker.try_acquire().expect("it is closed").failure();
}

#[test]
fn a_breaker_is_listed_from_its_first_failure_until_it_ends() {
    let breaker = Breaker::new("registry: ends");
    breaker.try_acquire().expect("it is closed").success();
    assert!(breakers("registry: ends").is_empty(), "idle");
    fails(&breaker);
    let listed = breakers("registry: ends");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].snapshot.failures, 1);
    assert!(
        listed[0].handle().is_none(),
        "nobody knows how long it stays"
    );
    drop(breaker);
    assert!(breakers("registry: ends").is_empty());
}

#[test]
fn an_idle_one_is_listed_if_it_is_registered_and_takes_orders() {
    static IDLE: Breaker = Breaker::new("registry: idle");
    for _ in 0..2 {
        Registry::global().register(&IDLE);
    }
    let listed = breakers("registry: idle");
    assert_eq!(listed.len(), 1, "once");
    let handle = listed[0].handle().expect("it is a `static`").clone();
    handle.force_open(None);
    assert_eq!(IDLE.state(), State::ForcedOpen);
    assert_eq!(
        breakers("registry: idle")[0].snapshot.state,
        State::ForcedOpen
    );
    handle.reset();
}

#[test]
fn one_that_has_failed_before_it_is_registered_gets_a_handle() {
    let breaker = Arc::new(Breaker::new("registry: later"));
    fails(&breaker);
    assert!(breakers("registry: later")[0].handle().is_none());
    Registry::global().register(&breaker);
    assert!(breakers("registry: later")[0].handle().is_some());
}

#[test]
fn a_shared_one_is_not_kept_alive() {
    let breaker = Arc::new(Breaker::new("registry: shared"));
    Registry::global().register(&breaker);
    let listed = breakers("registry: shared");
    assert!(listed[0].handle().is_some());
    assert_eq!(
        Arc::strong_count(&breaker),
        2,
        "as long as its handle is held"
    );
    drop(listed);
    assert_eq!(Arc::strong_count(&breaker), 1);
    drop(breaker);
    assert!(breakers("registry: shared").is_empty());
}

#[test]
fn breakers_come_by_name_then_number_then_as_they_were_first_listed() {
    let mut many: Vec<_> = (0..12).map(|_| Breaker::new("registry: order b")).collect();
    for (number, breaker) in (0..).zip(&mut many) {
        crate::breaker::number(breaker, number);
    }
    let twins = || Breaker::new("registry: order a").burst_window(Duration::ZERO);
    let (first, second) = (twins(), twins());
    for breaker in many.iter().rev() {
        fails(breaker);
    }
    fails(&second);
    fails(&second);
    fails(&first);
    let order = || -> Vec<_> {
        let listed = breakers("registry: order").into_iter();
        listed
            .map(|one| (one.snapshot.name, one.number, one.snapshot.failures))
            .collect()
    };
    let listed = order();
    assert_eq!(listed[0], ("registry: order a", None, 2));
    assert_eq!(listed[1], ("registry: order a", None, 1), "both are there");
    let numbers: Vec<_> = listed[2..].iter().map(|one| one.1).collect();
    assert_eq!(numbers, (0..12).map(Some).collect::<Vec<_>>());
    assert_eq!(order(), listed, "the same again");
}

#[test]
fn the_default_breaker_takes_orders_without_being_registered() {
    let _ = crate::DEFAULT_BREAKER.snapshot();
    let listed = breakers("default");
    assert!(
        listed
            .iter()
            .any(|one| one.snapshot.name == "default" && one.handle().is_some())
    );
}

#[test]
fn a_bulkhead_is_listed_from_when_it_was_first_full() {
    let bulkhead = Bulkhead::new("registry: full", 1);
    let permit = bulkhead.try_acquire().expect("there is room");
    assert!(bulkheads("registry: full").is_empty());
    for _ in 0..3 {
        assert!(bulkhead.try_acquire().is_err());
    }
    let listed = bulkheads("registry: full")[0].snapshot;
    assert_eq!((listed.limit, listed.refused, listed.inside), (1, 3, None));
    assert!(listed.last_refused.is_some());
    drop(permit);
    drop(bulkhead);
    assert!(bulkheads("registry: full").is_empty());
}

#[test]
fn of_a_registered_bulkhead_is_known_who_is_inside() {
    static POOL: Bulkhead = Bulkhead::new("registry: pool", 2);
    Registry::global().register(&POOL);
    let _permit = POOL.try_acquire().expect("there is room");
    let listed = bulkheads("registry: pool");
    let snapshot = listed[0].snapshot;
    assert_eq!((snapshot.inside, snapshot.waiting), (Some(1), Some(0)));
    assert_eq!((snapshot.refused, snapshot.last_refused), (0, None));
    assert!(listed[0].handle().is_some());
}

#[test]
fn a_full_bulkhead_that_was_waited_for_counts_once() {
    let bulkhead = Bulkhead::new("registry: waited for", 1);
    let _permit = bulkhead.try_acquire().expect("there is room");
    let waited = bulkhead.acquire_blocking_within(Duration::from_millis(50));
    assert!(waited.is_err());
    assert_eq!(bulkheads("registry: waited for")[0].snapshot.refused, 1);
}

#[test]
fn breakers_that_come_and_go_on_many_threads_leave_nothing_behind() {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let breaker = Breaker::new("registry: come and go");
                    fails(&breaker);
                    assert!(!breakers("registry: come and go").is_empty());
                }
            });
        }
    });
    assert!(breakers("registry: come and go").is_empty());
}

/// A connector whose report is what was last written here; a panic without one.
struct Double(Mutex<Option<ConnectorReport>>);

impl RegisteredConnector for Double {
    fn report(&self) -> ConnectorReport {
        let report = self.0.lock().expect("not poisoned").clone();
        report.expect("a report")
    }
}

fn double(report: ConnectorReport) -> Arc<Double> {
    Arc::new(Double(Mutex::new(Some(report))))
}

#[test]
fn connectors_tell_of_themselves_as_long_as_they_live() {
    let registry = Registry::new();
    let (b, a) = (
        double(ConnectorReport::new("redis://b")),
        double(ConnectorReport::new("redis://a")),
    );
    for connector in [&b, &a, &b] {
        registry.register_connector(connector);
    }
    let descriptions = || -> Vec<_> {
        let reports = registry.connectors().into_iter();
        reports.map(|report| report.description).collect()
    };
    assert_eq!(descriptions(), ["redis://a", "redis://b"]);

    let second = Duration::from_secs(1);
    let report = ConnectorReport::new("redis://b")
        .connection(ConnectionReport::new("b:6379", second).role(ServerRole::Primary))
        .last_failure(ConnectionFailure::new(
            Class::Unreachable,
            "refused",
            second,
        ));
    *b.0.lock().expect("not poisoned") = Some(report.clone());
    assert_eq!(registry.connectors()[1], report, "as it is now");

    drop(a);
    assert_eq!(descriptions(), ["redis://b"]);
}

#[test]
fn a_report_that_panics_leaves_the_registry_usable() {
    let registry = Registry::new();
    let (panics, well) = (
        Arc::new(Double(Mutex::new(None))),
        double(ConnectorReport::new("well")),
    );
    registry.register_connector(&panics);
    registry.register_connector(&well);
    thread::scope(|scope| {
        assert!(scope.spawn(|| registry.connectors()).join().is_err());
    });
    drop(panics);
    assert_eq!(registry.connectors().len(), 1);
}

struct DoubleJournal(&'static str);

impl RegisteredJournal for DoubleJournal {
    fn report(&self) -> JournalReport {
        JournalReport::new(self.0, "redis:6379", 100, 1_000)
    }

    fn drain(&self) {}

    fn replay_dead_letters(self: Arc<Self>) -> Replayed {
        Box::pin(async { Ok(3) })
    }
}

struct DoubleCache(&'static str);

impl RegisteredCache for DoubleCache {
    fn report(&self) -> CacheReport {
        CacheReport::new(self.0, "redis:6379")
    }
}

struct DoubleConsumer(&'static str, &'static str);

impl RegisteredConsumer for DoubleConsumer {
    fn report(&self) -> ConsumerReport {
        ConsumerReport::new(self.0, "group", self.1, "redis:6379")
    }
}

#[test]
fn caches_journals_and_consumers_are_listed_in_order_as_long_as_they_live() {
    let registry = Registry::new();
    let caches = ["b", "a"].map(|name| Arc::new(DoubleCache(name)));
    let journals = ["b", "a"].map(|name| Arc::new(DoubleJournal(name)));
    let consumers = [("b", "1"), ("a", "2"), ("a", "1")]
        .map(|(stream, name)| Arc::new(DoubleConsumer(stream, name)));
    for _ in 0..2 {
        for one in &caches {
            registry.register_cache(one);
        }
        for one in &journals {
            registry.register_journal(one);
        }
        for one in &consumers {
            registry.register_consumer(one);
        }
    }
    let names = |reports: Vec<CacheReport>| -> Vec<_> {
        reports.into_iter().map(|report| report.name).collect()
    };
    assert_eq!(names(registry.caches()), ["a", "b"]);
    let listed = registry.journals();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].report.name, "a");
    let streams: Vec<_> = registry
        .consumers()
        .into_iter()
        .map(|one| one.stream + &one.name)
        .collect();
    assert_eq!(streams, ["a1", "a2", "b1"]);

    drop((caches, journals, consumers));
    assert_eq!(registry.journals().len(), 2, "as long as they are held");
    drop(listed);
    assert_eq!(registry.journals().len(), 0);
    assert_eq!(
        (registry.caches().len(), registry.consumers().len()),
        (0, 0)
    );
}

#[test]
fn a_journal_is_as_full_as_its_writes_or_its_bytes() {
    let report = |waiting, bytes| {
        let mut report = JournalReport::new("full", "redis:6379", 100, 1_000);
        (report.waiting, report.waiting_bytes) = (waiting, bytes);
        report
    };
    assert!((report(50, 100).fill() - 0.5).abs() < 1e-9);
    assert!((report(50, 900).fill() - 0.9).abs() < 1e-9);
    assert!(!report(99, 999).is_full());
    assert!(report(100, 1).is_full() && report(1, 1_000).is_full());
}
