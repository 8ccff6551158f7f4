//! Synchronous functions on a clock that the test moves: no test here waits.

use std::cell::Cell;
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use redis_resilient::{Breaker, Rejection, State, redis_resilient};
use redis_resilient::{ManualClock, seed_randomness};

fn lost() -> RedisError {
    RedisError::from((ErrorKind::Io, "the connection is lost"))
}

#[test]
fn pauses_move_the_clock_and_block_nobody() {
    #[redis_resilient(
        retries = 5,
        backoff = "fixed",
        delay = "1h",
        max_delay = "1h",
        jitter = "none",
        breaker = false
    )]
    fn fails(attempts: &Cell<u32>) -> RedisResult<()> {
        attempts.set(attempts.get() + 1);
        Err(lost())
    }
    let clock = ManualClock::new();
    let _installed = clock.install();
    let attempts = Cell::new(0);
    assert!(fails(&attempts).is_err());
    assert_eq!(attempts.get(), 6);
    assert_eq!(clock.elapsed(), Duration::from_secs(5 * 3600));
}

#[test]
fn a_deadline_goes_by_it() {
    #[redis_resilient(
        retries = 100,
        backoff = "fixed",
        delay = "1s",
        jitter = "none",
        deadline = "4s",
        breaker = false
    )]
    fn takes_a_second(clock: &ManualClock, attempts: &Cell<u32>) -> RedisResult<()> {
        attempts.set(attempts.get() + 1);
        clock.advance(Duration::from_secs(1));
        Err(lost())
    }
    let clock = ManualClock::new();
    let _installed = clock.install();
    let attempts = Cell::new(0);
    assert!(takes_a_second(&clock, &attempts).is_err());
    assert_eq!(attempts.get(), 2, "a third would begin at the deadline");
}

#[test]
fn a_circuit_half_opens_by_it() {
    static CIRCUIT: Breaker = Breaker::new("by hand").failure_threshold(1);

    #[redis_resilient(retries = 0, breaker = CIRCUIT)]
    fn answers(well: bool) -> RedisResult<u32> {
        if well { Ok(7) } else { Err(lost()) }
    }
    seed_randomness(7);
    let clock = ManualClock::new();
    let _installed = clock.install();
    assert!(answers(false).is_err());
    let refused = answers(true).expect_err("the circuit is open");
    let Some(Rejection::CircuitOpen { retry_after, .. }) = Rejection::find(&refused) else {
        panic!("{refused}");
    };
    clock.advance(retry_after.saturating_sub(Duration::from_millis(1)));
    assert!(answers(true).is_err());
    clock.advance(Duration::from_millis(1));
    assert_eq!(answers(true).ok(), Some(7));
    assert_eq!(CIRCUIT.state(), State::Closed);
}
