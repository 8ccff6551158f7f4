//! Which prefixes a server is asked for. Pure.
//!
//! It refuses two of which one begins with the other, also the same twice.

use std::collections::BTreeSet;

/// The fewest that have all of these.
pub(crate) fn fewest<'a>(wanted: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut fewest: BTreeSet<String> = BTreeSet::new();
    let wanted: BTreeSet<&str> = wanted.into_iter().collect();
    // In their order: one comes behind all that it begins with, and right behind the last that is kept, if it begins with any that is.
    for prefix in wanted {
        if !fewest
            .last()
            .is_some_and(|last| prefix.starts_with(last.as_str()))
        {
            fewest.insert(prefix.to_owned());
        }
    }
    fewest
}

/// Whether changes of all keys that begin like this are announced where these are asked for.
pub(crate) fn have(asked: &BTreeSet<String>, prefix: &str) -> bool {
    asked.iter().any(|asked| prefix.starts_with(asked.as_str()))
}

/// What else has to be asked for; `None`: a server that was asked for these would refuse it.
pub(crate) fn missing(asked: &BTreeSet<String>, wanted: &BTreeSet<String>) -> Option<Vec<String>> {
    let missing = wanted.iter().filter(|prefix| !have(asked, prefix));
    let missing: Vec<_> = missing.cloned().collect();
    let is_refused = |prefix: &String| asked.iter().any(|asked| asked.starts_with(prefix.as_str()));
    (!missing.iter().any(is_refused)).then_some(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(prefixes: &[&str]) -> BTreeSet<String> {
        prefixes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_that_begins_with_another_is_not_asked_for() {
        let wanted = ["user:", "user:9", "user:10:", "users:", "user:", "a"];
        assert_eq!(fewest(wanted), set(&["a", "user:", "users:"]));
        assert_eq!(fewest(["b", "", "a"]), set(&[""]));
        assert_eq!(fewest(["ab", "a", "abc", "b"]), set(&["a", "b"]));
        assert!(fewest([]).is_empty());
    }

    #[test]
    fn what_is_missing_can_be_added_unless_it_takes_in_another() {
        let asked = set(&["user:", "order:"]);
        assert!(have(&asked, "user:9") && !have(&asked, "use") && have(&set(&[""]), ""));
        assert_eq!(missing(&asked, &set(&["user:9", "order:"])), Some(vec![]));
        let more = set(&["item:", "user:"]);
        assert_eq!(missing(&asked, &more), Some(vec!["item:".to_owned()]));
        assert_eq!(missing(&asked, &set(&["use"])), None);
        assert_eq!(missing(&asked, &set(&[""])), None);
        assert_eq!(missing(&set(&[]), &set(&[""])), Some(vec![String::new()]));
    }
}
