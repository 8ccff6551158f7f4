//! A burst of odd names, in a process of its own: they stay.
#![allow(clippy::float_cmp, reason = "they are whole numbers")]

#[path = "telemetry/scraped.rs"]
#[allow(dead_code, reason = "for the other tests")]
mod scraped;

use std::sync::Arc;

use redis_resilient::{Breaker, Class};

use scraped::scrape;

fn fails(breaker: &Breaker) {
    breaker
        .try_acquire()
        .expect("it is closed")
        .failed(Class::Unreachable);
}

#[test]
fn state_and_refusals_of_a_real_breaker_survive_a_burst_of_odd_names() {
    let junk: Vec<_> = (0..3000)
        .map(|number| {
            let name: &'static str = Box::leak(format!("junk {number}").into_boxed_str());
            Arc::new(Breaker::new(name).failure_threshold(1))
        })
        .collect();
    for breaker in &junk {
        fails(breaker);
    }
    scrape();
    let real = Arc::new(Breaker::new("metrics: real").failure_threshold(1));
    for breaker in &junk {
        breaker.reset();
    }
    fails(&real);
    assert!(real.try_acquire().is_err());
    scrape();
    let seen = scrape();
    let state = r#"resilient_breaker_state{breaker="metrics: real",state="open"}"#;
    assert_eq!(seen.value(state), 1.0);
    assert_eq!(
        seen.value(r#"resilient_breaker_rejected_total{breaker="metrics: real"}"#),
        1.0
    );
    let other = r#"resilient_breaker_state{breaker="other",state="closed"}"#;
    assert!(seen.value(other) > 1000.0, "the rest is summed up");
    assert!(seen.with(r#"state="open""#).count() <= 1100);
}
