//! The runner of retry budgets: calls whose retries draw on the budget of one breaker.

use std::time::Duration;

use redis_resilient::__private::{Call, Policy, Step as Next};
use redis_resilient::{Backoff, Breaker, Class};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::advance;

use crate::cases::{Case, Words, read, read_steps, step_of};
use crate::circuit::percent;
use crate::rules;
use crate::verdict::{Findings, Seen, compare};

/// The vocabulary of Finagle's budget.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(rename = "kind")]
    _kind: String,
    /// For how long a call counts.
    ttl_ms: u64,
    /// Of the calls, so many may be retried.
    percent: f64,
    min_per_sec: u32,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    /// A call.
    Deposit {
        #[serde(default = "once")]
        repeat: usize,
    },
    /// A retry.
    Withdraw {
        #[serde(default = "once")]
        repeat: usize,
    },
    Advance {
        ms: u64,
    },
}

const fn once() -> usize {
    1
}

/// The time for which the engine's budget is saved up.
const WINDOW_MS: u64 = 10_000;

impl Config {
    /// The same budget, if there can be one.
    fn breaker(&self) -> Option<Breaker> {
        let percent = percent(Some(self.percent)).or((self.percent == 0.0).then_some(0))?;
        let is_offered = self.ttl_ms == WINDOW_MS && (1..=1000).contains(&self.min_per_sec);
        is_offered.then(|| Breaker::new("oracle").retry_budget(percent, self.min_per_sec))
    }
}

pub(crate) async fn run(case: &Case) -> Result<Findings, String> {
    // Of the others' budgets only the words are read.
    if case.config["kind"] != "finagle" {
        return rules::read_only(case);
    }
    let config: Config = read(&case.config)?;
    let steps: Vec<Step> = read_steps(case)?;
    let Some(breaker) = config.breaker() else {
        return rules::read_only(case);
    };
    let policy = Policy::new("oracle")
        .no_timeout()
        .retries(100)
        .backoff(Backoff::none());
    let asks = |call: &mut Call<'_>| call.failed(Class::Unreachable.into()) == Next::Pause;
    let withdrawals = steps.iter().map(|step| match step {
        Step::Withdraw { repeat } => *repeat,
        Step::Deposit { .. } | Step::Advance { .. } => 0,
    });
    // Calls that have had their first retry, which alone brings something in: from here on they only spend.
    let mut spenders: Vec<_> = (0..withdrawals.sum())
        .map(|_| {
            // A call that is granted none is over.
            breaker.reset();
            let mut call = Call::new(&policy, Some(&breaker));
            asks(&mut call);
            call
        })
        .collect();
    breaker.reset();
    let mut findings = Findings::default();
    let mut is_empty = false;
    // Retries that calls were granted for what they brought in.
    let mut granted_at_once = 0;
    let mut views = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let mut granted_n = None;
        match *step {
            Step::Advance { ms } => {
                advance(Duration::from_millis(ms)).await;
                is_empty = false;
            }
            // To bring something in is to ask for a retry: with nothing in the bucket that is granted for what has come in, and for no more.
            Step::Deposit { repeat } if is_empty => {
                let calls = (0..repeat).map(|_| asks(&mut Call::new(&policy, Some(&breaker))));
                granted_at_once += calls.filter(|granted| *granted).count();
            }
            Step::Deposit { .. } => findings.need("budget:finagle")?,
            Step::Withdraw { repeat } => {
                let rest = repeat.saturating_sub(granted_at_once);
                let asked = spenders.drain(..rest).map(|mut call| asks(&mut call));
                let granted = granted_at_once + asked.filter(|granted| *granted).count();
                granted_at_once = 0;
                // As the case has it: what the engine does is compared with that in the end.
                is_empty = granted_in(case, at).is_some_and(|granted| granted < repeat);
                granted_n = Some(granted);
            }
        }
        views.push(granted_n);
    }
    if !findings.may_run() {
        return Ok(findings);
    }
    findings
        .notes
        .push("a call that fails brings its part in, and asks for its retry at once".to_owned());
    compare(case, &mut findings, |at, word| match word {
        "granted_n" => Ok(Seen::Is(Value::from(views[at]))),
        _ => Err(format!("unknown word `{word}` in an expectation")),
    })?;
    Ok(findings)
}

/// How many retries a step is granted in the case.
fn granted_in(case: &Case, at: usize) -> Option<usize> {
    let is_here = |words: &&Words| step_of(case, words) == Ok(at);
    let granted = case
        .expect
        .iter()
        .find(is_here)?
        .get("granted_n")?
        .as_u64()?;
    usize::try_from(granted).ok()
}
