use std::time::Duration;

use super::*;
use crate::event::{Event, JournalDrained, JournalQueued};

fn subject(line: Line, name: &str) -> Subject<'_> {
    Subject {
        line,
        name,
        breaker: Some("main"),
    }
}

#[test]
fn an_outage_is_a_few_lines_and_its_end_says_how_many_there_would_have_been() {
    let limits = Limits::new();
    let (mut written, mut told) = (0, 0);
    for now_ms in 1..=60_000 {
        for line in [Line::Retry, Line::FallbackUsed] {
            if let Some(left) = limits.admits(&subject(line, "load"), now_ms) {
                written += 1;
                told += left.count().unwrap_or(0);
            }
        }
    }
    assert!(written <= 16, "{written} lines");
    let left = limits.circuit_closed("main", 60_001);
    let left_out = told + left.count().unwrap_or(0);
    assert_eq!(left_out + written, 120_000, "none is lost");
    assert_eq!(limits.circuit_closed("main", 60_002), LeftOut::default());
    let next = limits.admits(&subject(Line::Retry, "load"), 60_003);
    assert_eq!(next, Some(LeftOut::default()), "a new outage is news");
}

#[test]
fn each_subject_has_lines_of_its_own() {
    let limits = Limits::new();
    for name in ["one", "two"] {
        for line in [Line::Retry, Line::NoRetry] {
            assert!(limits.admits(&subject(line, name), 5).is_some());
        }
    }
}

#[test]
fn what_is_silent_is_counted_before_anything_is_made_of_it() {
    let limits = Limits::new();
    assert!(!limits.leaves_out(Line::FallbackUsed, "load", 5), "unknown");
    for _ in 0..2 {
        let first = limits.admits(&subject(Line::FallbackUsed, "load"), 5);
        assert_eq!(first, Some(LeftOut::default()));
    }
    for _ in 0..312 {
        assert!(limits.leaves_out(Line::FallbackUsed, "load", 6));
    }
    let next = limits.admits(&subject(Line::FallbackUsed, "load"), 1_005);
    assert_eq!(next, Some(LeftOut::new(312, 1_000)));
}

#[test]
fn names_without_end_share_a_series() {
    let limits = Limits::new();
    let mut written = 0;
    for number in 0..20_000 {
        let name = format!("connector {number}");
        written += usize::from(
            limits
                .admits(&subject(Line::CannotConnect, &name), 5)
                .is_some(),
        );
    }
    assert!(written <= PLACES + 2, "{written} lines");
}

#[test]
fn a_connector_that_is_back_ends_its_own_series_only() {
    let limits = Limits::new();
    for name in ["here:1", "there:2"] {
        for _ in 0..10 {
            limits.admits(&subject(Line::CannotConnect, name), 5);
        }
    }
    assert_eq!(limits.recovered("here:1", 50).count(), Some(8));
    assert_eq!(limits.recovered("here:1", 50).count(), None);
    assert_eq!(limits.recovered("there:2", 50).count(), Some(8));
}

#[test]
fn an_outage_has_lasted_since_its_circuit_opened() {
    let limits = Limits::new();
    assert_eq!(limits.outage_ended("main", 10), None);
    limits.outage_began("main", 10);
    assert_eq!(limits.outage_ended("main", 4_010), Some(4_000));
    assert_eq!(limits.outage_ended("main", 5_000), None);
}

#[test]
fn threads_together_write_no_more_than_one_does() {
    let limits = Limits::new();
    let written = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    if limits.admits(&subject(Line::Retry, "load"), 5).is_some() {
                        written.fetch_add(1, ORDER);
                    }
                }
            });
        }
    });
    assert_eq!(written.load(ORDER), 2);
    assert_eq!(limits.circuit_closed("main", 6).count(), Some(3_998));
}

/// While a circuit is open and Redis answers, a journal has a write and none in turns, as fast as writes come.
#[test]
fn a_journal_that_fills_and_empties_all_the_time_is_a_few_lines() {
    let limits = Limits::new();
    let queued = Event::JournalQueued(JournalQueued::new("shop", None, None, None));
    let drained = JournalDrained::new("shop", 1, 0, Duration::from_millis(1));
    let drained = Event::JournalDrained(drained);
    let mut written = 0;
    for now_ms in 1..=60_000 {
        for event in [&queued, &drained] {
            let subject = Subject::of(event).expect("it is one of a series");
            written += u32::from(limits.admits(&subject, now_ms).is_some());
        }
    }
    assert!((4..=16).contains(&written), "{written} lines");
}
