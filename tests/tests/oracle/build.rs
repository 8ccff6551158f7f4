//! The runner of configurations: those that make no sense have to be refused, by the compiler where it can see them.

use std::panic::{UnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use redis_resilient::{Breaker, Bulkhead};
use serde_json::Value;

use crate::cases::{Case, Words};
use crate::verdict::{Findings, Seen, compare};

/// How a setting is refused, or why there is nothing to refuse.
enum Refusal {
    /// By the attribute: the compile-fail test that shows it.
    Attribute(&'static str),
    /// By the setter, whose panic stops the compiler in a `static`.
    Setter {
        refuses: bool,
    },
    NotOffered(&'static str),
    /// The value is in order.
    None,
}

const A_SECOND: Duration = Duration::from_secs(1);

const DURATION: Refusal = Refusal::Attribute("duration_zero_or_negative.rs");

pub(crate) fn run(case: &Case) -> Result<Findings, String> {
    let mut findings = Findings::default();
    let mut built = Vec::new();
    for step in &case.steps {
        if step["op"] != "build" {
            return Err(format!("unknown op {}", step["op"]));
        }
        let params = step.get("params").or_else(|| case.config.get("params"));
        let params = params.and_then(Value::as_object);
        let params = params.ok_or("nothing to build with")?;
        let mut refused = false;
        let mut missing = Vec::new();
        for (name, value) in params {
            match refusal(name, value, params)? {
                Refusal::Attribute(test) => {
                    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                        .join("ui/fail")
                        .join(test);
                    if !path.is_file() {
                        findings
                            .wrong
                            .push(format!("`{name}`: there is no ui/fail/{test}"));
                    }
                    findings
                        .notes
                        .push(format!("{name} = {value} is refused in ui/fail/{test}"));
                    refused = true;
                }
                Refusal::Setter { refuses } => {
                    refused |= refuses;
                    findings
                        .notes
                        .push(format!("{name} = {value} is refused by its setter"));
                }
                Refusal::NotOffered(need) => missing.push(need),
                Refusal::None => {}
            }
        }
        if !refused {
            for need in missing {
                findings.need(need)?;
            }
        }
        built.push(!refused);
    }
    let lacks = !findings.may_run();
    compare(case, &mut findings, |at, word| match word {
        // What is not offered cannot be refused.
        "built" if built[at] && lacks => Ok(Seen::Is(Value::Bool(false))),
        "built" => Ok(Seen::Is(Value::Bool(built[at]))),
        "interval_ms" | "open_ms" | "permits" => Ok(Seen::Hidden("observe:counts")),
        _ => Err(format!("unknown word `{word}` in an expectation")),
    })?;
    // Of a defect whose settings are refused there is nothing more to see.
    if built.iter().all(|built| !built) {
        findings.not_offered.remove("observe:counts");
    }
    Ok(findings)
}

/// Tries to build it.
fn setter<T>(build: impl FnOnce() -> T + UnwindSafe) -> Refusal {
    Refusal::Setter {
        refuses: catch_unwind(build).is_err(),
    }
}

fn refusal(name: &str, value: &Value, all: &Words) -> Result<Refusal, String> {
    let number = value.as_f64().unwrap_or(0.0);
    let bad = number <= 0.0;
    Ok(match name.rsplit('.').next().unwrap_or(name) {
        "rate" if bad => setter(|| rate(0, 10, A_SECOND)),
        "rate" if number > 1.0 => setter(|| rate(101, 10, A_SECOND)),
        "min_calls" if bad => setter(|| rate(50, 0, A_SECOND)),
        "min_calls" | "window_ms" if !bad => Refusal::NotOffered("config:least number"),
        "window_ms" => setter(|| rate(50, 10, Duration::ZERO)),
        "window" if bad => setter(|| Breaker::new("oracle").failure_threshold_of(1, 0)),
        "slow_ms" if bad => setter(|| slow(50, Duration::ZERO)),
        "slow_rate" if bad => setter(|| slow(0, A_SECOND)),
        "slow_rate" if number > 1.0 => setter(|| slow(101, A_SECOND)),
        "max_wait_half_open_ms" if bad => {
            setter(|| Breaker::new("oracle").half_open_timeout(Duration::ZERO))
        }
        "bulkhead" if bad => setter(|| Bulkhead::new("oracle", 0)),
        "randomization" | "jitter_ms" => Refusal::NotOffered("config:jitter width"),
        "attempt" => Refusal::NotOffered("config:interval function"),
        "async on a method that does not return a future" => {
            // What takes an async function to do, a function that is not async is refused.
            Refusal::Attribute("timeout_on_sync.rs")
        }
        "successes" if bad => setter(|| Breaker::new("oracle").success_threshold(0)),
        "permits" | "max_requests" if bad => setter(|| Breaker::new("oracle").half_open_permits(0)),
        "failures" if bad => setter(|| Breaker::new("oracle").failure_threshold(0)),
        "open_ms" if bad => setter(|| Breaker::new("oracle").reset_timeout(Duration::ZERO)),
        "open_ms" => Refusal::NotOffered("config:least number"),
        "interval_ms" | "timeout_ms" | "max_ms" | "delay_ms" | "base_ms" | "max_duration_ms"
            if bad =>
        {
            DURATION
        }
        "delay_ms" if all.contains_key("retry.max_duration_ms") => {
            Refusal::NotOffered("config:delay over deadline")
        }
        "max_retries" if number < 0.0 => Refusal::Attribute("row_71_retries_negative.rs"),
        "multiplier" if number < 1.0 => Refusal::Attribute("factor_below_one.rs"),
        "bulkhead"
        | "rate"
        | "window"
        | "successes"
        | "permits"
        | "max_requests"
        | "failures"
        | "interval_ms"
        | "timeout_ms"
        | "max_ms"
        | "delay_ms"
        | "base_ms"
        | "max_duration_ms"
        | "max_retries"
        | "multiplier"
        | "slow_ms"
        | "slow_rate"
        | "max_wait_half_open_ms" => Refusal::None,
        _ => return Err(format!("unknown setting `{name}`")),
    })
}

const fn rate(percent: u32, min_calls: u32, within: Duration) -> Breaker {
    Breaker::new("oracle").failure_rate(percent, min_calls, within)
}

const fn slow(percent: u32, from: Duration) -> Breaker {
    Breaker::new("oracle")
        .failure_rate_of_calls(50, 10, 1)
        .slow_call_rate(percent, from)
}
