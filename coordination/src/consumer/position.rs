//! How far a group has come, as far as this consumer knows. Pure.

use std::collections::BTreeMap;

use super::entry::EntryId;

/// So many handled entries are remembered. Of the oldest beyond that, one that is delivered again after the group was lost is handled again.
const MOST: usize = 65_536;

/// Below which all entries are done, and which of those above it this consumer has handled.
///
/// A group that is lost is made again at the floor: nothing that was pending, of whichever consumer, is below it. What has been done since the last
/// look is delivered again, and known here where this consumer did it.
#[derive(Debug, Default)]
pub(super) struct Position {
    floor: Option<EntryId>,
    /// With the fingerprint of what it said: a server whose clock is behind may use an ID again.
    handled: BTreeMap<EntryId, u128>,
}

impl Position {
    /// `None`: nothing is known yet.
    pub(super) const fn floor(&self) -> Option<EntryId> {
        self.floor
    }

    /// The group was looked at: the last entry that it has delivered, and the first one that is pending.
    pub(super) fn looked(&mut self, last_delivered: EntryId, first_pending: Option<EntryId>) {
        let floor = match first_pending {
            Some(pending) => last_delivered.min(pending.before()),
            None => last_delivered,
        };
        self.floor = Some(floor);
        // Those that are below it stay away from the group, if it is not lost together with the stream.
        self.handled = self.handled.split_off(&floor);
    }

    /// The stream is another one, of which everything is new.
    pub(super) fn begin_anew(&mut self) {
        *self = Self {
            floor: Some(EntryId::ZERO),
            handled: BTreeMap::new(),
        };
    }

    pub(super) fn handled(&mut self, id: EntryId, fingerprint: u128) {
        self.handled.insert(id, fingerprint);
        if self.handled.len() > MOST {
            self.handled.pop_first();
        }
    }

    pub(super) fn was_handled(&self, id: EntryId, fingerprint: u128) -> bool {
        self.handled.get(&id) == Some(&fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EntryId {
        text.parse().expect("an ID")
    }

    #[test]
    fn the_floor_is_below_everything_that_is_pending() {
        let mut position = Position::default();
        assert_eq!(position.floor(), None);
        position.looked(id("9-0"), None);
        assert_eq!(position.floor(), Some(id("9-0")));
        position.looked(id("9-0"), Some(id("4-1")));
        assert_eq!(position.floor(), Some(id("4-0")));
        // Pending entries above the last one that was delivered are those of a group that was set back.
        position.looked(id("2-0"), Some(id("4-1")));
        assert_eq!(position.floor(), Some(id("2-0")));
    }

    #[test]
    fn what_is_above_the_floor_is_remembered_by_id_and_content() {
        let mut position = Position::default();
        position.handled(id("5-0"), 7);
        position.handled(id("6-0"), 8);
        assert!(position.was_handled(id("5-0"), 7));
        assert!(!position.was_handled(id("5-0"), 9));
        position.looked(id("6-0"), Some(id("6-0")));
        assert!(!position.was_handled(id("5-0"), 7));
        assert!(position.was_handled(id("6-0"), 8));
        position.begin_anew();
        assert!(!position.was_handled(id("6-0"), 8));
        assert_eq!(position.floor(), Some(EntryId::ZERO));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let mut position = Position::default();
        for sequence in 0..=MOST {
            position.handled(id(&format!("1-{sequence}")), 0);
        }
        assert_eq!(position.handled.len(), MOST);
        assert!(!position.was_handled(id("1-0"), 0));
    }
}
