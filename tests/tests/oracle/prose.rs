//! The runner of cases in prose: for each a test that is written by hand, which tells what it has seen under the words of the case.

#[path = "prose/bulkheads.rs"]
mod bulkheads;
#[path = "prose/cancellation.rs"]
mod cancellation;
#[path = "prose/circuits.rs"]
mod circuits;
#[path = "prose/declared.rs"]
mod declared;
#[path = "prose/events.rs"]
mod events;
#[path = "prose/retries.rs"]
mod retries;
#[path = "prose/told.rs"]
mod told;

use std::future::Future;
use std::pin::Pin;

use crate::cases::Case;
use crate::rules::only;
use crate::verdict::{Findings, Seen, compare};
use told::Told;

type Test = for<'a> fn(&'a Case) -> Pin<Box<dyn Future<Output = Result<Told, String>> + 'a>>;

/// What there is for a case.
enum Answer {
    ByHand(Test),
    /// It is about something that this project does not have: the need that tells why.
    Lacks(&'static str),
}

use Answer::{ByHand, Lacks};

/// A case in prose. Its words are listed, so that a test whose case says something else by now fails.
struct Prose {
    id: &'static str,
    config: &'static str,
    /// The operations, one after the other.
    steps: &'static str,
    answer: Answer,
}

const fn prose(
    id: &'static str,
    config: &'static str,
    steps: &'static str,
    answer: Answer,
) -> Prose {
    Prose {
        id,
        config,
        steps,
        answer,
    }
}

const PROSE: &[Prose] = &[
    prose(
        "BG-18",
        "kind max_rate min_concurrency",
        "inflight inflight inflight inflight",
        Lacks("budget:in flight"),
    ),
    prose(
        "BO-20",
        "backoff",
        "delay",
        ByHand(|case| Box::pin(retries::bo_20_a_backoff_saturates(case))),
    ),
    prose(
        "CP-18",
        "layers supertypes bulkhead retry",
        "run start advance",
        ByHand(|case| Box::pin(bulkheads::cp_18_a_pause_holds_no_place(case))),
    ),
    prose(
        "CP-19",
        "layers supertypes bulkhead retry",
        "start run finish",
        ByHand(|case| Box::pin(bulkheads::cp_19_a_full_bulkhead_can_be_retried(case))),
    ),
    prose(
        "CP-20",
        "layers supertypes breaker bulkhead",
        "hold_slot call",
        ByHand(|case| Box::pin(bulkheads::cp_20_a_full_bulkhead_opens_no_circuit(case))),
    ),
    prose(
        "CP-21",
        "system max_attempts open_timeout_ms reset_timeout_ms",
        "call call",
        ByHand(|case| Box::pin(circuits::cp_21_attempts_are_each_call_s_own(case))),
    ),
    prose(
        "FB-08",
        "overloads",
        "dispatch",
        Lacks("fallback:by kind of error"),
    ),
    prose(
        "FB-11",
        "",
        "declare declare declare declare",
        ByHand(|case| Box::pin(async { declared::fb_11_a_fallback_that_does_not_fit(case) })),
    ),
    prose(
        "GOB-14",
        "system",
        "half_open_trial_ends_by",
        ByHand(|_| Box::pin(cancellation::gob_14_a_probe_whose_task_ends_gives_its_permit_back())),
    ),
    prose(
        "PO-16",
        "generator_arg",
        "openings",
        ByHand(|_| Box::pin(circuits::po_16_the_open_period_grows_with_failed_probes())),
    ),
    prose(
        "PYB-18",
        "storage fallback_state",
        "storage_error",
        ByHand(|_| Box::pin(async { circuits::pyb_18_a_state_that_needs_no_redis() })),
    ),
    prose(
        "R4J-35",
        "system",
        "start cancel",
        ByHand(|_| Box::pin(cancellation::r4j_35_a_cancelled_call_counts_nothing())),
    ),
    prose(
        "R4J-36",
        "system",
        "start caller_wait_timeout",
        ByHand(|_| Box::pin(cancellation::r4j_36_a_timeout_is_one_failure())),
    ),
    prose(
        "R4J-37",
        "system on_result",
        "call",
        ByHand(|_| Box::pin(circuits::r4j_37_a_result_that_says_how_long_to_open())),
    ),
    prose(
        "R4J-40",
        "system",
        "defaults",
        Lacks("config:same defaults"),
    ),
    prose("RA-04", "max_ms", "retry_after", Lacks("retry_after hint")),
    prose(
        "RT-41",
        "layers retry",
        "cancel run",
        ByHand(|case| Box::pin(cancellation::rt_41_cancelled_before_it_begins(case))),
    ),
    prose(
        "RT-42",
        "layers retry",
        "run",
        ByHand(|case| Box::pin(cancellation::rt_42_cancelled_in_a_pause(case))),
    ),
    prose(
        "RT-44",
        "layers retry",
        "run",
        ByHand(|case| Box::pin(retries::rt_44_a_bad_value_is_retried(case))),
    ),
    prose(
        "RT-45",
        "layers retry",
        "run run run run",
        ByHand(|case| Box::pin(events::rt_45_the_four_kinds_of_a_call(case))),
    ),
    prose(
        "RT-46",
        "layers retry",
        "interleave",
        ByHand(|case| Box::pin(retries::rt_46_each_call_has_its_own_backoff(case))),
    ),
];

pub(crate) async fn run(case: &Case) -> Result<Findings, String> {
    let Some(prose) = PROSE.iter().find(|prose| prose.id == case.id) else {
        return Findings::of_needs([format!("runner:{}", case.runner).as_str()]);
    };
    only(
        case.config.as_object().ok_or("not an object")?,
        prose.config,
    )?;
    let steps: Vec<_> = case.steps.iter().map(|step| step["op"].as_str()).collect();
    if !steps.iter().copied().eq(prose.steps.split(' ').map(Some)) {
        return Err(format!("the steps are {steps:?}, and not {}", prose.steps));
    }
    let test = match prose.answer {
        Lacks(need) => return Ok(Findings::of_needs([need])?.undriven()),
        ByHand(test) => test,
    };
    let told = test(case).await?;
    let mut findings = Findings {
        wrong: told.wrong,
        notes: told.notes,
        ..Findings::default()
    };
    compare(case, &mut findings, |at, word| {
        let seen = told.seen.iter().find(|seen| (seen.0, seen.1) == (at, word));
        let (.., value) = seen.ok_or_else(|| format!("unknown word `{word}` at {at}"))?;
        Ok(Seen::Is(value.clone()))
    })?;
    Ok(findings)
}
