//! Bugs that other libraries had, as far as they need the attribute to be seen. The others: `runtime/src/breaker/regressions_elsewhere.rs`.
//!
//! | | what went wrong | where | test |
//! |---|---|---|---|
//! | 1 | a probe that is cancelled by `select!` keeps its permit | monix#1080, rezilience#521, davenverse/circuit#258 | `monix_1080_cancelled_probe` |
//! | 12 | hung calls that are cancelled from outside open nothing | recloser, failsafe | `recloser_hung_calls_are_not_seen` |
//! | 13 | a user who presses Stop takes a server offline | resilience4j#682, brpc#3532 | `brpc_3532_cancelled_calls_open_the_circuit` |
//! | 19 | retries keep an outage going | HotOS'21 and OSDI'22 on metastable failures, go-zero#5011 | `go_zero_5011_retry_storm` |
//! | 20 | a blocking sleep in async code | langroid#1112, kiota-python#505 | `langroid_1112_blocking_sleep` |
//! | 21 | a write that may have been executed is executed again | jedis#3187, redis-rb#668, redis-py#261, StackExchange.Redis#2556 | `jedis_3187_write_after_an_ambiguous_timeout` |
//! | 22 | after a cancelled call each reply answers the call before | redis-py#2624, lettuce#262 | `redis_py_2624_reply_off_by_one` |
//! | 23 | calls hang while the connection is made again | redis-rs#1442, #395 | `redis_rs_1442_hangs_on_a_closed_port` |
//! | 24 | the retries of a call all count as one for half-open | backon#26 | `backon_26_retry_bypasses_half_open` |
//! | 25 | an open circuit still touches what it protects | tower-resilience#381 | `tower_resilience_381_inner_is_touched_while_open` |

#[path = "regressions_elsewhere/calls.rs"]
mod calls;
#[path = "regressions_elsewhere/servers.rs"]
mod servers;
