//! The catalogue.

use crate::{bodies, ours, peers, primitives};

/// Whose code a scenario calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The function itself: what the others of the group are compared with.
    Bare,
    /// This project.
    Ours,
    /// Another crate.
    Peer,
}

/// Scenarios in which the same is done by different code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// For benchmark names and the command line.
    pub name: &'static str,
    /// What its scenarios do.
    pub what: &'static str,
}

const SYNC: Group = group("sync", "sync, closed circuit, the call succeeds");
pub(crate) const ASYNC: Group = group(
    "async",
    "async, closed circuit, the body is ready at once and succeeds",
);
const RATES: Group = group(
    "rates",
    "sync, closed circuit, the call succeeds and is counted",
);
const PENDING: Group = group("pending", "async, the body is pending once, then succeeds");
const BREAKER: Group = group(
    "breaker",
    "the breaker alone: asked for leave, told of success",
);
const OPEN: Group = group("open", "sync, open circuit, the fallback answers");
pub(crate) const OPEN_ASYNC: Group =
    group("open-async", "async, open circuit, the fallback answers");
const HALF_OPEN: Group = group(
    "half-open",
    "sync, the probe is under way, the fallback answers",
);
const FAILING: Group = group(
    "failing",
    "sync, closed circuit, 1 call of 16 fails, no retries",
);

const CLOCKS: Group = group("clocks", "what a clock and an atomic update cost here");

const fn group(name: &'static str, what: &'static str) -> Group {
    Group { name, what }
}

/// All groups, in the order in which they are shown.
pub const GROUPS: [Group; 10] = [
    SYNC, ASYNC, RATES, PENDING, BREAKER, OPEN, OPEN_ASYNC, HALF_OPEN, FAILING, CLOCKS,
];

/// One way to make a call.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What it is compared with.
    pub group: Group,
    /// What is called.
    pub name: &'static str,
    /// Whose code that is.
    pub who: Who,
    /// Brings the breaker into the state that the group is about. To be called once before `run`.
    pub prepare: fn(),
    /// Makes so many calls on this thread.
    pub run: fn(u64),
}

impl Scenario {
    pub(crate) const fn bare(group: Group, name: &'static str, run: fn(u64)) -> Self {
        Self::new(group, name, Who::Bare, run)
    }

    pub(crate) const fn ours(group: Group, name: &'static str, run: fn(u64)) -> Self {
        Self::new(group, name, Who::Ours, run)
    }

    pub(crate) const fn peer(group: Group, name: &'static str, run: fn(u64)) -> Self {
        Self::new(group, name, Who::Peer, run)
    }

    const fn new(group: Group, name: &'static str, who: Who, run: fn(u64)) -> Self {
        Self {
            group,
            name,
            who,
            prepare: || {},
            run,
        }
    }

    pub(crate) const fn after(mut self, prepare: fn()) -> Self {
        self.prepare = prepare;
        self
    }
}

/// Every scenario, group by group.
#[must_use]
pub fn all() -> Vec<Scenario> {
    GROUPS.into_iter().flat_map(of_group).collect()
}

/// The scenarios of one group: the bare call, ours, then peers.
#[must_use]
pub fn of_group(group: Group) -> Vec<Scenario> {
    let mut scenarios = match group {
        SYNC => sync(),
        ASYNC => asynchronous(),
        RATES => rates(),
        PENDING => pending(),
        BREAKER => breaker(),
        OPEN => open(),
        OPEN_ASYNC => open_async(),
        HALF_OPEN => half_open(),
        FAILING => failing(),
        _ => clocks(),
    };
    #[cfg(feature = "peers-tower")]
    scenarios.extend(peers::tower::of_group(group));
    scenarios.shrink_to_fit();
    scenarios
}

fn sync() -> Vec<Scenario> {
    vec![
        Scenario::bare(SYNC, "bare call", |calls| {
            bodies::repeat(calls, bodies::answer);
        }),
        Scenario::ours(SYNC, "#[redis_resilient]", ours::sync),
        Scenario::ours(SYNC, "with a fallback", ours::sync_with_fallback),
        Scenario::ours(SYNC, "breaker = false", ours::sync_without_breaker),
        Scenario::ours(SYNC, "with a deadline", ours::sync_with_deadline),
        Scenario::ours(SYNC, "with a limit", ours::sync_with_limit),
        Scenario::ours(SYNC, "Policy::run_blocking", ours::policy),
        Scenario::ours(SYNC, "Breaker::try_acquire by hand", ours::by_hand),
        Scenario::peer(SYNC, "recloser", peers::recloser_sync),
        Scenario::peer(SYNC, "failsafe", peers::failsafe_sync),
        Scenario::peer(SYNC, "backon (no breaker)", peers::backon_sync),
        Scenario::peer(SYNC, "recloser + backon", peers::both_sync),
    ]
}

fn asynchronous() -> Vec<Scenario> {
    vec![
        Scenario::bare(ASYNC, "bare call", |calls| {
            bodies::repeat_async(calls, async |n| bodies::answer(n));
        }),
        Scenario::ours(ASYNC, "#[redis_resilient]", ours::ready),
        Scenario::ours(ASYNC, "with a fallback", ours::ready_with_fallback),
        Scenario::ours(ASYNC, "with a limit", ours::ready_with_limit),
        Scenario::ours(ASYNC, "Policy::run", ours::policy_async),
        Scenario::ours(ASYNC, "timeout = false", ours::ready_without_timeout),
        Scenario::ours(ASYNC, "breaker = false", ours::ready_without_breaker),
        Scenario::ours(
            ASYNC,
            "breaker = false, timeout = false",
            ours::ready_without_either,
        ),
        Scenario::peer(ASYNC, "recloser", peers::recloser_ready),
        Scenario::peer(ASYNC, "failsafe", peers::failsafe_ready),
        Scenario::peer(ASYNC, "backon (no breaker)", peers::backon_ready),
        Scenario::peer(ASYNC, "recloser + backon", peers::both_ready),
    ]
}

fn rates() -> Vec<Scenario> {
    vec![
        Scenario::bare(RATES, "bare call", |calls| {
            bodies::repeat(calls, bodies::answer);
        }),
        Scenario::ours(RATES, "failure_rate", ours::failure_rate),
        Scenario::ours(RATES, "failure_rate_of_calls", ours::failure_rate_of_calls),
        Scenario::ours(RATES, "failure_rate_of_time", ours::failure_rate_of_time),
    ]
}

fn pending() -> Vec<Scenario> {
    vec![
        Scenario::bare(PENDING, "bare call", |calls| {
            bodies::repeat_async(calls, async |n| {
                bodies::Yield::default().await;
                bodies::answer(n)
            });
        }),
        Scenario::ours(PENDING, "#[redis_resilient]", ours::pending),
        Scenario::ours(PENDING, "timeout = false", ours::pending_without_timeout),
        Scenario::peer(
            PENDING,
            "tokio::time::timeout (no breaker)",
            peers::timeout_pending,
        ),
        Scenario::peer(PENDING, "recloser (no timeout)", peers::recloser_pending),
        Scenario::peer(
            PENDING,
            "recloser + timeout",
            peers::recloser_timeout_pending,
        ),
        Scenario::peer(PENDING, "failsafe (no timeout)", peers::failsafe_pending),
    ]
}

fn breaker() -> Vec<Scenario> {
    vec![
        Scenario::bare(BREAKER, "an empty loop", |calls| {
            bodies::repeat(calls, Ok::<u64, ()>);
        }),
        Scenario::ours(BREAKER, "try_acquire().success()", ours::breaker_alone),
        Scenario::peer(BREAKER, "failsafe", peers::failsafe_alone),
        Scenario::peer(BREAKER, "recloser", peers::recloser_alone),
    ]
}

fn open() -> Vec<Scenario> {
    vec![
        Scenario::bare(OPEN, "the fallback alone", |calls| {
            bodies::repeat(calls, bodies::fallback);
        }),
        Scenario::ours(OPEN, "#[redis_resilient]", ours::open).after(ours::open_it),
        Scenario::ours(OPEN, "fallback_limit = false", ours::open_without_limit)
            .after(ours::open_it),
        Scenario::ours(OPEN, "try_acquire() by hand", ours::open_by_hand).after(ours::open_it),
        Scenario::peer(OPEN, "recloser", peers::recloser_open).after(peers::open_recloser),
        Scenario::peer(OPEN, "failsafe", peers::failsafe_open).after(peers::open_failsafe),
    ]
}

fn open_async() -> Vec<Scenario> {
    vec![
        Scenario::bare(OPEN_ASYNC, "the fallback alone", |calls| {
            bodies::repeat_async(calls, async |n| bodies::fallback(n));
        }),
        Scenario::ours(OPEN_ASYNC, "#[redis_resilient]", ours::open_async).after(ours::open_it),
        Scenario::ours(
            OPEN_ASYNC,
            "fallback_limit = false",
            ours::open_async_without_limit,
        )
        .after(ours::open_it),
        Scenario::peer(OPEN_ASYNC, "recloser", peers::recloser_open_async)
            .after(peers::open_recloser),
        Scenario::peer(OPEN_ASYNC, "failsafe", peers::failsafe_open_async)
            .after(peers::open_failsafe),
    ]
}

fn half_open() -> Vec<Scenario> {
    vec![
        Scenario::bare(HALF_OPEN, "the fallback alone", |calls| {
            bodies::repeat(calls, bodies::fallback);
        }),
        Scenario::ours(HALF_OPEN, "#[redis_resilient]", ours::half_open).after(ours::half_open_it),
    ]
}

fn failing() -> Vec<Scenario> {
    vec![
        Scenario::bare(FAILING, "bare call", |calls| {
            bodies::repeat(calls, bodies::sometimes);
        }),
        Scenario::ours(FAILING, "#[redis_resilient]", ours::failing),
        Scenario::ours(FAILING, "burst_window of 0", ours::failing_without_lump),
        Scenario::peer(FAILING, "recloser", peers::recloser_failing),
        Scenario::peer(FAILING, "failsafe", peers::failsafe_failing),
    ]
}

fn clocks() -> Vec<Scenario> {
    vec![
        Scenario::bare(CLOCKS, "an empty loop", |calls| {
            bodies::repeat(calls, Ok::<u64, ()>);
        }),
        Scenario::peer(CLOCKS, "std's Instant", primitives::std_instant),
        Scenario::peer(CLOCKS, "tokio's Instant", primitives::tokio_instant),
        #[cfg(target_os = "linux")]
        Scenario::peer(
            CLOCKS,
            "CLOCK_MONOTONIC_COARSE, in milliseconds",
            primitives::coarse_clock,
        ),
        Scenario::peer(
            CLOCKS,
            "compare-exchange, then subtract",
            primitives::two_atomic_updates,
        ),
    ]
}
