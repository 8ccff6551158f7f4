//! What one caller finds out for all, and no more often than it may have changed.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use redis_resilient_runtime::__seam::clock::now_ms;

/// Answers to questions of one kind. Whoever asks while another does waits for that answer, so finding out has to have a limit of its own.
pub(crate) struct FoundOut<Q, A> {
    last: Mutex<Vec<Known<Q, A>>>,
}

struct Known<Q, A> {
    question: Q,
    answer: A,
    at_ms: u64,
}

/// Nothing of them: they may be addresses.
impl<Q, A> fmt::Debug for FoundOut<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FoundOut")
    }
}

impl<Q, A> Default for FoundOut<Q, A> {
    fn default() -> Self {
        Self {
            last: Mutex::new(Vec::new()),
        }
    }
}

impl<Q: Clone + PartialEq, A: Clone> FoundOut<Q, A> {
    /// The answer, and since when it has been known: less than so long, in milliseconds.
    pub(crate) fn get(
        &self,
        question: &Q,
        holds_ms: u64,
        find_out: impl FnOnce() -> A,
    ) -> (A, u64) {
        let asked_ms = now_ms();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // What was found out while this one waited was found out for it, however short it holds.
        let holds =
            |known: &Known<Q, A>| known.at_ms > asked_ms || asked_ms - known.at_ms < holds_ms;
        last.retain(holds);
        if let Some(known) = last.iter().find(|known| known.question == *question) {
            return (known.answer.clone(), known.at_ms);
        }
        let answer = find_out();
        let at_ms = now_ms();
        last.push(Known {
            question: question.clone(),
            answer: answer.clone(),
            at_ms,
        });
        (answer, at_ms)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_asks_for_all() {
        let found = FoundOut::default();
        let asked = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let (answer, _) = found.get(&"where", 60_000, || {
                        std::thread::sleep(std::time::Duration::from_millis(20));
                        asked.fetch_add(1, Ordering::Relaxed)
                    });
                    assert_eq!(answer, 0);
                });
            }
        });
        assert_eq!(asked.into_inner(), 1);
    }

    #[test]
    fn each_question_has_its_answer_and_no_answer_holds_for_ever() {
        let found = FoundOut::default();
        assert_eq!(found.get(&1, 60_000, || "one").0, "one");
        assert_eq!(found.get(&2, 60_000, || "two").0, "two");
        assert_eq!(found.get(&1, 60_000, || "again").0, "one");
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(found.get(&1, 1, || "again").0, "again");
    }
}
