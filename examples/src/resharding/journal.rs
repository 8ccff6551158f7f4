//! What callers have noticed, by the kind of move that was being made.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::calls::DEADLINE;
use super::counter::Wrong;
use super::moves::Kind;
use super::worker::Workers;

/// What a busy machine may add to the end of a call.
const TOLERANCE: Duration = Duration::from_millis(250);
/// Within which everybody has to be served again.
pub(super) const BACK: Duration = Duration::from_secs(1);
/// How long it is waited for, if it takes longer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many failures are shown of each kind.
const SHOWN: usize = 5;

#[derive(Debug)]
pub(super) struct Journal {
    pages: Mutex<Vec<Page>>,
}

/// All moves of one kind.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) kind: Kind,
    pub(super) moves: u32,
    pub(super) calls: u64,
    pub(super) failed: u64,
    pub(super) longest: Duration,
    pub(super) outside: u64,
    /// The longest time from the end of a move until each caller has had success.
    pub(super) back: Duration,
    pub(super) doubled: u64,
    pub(super) lost: u64,
    pub(super) notes: Vec<String>,
    is_current: bool,
}

/// What came of one call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) who: &'a str,
    pub(super) took: Duration,
    pub(super) failure: Option<String>,
    pub(super) wrong: Wrong,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            pages: Mutex::default(),
        }
    }

    /// Calls that end from now on are noted with this kind of move.
    pub(super) fn begin(&self, kind: Kind) {
        let mut pages = self.pages();
        for page in &mut *pages {
            page.is_current = false;
        }
        if let Some(page) = pages.iter_mut().find(|page| page.kind == kind) {
            page.moves += 1;
            page.is_current = true;
        } else {
            pages.push(Page::new(kind));
        }
    }

    /// Waits until everybody has had success since now.
    pub(super) fn settle(&self, workers: &Workers) {
        let end = Instant::now();
        let mut missing = workers.not_served_since(end);
        while !missing.is_empty() && end.elapsed() < PATIENCE && !workers.has_lost_one() {
            thread::sleep(Duration::from_millis(1));
            missing = workers.not_served_since(end);
        }
        let back = end.elapsed();
        if let Some(page) = self.pages().iter_mut().find(|page| page.is_current) {
            page.back = page.back.max(back);
            if back > BACK {
                page.note(format!(
                    "after {:.2} s, not yet: {missing:?}",
                    back.as_secs_f64()
                ));
            }
        }
    }

    pub(super) fn add(&self, call: Call<'_>) {
        if let Some(page) = self.pages().iter_mut().find(|page| page.is_current) {
            page.add(call);
        }
    }

    /// What has come so far.
    pub(super) fn read(&self) -> Vec<Page> {
        self.pages().clone()
    }

    /// Whether all promises held.
    pub(super) fn holds(&self) -> bool {
        self.pages().iter().all(Page::holds)
    }

    fn pages(&self) -> MutexGuard<'_, Vec<Page>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            moves: 1,
            calls: 0,
            failed: 0,
            longest: Duration::ZERO,
            outside: 0,
            back: Duration::ZERO,
            doubled: 0,
            lost: 0,
            notes: Vec::new(),
            is_current: true,
        }
    }

    fn add(&mut self, call: Call<'_>) {
        self.calls += 1;
        self.longest = self.longest.max(call.took);
        self.outside += u64::from(call.took > DEADLINE + TOLERANCE);
        let Wrong { lost, doubled } = call.wrong;
        self.lost += lost;
        self.doubled += doubled;
        let after = call.took.as_secs_f64();
        if lost + doubled > 0 {
            self.note(format!("{}: {doubled} doubled, {lost} lost", call.who));
        }
        if let Some(why) = call.failure {
            self.failed += 1;
            self.note(format!("{}, after {after:.2} s: {why}", call.who));
        }
    }

    fn note(&mut self, text: String) {
        if self.notes.len() < SHOWN {
            self.notes.push(text);
        }
    }

    /// What a move that was planned may not lose, one that was not may: replication is asynchronous. And of a command that
    /// was under way nobody knows what has become of it.
    pub(super) fn holds(&self) -> bool {
        let planned = self.kind.is_planned();
        self.outside == 0
            && self.doubled == 0
            && self.back <= BACK
            && (!planned || self.lost == 0 && self.failed == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(took: u64, failure: Option<&str>, lost: u64, doubled: u64) -> Call<'static> {
        Call {
            who: "a caller",
            took: Duration::from_secs(took),
            failure: failure.map(str::to_owned),
            wrong: Wrong { lost, doubled },
        }
    }

    #[test]
    fn a_planned_move_is_not_to_be_noticed() {
        for (bad, may_be_in_a_kill) in [
            (call(6, None, 0, 0), false),
            (call(1, None, 0, 1), false),
            (call(1, None, 1, 0), true),
            (call(1, Some("timed out"), 0, 0), true),
        ] {
            for (kind, holds) in [(Kind::Failover, false), (Kind::Kill, may_be_in_a_kill)] {
                let mut page = Page::new(kind);
                page.add(call(1, None, 0, 0));
                assert!(page.holds());
                page.add(Call {
                    failure: bad.failure.clone(),
                    ..bad
                });
                assert_eq!(page.holds(), holds, "{kind}: {page:?}");
                assert_eq!(page.notes.is_empty(), bad.took > DEADLINE);
            }
        }
    }

    #[test]
    fn calls_are_noted_with_the_move_that_is_being_made() {
        let journal = Journal::new();
        journal.add(call(1, None, 0, 0));
        for kind in [Kind::KeyByKey, Kind::Failover, Kind::KeyByKey] {
            journal.begin(kind);
            journal.add(call(1, None, 0, 0));
        }
        let pages = journal.read();
        let counts: Vec<_> = pages.iter().map(|page| (page.moves, page.calls)).collect();
        assert_eq!(counts, [(2, 2), (1, 1)]);
    }
}
