use std::time::Duration;

use redis_resilient_connection::__seam::listening::{HasOrigin, Origin};
use redis_resilient_runtime::ManualClock;

use super::validity::Validity;
use super::weight::Bounds;
use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A reply from there.
struct From(Option<Origin>);

impl HasOrigin for From {
    fn origin(&self) -> Option<Origin> {
        self.0.clone()
    }
}

const ANYWHERE: From = From(None);

fn place(map: u64) -> Origin {
    Origin::Cluster { map, sent_on: 0 }
}

fn tracked() -> (Arc<Validity>, Near<u32>) {
    let validity = Arc::new(Validity::not_yet());
    (validity.clone(), Near::valid(validity, Bounds::DEFAULT))
}

fn for_a_time() -> Near<u32> {
    Near::for_a_time(MS(5000), Bounds::DEFAULT)
}

impl Near<u32> {
    /// Reads and stores a value at once.
    fn keep(&self, key: &str, value: u32, long: Option<Duration>) -> bool {
        let ticket = self.ticket(key);
        let from = From(ticket.origin.clone());
        self.fill(&ticket, &from, key, Arc::new(value), 4, long)
    }

    fn value(&self, key: &str) -> Option<u32> {
        self.get(key).map(|value| *value)
    }
}

#[test]
fn an_entry_is_served_until_its_own_deadline() {
    let clock = ManualClock::new();
    let _installed = clock.install();
    let near = for_a_time();
    assert!(near.keep("short", 1, Some(MS(300))));
    assert!(near.keep("long", 2, Some(MS(60_000))));
    assert!(near.keep("for ever", 3, None));
    clock.advance(MS(299));
    assert_eq!(near.value("short"), Some(1));
    clock.advance(MS(1));
    assert_eq!(near.value("short"), None);
    clock.advance(MS(4699));
    assert_eq!(near.value("long"), Some(2));
    clock.advance(MS(1));
    assert_eq!((near.value("long"), near.value("for ever")), (None, None));
}

#[test]
fn a_deadline_counts_from_before_the_server_was_asked() {
    let clock = ManualClock::new();
    let _installed = clock.install();
    let near = for_a_time();
    let ticket = near.ticket("key");
    clock.advance(MS(250));
    assert!(near.fill(&ticket, &ANYWHERE, "key", Arc::new(1), 4, Some(MS(300))));
    clock.advance(MS(49));
    assert_eq!(near.value("key"), Some(1));
    clock.advance(MS(1));
    assert_eq!(near.value("key"), None);
}

/// C2: the invalidation comes between the reply and the local store.
#[test]
fn what_was_read_before_its_key_was_forgotten_is_not_stored_after_it() {
    let near = for_a_time();
    let ticket = near.ticket("key");
    near.forget("key");
    assert!(!near.fill(&ticket, &ANYWHERE, "key", Arc::new(1), 4, None));
    assert_eq!(near.value("key"), None);
    assert!(near.keep("key", 2, None));
    assert_eq!(near.value("key"), Some(2));
    near.forget("key");
    assert_eq!(near.value("key"), None);
}

#[test]
fn what_was_read_before_all_was_dropped_is_not_stored_after_it() {
    let near = for_a_time();
    assert!(near.keep("other", 7, None));
    let ticket = near.ticket("key");
    near.clear();
    assert!(!near.fill(&ticket, &ANYWHERE, "key", Arc::new(1), 4, None));
    assert_eq!((near.value("key"), near.value("other")), (None, None));
    assert!(near.keep("key", 2, None));
    assert_eq!(near.value("key"), Some(2));
}

#[test]
fn where_changes_are_tracked_nothing_is_served_or_stored_without_a_word() {
    let clock = ManualClock::new();
    let _installed = clock.install();
    let (validity, near) = tracked();
    assert!(!near.keep("key", 1, None), "nobody listens yet");
    let across = near.ticket("key");
    validity.on(&place(1));
    assert!(!near.fill(&across, &From(Some(place(1))), "key", Arc::new(1), 4, None));
    assert!(near.keep("key", 1, None));
    assert_eq!(near.value("key"), None, "no word yet");
    validity.extend(now_ms() + 1000);
    assert!(near.is_trusted());
    clock.advance(MS(999));
    assert_eq!(near.value("key"), Some(1));
    clock.advance(MS(1));
    assert_eq!(near.value("key"), None);
    // It was only late: nothing was missed.
    validity.extend(now_ms() + 1000);
    assert_eq!(near.value("key"), Some(1));
}

#[test]
fn nothing_survives_a_gap() {
    let (validity, near) = tracked();
    validity.on(&place(1));
    validity.extend(u64::MAX);
    assert!(near.keep("key", 1, None));
    let across = near.ticket("other");
    validity.off();
    assert_eq!(near.value("key"), None);
    assert!(!near.keep("key", 1, None));
    validity.on(&place(1));
    validity.extend(u64::MAX);
    assert_eq!(near.value("key"), None);
    assert!(!near.fill(
        &across,
        &From(Some(place(1))),
        "other",
        Arc::new(1),
        4,
        None
    ));
}

#[test]
fn a_reply_from_a_server_that_nobody_listens_to_is_not_stored() {
    let (validity, near) = tracked();
    validity.on(&place(1));
    validity.extend(u64::MAX);
    for from in [
        None,
        Some(place(2)),
        Some(Origin::Cluster { map: 1, sent_on: 1 }),
    ] {
        let ticket = near.ticket("key");
        assert!(!near.fill(&ticket, &From(from), "key", Arc::new(1), 4, None));
    }
    let before = near.ticket("key");
    validity.on(&Origin::Cluster { map: 1, sent_on: 1 });
    let sent_on = From(Some(Origin::Cluster { map: 1, sent_on: 1 }));
    assert!(!near.fill(&before, &sent_on, "key", Arc::new(1), 4, None));
    assert_eq!(near.value("key"), None);
    assert!(near.keep("key", 1, None));
}

#[test]
fn there_are_no_more_entries_than_there_may_be() {
    let bounds = Bounds {
        entries: 100,
        bytes: 1 << 20,
    };
    let near: Near<u32> = Near::for_a_time(MS(60_000), bounds);
    for number in 0..10_000 {
        near.keep(&number.to_string(), number, None);
    }
    near.store.entries.run_pending_tasks();
    assert!(near.store.entries.entry_count() <= 100);
    assert!(near.store.entries.weighted_size() <= bounds.bytes);
}

/// Whoever forgets the key last is never overtaken by whoever stores what was read before.
#[test]
fn storing_and_forgetting_at_the_same_time_leaves_nothing_old() {
    let near = for_a_time();
    let now = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    let ticket = near.ticket("key");
                    let read = now.load(std::sync::atomic::Ordering::SeqCst);
                    near.fill(&ticket, &ANYWHERE, "key", Arc::new(read), 4, None);
                }
            });
        }
        scope.spawn(|| {
            for value in 1..20_000 {
                now.store(value, std::sync::atomic::Ordering::SeqCst);
                near.forget("key");
                if let Some(kept) = near.value("key") {
                    assert_eq!(kept, value, "it is older than the change");
                }
            }
        });
    });
}
