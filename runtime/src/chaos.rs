//! Faults on purpose: to see before the outage what an outage does.
//!
//! Failures, delays, rejections and lost replies, for one function or all, for a share of the attempts, until a time that is set beforehand. They are
//! off unless this feature is compiled in **and** the application calls [`arm`], or [`allow`]s a settings file and the console to. No environment
//! variable does. That another crate of the build turns on the feature changes nothing by itself.
//!
//! ```
//! # extern crate redis_resilient_runtime as redis_resilient;
//! use redis_resilient::chaos::{self, Failure, Fault, Plan};
//! use redis_resilient::{Class, Policy};
//! use std::time::Duration;
//!
//! static USERS: Policy = Policy::new("users").retries(0);
//!
//! let fault = Fault::Failure(Failure::Unreachable);
//! chaos::arm([Plan::new(fault, Duration::from_secs(30))?.function("users")?]);
//! let failed = USERS.run_blocking(|| Ok::<_, redis::RedisError>("from redis"));
//! assert_eq!(Class::of(&failed.unwrap_err()), Class::Unreachable);
//!
//! chaos::disarm();
//! assert!(USERS.run_blocking(|| Ok::<_, redis::RedisError>("from redis")).is_ok());
//! # Ok::<(), redis_resilient::chaos::PlanError>(())
//! ```
//!
//! What is injected is treated as what is real: it is classified, retried, counted by the breaker, answered by the fallback. It is marked wherever it is
//! told: the text of its error begins with `injected by chaos`, and [`AttemptFailed`](crate::event::AttemptFailed) says `injected`. That faults are
//! injected from now on is an event too, at `WARN`.
//!
//! # What it reaches
//!
//! Functions with the attribute and [`Policy`](crate::Policy), asynchronous or not; caches and journals go by their own names. Of those with `breaker = false` and no `timeout` (as all
//! synchronous ones) that cannot be made to fail whose error is not `From<RedisError>`, or is an `impl Trait`: there is no error that they could be
//! given. They are delayed, those with `impl Trait` excepted. Under the [kill switch](crate::kill_switch) nothing is injected.

mod armed;
pub(crate) mod leave;
mod plan;

pub use self::armed::{Armed, By, arm, disarm, plans};
pub(crate) use self::armed::{Strike, decide, decide_where, is_armed, is_running};
pub use self::leave::{allow, is_allowed};
pub use self::plan::{Plan, PlanError};
pub use crate::fault::{Failure, Fault};
