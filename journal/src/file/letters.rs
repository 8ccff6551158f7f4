//! The dead letters of a directory, and in which segment each stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::dead_letter::DeadLetter;

#[derive(Debug, Default)]
pub(super) struct Letters {
    letters: BTreeMap<u64, (u64, Arc<DeadLetter>)>,
    /// Of each segment that has any, how many and of how many bytes: it is asked for with every batch.
    in_segments: HashMap<u64, Share>,
}

#[derive(Debug, Default)]
struct Share {
    count: usize,
    bytes: u64,
}

impl Letters {
    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<DeadLetter>> {
        self.letters.get(&number).map(|(_, letter)| letter)
    }

    /// The oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<DeadLetter>> {
        self.letters.values().map(|(_, letter)| letter)
    }

    /// Those in these segments.
    pub(super) fn within(&self, segments: &[u64]) -> Vec<Arc<DeadLetter>> {
        let here = self.letters.values();
        here.filter(|(segment, _)| segments.contains(segment))
            .map(|(_, letter)| letter.clone())
            .collect()
    }

    /// How many bytes those in that segment take; `None`: there are none.
    pub(super) fn bytes_in(&self, segment: u64) -> Option<u64> {
        self.in_segments.get(&segment).map(|share| share.bytes)
    }

    /// It stands in that segment from now on.
    pub(super) fn put(&mut self, segment: u64, letter: Arc<DeadLetter>) {
        self.remove(letter.number);
        let share = self.in_segments.entry(segment).or_default();
        share.count += 1;
        share.bytes += letter.entry.size();
        self.letters.insert(letter.number, (segment, letter));
    }

    pub(super) fn remove(&mut self, number: u64) {
        let Some((segment, letter)) = self.letters.remove(&number) else {
            return;
        };
        if let Some(share) = self.in_segments.get_mut(&segment) {
            share.count -= 1;
            share.bytes -= letter.entry.size();
            if share.count == 0 {
                self.in_segments.remove(&segment);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    #[test]
    fn each_segment_knows_how_much_of_it_is_dead() {
        let letter = |number| {
            let entry = Entry::of_command(redis::cmd("INCR").arg("n"), 0);
            Arc::new(DeadLetter {
                number,
                entry,
                error: "x".to_owned(),
            })
        };
        let size = letter(1).entry.size();
        let mut letters = Letters::default();
        for (segment, number) in [(3, 1), (3, 2), (4, 5)] {
            letters.put(segment, letter(number));
        }
        assert_eq!(
            (letters.bytes_in(3), letters.bytes_in(4)),
            (Some(2 * size), Some(size))
        );
        // Compaction moves it.
        letters.put(4, letter(2));
        assert_eq!(
            (letters.bytes_in(3), letters.bytes_in(4)),
            (Some(size), Some(2 * size))
        );
        letters.remove(1);
        letters.remove(1);
        assert_eq!((letters.bytes_in(3), letters.len()), (None, 2));
        assert_eq!(letters.within(&[4]).len(), 2);
    }
}
