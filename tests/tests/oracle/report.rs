//! What is printed at the end.

use std::collections::BTreeMap;

use crate::cases::Advice;
use crate::offered::{Offered, find};
use crate::verdict::Verdict;

/// What came of all cases.
#[derive(Debug, Default)]
pub(crate) struct Report {
    all: Count,
    adopt: Count,
    failures: Vec<String>,
    /// By need: the ids of the cases that lack it, and how many of them are to be adopted.
    lacking: BTreeMap<String, (Vec<String>, usize)>,
    notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    passed: usize,
    failed: usize,
    not_offered: usize,
}

impl Count {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(_) => self.failed += 1,
            Verdict::NotOffered(_) => self.not_offered += 1,
        }
    }

    fn line(self) -> String {
        let Self {
            passed,
            failed,
            not_offered,
        } = self;
        format!("{passed} passed, {failed} failed, {not_offered} not offered")
    }

    const fn all(self) -> usize {
        self.passed + self.failed + self.not_offered
    }
}

impl Report {
    pub(crate) fn add(&mut self, id: &str, advice: Option<Advice>, source: &str, verdict: Verdict) {
        self.all.add(&verdict);
        let adopt = advice == Some(Advice::Adopt);
        if adopt {
            self.adopt.add(&verdict);
        }
        match verdict {
            Verdict::Passed => {}
            Verdict::Failed(wrong) => {
                let wrong = wrong.join("; ");
                let advice = match advice {
                    Some(Advice::Adopt) => "adopt",
                    Some(Advice::Dialect) => "dialect",
                    Some(Advice::Avoid) => "avoid",
                    None => "unread",
                };
                self.failures
                    .push(format!("{id} ({advice}; {source}): {wrong}"));
            }
            Verdict::NotOffered(needs) => {
                for need in needs {
                    let (ids, adopted) = self.lacking.entry(need).or_default();
                    ids.push(id.to_owned());
                    *adopted += usize::from(adopt);
                }
            }
        }
    }

    pub(crate) fn note(&mut self, id: &str, notes: &[String]) {
        self.notes
            .extend(notes.iter().map(|note| format!("{id}: {note}")));
    }

    /// Prints it, and tells whether no case has failed.
    pub(crate) fn print(&self) -> bool {
        for note in &self.notes {
            println!("oracle: {note}");
        }
        for (need, (ids, adopted)) in &self.lacking {
            let why = match find(need) {
                Some(Offered::No(why)) => why,
                _ => "",
            };
            let (count, ids) = (ids.len(), ids.join(" "));
            println!(
                "oracle: not offered: {need}: {count} cases, {adopted} to adopt: {why} [{ids}]"
            );
        }
        for failure in &self.failures {
            println!("oracle: FAILED {failure}");
        }
        let permille = (self.adopt.not_offered * 1000)
            .checked_div(self.adopt.all())
            .unwrap_or(0);
        let (whole, tenth) = (permille / 10, permille % 10);
        println!(
            "oracle: to adopt: {} ({whole}.{tenth} % not offered)",
            self.adopt.line()
        );
        println!("oracle: {}", self.all.line());
        self.failures.is_empty()
    }
}
