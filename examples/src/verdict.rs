//! What must hold whatever happens to Redis.

use std::fmt::Display;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::args::Usage;
use crate::ledger::Orders;
use crate::program::complain;
use crate::stats::Source;

/// How long calls may find the way back to a Redis that answers.
pub(crate) const RETURN: Duration = Duration::from_secs(10);

/// Whether a read reaches Redis again, which answers.
pub(crate) async fn comes_back(mut read: impl AsyncFnMut() -> Option<Source>) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < RETURN {
        if read().await == Some(Source::Redis) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Everything that went wrong, as sentences. Nothing here depends on how fast the machine is.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    violations: Vec<String>,
    /// Orders that Redis itself has lost.
    pardoned: usize,
}

impl Verdict {
    /// So many of something that should not be.
    pub(crate) fn count(&mut self, count: usize, what: &str) {
        if count > 0 {
            self.violations.push(format!("{count} {what}"));
        }
    }

    /// What holds of every drill; of the acknowledged orders, so many were lost by Redis itself.
    pub(crate) fn judge<E: Display>(
        &mut self,
        hung: usize,
        wrong: usize,
        orders: Result<(&Orders, usize), E>,
        is_back: bool,
    ) {
        self.count(hung, "calls hung far beyond their deadline");
        self.count(wrong, "answers were not what was stored");
        match orders {
            Ok((orders, pardoned)) => {
                self.count(orders.doubled, "orders were recorded more than once");
                self.pardoned = pardoned;
                let lost = orders.lost().saturating_sub(pardoned);
                self.count(lost, "acknowledged orders are not on the server");
            }
            Err(error) => {
                let sentence = format!("the orders could not be read back: {error}");
                self.violations.push(sentence);
            }
        }
        if !is_back {
            self.violations.push(format!(
                "Redis answers, but no call had reached it again after {} s",
                RETURN.as_secs()
            ));
        }
    }

    /// The last line of the report, with what was promised.
    pub(crate) fn told(&self, promise: &str) -> String {
        let kept = if self.holds() { "kept" } else { "broken" };
        let but = match self.pardoned {
            0 => "",
            _ => ", but for what Redis itself has lost",
        };
        format!("verdict   {kept}: {promise}{but}\n")
    }

    /// The last line of a report that has told what was promised.
    pub(crate) fn summed_up(&self) -> &'static str {
        if self.holds() {
            "All promises are kept.\n"
        } else {
            "Not all promises are kept:\n"
        }
    }

    fn holds(&self) -> bool {
        self.violations.is_empty()
    }

    /// Complains of what went wrong.
    pub(crate) fn exit(self, usage: &Usage) -> ExitCode {
        for violation in &self.violations {
            complain(usage.name, violation);
        }
        if self.holds() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
