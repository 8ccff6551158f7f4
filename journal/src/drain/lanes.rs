//! In what order entries are executed: those of one key one after the other, those of different keys beside each other. Pure.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::keeper::Kept;
use crate::writes::is_plain_set;

/// Entries that were read and are not done with.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    entries: HashMap<u64, Lane>,
    /// For each key the numbers of its entries, in order.
    queues: HashMap<u64, VecDeque<u64>>,
    ready: VecDeque<u64>,
    /// Keys of which an entry could not be executed: all behind it waits for the next pass.
    blocked: HashSet<u64>,
    coalesces: bool,
}

#[derive(Debug)]
struct Lane {
    kept: Kept,
    keys: Vec<u64>,
    is_started: bool,
    /// Entries whose effect this one replaces.
    replaced: Vec<Kept>,
}

impl Lanes {
    /// `coalesces`: of several `SET`s of one key in a row only the last one is executed.
    pub(crate) fn new(coalesces: bool) -> Self {
        Self {
            coalesces,
            ..Self::default()
        }
    }

    /// How many entries are in it.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The next entry, which works on these keys.
    pub(crate) fn push(&mut self, kept: Kept, keys: Vec<u64>) {
        if keys.iter().any(|key| self.blocked.contains(key)) {
            self.blocked.extend(keys);
            return;
        }
        let number = kept.number;
        let replaced = self.take_replaced(&kept, &keys);
        for key in &keys {
            self.queues.entry(*key).or_default().push_back(number);
        }
        let lane = Lane {
            kept,
            keys,
            is_started: false,
            replaced,
        };
        if self.is_first(&lane) {
            self.ready.push_back(number);
        }
        self.entries.insert(number, lane);
    }

    /// One that can be executed now.
    pub(crate) fn start(&mut self) -> Option<Kept> {
        while let Some(number) = self.ready.pop_front() {
            // It may have been replaced, or its key blocked.
            if let Some(lane) = self
                .entries
                .get_mut(&number)
                .filter(|lane| !lane.is_started)
            {
                lane.is_started = true;
                return Some(lane.kept.clone());
            }
        }
        None
    }

    /// That one was executed: what is done with.
    pub(crate) fn done(&mut self, number: u64) -> Vec<Kept> {
        let Some(lane) = self.remove(number) else {
            return Vec::new();
        };
        let mut done = lane.replaced;
        done.push(lane.kept);
        done
    }

    /// That one could not be executed: its keys wait for the next pass.
    pub(crate) fn block(&mut self, number: u64) {
        let mut waiting = vec![number];
        while let Some(number) = waiting.pop() {
            let Some(lane) = self.entries.get(&number) else {
                continue;
            };
            let keys = lane.keys.clone();
            self.blocked.extend(&keys);
            for key in &keys {
                let behind = self.queues.get(key).into_iter().flatten();
                waiting.extend(behind.copied().filter(|other| *other > number));
            }
            self.forget(number, &keys);
        }
    }

    fn take_replaced(&mut self, kept: &Kept, keys: &[u64]) -> Vec<Kept> {
        let [key] = keys else {
            return Vec::new();
        };
        if !self.coalesces || !is_set(kept) {
            return Vec::new();
        }
        let last = self.queues.get(key).and_then(VecDeque::back).copied();
        let Some(number) = last.filter(|last| self.can_be_replaced(*last)) else {
            return Vec::new();
        };
        let Some(lane) = self.remove(number) else {
            return Vec::new();
        };
        let mut replaced = lane.replaced;
        replaced.push(lane.kept);
        replaced
    }

    fn can_be_replaced(&self, number: u64) -> bool {
        self.entries
            .get(&number)
            .is_some_and(|lane| !lane.is_started && is_set(&lane.kept))
    }

    /// Takes it out, and those behind it can be started that wait for nothing else.
    fn remove(&mut self, number: u64) -> Option<Lane> {
        let keys = self.entries.get(&number)?.keys.clone();
        let lane = self.forget(number, &keys);
        for key in &keys {
            let first = self.queues.get(key).and_then(VecDeque::front).copied();
            if let Some(first) = first.filter(|first| {
                self.entries
                    .get(first)
                    .is_some_and(|lane| !lane.is_started && self.is_first(lane))
            }) {
                self.ready.push_back(first);
            }
        }
        lane
    }

    fn forget(&mut self, number: u64, keys: &[u64]) -> Option<Lane> {
        for key in keys {
            if let Some(queue) = self.queues.get_mut(key) {
                queue.retain(|other| *other != number);
                if queue.is_empty() {
                    self.queues.remove(key);
                }
            }
        }
        self.entries.remove(&number)
    }

    /// Whether none of its keys has an entry before it.
    fn is_first(&self, lane: &Lane) -> bool {
        lane.keys.iter().all(|key| {
            let queue = self.queues.get(key);
            queue.and_then(VecDeque::front) == Some(&lane.kept.number)
        })
    }
}

fn is_set(kept: &Kept) -> bool {
    let mut commands = kept.entry.commands();
    let is_set = commands.next().is_some_and(|words| is_plain_set(&words));
    is_set && commands.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    fn kept(number: u64, name: &str) -> Kept {
        let entry = Entry::of_command(redis::cmd(name).arg("k").arg("v"), 0);
        Kept { number, entry }
    }

    fn lanes(coalesces: bool, entries: &[(u64, &str, &[u64])]) -> Lanes {
        let mut lanes = Lanes::new(coalesces);
        for (number, name, keys) in entries {
            lanes.push(kept(*number, name), keys.to_vec());
        }
        lanes
    }

    fn started(lanes: &mut Lanes) -> Vec<u64> {
        std::iter::from_fn(|| lanes.start())
            .map(|kept| kept.number)
            .collect()
    }

    fn numbers(kept: &[Kept]) -> Vec<u64> {
        kept.iter().map(|kept| kept.number).collect()
    }

    #[test]
    fn one_key_goes_in_order_and_others_beside_it() {
        let mut lanes = lanes(
            false,
            &[
                (1, "INCR", &[7]),
                (2, "INCR", &[7]),
                (3, "INCR", &[8]),
                (4, "INCR", &[7]),
            ],
        );
        assert_eq!(started(&mut lanes), [1, 3]);
        assert_eq!(numbers(&lanes.done(1)), [1]);
        assert_eq!(started(&mut lanes), [2]);
        lanes.done(3);
        lanes.done(2);
        assert_eq!(started(&mut lanes), [4]);
        lanes.done(4);
        assert_eq!((lanes.len(), lanes.queues.len()), (0, 0));
    }

    #[test]
    fn one_of_several_keys_waits_for_all_and_all_wait_for_it() {
        let mut lanes = lanes(
            false,
            &[
                (1, "A", &[7]),
                (2, "B", &[8]),
                (3, "C", &[7, 8]),
                (4, "D", &[8]),
                (5, "E", &[7]),
            ],
        );
        assert_eq!(started(&mut lanes), [1, 2]);
        lanes.done(1);
        assert_eq!(started(&mut lanes), [0; 0]);
        lanes.done(2);
        assert_eq!(started(&mut lanes), [3]);
        lanes.done(3);
        let mut both = started(&mut lanes);
        both.sort_unstable();
        assert_eq!(both, [4, 5]);
    }

    #[test]
    fn behind_one_that_failed_nothing_of_its_keys_is_executed() {
        let mut lanes = lanes(
            false,
            &[
                (1, "A", &[7]),
                (2, "B", &[7, 8]),
                (3, "C", &[8, 9]),
                (4, "D", &[10]),
            ],
        );
        assert_eq!(started(&mut lanes), [1, 4]);
        lanes.block(1);
        lanes.push(kept(5, "E"), vec![9, 11]);
        lanes.push(kept(6, "F"), vec![11]);
        lanes.push(kept(7, "G"), vec![12]);
        assert_eq!(started(&mut lanes), [7]);
        lanes.done(4);
        lanes.done(7);
        assert_eq!((lanes.len(), lanes.queues.len()), (0, 0));
    }

    #[test]
    fn one_under_way_ends_though_an_earlier_key_of_a_later_one_is_blocked() {
        let mut lanes = lanes(false, &[(1, "A", &[7]), (2, "B", &[8]), (3, "C", &[7, 8])]);
        assert_eq!(started(&mut lanes), [1, 2]);
        lanes.block(1);
        assert_eq!(numbers(&lanes.done(2)), [2]);
        assert_eq!(lanes.len(), 0);
    }

    #[test]
    fn of_sets_in_a_row_the_last_one_is_executed_if_that_is_asked_for() {
        let row: &[(u64, &str, &[u64])] = &[
            (1, "SET", &[7]),
            (2, "SET", &[7]),
            (3, "SET", &[7]),
            (4, "APPEND", &[7]),
            (5, "SET", &[7]),
        ];
        let mut coalescing = lanes(true, row);
        assert_eq!(started(&mut coalescing), [3]);
        assert_eq!(numbers(&coalescing.done(3)), [1, 2, 3]);
        assert_eq!(started(&mut coalescing), [4]);
        assert_eq!(started(&mut lanes(false, row)), [1]);
    }

    #[test]
    fn one_that_was_started_is_not_replaced() {
        let mut lanes = lanes(true, &[(1, "SET", &[7])]);
        assert_eq!(started(&mut lanes), [1]);
        lanes.push(kept(2, "SET"), vec![7]);
        lanes.push(kept(3, "SET"), vec![7]);
        assert_eq!(numbers(&lanes.done(1)), [1]);
        assert_eq!(started(&mut lanes), [3]);
        assert_eq!(numbers(&lanes.done(3)), [2, 3]);
    }
}
