//! The runners of single rules: when retries stop, what an error leads to. And those of rules that the engine does not have, which
//! are read for their words only.

use std::time::Duration;

use redis_resilient::__private::{BlockingCall, Call, Policy, Step as Next};
use redis_resilient::{Backoff, Breaker, Class, Jitter, State};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, advance};

use crate::cases::{Case, Supertypes, Words, read, read_steps};
use crate::circuit::percent;
use crate::verdict::{Findings, Seen, compare};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StopConfig {
    stop: Stop,
    attempts: Option<u32>,
    /// The limit on the time that all of it takes.
    delay_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Stop {
    AfterAttempt,
    AfterDelay,
    BeforeDelay,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", deny_unknown_fields)]
enum StopStep {
    #[serde(rename = "stop?")]
    Asked {
        attempt: Option<u32>,
        elapsed_ms: Option<u64>,
        upcoming_sleep_ms: Option<u64>,
    },
}

/// Whether there is a further attempt.
pub(crate) async fn run_stop(case: &Case) -> Result<Findings, String> {
    let config: StopConfig = read(&case.config)?;
    let steps: Vec<StopStep> = read_steps(case)?;
    let mut findings = Findings::of_needs([match config.stop {
        Stop::AfterAttempt => "stop:after_attempt",
        Stop::AfterDelay => "stop:after_delay",
        Stop::BeforeDelay => "stop:before_delay",
    }])?;
    let mut answers = Vec::new();
    for step in &steps {
        let StopStep::Asked {
            attempt,
            elapsed_ms,
            upcoming_sleep_ms,
        } = *step;
        let policy = Policy::new("oracle").no_timeout();
        let policy = match (config.stop, config.attempts, config.delay_ms) {
            (Stop::AfterAttempt, Some(attempts), _) => {
                let retries = attempts.saturating_sub(1);
                policy.retries(retries).backoff(Backoff::none())
            }
            (Stop::AfterDelay | Stop::BeforeDelay, _, Some(ms)) => {
                let pause = match upcoming_sleep_ms {
                    Some(ms) if config.stop == Stop::BeforeDelay && ms > 0 => {
                        Backoff::fixed(Duration::from_millis(ms)).jitter(Jitter::None)
                    }
                    _ => Backoff::none(),
                };
                let limit = Duration::from_millis(ms);
                policy.retries(100).deadline(limit).backoff(pause)
            }
            _ => return Err("a limit without its number".to_owned()),
        };
        let mut call = BlockingCall::new(&policy, None);
        let started = Instant::now();
        advance(Duration::from_millis(elapsed_ms.unwrap_or(0))).await;
        let mut next = Next::Pause;
        for _ in 0..attempt.unwrap_or(1) {
            next = call.failed_since(started, Class::Unreachable.into());
        }
        answers.push(next != Next::Pause);
    }
    compare(case, &mut findings, |at, word| match word {
        "stops" => Ok(Seen::Is(Value::from(answers[at]))),
        _ => Err(format!("unknown word `{word}` in an expectation")),
    })?;
    Ok(findings)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    include: Vec<String>,
    exclude: Vec<String>,
    supertypes: Supertypes,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum ClassifyStep {
    Classify {
        #[serde(rename = "type")]
        kind: String,
    },
}

/// The lists are what a user would write in `classify = …`; the engine has to do the same for the breaker, the retries and the fallback.
pub(crate) fn run_classify(case: &Case) -> Result<Findings, String> {
    let lists: Lists = read(&case.config)?;
    let steps: Vec<ClassifyStep> = read_steps(case)?;
    let mut findings = Findings::default();
    let policy = Policy::new("oracle").no_timeout().backoff(Backoff::none());
    let mut included = Vec::new();
    for ClassifyStep::Classify { kind } in &steps {
        let class = if lists.supertypes.is_a(kind, &lists.exclude) {
            Class::NotRedis
        } else if lists.supertypes.is_a(kind, &lists.include) {
            Class::Unreachable
        } else {
            Class::NotRedis
        };
        let breaker = Breaker::new("oracle").failure_threshold(1);
        let mut counted = Call::new(&policy, Some(&breaker));
        let admitted = counted.begin();
        counted.failed(class.into());
        let opens = breaker.state() == State::Open;
        let retried = Call::new(&policy, None).failed(class.into()) == Next::Pause;
        let last = policy.retries(0);
        let falls_back = Call::new(&last, None).failed(class.into()) == Next::Fallback;
        if !admitted || opens != retried || opens != falls_back {
            findings.wrong.push(format!(
                "{kind} is {class:?}: it opens {opens}, is retried {retried}, falls back {falls_back}"
            ));
        }
        included.push(opens);
    }
    compare(case, &mut findings, |at, word| match word {
        "included" => Ok(Seen::Is(Value::from(included[at]))),
        _ => Err(format!("unknown word `{word}` in an expectation")),
    })?;
    Ok(findings)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Threshold {
    min_calls: u32,
    rate: f64,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum ThresholdStep {
    EvaluateOnFailure { throughput: u32, failure_rate: f64 },
}

/// Whether a failure opens a circuit that has seen so many calls, this share of them failed.
pub(crate) fn run_predicate(case: &Case) -> Result<Findings, String> {
    let config: Threshold = read(&case.config)?;
    let steps: Vec<ThresholdStep> = read_steps(case)?;
    let rate = percent(Some(config.rate));
    let need = rate.map_or("trip:fraction of a percent", |_| "trip:time_rate");
    let mut findings = Findings::of_needs([need])?;
    let Some(rate) = rate.filter(|_| findings.may_run()) else {
        return Ok(findings);
    };
    let mut trips = Vec::new();
    for step in &steps {
        let ThresholdStep::EvaluateOnFailure {
            throughput,
            failure_rate,
        } = *step;
        let breaker = Breaker::new("oracle")
            .burst_window(Duration::ZERO)
            .failure_rate_of_time(rate, Duration::from_secs(10), config.min_calls);
        // The failures last: the share is at its highest with the last one.
        let failed = f64::from(throughput) * failure_rate;
        for call in 0..throughput {
            if let Ok(permit) = breaker.try_acquire() {
                if f64::from(throughput - call) > failed + 0.5 {
                    permit.success();
                } else {
                    permit.failure();
                }
            }
        }
        trips.push(breaker.state() == State::Open);
    }
    compare(case, &mut findings, |at, word| match word {
        "trips" => Ok(Seen::Is(Value::from(trips[at]))),
        _ => Err(format!("unknown word `{word}` in an expectation")),
    })?;
    Ok(findings)
}

/// The words of a runner that has nothing to drive, and the need that says so.
struct Vocabulary {
    config: &'static str,
    ops: &'static str,
    step: &'static str,
    expect: &'static str,
}

/// A case of which only the words are checked.
pub(crate) fn read_only(case: &Case) -> Result<Findings, String> {
    let (words, need) = match case.runner.as_str() {
        "budget" => {
            let need = match case.config["kind"].as_str() {
                Some("finagle") => "budget:finagle",
                Some("smithy_standard") => "budget:smithy_standard",
                Some("grpc_throttle") => "budget:grpc_throttle",
                other => return Err(format!("unknown kind of budget {other:?}")),
            };
            let words = Vocabulary {
                config: "kind capacity retry_cost timeout_cost success_reward ttl_ms percent min_per_sec max_tokens token_ratio",
                ops: "retry_permit success failure deposit withdraw advance",
                step: "op error repeat ms",
                expect: "at granted granted_n tokens balance",
            };
            (words, need)
        }
        "throttle" => {
            let words = Vocabulary {
                config: "kind k failure_threshold max_rejection min_executions",
                ops: "p",
                step: "op requests accepts",
                expect: "at p",
            };
            (words, "throttle")
        }
        "clamp" => {
            let words = Vocabulary {
                config: "computed_ms clamp",
                ops: "retry_after",
                step: "op hint_ms",
                expect: "at delay_ms",
            };
            (words, "retry_after hint")
        }
        other => return Err(format!("unknown runner `{other}`")),
    };
    let object = |value: &Value| value.as_object().cloned().ok_or("not an object");
    only(&object(&case.config)?, words.config)?;
    for step in &case.steps {
        only(&object(step)?, words.step)?;
        let op = step["op"].as_str().unwrap_or_default();
        if !words.ops.split(' ').any(|known| known == op) {
            return Err(format!("unknown op `{op}`"));
        }
    }
    for expected in &case.expect {
        only(expected, words.expect)?;
    }
    Ok(Findings::of_needs([need])?.undriven())
}

/// Checks that there are no words but these.
pub(crate) fn only(words: &Words, known: &str) -> Result<(), String> {
    let known = |word: &str| known.split(' ').any(|known| known == word);
    match words.keys().find(|word| !known(word)) {
        None => Ok(()),
        Some(word) => Err(format!("unknown word `{word}`")),
    }
}
