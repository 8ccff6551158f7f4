//! The runner of cases about threads: how they are interleaved is the machine's to say, what has to hold is not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use redis_resilient::{Breaker, State};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::time::advance;

use crate::cases::{Case, Words, read, read_steps, step_of};
use crate::circuit::Config;
use crate::random;
use crate::verdict::{Findings, Seen, compare};
use crate::words::Trip;

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    Call {
        r: Outcome,
    },
    Advance {
        ms: u64,
    },
    ParallelCalls {
        threads: usize,
        calls_each: u64,
        r: Outcome,
    },
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok,
    Err,
}

#[derive(Debug)]
struct Crowd {
    breaker: Breaker,
    executions: AtomicU64,
    failures: AtomicU64,
    probed: Arc<AtomicU64>,
}

pub(crate) async fn run(case: &Case) -> Result<Findings, String> {
    let config: Config = read(&case.config)?;
    let steps: Vec<Step> = read_steps(case)?;
    let mut findings = Findings::of_needs(config.needs(case))?;
    if !findings.may_run() {
        return Ok(findings);
    }
    let crowd = Crowd {
        breaker: config.build(),
        executions: AtomicU64::new(0),
        failures: AtomicU64::new(0),
        probed: Arc::default(),
    };
    let probed = Arc::clone(&crowd.probed);
    crowd.breaker.on_transition(move |transition| {
        let times = u64::from(transition.to == State::HalfOpen);
        probed.fetch_add(times, Ordering::Relaxed);
    });
    let mut views = Vec::new();
    for step in &steps {
        match *step {
            Step::Call { r } => crowd.call(r),
            Step::Advance { ms } => advance(Duration::from_millis(ms)).await,
            Step::ParallelCalls {
                threads,
                calls_each,
                r,
            } => crowd.rush(threads, calls_each, r),
        }
        views.push(crowd.view());
    }
    let in_a_row = matches!(config.trip, Trip::Consecutive { .. });
    compare(case, &mut findings, |at, word| {
        let [executions, probed, counted, lost] = views[at];
        Ok(Seen::Is(match word {
            "executions" => Value::from(executions),
            "half_open_transitions" => Value::from(probed),
            // At most: the limit itself is what is seen, unless it is passed.
            "consecutive_failures_le" if in_a_row => {
                let is_here = |words: &&Words| step_of(case, words) == Ok(at);
                let limit = case.expect.iter().find(is_here);
                let limit = limit.and_then(|words| words.get(word)?.as_u64());
                Value::from(counted.max(limit.unwrap_or(0)))
            }
            "lost_updates" if in_a_row => Value::from(lost),
            _ => return Err(format!("unknown word `{word}` in an expectation")),
        }))
    })?;
    Ok(findings)
}

impl Crowd {
    fn call(&self, outcome: Outcome) {
        let Ok(permit) = self.breaker.try_acquire() else {
            return;
        };
        self.executions.fetch_add(1, Ordering::Relaxed);
        random::take_the_middle();
        match outcome {
            Outcome::Ok => permit.success(),
            Outcome::Err => {
                permit.failure();
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn rush(&self, threads: usize, calls: u64, outcome: Outcome) {
        let clock = Handle::current();
        let start = Barrier::new(threads);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    // The clock of this runtime, in that thread as well.
                    let _clock = clock.enter();
                    start.wait();
                    (0..calls).for_each(|_| self.call(outcome));
                });
            }
        });
    }

    /// Executions, changes to half-open, failures on record, and failures that are not.
    fn view(&self) -> [u64; 4] {
        let counted = u64::from(self.breaker.snapshot().failures);
        let failures = self.failures.load(Ordering::Relaxed);
        let lost = match self.breaker.state() {
            State::Closed => failures.abs_diff(counted),
            _ => 0,
        };
        let executions = self.executions.load(Ordering::Relaxed);
        [
            executions,
            self.probed.load(Ordering::Relaxed),
            counted,
            lost,
        ]
    }
}
