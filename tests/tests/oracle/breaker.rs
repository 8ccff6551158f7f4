//! The runner of breaker cases, through the public API.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use redis_resilient::{Breaker, Permit, Snapshot};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::advance;

use crate::cases::{Case, read, read_steps};
use crate::circuit::Config;
use crate::verdict::{Findings, Seen, compare};
use crate::watched::{Outcome, Watched};
use crate::words::{Cancel, StateWord, written};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    op: Op,
    r: Option<Outcome>,
    id: Option<String>,
    /// Of an `advance` the time, of a call its measured duration.
    ms: Option<i64>,
    to: Option<StateWord>,
    for_ms: Option<u64>,
    #[serde(default = "once")]
    repeat: u64,
    breaker: Option<String>,
}

const fn once() -> u64 {
    1
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Op {
    Call,
    Start,
    Finish,
    Advance,
    Force,
    Reset,
    Observe,
}

/// What there was to see after a step.
#[derive(Debug)]
struct View {
    state: StateWord,
    admitted: Option<bool>,
    admitted_n: u64,
    rejected: u64,
    executions: u64,
    transitions: Vec<String>,
    retry_after: Duration,
    snapshot: Snapshot,
    spared: bool,
}

#[derive(Debug)]
struct World<'a> {
    breakers: HashMap<&'a str, Watched<'a>>,
    started: HashMap<&'a str, VecDeque<Permit<'a>>>,
    /// Calls that end and were never let in.
    strays: Vec<String>,
}

const UNNAMED: &str = "_";

pub(crate) async fn run(case: &Case) -> Result<Findings, String> {
    let config: Config = read(&case.config)?;
    let steps: Vec<Step> = read_steps(case)?;
    let needs = case.needs.iter().map(String::as_str);
    let mut findings = Findings::of_needs(needs.chain(config.needs(case)))?;
    for step in &steps {
        for need in step.needs(&config) {
            findings.need(need)?;
        }
    }
    if !findings.may_run() {
        compare(case, &mut Findings::default(), |_, word| known(word))?;
        return Ok(findings);
    }
    let breakers: HashMap<&str, Breaker> = steps
        .iter()
        .map(Step::breaker)
        .chain([UNNAMED])
        .map(|name| (name, config.build()))
        .collect();
    let mut world = World {
        breakers: HashMap::new(),
        started: HashMap::new(),
        strays: Vec::new(),
    };
    for (name, breaker) in &breakers {
        let watched = Watched::new(&config, breaker).await;
        world.breakers.insert(*name, watched);
    }
    let mut views = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let view = world.take(step).await;
        views.push(view.map_err(|problem| format!("at {at}: {problem}"))?);
    }
    compare(case, &mut findings, |at, word| views[at].see(word, &config))?;
    findings.wrong.append(&mut world.strays);
    if world.breakers.values().any(|watched| watched.probed) {
        for need in config.half_open_needs() {
            findings.need(&need)?;
        }
    }
    if world.breakers.values().any(|watched| watched.overdue) {
        findings.need("half_open:max_ms")?;
    }
    Ok(findings)
}

impl Step {
    fn breaker(&self) -> &str {
        self.breaker.as_deref().unwrap_or(UNNAMED)
    }

    fn needs(&self, config: &Config) -> Vec<&'static str> {
        let mut needs: Vec<_> = self.to.map(StateWord::need).into_iter().collect();
        if self.for_ms.is_some() {
            needs.push("open_for");
        }
        if self.op == Op::Advance && self.ms.is_some_and(i64::is_negative) {
            needs.push("clock:wall");
        }
        if self.r == Some(Outcome::Cancel) && config.cancel != Cancel::Neutral {
            needs.push("cancel:counted");
        }
        needs
    }
}

impl<'a> World<'a> {
    async fn take(&mut self, step: &'a Step) -> Result<View, String> {
        let (mut admitted, mut admitted_n) = (None, 0);
        let missing = |word| format!("`{:?}` without `{word}`", step.op);
        let breaker = self.breakers.get_mut(step.breaker());
        let breaker = breaker.expect("there is one for each name");
        for _ in 0..step.repeat {
            match step.op {
                Op::Call => {
                    let permit = breaker.admit();
                    admitted = Some(permit.is_some());
                    admitted_n += u64::from(permit.is_some());
                    if let Some(permit) = permit {
                        if breaker.measures() {
                            // The cases do not say that the clock moves; none of these depends on it.
                            let ms = step.ms.unwrap_or(0).unsigned_abs();
                            advance(Duration::from_millis(ms)).await;
                        }
                        breaker.finish(permit, step.r.ok_or_else(|| missing("r"))?);
                    }
                }
                Op::Start => {
                    let id = step.id.as_deref().ok_or_else(|| missing("id"))?;
                    let permit = breaker.admit();
                    admitted = Some(permit.is_some());
                    admitted_n += u64::from(permit.is_some());
                    self.started.entry(id).or_default().extend(permit);
                }
                Op::Finish => {
                    let id = step.id.as_deref().ok_or_else(|| missing("id"))?;
                    let permits = self.started.get_mut(id);
                    let permit = permits.and_then(VecDeque::pop_front);
                    let outcome = step.r.ok_or_else(|| missing("r"))?;
                    match permit {
                        Some(permit) => breaker.finish(permit, outcome),
                        None => self.strays.push(format!("`{id}` was not let in")),
                    }
                }
                Op::Advance => {
                    let ms = step.ms.ok_or_else(|| missing("ms"))?;
                    advance(Duration::from_millis(ms.unsigned_abs())).await;
                }
                Op::Force => {
                    let period = step.for_ms.map(Duration::from_millis);
                    let to = step.to.ok_or_else(|| missing("to"))?;
                    breaker.force(to, period).await;
                }
                Op::Reset => breaker.breaker.reset(),
                Op::Observe => {}
            }
        }
        for watched in self.breakers.values_mut() {
            watched.look();
        }
        let watched = &self.breakers[step.breaker()];
        let snapshot = watched.breaker.snapshot();
        let word = |state| written(state).as_str().unwrap_or_default().to_owned();
        let transition = |(from, to): &(_, _)| format!("{}>{}", word(*from), word(*to));
        Ok(View {
            state: watched.state(),
            admitted,
            admitted_n,
            rejected: watched.rejected,
            executions: watched.executions,
            transitions: watched.transitions.iter().map(transition).collect(),
            retry_after: snapshot.retry_after,
            snapshot,
            spared: watched.spared,
        })
    }
}

impl View {
    fn see(&self, word: &str, config: &Config) -> Result<Seen, String> {
        let seen = &self.snapshot;
        let closed = self.state == StateWord::Closed;
        let half_open = self.state == StateWord::HalfOpen;
        let counted = half_open || config.counts_all();
        let value = match word {
            "state" => written(self.state),
            "admitted" | "admitted_n" if self.spared => {
                let value = if word == "admitted" {
                    Value::from(self.admitted)
                } else {
                    Value::from(self.admitted_n)
                };
                return Ok(Seen::Otherwise(
                    value,
                    "half_open:more probes than outcomes",
                ));
            }
            "admitted" => Value::from(self.admitted),
            "admitted_n" => Value::from(self.admitted_n),
            "rejected" => Value::from(self.rejected),
            "executions" => Value::from(self.executions),
            "transitions" => Value::from(self.transitions.clone()),
            "retry_after_ms" if self.state == StateWord::ForcedOpen => {
                return Ok(Seen::Hidden("observe:no end"));
            }
            "retry_after_ms" => Value::from(u64::try_from(self.retry_after.as_millis()).ok()),
            "consecutive_failures" if closed && config.counts_in_a_row() => {
                Value::from(seen.failures)
            }
            // The failures of the last calls are all that is known of them.
            "failures" if closed && config.counts_the_last() => Value::from(seen.failures),
            "successes" if half_open => Value::from(seen.successes),
            "buffered" if counted => Value::from(seen.calls),
            "failures" if counted => Value::from(seen.failures),
            "successes" if counted => Value::from(seen.calls - seen.failures),
            "slow" if counted => Value::from(seen.slow),
            "failure_rate" if counted => rounded(seen.failure_rate()),
            "slow_rate" if counted => rounded(seen.slow_call_rate()),
            _ => return known(word),
        };
        Ok(Seen::Is(value))
    }
}

/// As the cases write a share, with two places.
fn rounded(percent: Option<f64>) -> Value {
    Value::from(percent.map(|percent| (percent * 100.0).round() / 100.0))
}

/// A word that expectations may have, and that cannot be seen.
fn known(word: &str) -> Result<Seen, String> {
    const WORDS: &[&str] = &[
        "state",
        "admitted",
        "admitted_n",
        "failures",
        "successes",
        "buffered",
        "failure_rate",
        "slow_rate",
        "slow",
        "consecutive_failures",
        "rejected",
        "executions",
        "transitions",
        "retry_after_ms",
    ];
    if WORDS.contains(&word) {
        Ok(Seen::Hidden("observe:counts"))
    } else {
        Err(format!("unknown word `{word}` in an expectation"))
    }
}
