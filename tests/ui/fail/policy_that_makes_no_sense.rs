use redis_resilient::{Backoff, Policy};
use std::time::Duration;

static RETRIES: Policy = Policy::new("users").retries(101);

static TIMEOUT: Policy = Policy::new("users").timeout(Duration::ZERO);

static DEADLINE: Policy = Policy::new("users")
    .timeout(Duration::from_secs(2))
    .deadline(Duration::from_secs(2));

static FACTOR: Policy = Policy::new("users").backoff(Backoff::exponential(Duration::from_secs(1)).factor(0.5));

static BUDGET: Policy = Policy::new("users").without_breaker().without_budget();

fn main() {}
