//! Which names have series of their own. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// Under which the others are summed up.
pub(crate) const OTHER: &str = "other";

/// So many that come first; and so many beside these that are in trouble.
pub(crate) const OWN: usize = 500;

/// The names of one kind of thing.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// For ever.
    own: BTreeSet<String>,
    /// Those that were in trouble when there was no room left, with the reading at which they were last.
    guests: BTreeMap<String, u64>,
    reading: u64,
}

impl Names {
    /// Begins a reading at which there are these, each with whether it is in trouble now.
    pub(crate) fn read<'n>(&mut self, names: impl IntoIterator<Item = (&'n str, bool)>) {
        self.reading += 1;
        for (name, in_trouble) in names {
            if self.own.contains(name) {
                continue;
            }
            if self.own.len() < OWN {
                self.guests.remove(name);
                self.own.insert(name.to_owned());
            } else if in_trouble && self.makes_room_for(name) {
                self.guests.insert(name.to_owned(), self.reading);
            }
        }
    }

    /// Whether there is room for another guest: the one goes that has been out of trouble for longest.
    fn makes_room_for(&mut self, name: &str) -> bool {
        if self.guests.len() < OWN || self.guests.contains_key(name) {
            return true;
        }
        let oldest = self.guests.iter().min_by_key(|(_, reading)| **reading);
        match oldest {
            Some((oldest, &reading)) if reading < self.reading => {
                let oldest = oldest.clone();
                self.guests.remove(&oldest);
                true
            }
            _ => false,
        }
    }

    /// What its series are called by.
    pub(crate) fn label<'n>(&self, name: &'n str) -> &'n str {
        if self.own.contains(name) || self.guests.contains_key(name) {
            name
        } else {
            OTHER
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_trouble_is_told_by_its_name_however_many_came_before() {
        let mut names = Names::default();
        let junk: Vec<_> = (0..3000).map(|number| format!("junk {number}")).collect();
        names.read(junk.iter().map(|name| (name.as_str(), false)));
        assert_eq!(names.label("junk 499"), "junk 499");
        assert_eq!(names.label("junk 500"), OTHER);
        // All of the junk has been in trouble, and is no more.
        names.read(junk.iter().map(|name| (name.as_str(), true)));
        let all = || junk.iter().map(|name| (name.as_str(), false));
        names.read(all().chain([("real", true)]));
        assert_eq!(names.label("real"), "real");
        names.read(all().chain([("real", false)]));
        assert_eq!(names.label("real"), "real", "it stays until room is needed");
        assert!(names.guests.len() <= OWN && names.own.len() <= OWN);
    }
}
