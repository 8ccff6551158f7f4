//! Which entries a segment has, and which of them are done with: one bit for each. Pure.

/// The numbers of a segment's entries, in order.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    rows: Vec<Row>,
    /// By place.
    finished: Vec<u64>,
    live: u64,
}

/// Numbers that follow each other.
#[derive(Clone, Copy, Debug)]
struct Row {
    first: u64,
    count: usize,
    /// The place of the first one among all.
    place: usize,
}

impl Row {
    /// The last one of them.
    const fn last(self) -> u64 {
        self.first + (self.count as u64 - 1)
    }
}

const BITS: usize = u64::BITS as usize;

impl Numbers {
    /// Another one, which is greater than those before.
    pub(super) fn push(&mut self, number: u64) {
        let place = self.count();
        match self.rows.last_mut() {
            Some(row) if row.last() + 1 == number => row.count += 1,
            _ => self.rows.push(Row {
                first: number,
                count: 1,
                place,
            }),
        }
        if place.is_multiple_of(BITS) {
            self.finished.push(0);
        }
        self.live += 1;
    }

    /// Whether that one is now done with, and was not before.
    pub(super) fn finish(&mut self, number: u64) -> bool {
        let Some(place) = self.place(number) else {
            return false;
        };
        let (word, bit) = (&mut self.finished[place / BITS], 1 << (place % BITS));
        let is_new = *word & bit == 0;
        *word |= bit;
        self.live -= u64::from(is_new);
        is_new
    }

    /// The same for all from the first to the last.
    pub(super) fn finish_row(&mut self, first: u64, last: u64) {
        let rows: Vec<_> = self
            .rows
            .iter()
            .copied()
            .filter(|row| row.first <= last && row.last() >= first)
            .collect();
        for row in rows {
            for number in row.first.max(first)..=row.last().min(last) {
                self.finish(number);
            }
        }
    }

    /// Whether it is there and not done with.
    pub(super) fn is_live(&self, number: u64) -> bool {
        self.place(number)
            .is_some_and(|place| self.finished[place / BITS] & (1 << (place % BITS)) == 0)
    }

    /// How many are not done with.
    pub(super) const fn live(&self) -> u64 {
        self.live
    }

    /// The first that is not done with.
    pub(super) fn first_live(&self) -> Option<u64> {
        if self.live == 0 {
            return None;
        }
        let word = self.finished.iter().position(|word| *word != u64::MAX)?;
        let place = word * BITS + self.finished[word].trailing_ones() as usize;
        let row = self.rows.iter().rev().find(|row| row.place <= place)?;
        Some(row.first + (place - row.place) as u64)
    }

    pub(super) fn last(&self) -> Option<u64> {
        self.rows.last().map(|row| row.last())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.rows.last().map_or(0, |row| row.place + row.count)
    }

    fn place(&self, number: u64) -> Option<usize> {
        let after = self.rows.partition_point(|row| row.first <= number);
        let row = self.rows.get(after.checked_sub(1)?)?;
        let offset = usize::try_from(number - row.first).ok()?;
        (offset < row.count).then_some(row.place + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: impl IntoIterator<Item = u64>) -> Numbers {
        let mut all = Numbers::default();
        numbers.into_iter().for_each(|number| all.push(number));
        all
    }

    #[test]
    fn each_is_done_with_once() {
        let mut numbers = of((5..200).chain([300, 302]));
        assert_eq!(
            (numbers.count(), numbers.live(), numbers.last()),
            (197, 197, Some(302))
        );
        assert!(numbers.finish(302) && !numbers.finish(302));
        assert!(!numbers.finish(4) && !numbers.finish(301) && !numbers.finish(303));
        assert!(numbers.is_live(300) && !numbers.is_live(302) && !numbers.is_live(250));
        assert_eq!(numbers.live(), 196);
    }

    #[test]
    fn the_first_one_is_found() {
        let mut numbers = of((10..200).chain([300, 302]));
        assert_eq!(numbers.first_live(), Some(10));
        numbers.finish_row(0, 150);
        assert_eq!(numbers.first_live(), Some(151));
        numbers.finish_row(150, 300);
        assert_eq!((numbers.first_live(), numbers.live()), (Some(302), 1));
        numbers.finish_row(302, u64::MAX);
        assert_eq!((numbers.first_live(), numbers.live()), (None, 0));
        assert_eq!(of([]).first_live(), None);
    }

    #[test]
    fn a_full_word_is_no_end() {
        let mut numbers = of(1..=64);
        numbers.finish_row(1, 64);
        assert_eq!(numbers.first_live(), None);
        numbers.push(65);
        assert_eq!(numbers.first_live(), Some(65));
    }
}
