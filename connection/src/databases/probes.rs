//! What a round of probes comes to.

/// How many probes a round has, and how many of them have to be answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probes {
    pub(crate) asked: u32,
    pub(crate) needed: u32,
}

/// A round that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    of: Probes,
    begun: u32,
    answered: u32,
    failed: u32,
}

impl Probes {
    pub(crate) const fn round(self) -> Round {
        Round {
            of: self,
            begun: 0,
            answered: 0,
            failed: 0,
        }
    }
}

impl Round {
    /// Whether there is another probe to send; it counts as sent.
    pub(crate) const fn begins_another(&mut self) -> bool {
        let begins = self.has_another();
        if begins {
            self.begun += 1;
        }
        begins
    }

    /// Whether there is another one to send.
    pub(crate) const fn has_another(self) -> bool {
        self.begun < self.of.asked
    }

    pub(crate) const fn ends_one(&mut self, is_answered: bool) {
        if is_answered {
            self.answered += 1;
        } else {
            self.failed += 1;
        }
    }

    /// Whether the database is well, as soon as that is known whatever else comes.
    pub(crate) const fn verdict(self) -> Option<bool> {
        if self.answered >= self.of.needed {
            Some(true)
        } else if self.failed > self.of.asked - self.of.needed {
            Some(false)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many of these outcomes it is known, and what.
    fn verdict(asked: u32, needed: u32, outcomes: &[bool]) -> Option<(usize, bool)> {
        let mut round = Probes { asked, needed }.round();
        for (place, &is_answered) in outcomes.iter().enumerate() {
            assert!(round.begins_another());
            round.ends_one(is_answered);
            if let Some(verdict) = round.verdict() {
                return Some((place + 1, verdict));
            }
        }
        None
    }

    #[test]
    fn it_ends_as_soon_as_the_rest_cannot_change_it() {
        assert_eq!(verdict(3, 2, &[true, true]), Some((2, true)));
        assert_eq!(verdict(3, 2, &[false, false]), Some((2, false)));
        assert_eq!(verdict(3, 2, &[true, false, true]), Some((3, true)));
        assert_eq!(verdict(3, 2, &[true, false, false]), Some((3, false)));
        assert_eq!(verdict(3, 3, &[true, false]), Some((2, false)));
        assert_eq!(verdict(1, 1, &[false]), Some((1, false)));
        assert_eq!(verdict(3, 2, &[true, false]), None);
    }

    #[test]
    fn there_are_no_more_probes_than_those() {
        let mut round = Probes {
            asked: 2,
            needed: 1,
        }
        .round();
        assert!(round.begins_another() && round.begins_another());
        assert!(!round.begins_another());
    }
}
