//! The runner of pipelines: the loop that the attribute expands to, around a body that does as the case says.

use std::time::Duration;

use redis_resilient::__private::{Call, Policy, Step as Next, attempt, pause};
use redis_resilient::{Breaker, Rejection, State};
use serde::Deserialize;
use tokio::time::{Instant, advance, sleep};

use crate::cases::{Case, read, read_steps};
use crate::pipeline::{Config, Layer};
use crate::ran::{End, Ran, known};
use crate::random;
use crate::verdict::{Findings, compare};

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    Run {
        /// The last one again and again.
        outcomes: Vec<String>,
        #[serde(default)]
        fn_ms: Times,
        /// How long a pause takes, whatever was planned.
        delay_takes_ms: Option<u64>,
    },
    Advance {
        ms: u64,
    },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Times {
    Each(u64),
    /// The last one again and again.
    InTurn(Vec<u64>),
}

impl Default for Times {
    fn default() -> Self {
        Self::Each(0)
    }
}

pub(crate) async fn run(case: &Case) -> Result<Findings, String> {
    let config: Config = read(&case.config)?;
    let steps: Vec<Step> = read_steps(case)?;
    let needs = case.needs.iter().map(String::as_str);
    let mut findings = Findings::of_needs(needs.chain(config.needs(case)))?;
    let kinds = kinds(&steps)?;
    if kinds.contains(&"panic") {
        findings.need("retry:panic")?;
    }
    if !config.can_tell(&kinds) {
        findings.need("errors:other combination")?;
    }
    if !findings.may_run() {
        compare(case, &mut Findings::default(), |_, word| known(word))?;
        return Ok(findings);
    }
    let policy = config.policy(&kinds);
    let breaker = config
        .breaker
        .as_ref()
        .filter(|_| config.has(Layer::Breaker));
    let breaker = breaker.map(crate::circuit::Config::build);
    let breaker = if config.counts_calls() {
        breaker.map(Breaker::count_calls)
    } else {
        breaker
    };
    let begin = Instant::now();
    let mut seen: Vec<Ran> = Vec::new();
    let mut executions = 0;
    for step in &steps {
        let mut ran = match step {
            Step::Advance { ms } => {
                advance(Duration::from_millis(*ms)).await;
                Ran::default()
            }
            Step::Run { .. } => call(&config, &policy, breaker.as_ref(), step).await?,
        };
        executions += ran.fn_calls;
        ran.executions = executions;
        ran.elapsed_ms = millis(begin.elapsed());
        ran.state = breaker.as_ref().map(Breaker::state);
        let untouched = seen.iter().chain([&ran]).all(|ran| ran.result != "ok");
        let closed = breaker
            .as_ref()
            .filter(|breaker| breaker.state() == State::Closed);
        ran.failures = closed
            .filter(|_| untouched)
            .map(|breaker| breaker.snapshot().failures);
        seen.push(ran);
    }
    compare(case, &mut findings, |at, word| seen[at].see(word))?;
    Ok(findings)
}

/// The names of all errors that bodies give.
fn kinds(steps: &[Step]) -> Result<Vec<&str>, String> {
    let outcomes = steps.iter().flat_map(|step| match step {
        Step::Run { outcomes, .. } => outcomes.as_slice(),
        Step::Advance { .. } => &[],
    });
    let mut kinds = Vec::new();
    for outcome in outcomes {
        match outcome.as_str() {
            "ok" => {}
            "err" => kinds.push("error"),
            "panic" => kinds.push("panic"),
            other => kinds.push(
                other
                    .strip_prefix("err:")
                    .ok_or_else(|| format!("unknown outcome `{other}`"))?,
            ),
        }
    }
    Ok(kinds)
}

/// What the attribute expands to.
async fn call(
    config: &Config,
    policy: &Policy,
    breaker: Option<&Breaker>,
    step: &Step,
) -> Result<Ran, String> {
    let Step::Run {
        outcomes,
        fn_ms,
        delay_takes_ms,
    } = step
    else {
        return Ok(Ran::default());
    };
    let mut ran = Ran {
        delays_are_planned: delay_takes_ms.is_none(),
        ..Ran::default()
    };
    let mut call = Call::new(policy, breaker);
    if let Some(rejection) = call.misconfigured() {
        return Err(rejection.to_string());
    }
    let mut goes_on = call.begin();
    let end = loop {
        random::take_the_middle();
        // The expansion asks where there is a breaker or a limit of time, and to ask costs nothing where there is neither.
        if !goes_on {
            let rejection = call.rejection();
            ran.attempts += u64::from(matches!(rejection, Rejection::CircuitOpen { .. }));
            break End::Refused(rejection);
        }
        let body = body(ran.fn_calls, outcomes, fn_ms);
        ran.attempts += 1;
        ran.fn_calls += 1;
        let result = attempt(&mut call, body).await;
        random::take_the_middle();
        let was_cut_off = result == Err(None);
        match result {
            Err(None) => {}
            Ok(()) => {
                call.succeeded();
                break End::Ok;
            }
            Err(Some(kind)) => {
                let class = config.class(&kind).ok_or("an error without a class")?;
                let next = call.failed(class.into());
                if next != Next::Pause {
                    let falls_back = next == Next::Fallback;
                    break End::Failed { kind, falls_back };
                }
            }
        }
        let before = Instant::now();
        goes_on = match delay_takes_ms {
            Some(ms) => {
                advance(Duration::from_millis(*ms)).await;
                call.begin_again()
            }
            None => pause(&mut call).await,
        };
        let delay = millis(before.elapsed());
        // A call that ends with an attempt that was cut off makes no pause.
        if goes_on || delay > 0 || !was_cut_off {
            ran.delays_ms.push(delay);
        }
    };
    ran.finish(config, breaker, end);
    Ok(ran)
}

async fn body(calls: u64, outcomes: &[String], times: &Times) -> Result<(), String> {
    let index = usize::try_from(calls).unwrap_or(usize::MAX);
    let ms = match times {
        Times::Each(ms) => *ms,
        Times::InTurn(each) => each.get(index).or(each.last()).copied().unwrap_or(0),
    };
    if ms > 0 {
        sleep(Duration::from_millis(ms)).await;
    }
    let outcome = outcomes.get(index).or(outcomes.last());
    match outcome.map_or("ok", String::as_str) {
        "ok" => Ok(()),
        other => Err(other.strip_prefix("err:").unwrap_or("error").to_owned()),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
