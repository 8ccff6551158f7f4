//! The runners of delays: backoff, jitter, and the bounds of jitter.

use std::time::Duration;

use redis_resilient::__private::backoff_delay;
use redis_resilient::{Backoff, Jitter};
use serde::Deserialize;
use serde_json::Value;

use crate::cases::{Case, Words, read, read_steps, step_of};
use crate::verdict::Findings;

/// The vocabulary of a backoff.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackoffConfig {
    kind: Kind,
    #[serde(default)]
    base_ms: u64,
    max_ms: Option<u64>,
    min_ms: Option<u64>,
    multiplier: Option<f64>,
    increment_ms: Option<u64>,
    #[serde(rename = "delays_ms")]
    _delays_ms: Option<Vec<u64>>,
    #[serde(rename = "cycle")]
    _cycle: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Fixed,
    Linear,
    Exp,
    Fib,
    List,
}

impl BackoffConfig {
    pub(crate) fn needs(&self) -> Vec<&'static str> {
        let mut needs = Vec::new();
        let of_its_own = self.kind == Kind::Fib
            || self.kind == Kind::List
            || self.min_ms.is_some_and(|min_ms| min_ms > self.base_ms);
        if of_its_own {
            needs.push(match self.custom() {
                Some(_) => "backoff:custom",
                None => "backoff:custom, of other numbers",
            });
        }
        if self.increment_ms.is_some_and(|by| by != self.base_ms) {
            needs.push("backoff:increment_ms");
        }
        if self.max_ms.is_some_and(|max_ms| max_ms < self.base_ms) {
            needs.push("backoff:cap below base");
        }
        needs
    }

    /// What the engine has no curve of its own for, as a user would write it.
    fn custom(&self) -> Option<fn(u32) -> Duration> {
        match (self.kind, self.base_ms, self.min_ms) {
            (Kind::Fib, 1, None) => Some(|retry| {
                let next = |(one, other): (u64, u64), _| (other, one.saturating_add(other));
                Duration::from_millis((1..retry).fold((1, 2), next).0)
            }),
            (Kind::Exp, 1000, Some(10_000)) => Some(|retry| {
                let doubled = 1_000_u64.saturating_mul(1 << (retry - 1).min(30));
                Duration::from_millis(doubled.max(10_000))
            }),
            _ => None,
        }
    }

    /// The backoff, without jitter.
    pub(crate) fn build(&self) -> Backoff {
        if let Some(custom) = self.custom() {
            let backoff = Backoff::custom(custom).jitter(Jitter::None);
            return match self.max_ms {
                Some(ms) => backoff.max_delay(Duration::from_millis(ms)),
                None => backoff,
            };
        }
        if self.base_ms == 0 {
            return Backoff::none();
        }
        let base = Duration::from_millis(self.base_ms);
        let backoff = match self.kind {
            Kind::Linear => Backoff::linear(base),
            Kind::Exp => Backoff::exponential(base).factor(self.multiplier.unwrap_or(2.0)),
            Kind::Fixed | Kind::Fib | Kind::List => Backoff::fixed(base),
        };
        backoff
            .max_delay(self.max_ms.map_or(Duration::MAX, Duration::from_millis))
            .jitter(Jitter::None)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Growing {
    backoff: BackoffConfig,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Delays {
    Delays { count: u32 },
}

pub(crate) fn run(case: &Case) -> Result<Findings, String> {
    let config: Growing = read(&case.config)?;
    let steps: Vec<Delays> = read_steps(case)?;
    let mut findings = Findings::of_needs(config.backoff.needs())?;
    if !findings.may_run() {
        return Ok(findings);
    }
    let backoff = config.backoff.build();
    for expected in &case.expect {
        let Delays::Delays { count } = steps[step_of(case, expected)?];
        let mut previous = Duration::ZERO;
        let delays: Vec<f64> = (1..=count)
            .map(|retry| {
                previous = backoff_delay(&backoff, retry, previous, 0);
                previous.as_secs_f64() * 1e3
            })
            .collect();
        let wanted = numbers(expected, "delays_ms")?;
        // Half a millisecond: others cut theirs to whole ones.
        let differ = |(index, (got, wanted)): (usize, (&f64, &f64))| {
            ((got - wanted).abs() > 0.5)
                .then(|| format!("delay {}: {got} ms, not {wanted}", index + 1))
        };
        let pairs = delays.iter().zip(&wanted).enumerate();
        findings.wrong.extend(pairs.filter_map(differ).take(3));
        if delays.len() != wanted.len() {
            return Err("not as many delays as are asked for".to_owned());
        }
    }
    Ok(findings)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spread {
    kind: Spreading,
    factor: Option<f64>,
    #[serde(rename = "min_ms")]
    _min_ms: Option<f64>,
    max_ms: Option<u64>,
    base_ms: Option<u64>,
    #[serde(rename = "multiplier")]
    _multiplier: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Spreading {
    Full,
    Equal,
    Decorrelated,
    /// Another formula with the same purpose: only its bounds can be asked for.
    DecorrelatedV2,
    Proportional,
    ProportionalInverted,
    Range,
}

impl Spread {
    const fn need(&self) -> &'static str {
        match self.kind {
            Spreading::Full => "jitter:full",
            Spreading::Equal => "jitter:equal",
            Spreading::Decorrelated | Spreading::DecorrelatedV2 => "jitter:decorrelated",
            Spreading::Proportional => "jitter:proportional",
            Spreading::ProportionalInverted => "jitter:proportional, inverted",
            Spreading::Range => "jitter:range",
        }
    }

    fn over(&self, delay: Duration) -> Backoff {
        let longest = self.max_ms.map_or(Duration::MAX, Duration::from_millis);
        Backoff::fixed(delay)
            .max_delay(longest)
            .jitter(match self.kind {
                Spreading::Full => Jitter::Full,
                Spreading::Equal => Jitter::Equal,
                Spreading::Proportional => {
                    Jitter::Proportional(part_of(100, self.factor.unwrap_or_default()))
                }
                _ => Jitter::Decorrelated,
            })
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Spreads {
    Jitter { delay_ms: Option<u64>, random: f64 },
    JitterMany { delay_ms: u64, n: u32 },
    Delay { retry_index: u32 },
}

/// The runner of `jitter` and of `jitter_bounds`.
pub(crate) fn run_jitter(case: &Case) -> Result<Findings, String> {
    let config: Spread = read(&case.config)?;
    let steps: Vec<Spreads> = read_steps(case)?;
    let mut findings = Findings::of_needs([config.need()])?;
    if !findings.may_run() {
        return Ok(findings);
    }
    for expected in &case.expect {
        let at = step_of(case, expected)?;
        let delays = config.delays(&steps[at]);
        for (word, value) in expected.iter().filter(|(word, _)| *word != "at") {
            let bound = value
                .as_f64()
                .ok_or_else(|| format!("`{word}` is no number"))?;
            let holds = |delay: &f64| match word.as_str() {
                // Others cut theirs to whole milliseconds.
                "delay_ms" => Ok((delay - bound).abs() < 1.0),
                "min_ms_ge" => Ok(*delay >= bound),
                "delay_gt" => Ok(*delay > bound),
                "max_ms_le" | "delay_le" => Ok(*delay <= bound),
                _ => Err(format!("unknown word `{word}` in an expectation")),
            };
            for delay in &delays {
                if !holds(delay)? {
                    let wrong = format!("at {at}: {delay} ms, but `{word}` {bound}");
                    findings.wrong.push(wrong);
                    break;
                }
            }
        }
    }
    Ok(findings)
}

impl Spread {
    /// In milliseconds.
    fn delays(&self, step: &Spreads) -> Vec<f64> {
        let base = self.base_ms.unwrap_or_default();
        match *step {
            Spreads::Jitter { delay_ms, random } => {
                let delay = Duration::from_millis(delay_ms.unwrap_or(base));
                vec![millis(backoff_delay(
                    &self.over(delay),
                    1,
                    Duration::ZERO,
                    part(random),
                ))]
            }
            Spreads::JitterMany { delay_ms, n } => {
                let backoff = self.over(Duration::from_millis(delay_ms));
                let draw = |_| {
                    millis(backoff_delay(
                        &backoff,
                        1,
                        Duration::ZERO,
                        fastrand::u32(..),
                    ))
                };
                (0..n).map(draw).collect()
            }
            Spreads::Delay { retry_index } => {
                let backoff = self.over(Duration::from_millis(base));
                // Both ends, and what lies between.
                let ends = [0, u32::MAX, fastrand::u32(..)];
                let delay = |random| {
                    let step = |previous, retry| backoff_delay(&backoff, retry, previous, random);
                    (1..=retry_index).fold(Duration::ZERO, step)
                };
                ends.map(|random| millis(delay(random))).to_vec()
            }
        }
    }
}

fn millis(delay: Duration) -> f64 {
    delay.as_secs_f64() * 1e3
}

/// `random` of the whole range.
fn part(random: f64) -> u32 {
    part_of(u32::MAX, random)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn part_of(whole: u32, share: f64) -> u32 {
    (share * f64::from(whole)).round() as u32
}

fn numbers(expected: &Words, word: &str) -> Result<Vec<f64>, String> {
    let list = expected.get(word).and_then(Value::as_array);
    let numbers: Option<Vec<f64>> = list.and_then(|list| list.iter().map(Value::as_f64).collect());
    numbers
        .filter(|_| expected.len() == 2)
        .ok_or_else(|| format!("an expectation that is not just a list of numbers `{word}`"))
}
