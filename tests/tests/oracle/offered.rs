//! What the engine offers. To be changed where the engine gains something: an entry that says `Yes` makes its cases run.

/// Whether a feature that a case needs is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offered {
    Yes,
    /// And why not.
    No(&'static str),
}

use Offered::{No, Yes};

const SLIDING: &str = "the engine's rate begins its window with a failure, and a clean path writes nothing; \
     windows that are cleared at fixed times, or that count failures without a share, are not built";
const COUNTS: &str = "a healthy call is not counted where no window asks for it: only failures in a row, \
     failures of the last calls and outcomes of probes can be seen";
const BY_HAND: &str = "prose: no test has been written by hand for it";

/// By the words that cases use in `needs`, and by those that a runner finds itself.
pub(crate) const OFFERED: &[(&str, Offered)] = &[
    // When a circuit opens.
    ("trip:consecutive", Yes),
    ("trip:k_of_n", Yes),
    (
        "trip:k_of_n over 24 calls",
        No("a window of calls has at most 24"),
    ),
    ("trip:count_rate", Yes),
    ("trip:time_rate", Yes),
    (
        "trip:count_rate over 1024 calls",
        No("a window of calls that slides has at most 1024"),
    ),
    (
        "trip:fraction of a percent",
        No("a rate is in whole percent"),
    ),
    (
        "trip:more than a rate",
        No("a rate opens the circuit when it is reached"),
    ),
    ("trip:time_k", No(SLIDING)),
    ("trip:fixed_rate", No(SLIDING)),
    ("window_align:epoch", Yes),
    ("window_align:start", Yes),
    ("window_align:on_demand", Yes),
    ("slow_calls", Yes),
    ("eval:any", Yes),
    // The same, but for a success that completes the least number of calls: the cases about that are a dialect.
    ("eval:failure", Yes),
    (
        "eval:failures only",
        No("a success that completes the least number of calls may open the circuit"),
    ),
    // How long it stays open.
    ("open_growth", Yes),
    (
        "open_growth:other factor",
        No("the open period doubles, or does not grow"),
    ),
    ("open_for", Yes),
    ("open_ms:0", No("an open period is longer than zero")),
    (
        "open_edge:gt",
        No("a probe is let through at the end of the open period, not after it"),
    ),
    // Half-open.
    ("half_open:n_successes/admissions", Yes),
    ("half_open:n_successes/in_flight", Yes),
    // At most 63 probes: the cases that let in a crowd are those that say it is a defect.
    ("half_open:n_successes/unlimited", Yes),
    ("half_open:k_of_n/admissions", Yes),
    ("half_open:k_of_n/in_flight", Yes),
    ("half_open:k_of_n/unlimited", Yes),
    ("half_open:rate/admissions", Yes),
    ("half_open:rate/in_flight", Yes),
    (
        "half_open:rate_min/in_flight",
        No("a share of the probes is not built: a number of them decides"),
    ),
    (
        "half_open:waits for what decides nothing",
        No("on purpose: it opens as soon as enough probes have failed"),
    ),
    ("half_open:permits>1", Yes),
    ("half_open:permits>63", No("at most 63 probes")),
    (
        "half_open:max_ms",
        No("a probe's time is limited by its lease; the whole state's is not"),
    ),
    (
        "half_open:more probes than outcomes",
        No("on purpose: no probe is made whose outcome can decide nothing"),
    ),
    // What an operator or a test orders.
    ("manual:open", Yes),
    ("manual:half_open", Yes),
    ("manual:closed", Yes),
    ("state:forced_open", Yes),
    ("state:disabled", Yes),
    ("state:metrics_only", Yes),
    ("registry", Yes),
    // What outcomes mean.
    ("ignored_errors", Yes),
    ("cancellation", Yes),
    (
        "cancel:counted",
        No("an attempt that is dropped is neutral, always"),
    ),
    (
        "stale:count",
        No("an outcome of an earlier life of the circuit is dropped, always"),
    ),
    (
        "clock:wall",
        No("the clock is monotonic: it cannot be set back"),
    ),
    (
        "observe:no end",
        No("a refusal always names a time after which to ask again"),
    ),
    ("observe:counts", No(COUNTS)),
    // Layers.
    ("breaker", Yes),
    ("retry", Yes),
    ("timeout", Yes),
    ("fallback", Yes),
    ("layers:other order", No("the order of the layers is fixed")),
    ("layers:breaker outside retry", Yes),
    (
        "errors:other combination",
        No("no class of errors has just these effects"),
    ),
    (
        "fallback:not when open",
        No("a refused call always goes to the fallback"),
    ),
    (
        "fallback:by kind of error",
        No("errors have no ancestors here: a closure as fallback takes the error apart by `match`"),
    ),
    (
        "retry:over 100",
        No("100 retries are the most there can be"),
    ),
    (
        "retry:panic",
        No("a panic is no outcome: it unwinds through the call"),
    ),
    (
        "retry:while open",
        No("an open circuit ends the retries: `wait_for_breaker` is not built"),
    ),
    (
        "retry:asks an open circuit",
        No(
            "on purpose: the attempt that opens the circuit is the last one, and its own error the answer",
        ),
    ),
    (
        "retry:truncate_delay",
        No("on purpose: a pause that does not fit in the deadline is not begun"),
    ),
    (
        "observe:planned delay",
        No("a pause that is cut or stretched shows only how long it took"),
    ),
    // Backoff and its relatives.
    (
        "backoff:increment_ms",
        No("a linear delay grows by its first one"),
    ),
    (
        "backoff:cap below base",
        No("refused: `max_delay` has to be at least as long as `delay`"),
    ),
    ("jitter:full", Yes),
    ("jitter:equal", Yes),
    ("jitter:decorrelated", Yes),
    ("jitter:proportional", Yes),
    (
        "jitter:proportional, inverted",
        No("a large random number is a long delay"),
    ),
    ("backoff:custom", Yes),
    (
        "backoff:custom, of other numbers",
        No("the function that a user would write has not been written for it"),
    ),
    (
        "jitter:range",
        No("jitter is full, equal, decorrelated or proportional"),
    ),
    ("stop:after_attempt", Yes),
    ("stop:after_delay", Yes),
    ("stop:before_delay", Yes),
    ("retry_after hint", No("Redis sends no such hint")),
    // Budgets and throttles.
    (
        "budget:finagle",
        No(
            "calls that succeed bring nothing in, so that they write nothing; reserve and window are 10 s",
        ),
    ),
    (
        "budget:smithy_standard",
        No("each retry costs the same, and none is paid back"),
    ),
    (
        "budget:in flight",
        No(
            "a bucket of retries: nobody knows how many calls are under way, for a call that succeeds writes nothing",
        ),
    ),
    (
        "budget:grpc_throttle",
        No("a bucket of retries, not a measure of success"),
    ),
    ("throttle", No("a breaker refuses all calls or none")),
    // Settings that have to be refused.
    (
        "config:jitter width",
        No("a jitter has a name and no width"),
    ),
    (
        "config:interval function",
        No("there is none that could be given a wrong number"),
    ),
    (
        "config:delay over deadline",
        No("allowed: such a pause is never begun"),
    ),
    (
        "config:least number",
        No("a small number is the user's to choose"),
    ),
    (
        "config:same defaults",
        No("the defaults are the project's own"),
    ),
    // Runners.
    ("runner:doc", No(BY_HAND)),
    ("runner:events", No(BY_HAND)),
    ("runner:kind", No(BY_HAND)),
];

/// Whether `need` is offered; `None` if nobody knows the word.
pub(crate) fn find(need: &str) -> Option<Offered> {
    let entry = OFFERED.iter().find(|(name, _)| *name == need);
    entry.map(|(_, offered)| *offered)
}
