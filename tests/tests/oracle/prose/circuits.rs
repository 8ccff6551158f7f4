//! Circuits: how long they stay open, who may order it, and what their state does not depend on.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{Client, Commands as _, RedisError, RedisResult};
use redis_resilient::{Breaker, State, redis_resilient};
use tokio::time::advance;

use super::told::{Part, Told, fail, number, refused, written};
use crate::cases::Case;

pub(crate) async fn po_16_the_open_period_grows_with_failed_probes() -> Result<Told, String> {
    const FIRST: Duration = Duration::from_secs(1);
    let breaker = Breaker::new("oracle")
        .failure_threshold(1)
        .reset_timeout(FIRST)
        .reset_timeout_max(Duration::MAX);
    let mut openings = Vec::new();
    let mut told = Told::default();
    for failed_probes in [4, 2] {
        fail(&breaker);
        for probe in 0..=failed_probes {
            if probe > 0 {
                advance(breaker.retry_after()).await;
                fail(&breaker);
            }
            let snapshot = breaker.snapshot();
            let doubled = (0..16).find(|by| FIRST * (1 << by) == snapshot.retry_after);
            told = told.holds(
                "a snapshot tells by how much the period has grown",
                doubled == Some(snapshot.streak),
            );
            openings.push(doubled);
        }
        advance(breaker.retry_after()).await;
        breaker
            .try_acquire()
            .map_err(|refused| refused.to_string())?
            .success();
        told = told.holds("a probe closes it", breaker.state() == State::Closed);
    }
    Ok(told.saw(0, "half_open_attempts", openings))
}

/// A state that is kept in the process is as it was configured, whatever Redis does.
pub(crate) fn pyb_18_a_state_that_needs_no_redis() -> Result<Told, String> {
    #[redis_resilient(breaker = breaker, retries = 0)]
    fn get(url: &str, breaker: &Breaker) -> RedisResult<Option<String>> {
        Client::open(url)?.get_connection()?.get("key")
    }
    // A port that was free a moment ago: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let url = format!("redis://{}", port.map_err(|error| error.to_string())?);
    let states = [State::ForcedOpen, State::ForcedClosed];
    let ask = |configured: State| {
        let breaker = Breaker::new("oracle").failure_threshold(1);
        match configured {
            State::ForcedOpen => breaker.force_open(None),
            _ => breaker.force_closed(),
        }
        let answer = get(&url, &breaker);
        let lets_through = breaker.try_acquire().is_ok();
        (breaker.state(), lets_through, written(&answer))
    };
    let asked = std::panic::catch_unwind(|| states.map(ask));
    let as_configured = asked.as_ref().is_ok_and(|asked| {
        let [open, closed] = asked;
        *open == (State::ForcedOpen, false, "err:open")
            && *closed == (State::ForcedClosed, true, "err")
    });
    let state = if as_configured {
        "the configured state".to_owned()
    } else {
        format!("{asked:?}")
    };
    Ok(Told::default()
        .note("the state is kept in the process: what is configured is an operator's order")
        .saw(0, "state", state)
        .saw(0, "raises", asked.is_err()))
}

/// The result is seen first by the function itself, which gives the order.
pub(crate) async fn r4j_37_a_result_that_says_how_long_to_open() -> Result<Told, String> {
    const BAN: Duration = Duration::from_secs(2 * 3600);
    #[redis_resilient(breaker = breaker, timeout = false)]
    async fn get(breaker: &Breaker, calls: &AtomicU32) -> RedisResult<()> {
        if calls.fetch_add(1, Ordering::Relaxed) == 0 {
            breaker.force_open(BAN);
            return Err(refused());
        }
        Ok(())
    }
    let (breaker, calls) = (Breaker::new("oracle"), AtomicU32::new(0));
    let first = get(&breaker, &calls).await;
    let open = breaker.retry_after();
    let open_ms = u64::try_from(open.as_millis()).unwrap_or(u64::MAX);
    let called = calls.load(Ordering::Relaxed);
    let second = get(&breaker, &calls).await;
    let refuses = breaker.state() == State::ForcedOpen && written(&second) == "err:open";
    advance(open).await;
    let third = get(&breaker, &calls).await;
    Ok(Told::default()
        .note("the function itself says how long, by `force_open`")
        .holds(
            "the error is that of the function",
            written(&first) == "err",
        )
        .holds("there is no retry", called == 1)
        .saw(0, "state", if refuses { "open" } else { "not open" })
        .saw(0, "open_ms", open_ms)
        .holds(
            "a probe closes it afterwards",
            third.is_ok() && breaker.state() == State::Closed,
        ))
}

/// Each call has all its attempts; and what is after an open period is a probe, not a new beginning.
pub(crate) async fn cp_21_attempts_are_each_call_s_own(case: &Case) -> Result<Told, String> {
    #[redis_resilient(breaker = breaker, timeout = false, retries = retries, backoff = "none")]
    async fn get(
        breaker: &Breaker,
        retries: u32,
        calls: &AtomicU32,
        answer: Result<(), fn() -> RedisError>,
    ) -> RedisResult<()> {
        calls.fetch_add(1, Ordering::Relaxed);
        answer.map_err(|error| error())
    }
    let attempts = number(case, Part::Config, "/max_attempts")?;
    let attempts = u32::try_from(attempts).map_err(|error| error.to_string())?;
    let failing = number(case, Part::Step(0), "/repeat")?;
    // Closed for as long as that takes.
    let breaker = Breaker::new("oracle").failure_threshold(1000);
    let mut each = true;
    for _ in 0..failing {
        let calls = AtomicU32::new(0);
        let failed = get(&breaker, attempts - 1, &calls, Err(refused)).await;
        each &= failed.is_err() && calls.into_inner() == attempts;
    }
    let calls = AtomicU32::new(0);
    let last = get(&breaker, attempts - 1, &calls, Ok(())).await;

    let period = Duration::from_millis(number(case, Part::Config, "/reset_timeout_ms")?);
    let circuit = Breaker::new("oracle")
        .failure_threshold(attempts)
        .burst_window(Duration::ZERO)
        .reset_timeout(period);
    let calls_of_open = AtomicU32::new(0);
    let opened = get(&circuit, attempts - 1, &calls_of_open, Err(refused)).await;
    let opens = opened.is_err() && circuit.state() == State::Open;
    advance(circuit.retry_after()).await;
    let probes = circuit.try_acquire().is_ok_and(|permit| permit.is_probe());
    fail(&circuit);
    Ok(Told::default()
        .holds("each call has all its attempts", each)
        .saw(1, "admitted", last.is_ok() && calls.into_inner() == 1)
        .holds("that many failures open a circuit", opens)
        .holds(
            "after that a probe decides, and one failure opens it again",
            probes && circuit.state() == State::Open,
        ))
}
