//! What a counter must stand at that only one caller counts with.

/// Between which numbers it is, by all that its caller has been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counter {
    least: u64,
    most: u64,
}

/// How far a number is from what it had to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    /// So many were acknowledged and are not there.
    pub(super) lost: u64,
    /// So many are there that nobody has sent, or that were sent once.
    pub(super) doubled: u64,
}

impl Counter {
    /// The reply to the next `INCR`.
    pub(super) fn counted(&mut self, reply: u64) -> Wrong {
        self.least += 1;
        self.most += 1;
        self.seen(reply)
    }

    /// The reply to a `GET`.
    pub(super) fn seen(&mut self, number: u64) -> Wrong {
        let wrong = Wrong {
            lost: self.least.saturating_sub(number),
            doubled: number.saturating_sub(self.most),
        };
        (self.least, self.most) = (number, number);
        wrong
    }

    /// Nobody knows whether the last `INCR` was executed.
    pub(super) fn unknown(&mut self) {
        self.most += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: Wrong = Wrong {
        lost: 0,
        doubled: 0,
    };

    #[test]
    fn one_after_the_other_is_right() {
        let mut counter = Counter::default();
        assert_eq!(counter.counted(1), RIGHT);
        assert_eq!(counter.counted(2), RIGHT);
        assert_eq!(counter.seen(2), RIGHT);
    }

    #[test]
    fn what_nobody_knows_may_be_either_way() {
        for (reply, next) in [(1, 2), (2, 3)] {
            let mut counter = Counter::default();
            counter.unknown();
            assert_eq!(counter.counted(reply), RIGHT);
            assert_eq!(counter.counted(next), RIGHT);
        }
    }

    #[test]
    fn more_is_doubled_and_less_is_lost_and_told_once() {
        let mut counter = Counter::default();
        counter.unknown();
        let doubled = Wrong {
            doubled: 1,
            ..RIGHT
        };
        assert_eq!(counter.counted(3), doubled);
        assert_eq!(counter.counted(4), RIGHT);
        assert_eq!(counter.counted(3), Wrong { lost: 2, ..RIGHT });
        assert_eq!(counter.counted(4), RIGHT);
        assert_eq!(counter.seen(5), doubled);
    }
}
