//! What there was to see of a call through a pipeline.

use redis_resilient::{Breaker, Rejection, State};
use serde_json::Value;

use crate::pipeline::{Config, Layer};
use crate::verdict::Seen;

/// What there was to see of a call.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    pub(crate) fn_calls: u64,
    pub(crate) attempts: u64,
    pub(crate) delays_ms: Vec<u64>,
    /// Whether each pause was as long as planned.
    pub(crate) delays_are_planned: bool,
    pub(crate) fallback_calls: u64,
    pub(crate) fallback_cause: Option<String>,
    pub(crate) result: String,
    pub(crate) stop: Option<&'static str>,
    /// Whether there was no further attempt because the circuit would have refused it.
    pub(crate) foreseen: bool,
    pub(crate) elapsed_ms: u64,
    pub(crate) state: Option<State>,
    /// Failures in a row, where nothing has succeeded so far: all failures, that is.
    pub(crate) failures: Option<u32>,
    pub(crate) executions: u64,
}

/// How a call ended, before its fallback.
pub(crate) enum End {
    Ok,
    Refused(Rejection),
    Failed { kind: String, falls_back: bool },
}

impl Ran {
    pub(crate) fn finish(&mut self, config: &Config, breaker: Option<&Breaker>, end: End) {
        let (kind, falls_back, stop) = match end {
            End::Ok => {
                self.stop = Some("ok");
                "ok".clone_into(&mut self.result);
                return;
            }
            End::Refused(Rejection::CircuitOpen { .. }) => {
                ("open".to_owned(), true, "breaker_open")
            }
            End::Refused(Rejection::DeadlineExceeded { .. }) => {
                ("deadline".to_owned(), true, "max_duration")
            }
            End::Refused(_) => {
                let why = self.why(config, breaker, "timeout");
                self.foreseen = why == "breaker_open";
                ("timeout".to_owned(), true, why)
            }
            End::Failed { kind, falls_back } => {
                let why = self.why(config, breaker, &kind);
                self.foreseen = why == "breaker_open";
                (kind, falls_back, why)
            }
        };
        self.stop = config.has(Layer::Retry).then_some(stop);
        self.result = format!("err:{kind}");
        if falls_back && config.has(Layer::Fallback) {
            self.fallback_calls = 1;
            self.fallback_cause = Some(kind);
            self.result = match config.fallback.result.as_deref() {
                None | Some("ok") => "fallback".to_owned(),
                Some(other) => other.to_owned(),
            };
        }
    }

    /// Why there is no further attempt, as far as that can be told from outside: what is left when all else is ruled out.
    fn why(&self, config: &Config, breaker: Option<&Breaker>, kind: &str) -> &'static str {
        if !config.retries(kind) {
            "non_retryable"
        } else if self.attempts >= u64::from(config.most()) {
            "max_attempts"
        } else if breaker.is_some_and(|breaker| !breaker.retry_after().is_zero()) {
            "breaker_open"
        } else if config.has_deadline() {
            "max_duration"
        } else {
            "for no reason"
        }
    }

    pub(crate) fn see(&self, word: &str) -> Result<Seen, String> {
        let state = self.state.map(|state| match state {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
            _ => "forced",
        });
        let value = match word {
            "fn_calls" => Value::from(self.fn_calls),
            "attempts" => Value::from(self.attempts),
            "retries" => Value::from(self.attempts.saturating_sub(1)),
            "delays_ms" if self.delays_are_planned => Value::from(self.delays_ms.clone()),
            "delays_ms" => return Ok(Seen::Hidden("observe:planned delay")),
            "elapsed_ms" => Value::from(self.elapsed_ms),
            "fallback_calls" => Value::from(self.fallback_calls),
            "fallback_cause" => Value::from(self.fallback_cause.clone()),
            "final" => Value::from(self.result.clone()),
            "stop" => Value::from(self.stop),
            "state" => Value::from(state),
            "executions" => Value::from(self.executions),
            "failures" if self.failures.is_some() => Value::from(self.failures),
            // The same: nothing has succeeded.
            "successes" if self.failures.is_some() => Value::from(0),
            _ => return known(word),
        };
        // An attempt that is not made is not counted, causes nothing and takes no time.
        let of_the_refused = !matches!(word, "fn_calls" | "stop" | "state" | "failures");
        Ok(if self.foreseen && of_the_refused {
            Seen::Otherwise(value, "retry:asks an open circuit")
        } else {
            Seen::Is(value)
        })
    }
}

/// A word that expectations may have, and that cannot be seen.
pub(crate) fn known(word: &str) -> Result<Seen, String> {
    const WORDS: &str = " fn_calls attempts retries delays_ms elapsed_ms fallback_calls fallback_cause final stop state \
         failures successes executions rejected ";
    if WORDS.contains(&format!(" {word} ")) {
        Ok(Seen::Hidden("observe:counts"))
    } else {
        Err(format!("unknown word `{word}` in an expectation"))
    }
}
