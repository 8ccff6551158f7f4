//! What the segments of a journal hold. Pure.

use std::collections::VecDeque;

use super::letters::Letters;
use super::numbers::Numbers;

/// What the segments hold, from the oldest on. The last one is written.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) segments: VecDeque<Segment>,
    /// Those that were set aside, and in which segment.
    pub(super) dead: Letters,
    /// The number of the entry that comes next.
    pub(super) next: u64,
}

#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// How much of it is kept for good.
    pub(super) bytes: u64,
    pub(super) numbers: Numbers,
}

impl Segment {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number,
            bytes: 0,
            numbers: Numbers::default(),
        }
    }

    /// About how many bytes of it are of entries that wait.
    fn live_bytes(&self) -> u64 {
        let (live, all) = (
            u128::from(self.numbers.live()),
            self.numbers.count().max(1) as u128,
        );
        u64::try_from(u128::from(self.bytes) * live / all).unwrap_or(u64::MAX)
    }
}

impl Index {
    /// Whether that entry waits.
    pub(super) fn is_live(&self, number: u64) -> bool {
        self.place(number)
            .is_some_and(|place| self.segments[place].numbers.is_live(number))
    }

    /// Whether that entry waited until now.
    pub(super) fn finish(&mut self, number: u64) -> bool {
        self.place(number)
            .is_some_and(|place| self.segments[place].numbers.finish(number))
    }

    pub(super) fn finish_row(&mut self, first: u64, last: u64) {
        for segment in &mut self.segments {
            segment.numbers.finish_row(first, last);
        }
    }

    /// All entries with a smaller number are done with.
    pub(super) fn low_water(&self) -> u64 {
        let first = self
            .segments
            .iter()
            .find_map(|segment| segment.numbers.first_live());
        first.unwrap_or(self.next)
    }

    /// The first segment with an entry that waits and has a greater number.
    pub(super) fn segment_after(&self, number: u64) -> Option<&Segment> {
        self.segments
            .iter()
            .find(|segment| segment.numbers.live() > 0 && segment.numbers.last() > Some(number))
    }

    /// How many of the oldest segments hold nothing any more.
    pub(super) fn emptied(&self) -> usize {
        let sealed = self.segments.len().saturating_sub(1);
        self.segments
            .iter()
            .take(sealed)
            .take_while(|segment| self.is_empty(segment))
            .count()
    }

    /// How many of the oldest segments are worth being made into one: most of what they hold is done with, or they are many.
    pub(super) fn sparse(&self, segment_bytes: u64) -> usize {
        const MANY: usize = 16;
        let sealed = self.segments.len().saturating_sub(1);
        let (mut bytes, mut live) = (0, 0);
        let mut worth = 0;
        for (place, segment) in self.segments.iter().take(sealed).enumerate() {
            bytes += segment.bytes;
            live += segment.live_bytes() + self.dead.bytes_in(segment.number).unwrap_or(0);
            if live > segment_bytes {
                break;
            }
            let is_many = place + 1 >= MANY && bytes < (place as u64 + 1) * segment_bytes / 4;
            if bytes > 2 * segment_bytes && live * 4 < bytes || is_many {
                worth = place + 1;
            }
        }
        worth
    }

    fn is_empty(&self, segment: &Segment) -> bool {
        segment.numbers.live() == 0 && self.dead.bytes_in(segment.number).is_none()
    }

    /// The segment that has it, or would. They are few.
    fn place(&self, number: u64) -> Option<usize> {
        self.segments
            .iter()
            .position(|segment| segment.numbers.last() >= Some(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::DeadLetter;
    use std::sync::Arc;

    fn segment(number: u64, numbers: impl IntoIterator<Item = u64>) -> Segment {
        let mut segment = Segment::new(number);
        numbers
            .into_iter()
            .for_each(|number| segment.numbers.push(number));
        segment.bytes = 100 * segment.numbers.count() as u64;
        segment
    }

    fn index() -> Index {
        Index {
            segments: [
                segment(1, 1..=10),
                segment(2, []),
                segment(3, 11..=20),
                segment(4, 21..=30),
            ]
            .into(),
            dead: Letters::default(),
            next: 31,
        }
    }

    #[test]
    fn entries_are_found_in_their_segments() {
        let mut index = index();
        assert!(index.is_live(15) && !index.is_live(31) && !index.is_live(0));
        assert!(index.finish(15) && !index.finish(15) && !index.is_live(15));
        assert_eq!(index.low_water(), 1);
        index.finish_row(1, 17);
        assert_eq!(index.low_water(), 18);
        assert_eq!(
            index.segment_after(17).map(|segment| segment.number),
            Some(3)
        );
        assert_eq!(
            index.segment_after(20).map(|segment| segment.number),
            Some(4)
        );
        assert!(index.segment_after(30).is_none());
        index.finish_row(0, 30);
        assert_eq!(index.low_water(), 31);
    }

    #[test]
    fn segments_go_from_the_oldest_on_and_the_last_one_stays() {
        let mut index = index();
        index.finish_row(11, 20);
        assert_eq!(index.emptied(), 0);
        index.finish_row(1, 10);
        assert_eq!(index.emptied(), 3);
        index.finish_row(21, 30);
        assert_eq!(index.emptied(), 3);
    }

    #[test]
    fn one_with_a_dead_letter_is_not_empty() {
        let mut index = index();
        index.finish_row(1, 30);
        let entry = crate::entry::Entry::of_command(redis::cmd("SET").arg("k").arg("v"), 0);
        let letter = DeadLetter {
            number: 5,
            entry,
            error: String::new(),
        };
        index.dead.put(3, Arc::new(letter));
        assert_eq!(index.emptied(), 2);
    }

    #[test]
    fn sparse_segments_are_told_from_full_ones() {
        let mut index = index();
        assert_eq!(index.sparse(300), 0);
        index.finish_row(2, 20);
        assert_eq!(index.sparse(300), 3);
        assert_eq!(index.sparse(10_000), 0);
    }
}
