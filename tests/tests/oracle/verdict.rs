//! What came of a case, and how what is seen is compared with what is expected.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cases::{Advice, Case, Words, ours, step_of};
use crate::offered::{Offered, find};

/// What running a case has shown. A word that nobody knows is no finding but an `Err`.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What the engine lacks.
    pub(crate) not_offered: BTreeSet<String>,
    /// What is not as expected.
    pub(crate) wrong: Vec<String>,
    /// What a reader may want to know.
    pub(crate) notes: Vec<String>,
}

/// What came of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed(Vec<String>),
    NotOffered(BTreeSet<String>),
}

impl Findings {
    /// Of a case that uses these features: which of them the engine lacks.
    pub(crate) fn of_needs<'a>(needs: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut findings = Self::default();
        for need in needs {
            findings.need(need)?;
        }
        Ok(findings)
    }

    /// Notes that the case uses a feature.
    pub(crate) fn need(&mut self, need: &str) -> Result<(), String> {
        match find(need) {
            None => return Err(format!("unknown need `{need}`")),
            Some(Offered::Yes) => {}
            Some(Offered::No(_)) => {
                self.not_offered.insert(need.to_owned());
            }
        }
        Ok(())
    }

    pub(crate) fn may_run(&self) -> bool {
        self.not_offered.is_empty()
    }

    /// For a runner that has nothing to drive: a need that was given by now is a gap in the runner.
    pub(crate) fn undriven(mut self) -> Self {
        if self.may_run() {
            self.wrong
                .push("the engine offers this, and no runner drives it".to_owned());
        }
        self
    }

    /// What follows for the case.
    pub(crate) fn verdict(self, case: &Case) -> Verdict {
        let shows_defect = case.advice == Advice::Avoid && ours(&case.id).is_none();
        match (self.wrong.is_empty(), self.not_offered.is_empty()) {
            (_, false) if shows_defect => Verdict::NotOffered(self.not_offered),
            (true, true) if shows_defect => Verdict::Failed(vec![
                "it shows the defect that the case is about".to_owned(),
            ]),
            (false, true) if shows_defect => Verdict::Passed,
            (false, _) => Verdict::Failed(self.wrong),
            (true, false) => Verdict::NotOffered(self.not_offered),
            (true, true) => Verdict::Passed,
        }
    }
}

/// What there is to see under a word of an expectation.
#[derive(Debug)]
pub(crate) enum Seen {
    Is(Value),
    /// It may well be so, but nobody can see it: the need that it takes.
    Hidden(&'static str),
    /// It is otherwise on purpose where it differs from this: the need that tells why.
    Otherwise(Value, &'static str),
}

/// Compares all expectations of a case with what `see` gives for a step and a word.
pub(crate) fn compare(
    case: &Case,
    findings: &mut Findings,
    mut see: impl FnMut(usize, &str) -> Result<Seen, String>,
) -> Result<(), String> {
    let mut ours = ours(&case.id).unwrap_or_default();
    for expected in &case.expect {
        let at = step_of(case, expected)?;
        for (word, value) in words(expected) {
            let key = (u64::try_from(at).unwrap_or(u64::MAX), word);
            let replaced = ours.remove(&key);
            let value = replaced.as_ref().unwrap_or(value);
            match see(at, word)? {
                Seen::Is(seen) if !same(&seen, value) => findings
                    .wrong
                    .push(format!("at {at}: `{word}` is {seen}, not {value}")),
                Seen::Otherwise(seen, need) if !same(&seen, value) => findings.need(need)?,
                Seen::Is(_) | Seen::Otherwise(..) => {}
                Seen::Hidden(need) => findings.need(need)?,
            }
        }
    }
    Ok(())
}

fn words(expected: &Words) -> impl Iterator<Item = (&str, &Value)> {
    let words = expected.iter().filter(|(word, _)| *word != "at");
    words.map(|(word, value)| (word.as_str(), value))
}

/// 1000 and 1000.0 are the same.
fn same(seen: &Value, expected: &Value) -> bool {
    match (seen, expected) {
        (Value::Array(seen), Value::Array(expected)) => {
            seen.len() == expected.len() && seen.iter().zip(expected).all(|(a, b)| same(a, b))
        }
        _ => match (seen.as_f64(), expected.as_f64()) {
            (Some(seen), Some(expected)) => (seen - expected).abs() < 1e-6,
            _ => seen == expected,
        },
    }
}
