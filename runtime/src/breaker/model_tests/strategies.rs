//! What the model is tried with.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

use super::config::{Config, Rule};

#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Success,
    Failure,
    Neutral,
    Dropped,
    Panicked,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A call that goes on.
    Admit,
    /// One of those ends.
    Settle(Index, End),
    /// A call that ends at once.
    Call(End),
    Advance(u64),
    /// To the end of the open period, or so much less.
    AdvanceToTheEdge(u64),
    ForceOpen(Option<u64>),
    ForceClosed,
    Disable,
    Reset,
    Observe(bool),
}

fn outcomes() -> impl Strategy<Value = End> {
    prop_oneof![
        6 => Just(End::Failure),
        4 => Just(End::Success),
        1 => Just(End::Neutral),
        1 => Just(End::Dropped),
        1 => Just(End::Panicked),
    ]
}

/// Short times; and silences around those after which what is kept of a time looks the same again.
fn waits() -> impl Strategy<Value = u64> {
    let around = |bits: u32| (1_u64 << bits) - 3_000..(1 << bits) + 3_000;
    prop_oneof![
        10 => 0_u64..30,
        10 => 0_u64..5_000,
        1 => around(20),
        1 => around(22),
        1 => around(24),
        1 => around(28),
        1 => 0_u64..1 << 23,
    ]
}

/// Orders are rare: most of a sequence would be spent under them.
pub(super) fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => Just(Step::Admit),
        20 => (any::<Index>(), outcomes()).prop_map(|(which, outcome)| Step::Settle(which, outcome)),
        40 => outcomes().prop_map(Step::Call),
        20 => waits().prop_map(Step::Advance),
        10 => (0_u64..2).prop_map(Step::AdvanceToTheEdge),
        1 => option::of(0_u64..3_000).prop_map(Step::ForceOpen),
        1 => Just(Step::ForceClosed),
        1 => Just(Step::Disable),
        2 => Just(Step::Reset),
        1 => any::<bool>().prop_map(Step::Observe),
    ]
}

fn rules() -> impl Strategy<Value = Rule> {
    let (percent, within_ms) = (1_u32..=100, 10_u64..4_000);
    prop_oneof![
        (1_u32..5).prop_map(|failures| Rule::InARow { failures }),
        (1_u32..=24).prop_flat_map(|calls| {
            (1..=calls).prop_map(move |failures| Rule::OfLast { failures, calls })
        }),
        (percent.clone(), 1_u32..10, within_ms.clone()).prop_map(
            |(percent, min_calls, within_ms)| Rule::Rate {
                percent,
                min_calls,
                within_ms
            }
        ),
        (percent.clone(), 1_u32..100, 1_u32..10).prop_map(|(percent, calls, min_calls)| {
            Rule::RateOfCalls {
                percent,
                calls,
                min_calls,
            }
        }),
        (percent, within_ms, 1_u32..10).prop_map(|(percent, within_ms, min_calls)| {
            Rule::RateOfTime {
                percent,
                within_ms,
                min_calls,
            }
        }),
    ]
}

pub(super) fn configs() -> impl Strategy<Value = Config> {
    let half_open = (1_u32..=4).prop_flat_map(|probes| (1..=probes, Just(probes)));
    let periods = (1_u64..2_000).prop_flat_map(|first| (Just(first), first..first * 40));
    let burst_window_ms = prop_oneof![4 => Just(0), 4 => 1_u64..40, 1 => 1_u64..524_287];
    (
        rules(),
        burst_window_ms,
        periods,
        half_open,
        (any::<bool>(), 1_u32..=4),
        1_u64..5_000,
        option::of(1_u32..=100),
        option::of((1_u32..=100, 1_u64..500)),
    )
        .prop_map(
            |(
                rule,
                burst_window_ms,
                (first_ms, max_ms),
                (successes, probes),
                (sets_probes, permits),
                lease_ms,
                probe_percent,
                slow,
            )| Config {
                rule,
                burst_window_ms,
                first_ms,
                max_ms,
                successes,
                probes,
                sets_probes,
                permits,
                lease_ms,
                probe_percent,
                slow,
            },
        )
}
