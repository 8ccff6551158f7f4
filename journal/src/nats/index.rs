//! What a process knows of the journal from having read all of its messages in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::record::{Claim, Dead, Done, number, sequence};
use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::waiting::{Room, Waiting};

#[derive(Debug)]
pub(super) struct Index {
    waiting: Arc<Waiting>,
    /// By their numbers.
    live: BTreeMap<u64, Live>,
    /// By their numbers, with the sequences of the messages in which they are.
    dead: BTreeMap<u64, (u64, Arc<DeadLetter>)>,
    /// All messages up to this one have been read.
    seen: u64,
    claim: Option<Claimed>,
    /// What the last message said that had something done with.
    said: Option<Said>,
    /// Messages of which this process knows nothing is needed, behind some that are.
    garbage: Vec<u64>,
}

/// A write that waits.
#[derive(Debug)]
struct Live {
    _room: Room,
    /// It was executed, and that is to be said.
    is_finishing: bool,
}

/// The last claim, and when it was heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claimed {
    pub(super) sequence: u64,
    pub(super) claim: Claim,
    pub(super) at: Instant,
}

/// Whatever has been done with before `floor` has been said in the message `sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) sequence: u64,
    pub(super) floor: u64,
}

/// What is to be thought of an entry that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    Waiting,
    Done,
    /// More is to be heard before.
    Unknown,
}

impl Index {
    pub(super) const fn new(waiting: Arc<Waiting>) -> Self {
        Self {
            waiting,
            live: BTreeMap::new(),
            dead: BTreeMap::new(),
            seen: 0,
            claim: None,
            said: None,
            garbage: Vec::new(),
        }
    }

    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn saw(&mut self, sequence: u64) {
        self.seen = self.seen.max(sequence);
    }

    pub(super) const fn claim(&self) -> Option<Claimed> {
        self.claim
    }

    pub(super) const fn said(&self) -> Option<Said> {
        self.said
    }

    pub(super) fn live(&self) -> u64 {
        self.live.len() as u64
    }

    /// The first message in which something waits that was not executed.
    pub(super) fn first(&self) -> Option<u64> {
        let mut waiting = self.live.iter().filter(|(_, live)| !live.is_finishing);
        waiting.next().map(|(number, _)| sequence(*number))
    }

    pub(super) fn is(&self, number: u64) -> Is {
        match self.live.get(&number) {
            Some(live) if live.is_finishing => Is::Done,
            Some(_) => Is::Waiting,
            None if sequence(number) > self.seen => Is::Unknown,
            None => Is::Done,
        }
    }

    pub(super) fn dead_letters(&self) -> Vec<Arc<DeadLetter>> {
        self.dead
            .values()
            .map(|(_, letter)| letter.clone())
            .collect()
    }

    /// In which message that dead letter is.
    pub(super) fn dead(&self, number: u64) -> Option<(u64, Arc<DeadLetter>)> {
        self.dead.get(&number).cloned()
    }

    /// How many dead letters there are.
    pub(super) fn dead_count(&self) -> usize {
        self.dead.len()
    }

    /// The messages in which dead letters are, by their numbers.
    pub(super) fn all_dead(&self) -> Vec<(u64, u64)> {
        let dead = self.dead.iter();
        dead.map(|(number, (sequence, _))| (*number, *sequence))
            .collect()
    }

    /// Writes of that message wait, by this process's own doing or another's. Keys of what is known already are counted once.
    pub(super) fn appended(&mut self, sequence: u64, entries: &[Entry]) {
        if sequence <= self.seen {
            // It was read before, and may be done with.
            return;
        }
        for (place, entry) in entries.iter().enumerate() {
            let waiting = &self.waiting;
            self.live
                .entry(number(sequence, place))
                .or_insert_with(|| Live {
                    _room: waiting.hold(entry),
                    is_finishing: false,
                });
        }
    }

    pub(super) fn done(&mut self, at: u64, done: &Done) {
        for number in &done.numbers {
            self.remove(*number);
            self.dead.remove(number);
        }
        self.say(at, done.floor);
    }

    pub(super) fn buried(&mut self, at: u64, dead: Dead) {
        self.remove(dead.number);
        let letter = DeadLetter {
            number: dead.number,
            entry: dead.entry,
            error: dead.error,
        };
        self.dead.insert(dead.number, (at, Arc::new(letter)));
        self.say(at, dead.floor);
    }

    pub(super) fn forget_dead(&mut self, number: u64) {
        self.dead.remove(&number);
    }

    pub(super) fn claimed(&mut self, sequence: u64, claim: Claim) {
        if self.claim.is_none_or(|known| known.sequence < sequence) {
            self.claim = Some(Claimed {
                sequence,
                claim,
                at: Instant::now(),
            });
        }
    }

    /// There is no claim in the stream.
    pub(super) fn forget_claim(&mut self) {
        self.claim = None;
    }

    /// These were executed, and are not met again; those of them of which that is new.
    pub(super) fn finishing(&mut self, numbers: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut new = Vec::new();
        for number in numbers {
            if let Some(live) = self.live.get_mut(&number).filter(|live| !live.is_finishing) {
                live.is_finishing = true;
                new.push(number);
            }
        }
        new
    }

    /// Before what message nothing waits when these are done with, which are sorted.
    pub(super) fn floor_without(&self, numbers: &[u64]) -> u64 {
        let mut live = self.live.keys();
        live.find(|number| numbers.binary_search(number).is_err())
            .map_or(self.seen + 1, |number| sequence(*number))
            // Another process's may be between this one's own and what was read.
            .min(self.seen + 1)
    }

    /// Messages behind the floor of which nothing is needed.
    pub(super) fn take_garbage(&mut self) -> Vec<u64> {
        let floor = self.said.map_or(0, |said| said.floor);
        self.garbage.retain(|sequence| *sequence >= floor);
        std::mem::take(&mut self.garbage)
    }

    pub(super) fn put_back_garbage(&mut self, garbage: Vec<u64>) {
        self.garbage.extend(garbage);
    }

    fn say(&mut self, at: u64, floor: u64) {
        // True whenever it is heard: this process may know of a message of its own already that comes later and says less.
        while let Some(first) = self.live.first_entry()
            && sequence(*first.key()) < floor
        {
            first.remove();
        }
        if self.said.is_none_or(|said| said.sequence < at) {
            self.said = Some(Said {
                sequence: at,
                floor,
            });
        }
    }

    fn remove(&mut self, done: u64) {
        if self.live.remove(&done).is_none() {
            return;
        }
        let message = sequence(done);
        let mut others = self.live.range(number(message, 0)..number(message + 1, 0));
        if others.next().is_none() {
            self.garbage.push(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waiting::Limits;

    fn set(key: &str) -> Entry {
        Entry::of_command(redis::cmd("SET").arg(key).arg("v"), 0)
    }

    fn index() -> (Arc<Waiting>, Index) {
        let waiting = Arc::new(Waiting::new(Limits {
            entries: 100,
            bytes: 10_000,
        }));
        (waiting.clone(), Index::new(waiting))
    }

    #[test]
    fn a_write_is_counted_once_whoever_tells_of_it_first() {
        let (waiting, mut index) = index();
        index.appended(5, &[set("a"), set("b")]);
        index.appended(5, &[set("a"), set("b")]);
        index.saw(5);
        assert_eq!(waiting.entries(), 2);
        let done = Done {
            floor: 6,
            numbers: vec![number(5, 0), number(5, 1)],
        };
        index.done(6, &done);
        index.saw(6);
        // An acknowledgement that comes late tells nothing new.
        index.appended(5, &[set("a"), set("b")]);
        assert_eq!((waiting.entries(), index.live()), (0, 0));
        assert!(!waiting.has_one_of(&[b"a"]));
    }

    #[test]
    fn a_floor_tells_of_what_was_missed() {
        let (waiting, mut index) = index();
        for sequence in 1..=4 {
            index.appended(sequence, &[set("a")]);
            index.saw(sequence);
        }
        assert_eq!(index.floor_without(&[number(1, 0), number(3, 0)]), 2);
        let done = Done {
            floor: 4,
            numbers: vec![number(3, 0)],
        };
        index.done(9, &done);
        index.saw(9);
        assert_eq!((waiting.entries(), index.first()), (1, Some(4)));
        assert_eq!(index.floor_without(&[number(4, 0)]), 10);
    }

    #[test]
    fn a_floor_counts_though_a_later_message_is_known() {
        let (waiting, mut index) = index();
        for sequence in 1..=4 {
            index.appended(sequence, &[set("a")]);
            index.saw(sequence);
        }
        let done = |floor| Done {
            floor,
            numbers: Vec::new(),
        };
        // Its own, of which the acknowledgement comes before what others have said meanwhile is read.
        index.done(9, &done(1));
        index.done(8, &done(4));
        assert_eq!((waiting.entries(), index.first()), (1, Some(4)));
        let last = Said {
            sequence: 9,
            floor: 1,
        };
        assert_eq!(index.said(), Some(last));
    }

    #[test]
    fn what_was_executed_is_not_met_again() {
        let (waiting, mut index) = index();
        index.appended(1, &[set("a"), set("b")]);
        index.saw(1);
        assert_eq!(index.finishing([number(1, 0)].into_iter()), [number(1, 0)]);
        assert!(index.finishing([number(1, 0)].into_iter()).is_empty());
        assert_eq!(index.is(number(1, 0)), Is::Done);
        assert_eq!(index.is(number(1, 1)), Is::Waiting);
        assert_eq!(index.is(number(2, 0)), Is::Unknown);
        // Its key stays taken until that is said.
        assert!(waiting.has_one_of(&[b"a"]));
    }

    #[test]
    fn a_dead_letter_is_there_until_it_is_taken_out() {
        let (waiting, mut index) = index();
        index.appended(1, &[set("a")]);
        index.saw(1);
        let dead = Dead {
            floor: 2,
            number: number(1, 0),
            error: "no".to_owned(),
            entry: set("a"),
        };
        index.buried(2, dead);
        assert_eq!((waiting.entries(), index.dead_letters().len()), (0, 1));
        let done = Done {
            floor: 3,
            numbers: vec![number(1, 0)],
        };
        index.done(3, &done);
        assert!(index.dead_letters().is_empty());
    }
}
